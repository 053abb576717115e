"""Pagers, asked for the pages that they have: each returns those of the kind and platform that are sought."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from drills import credentials
from drills.actions.asked import document
from drills.asking import JSON, Asker, Manner, Question, ours, place_of
from drills.model.found import Attempt, Value
from drills.ports import Tools
from drills.rules import fill
from drills.rules.page import CLOCKS_APART, Seen, instant
from drills.settings.actions.expect_page import (
    AlertmanagerPagerSettings,
    ExpectPageWithSettings,
    HttpJsonPagerSettings,
    PagerDutyPagerSettings,
)
from glasswatch import strict_json
from glasswatch.errors import NotMeasured
from glasswatch.secrets import SecretReference
from glasswatch.settings.json_path import parse
from glasswatch.settings.tls import TrustSettings

_SUPPRESSED: Final = "suppressed"
_MOST: Final = 100
_ANY_STATUS: Final = tuple(("statuses[]", status) for status in ("triggered", "acknowledged", "resolved"))


class Pagers:
    """Asks whichever pager a step names."""

    def __init__(self, what: ExpectPageWithSettings, tools: Tools) -> None:
        self._what = what
        self._tools = tools
        self._asker = Asker(tools.clock)

    async def pages(self, attempt: Attempt) -> tuple[Sequence[Seen], bytes]:
        """Return the pages, and the answer that they stood in.

        Raises:
            NotMeasured, SecretUnavailable: the pager did not say.
        """
        what = self._what
        if what.alertmanager is not None:
            return await self._alertmanager(what.alertmanager, attempt)
        if what.pagerduty is not None:
            return await self._pagerduty(what.pagerduty, attempt)
        if what.http_json is not None:
            return await self._http_json(what.http_json, attempt)
        raise NotMeasured("no pager is named")

    async def _alertmanager(self, pager: AlertmanagerPagerSettings, attempt: Attempt) -> tuple[Sequence[Seen], bytes]:
        wanted = {"platform": self._what.platform or attempt.run.platform, "kind": self._what.kind}
        filters = [("filter", f'{name}="{value}"') for name, value in wanted.items() if value is not None]
        url = f"{pager.url.rstrip('/')}/api/v2/alerts?{urlencode(filters)}"
        headers = await credentials.authorization(self._tools.secret, pager.auth)
        found, raw = await self._listed(url, headers, pager.tls, attempt)
        return [_of_alertmanager(each, place_of(url)) for each in found], raw

    async def _pagerduty(self, pager: PagerDutyPagerSettings, attempt: Attempt) -> tuple[Sequence[Seen], bytes]:
        now = self._tools.clock.now()
        since = (attempt.since or now - timedelta(days=1)) - CLOCKS_APART
        asked = [("since", _utc(since)), ("until", _utc(now + CLOCKS_APART)), *_ANY_STATUS, ("limit", str(_MOST))]
        url = f"{pager.url.rstrip('/')}/incidents?{urlencode(asked)}"
        token = await credentials.read_for_header(self._tools.secret, pager.token)
        headers = {
            "Accept": "application/vnd.pagerduty+json;version=2",
            credentials.AUTHORIZATION: f"Token token={token}",
        }
        found, raw = await self._listed(url, headers, pager.tls, attempt, at="incidents")
        if len(found) >= _MOST:
            raise NotMeasured(f"{place_of(url)} has {_MOST} incidents or more since then: too many to look through")
        key = (attempt.run.deployment, self._what.platform or attempt.run.platform, self._what.kind)
        return [_of_pagerduty(each) for each in found if _is_of(each, key)], raw

    async def _http_json(self, pager: HttpJsonPagerSettings, attempt: Attempt) -> tuple[Sequence[Seen], bytes]:
        values = attempt.values
        headers = {
            name: (
                await credentials.read_for_header(self._tools.secret, value)
                if isinstance(value, SecretReference)
                else fill.header(value, values)
            )
            for name, value in pager.headers.items()
        }
        url = fill.url(pager.url, values)
        found, raw = await self._listed(url, headers, pager.tls, attempt, at=pager.pages)
        return [_of_json(each, pager) for each in found if _matches(each, pager, values)], raw

    async def _listed(
        self, url: str, headers: Mapping[str, str], tls: TrustSettings, attempt: Attempt, at: str | None = None
    ) -> tuple[list[Any], bytes]:
        place = place_of(url)
        question = Question("GET", url, {**ours(attempt.run), "Accept": JSON, **headers})
        heard = await self._asker.heard(question, attempt.seconds, Manner(await credentials.trust(tls.ca_file)))
        answer = document(heard, place)
        found = answer if at is None else strict_json.find(answer, parse(at))
        if not isinstance(found, list):
            raise NotMeasured(f"{place} answered without a list{f' at {at}' if at is not None else ''}")
        return found, heard.body


def _of_alertmanager(alert: object, place: str) -> Seen:
    """Return an alert. `startsAt` is what we said ourselves; `updatedAt` is when Alertmanager was told last."""
    if not isinstance(alert, dict) or not isinstance(alert.get("status"), dict):
        raise NotMeasured(f"{place} did not answer as Alertmanager does")
    content = [alert.get("labels"), alert.get("annotations")]
    is_held = alert["status"].get("state") == _SUPPRESSED
    return Seen(content, instant(alert.get("startsAt")), instant(alert.get("updatedAt")), is_held)


def _of_pagerduty(incident: Mapping[str, object]) -> Seen:
    created = instant(incident.get("created_at"))
    return Seen([incident.get("title"), incident.get("incident_key")], created, created)


def _is_of(incident: object, wanted: tuple[str, str, str | None]) -> bool:
    """Whether an incident's key is one that the monitor makes: deployment, platform, kind, and what else there is."""
    key = incident.get("incident_key") if isinstance(incident, dict) else None
    if not isinstance(key, str):
        return False
    parts = key.split("/")
    return all(
        expected is None or part == expected for expected, part in zip(wanted, [*parts, "", "", ""], strict=False)
    )


def _of_json(page: object, pager: HttpJsonPagerSettings) -> Seen:
    at, decided = (
        instant(strict_json.find(page, parse(path))) if path is not None else None for path in (pager.at, pager.decided)
    )
    return Seen(page, at, at, decided=decided)


def _matches(page: object, pager: HttpJsonPagerSettings, values: Mapping[str, Value]) -> bool:
    return all(
        strict_json.is_same(fill.json_body(value, values), strict_json.find(page, parse(path)))
        for path, value in pager.match.items()
    )


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
