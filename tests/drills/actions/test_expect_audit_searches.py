"""The action `expect_audit`: searches, answered as Loki, Elasticsearch and a plain search document that they answer."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import ValidationError

from drills.model.found import Found
from drills.model.step import Status
from tests.support.clock import ManualClock
from tests.support.drill_actions import RUN, SECRET, TOKEN, attempt, made, outcome, step_of, tools
from tests.support.receiver import Answer, Receiver, receiving

FAILED, PASSED, NOT_MEASURED = Status.FAILED, Status.PASSED, Status.NOT_MEASURED
BEGAN = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)  # which the run's id says
NOW = BEGAN + timedelta(minutes=1)


async def _asked(server: Receiver, directory: Path, answer: object, **with_: Any) -> Found:
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    server.script.append(Answer(body=body))
    step = step_of("expect_audit", with_=with_)
    return await outcome(made(step, tools(directory, clock=ManualClock(NOW))), attempt())


def _streams(*values: tuple[str, str], **labels: str) -> dict[str, Any]:
    result = [{"stream": labels, "values": [list(each) for each in values]}] if values else []
    return {"status": "success", "data": {"resultType": "streams", "result": result, "stats": {}}}


async def test_loki_is_searched(tmp_path: Path) -> None:
    """By a log query over the time since the run began; its time is Loki's, and lines of JSON have places."""
    at = BEGAN + timedelta(seconds=30)
    ns = f"{int(at.timestamp())}000000000"
    line = json.dumps({"run": RUN.id, "user": "breakglass"})
    async with receiving() as server:
        loki = {"url": server.url, "query": '{job="a"} |= "${run}"', "headers": {"X-Scope-OrgID": "team"}}
        given = {"loki": {**loki, "auth": {"bearer": TOKEN}}, "timed_by": "entry"}
        match = {"match": {"line.user": "breakglass", "stream.job": "a"}}
        nothing = await _asked(server, tmp_path, _streams(), **given)
        other = await _asked(server, tmp_path, _streams((ns, f"{RUN.id}2")), **given)
        found = await _asked(server, tmp_path, _streams((ns, line), job="a"), **given, **match)
        in_a_label = await _asked(server, tmp_path, _streams((ns, "x"), run=RUN.id), **given)
        answers: list[object] = [
            {"status": "success", "data": {"resultType": "matrix", "result": []}},
            {"status": "success", "data": {"resultType": "streams", "result": [{"values": [[ns]]}]}},
            _streams(*[(ns, "x")] * 1000),
            [],
        ]
        strange = [await _asked(server, tmp_path, each, **given) for each in answers]
    assert [each.status for each in (nothing, other, found, in_a_label)] == [FAILED, FAILED, PASSED, PASSED]
    assert found.at == at
    assert [each.status for each in strange] == [NOT_MEASURED] * 4
    got = server.received[0]
    parts = urlsplit(got.target)
    asked = {name: value for name, (value,) in parse_qs(parts.query).items()}
    assert (parts.path, asked["query"]) == ("/loki/api/v1/query_range", f'{{job="a"}} |= "{RUN.id}"')
    assert (got.headers["authorization"], got.headers["x-scope-orgid"]) == (f"Bearer {SECRET}", "team")
    assert asked["start"] == f"{int(BEGAN.timestamp()) - 2}000000000"
    assert RUN.id not in str(got.headers), "our own question must not pass for the entry"


def _hits(*sources: object, failed: int = 0, timed_out: bool = False) -> dict[str, Any]:
    hits = [{"_index": "audit-1", "_id": "1", "_score": 0.0, "_source": each} for each in sources]
    shards = {"total": 2, "successful": 2 - failed, "skipped": 0, "failed": failed}
    total = {"value": len(hits), "relation": "eq"}
    return {"took": 1, "timed_out": timed_out, "_shards": shards, "hits": {"total": total, "hits": hits}}


async def test_elasticsearch_is_searched(tmp_path: Path) -> None:
    """In one field; a search that was not whole has not seen that an entry is missing."""
    document = {"@timestamp": "2026-03-01T03:00:30.5Z", "message": f"login {RUN.id}", "user": {"name": "breakglass"}}
    async with receiving() as server:
        log = {"url": server.url, "index": "audit-*", "field": "message", "at": "@timestamp"}

        given = {"elasticsearch": log, "match": {"user.name": "breakglass"}, "timed_by": "entry"}
        answers = [
            _hits(),
            _hits({**document, "message": f"{RUN.id}-2"}),
            _hits({**document, "user": {"name": "anna"}}),
            _hits(document),
            _hits(failed=1),
            _hits(timed_out=True),
            {"hits": {"hits": []}},
            {"hits": {"hits": [{"_id": "1"}]}},
            {},
        ]
        found = [await _asked(server, tmp_path, each, **given) for each in answers]
        term = {"elasticsearch": {**log, "query": "term", "field": "labels.run"}}
        await _asked(server, tmp_path, _hits(), **term)
    assert [each.status for each in found] == [FAILED, FAILED, FAILED, PASSED, *[NOT_MEASURED] * 5]
    assert found[3].at == BEGAN + timedelta(seconds=30.5)
    first, last = server.received[0], server.received[-1]
    assert (first.method, first.target) == ("POST", "/audit-*/_search?allow_partial_search_results=false")
    assert json.loads(first.body)["query"] == {"bool": {"filter": [{"match_phrase": {"message": RUN.id}}]}}
    assert json.loads(last.body)["query"] == {"bool": {"filter": [{"term": {"labels.run": {"value": RUN.id}}}]}}


async def test_any_search_is_asked(tmp_path: Path) -> None:
    """Its entries stand where the scenario says; it happened when they say, where that counts."""
    entry = {"run": RUN.id, "who": "breakglass", "at": "2026-03-01T03:00:20Z"}
    async with receiving() as server:
        log = {"url": f"{server.url}/search?q=${{run}}", "entries": "items", "at": "at"}
        given = {"http_json": log, "principal": "breakglass", "timed_by": "entry"}
        answers = [{"items": []}, {"items": [{"run": "x"}]}, {"items": [entry]}, {"items": {}}, b"<html>"]
        found = [await _asked(server, tmp_path, each, **given) for each in answers]
    assert [each.status for each in found] == [FAILED, FAILED, PASSED, NOT_MEASURED, NOT_MEASURED]
    assert found[2].at == BEGAN + timedelta(seconds=20)
    assert server.received[0].target == f"/search?q={RUN.id}"


@pytest.mark.parametrize(
    ("more", "answer", "link", "status"),
    [
        ({"more": "next"}, {"items": [], "next": "eyJ"}, "", NOT_MEASURED),
        ({"total": "total"}, {"items": [], "total": 1}, "", NOT_MEASURED),
        ({"total": "total"}, {"items": []}, "", NOT_MEASURED),
        ({"whole": True}, {"items": []}, '<https://a/?page=2>; rel="next"', NOT_MEASURED),
        ({"whole": True}, {"items": []}, '<https://a/>; rel="prev"', FAILED),
        ({"more": "next"}, {"items": [], "next": None}, "", FAILED),
        ({"more": "next", "total": "total"}, {"items": [], "total": 0}, "", FAILED),
    ],
)
async def test_one_page_of_many_is_not_the_whole(
    more: dict[str, object], answer: object, link: str, status: Status, tmp_path: Path
) -> None:
    """What it lacks may stand on the next."""
    async with receiving() as server:
        server.script.append(Answer(body=json.dumps(answer).encode(), headers={"Link": link} if link else {}))
        log = {"url": f"{server.url}/search?q=${{run}}", "entries": "items", **more}
        step = step_of("expect_audit", with_={"http_json": log})
        found = await outcome(made(step, tools(tmp_path, clock=ManualClock(NOW))), attempt())
    assert found.status is status, found.detail


def test_absence_in_a_search_says_how_the_whole_is_known() -> None:
    """Nothing else is asked of one that looks for an entry."""
    log = {"url": "https://a/?q=${run}"}
    with pytest.raises(ValidationError, match="expected more, total or whole"):
        step_of("expect_audit", with_={"http_json": log}, expect={"absent_for": "1s"})
    step_of("expect_audit", with_={"http_json": {**log, "whole": True}}, expect={"absent_for": "1s"})
    step_of("expect_audit", with_={"http_json": log})


@pytest.mark.parametrize(
    "with_",
    [
        {},
        {"file": {"path": "a"}, "loki": {"url": "https://a/", "query": "${run}"}},
        {"file": {"path": "a", "at": "b"}},
        {"file": {"path": "a"}, "match": {"a": "b"}},
        {"file": {"path": "a"}, "decision": "allowed"},
        {"journald": {"matches": []}},
        {"journald": {"matches": ["--since=x"]}},
        {"journald": {"matches": ["A=b"], "program": "journalctl"}},
        {"http_json": {"url": "https://a/everything"}},
        {"sql": {"url": "sqlite:////a", "statement": "SELECT * FROM a", "values": {}}},
        {
            "sql": {
                "url": "sqlite:////a",
                "statement": "SELECT * FROM a WHERE b = :run",
                "values": {"run": "${run}"},
                "writes": True,
            }
        },
        {"loki": {"url": "https://a/", "query": '{job="a"}'}},
        {"loki": {"url": "http://a.example/", "query": "${run}"}},
        {"elasticsearch": {"url": "https://a/", "index": "../x", "field": "a"}},
        {"elasticsearch": {"url": "https://a/", "index": "a", "field": "a", "headers": {"Authorization": "ApiKey x"}}},
    ],
)
def test_wrong_settings_are_mistakes(with_: dict[str, Any]) -> None:
    """One log, asked safely and for this run."""
    with pytest.raises(ValidationError):
        step_of("expect_audit", with_=with_)


def test_absence_must_fit_its_time() -> None:
    """It is looked for to the end, and ends no span."""
    file = {"file": {"path": "a"}}
    for wrong in ({"within": "39s"}, {"ends": ["audit"]}):
        with pytest.raises(ValidationError):
            step_of("expect_audit", with_=file, expect={"absent_for": "30s"}, **{"within": "40s", **wrong})
