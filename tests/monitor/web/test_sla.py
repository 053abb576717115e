"""What the interface tells of availability."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from glasswatch.spans import Span
from monitor.errors import StoreUnavailable
from monitor.model.past import Past, PastQuery, VerdictChange
from monitor.model.verdict import Verdict
from monitor.rules.periods import Terms
from monitor.web.face import WebFace
from monitor.wire.sla import SlaAnswer
from platforms.http import Response
from tests.support.clock import START
from tests.support.face import World, asking
from tests.support.watching import PLATFORM

HOUR = timedelta(hours=1)


def world() -> World:
    """Return a monitor that has been up for two hours, an hour ago, and now is."""
    made = World()
    made.site = replace(made.site, terms={PLATFORM: Terms(0.999)})
    up = VerdictChange(None, Verdict.UNKNOWN, Verdict.UP, START - 2 * HOUR)
    made.past = Past("", START, START, changes=[up], alive=[Span(START - 2 * HOUR, START)])
    return made


async def ask(there: World, **query: str) -> Response:
    """Ask for an account."""
    async with asking(there.face()) as client:
        return await client.get("/api/v1/sla", params=query)


async def test_the_current_period_is_told_with_its_method() -> None:
    """With rolling windows, burn rates, and what was agreed."""
    answer = await ask(world())
    assert answer.status_code == 200, answer.text
    found = SlaAnswer.model_validate_json(answer.content)
    (platform,) = found.platforms
    assert found.method
    assert (platform.platform, platform.standing, platform.account.availability) == (PLATFORM, "going_on", 1.0)
    assert [each.window for each in platform.rolling] == ["1h", "6h", "24h", "7d", "30d", "90d"]
    assert [each.short_rate for each in platform.burn_rates] == [0, 0, 0, 0]
    assert platform.objective is not None
    assert platform.objective.breached is False
    assert any("only partly watched" in note for note in platform.notes)


async def test_a_period_ahead_is_said_to_be() -> None:
    """There is nothing to tell yet, and no objective missed."""
    (platform,) = SlaAnswer.model_validate_json((await ask(world(), period="2999-Q4")).content).platforms
    assert (platform.standing, platform.account.availability) == ("ahead", None)
    assert "has not begun" in platform.notes[0]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"platform": "nowhere"}, 404, "unknown_platform"),
        ({"period": "2026-13"}, 400, "bad_query"),
        ({"period": "0000-01"}, 400, "bad_query"),
        ({"since": "2026"}, 400, "bad_query"),
    ],
)
async def test_what_can_not_be_asked_is_refused(query: dict[str, str], status: int, code: str) -> None:
    """A platform or a period that doesn't exist."""
    answer = await ask(world(), **query)
    found: dict[str, Any] = answer.json()
    assert (answer.status_code, found["error"]["code"]) == (status, code)


async def test_a_store_that_can_not_be_read_is_said_so() -> None:
    """Never an account of nothing."""
    there = world()

    async def broken(query: PastQuery) -> Past:
        raise StoreUnavailable(f"no past of {query.platform}")

    face = WebFace(there.site, replace(there.sources(), past=broken), there.static_file)
    async with asking(face) as client:
        answer = await client.get("/api/v1/sla")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "store_unavailable")
