"""Logs that are searched over HTTP: for the run's id, and what they answer is looked through for it once more.

The question itself carries the run's id in the search alone, and not in its headers as all else does: where the log
holds who asked it, our own question would be found for the entry that is looked for.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode

from drills import credentials
from drills.actions.asked import document
from drills.asking import JSON, Asker, Manner, Question, agent_of, place_of
from drills.model.found import Attempt
from drills.ports import Tools
from drills.rules import fill
from drills.rules.audit import Entry, Reading, began_of, instant, is_named
from drills.rules.page import CLOCKS_APART
from drills.settings.actions.asked import AskedSettings
from drills.settings.actions.expect_audit import (
    ElasticsearchAuditSettings,
    HttpJsonAuditSettings,
    LokiAuditSettings,
)
from glasswatch import strict_json
from glasswatch.errors import NotMeasured
from glasswatch.secrets import SecretReference
from glasswatch.settings.json_path import parse

MOST: Final = 1000
_BEFORE: Final = timedelta(hours=1)
_MOST_DIGITS: Final = 19
_SECOND: Final = 1_000_000_000


class Searches:
    """Asks whichever log a step names."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._asker = Asker(tools.clock)

    async def http_json(self, log: HttpJsonAuditSettings, attempt: Attempt) -> Reading:
        """Search anything.

        Raises (all of them):
            NotMeasured, SecretUnavailable: it did not answer.
        """
        url = fill.url(log.url, attempt.values)
        answer = await self._answer(Question("GET", url, await self._headers(log, attempt)), log, attempt)
        found = answer if log.entries is None else strict_json.find(answer, parse(log.entries))
        if not isinstance(found, list):
            where = f" at {log.entries}" if log.entries is not None else ""
            raise NotMeasured(f"{place_of(url)} answered without a list{where}")
        return Reading([_of_json(each, log.at) for each in found if is_named(each, attempt.run.id)])

    async def loki(self, log: LokiAuditSettings, attempt: Attempt) -> Reading:
        """Search Loki."""
        now = self._tools.clock.now()
        begin = (began_of(attempt.run.id) or now - _BEFORE) - CLOCKS_APART
        asked = {
            "query": fill.put(log.query, attempt.values),
            "start": str(_nanoseconds(begin)),
            "end": str(_nanoseconds(now + CLOCKS_APART)),
            "limit": str(MOST),
            "direction": "forward",
        }
        url = f"{log.url.rstrip('/')}/loki/api/v1/query_range?{urlencode(asked)}"
        answer = await self._answer(Question("GET", url, await self._headers(log, attempt)), log, attempt)
        streams = strict_json.find(answer, ("data", "result"))
        if strict_json.find(answer, ("data", "resultType")) != "streams" or not isinstance(streams, list):
            raise NotMeasured(f"{place_of(url)} did not answer with log lines: expected a log query")
        lines = [line for stream in streams for line in _lines(stream, place_of(url))]
        lacks = f"{place_of(url)} has {MOST} lines or more, and not all were read" if len(lines) >= MOST else ""
        return Reading([each for each in lines if is_named([each.text, each.content], attempt.run.id)], lacks)

    async def elasticsearch(self, log: ElasticsearchAuditSettings, attempt: Attempt) -> Reading:
        """Search Elasticsearch. What not all shards answered is no answer."""
        place = f"{log.url.rstrip('/')}/{quote(log.index, safe='*,')}/_search?allow_partial_search_results=false"
        run = attempt.run.id
        wanted = {"term": {log.field: {"value": run}}} if log.query == "term" else {"match_phrase": {log.field: run}}
        content = json.dumps({"size": MOST, "query": {"bool": {"filter": [wanted]}}}).encode()
        headers = {**await self._headers(log, attempt), "Content-Type": JSON}
        answer = await self._answer(Question("POST", place, headers, content), log, attempt)
        hits = strict_json.find(answer, ("hits", "hits"))
        if not isinstance(hits, list):
            raise NotMeasured(f"{place_of(place)} did not answer as Elasticsearch does")
        found = [_source(hit, place_of(place)) for hit in hits]
        ours = [_of_json(each, log.at) for each in found if is_named(each, run)]
        return Reading(ours, _shards(answer, place_of(place), len(hits)))

    async def _headers(self, log: AskedSettings, attempt: Attempt) -> dict[str, str]:
        headers = {"User-Agent": agent_of("audit"), "Accept": JSON}
        headers |= await credentials.authorization(self._tools.secret, log.auth)
        for name, value in log.headers.items():
            headers[name] = (
                await credentials.read_for_header(self._tools.secret, value)
                if isinstance(value, SecretReference)
                else fill.header(value, attempt.values)
            )
        return headers

    async def _answer(self, question: Question, log: AskedSettings, attempt: Attempt) -> object:
        heard = await self._asker.heard(question, attempt.seconds, Manner(await credentials.trust(log.tls.ca_file)))
        return document(heard, place_of(question.url))


def _of_json(content: Any, at: str | None) -> Entry:  # noqa: ANN401 - JSON
    told = instant(strict_json.find(content, parse(at))) if at is not None else None
    return Entry(json.dumps(content, ensure_ascii=False), content, told)


def _lines(stream: object, place: str) -> list[Entry]:
    """Return the lines of one of Loki's streams: pairs of nanoseconds, as text, and the line."""
    values = stream.get("values") if isinstance(stream, dict) else None
    if not isinstance(stream, dict) or not isinstance(values, list):
        raise NotMeasured(f"{place} did not answer as Loki does")
    found = []
    for each in values:
        if not isinstance(each, list) or len(each) < 2 or not isinstance(each[1], str):  # noqa: PLR2004 - a pair
            raise NotMeasured(f"{place} did not answer as Loki does")
        content = {"stream": stream.get("stream"), "line": _json_or_text(each[1])}
        found.append(Entry(each[1], content, _of_nanoseconds(each[0])))
    return found


def _json_or_text(line: str) -> object:
    try:
        return strict_json.parse(line.encode("utf-8", "replace"))
    except ValueError:
        return line


def _source(hit: object, place: str) -> Mapping[str, Any]:
    source = hit.get("_source") if isinstance(hit, dict) else None
    if not isinstance(source, dict):
        raise NotMeasured(f"{place} answered with hits that hold no document: expected an index with _source")
    return source


def _shards(answer: object, place: str, count: int) -> str:
    """Return what of the search was not whole."""
    if strict_json.find(answer, ("timed_out",)) is not False:
        return f"{place} ran out of time"
    if strict_json.find(answer, ("_shards", "failed")) != 0:
        return f"{place} could not search all shards"
    return f"{place} has {MOST} documents or more, and not all were read" if count >= MOST else ""


def _nanoseconds(at: datetime) -> int:
    return int(at.timestamp()) * _SECOND


def _of_nanoseconds(text: object) -> datetime | None:
    if not isinstance(text, str) or not text.isdecimal() or len(text) > _MOST_DIGITS:
        return None
    return datetime.fromtimestamp(int(text) / _SECOND, UTC)
