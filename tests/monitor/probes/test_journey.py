"""The `journey` probe on the simulated platform, a real process: every step failing, hanging, lying, denied, never."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from monitor.model.outcome import Attempt, Outcome, OutcomeKind, Reason, Warn
from monitor.probes.books import MemoryBook
from monitor.probes.context import ProbeContext
from monitor.probes.journey import MOST_OPEN, make
from platforms.errors import NotKept
from platforms.journey.model import Opening, OpenState
from platforms.journey.record import RECORD_SECONDS
from tests.support.journey_settings import SECRET, STEPS, journey_settings
from tests.support.simulator import Simulated, simulated
from tests.support.waiting import until

FUNCTIONS = {
    "sign_in": "sign_in",
    "request": "request",
    "use": "connect",
    "revoke": "revoke",
}
FAULTS: dict[str, tuple[dict[str, object], Reason]] = {
    "fails": ({"kind": "fail"}, Reason.STATUS),
    "resets": ({"kind": "refuse"}, Reason.CONNECTION_LOST),
    "answers nonsense": ({"kind": "wrong"}, Reason.JSON),
    "limits": ({"kind": "rate_limited"}, Reason.RATE_LIMITED),
}


@pytest.fixture(scope="module")
def platform() -> Iterator[Simulated]:
    """One simulated platform for all tests here; each leaves it without faults."""
    with simulated() as running:
        yield running


@pytest.fixture(autouse=True)
def well(platform: Simulated, monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin without faults, with nothing open, and with the probe's secret."""
    platform.recover()
    session = platform.sign_in("probe")
    for name in live(platform):
        if str(name).startswith("req-"):
            platform.ask("POST", f"/requests/{name}/withdraw", {}, token=session)
    monkeypatch.setenv(SECRET, "probe-pretend")


def live(platform: Simulated) -> list[object]:
    """Return what is live or on its way at the platform, as its admin face tells."""
    world: Any = platform.admin("GET", "/admin/world").data()
    grants = [grant["id"] for grant in world["grants"] if grant["is_live"]]
    return grants + [each["id"] for each in world["requests"] if each["state"] in ("pending", "approved", "granted")]


async def attempt(context: ProbeContext, platform: Simulated, **settings: Any) -> Outcome:
    """Make one attempt; one whose deadline was noticed late, as it says itself, is made again."""
    probe = make(journey_settings(platform.url, **settings), context)
    found = await probe.attempt(Attempt.SCHEDULED)
    while _was_late(found):
        found = await probe.attempt(Attempt.SCHEDULED)
    return found


def _was_late(found: Outcome) -> bool:
    return found.detail.startswith("this machine was busy")


async def test_the_whole_way_is_good_and_leaves_nothing(context: ProbeContext, platform: Simulated) -> None:
    """Spans of its parts, phases of its requests, and nothing open."""
    found = await attempt(context, platform)
    assert (found.kind, found.reason, found.detail) == (OutcomeKind.GOOD, Reason.OK, "every step held")
    assert set(found.spans) == {"sign_in", "request", "grant", "use", "revoke", "total"}
    assert 0.2 <= found.spans["grant"] <= found.spans["total"] <= found.duration_seconds
    assert {"connect", "processing", "transfer"} == set(found.phases)
    assert found.residue == ()
    assert live(platform) == []


@pytest.mark.parametrize("step", FUNCTIONS)
@pytest.mark.parametrize("how", FAULTS)
async def test_a_step_that_goes_wrong_is_told_as_what_it_is(
    context: ProbeContext, platform: Simulated, step: str, how: str
) -> None:
    """Kind, reason and step; afterwards, once the platform is well, nothing is open."""
    fault, reason = FAULTS[how]
    platform.show(FUNCTIONS[step], **fault)
    found = await attempt(context, platform, clean_up="10s" if step == "use" else "1s")
    if step in ("sign_in", "request") and how == "answers nonsense":
        reason = Reason.STATUS  # 200, where 201 is expected
    assert (found.reason, found.detail.split(":")[0]) == (reason, f"step {step}")
    assert found.kind is (OutcomeKind.NOT_MEASURED if how == "limits" else OutcomeKind.BAD)
    if step == "use":
        assert live(platform) == []
    platform.recover()
    await _settled(context, platform)
    assert live(platform) == []


async def _settled(context: ProbeContext, platform: Simulated) -> None:
    """Have what was left closed, as later attempts of one probe do; retries that are put off are made due."""
    probe = make(journey_settings(platform.url), context)
    async with asyncio.timeout(60):
        while openings := await context.book.openings():
            for opening in openings:
                await context.book.keep(replace(opening, again_at=None))
            await probe.attempt(Attempt.SCHEDULED)
            await asyncio.sleep(0.2)


@pytest.mark.parametrize("step", FUNCTIONS)
async def test_a_step_that_hangs_ends_in_time_and_leaves_nothing_for_long(
    context: ProbeContext, platform: Simulated, step: str
) -> None:
    """The deadline names it; closing has its own time."""
    platform.show(FUNCTIONS[step], kind="hang")
    found = await attempt(context, platform, timeout="2s", clean_up="2s")
    assert (found.kind, found.reason) == (OutcomeKind.BAD, Reason.TIMEOUT)
    assert found.detail.startswith(f"step {step}: not done within 2 s")
    assert found.duration_seconds < 20
    platform.recover()
    await _settled(context, platform)
    assert live(platform) == []


async def test_our_own_secret_refused_is_not_measured(
    context: ProbeContext, platform: Simulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rotated password says nothing of the platform, and appears nowhere."""
    monkeypatch.setenv(SECRET, "hunter2")
    found = await attempt(context, platform)
    assert (found.kind, found.reason) == (OutcomeKind.NOT_MEASURED, Reason.CREDENTIALS_REFUSED)
    assert found.detail == "step sign_in: status 401: our own credential was refused"
    assert "hunter2" not in repr(found)


async def test_a_secret_that_is_not_there_is_not_measured(
    context: ProbeContext, platform: Simulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is sent."""
    monkeypatch.delenv(SECRET)
    found = await attempt(context, platform)
    assert (found.kind, found.reason) == (OutcomeKind.NOT_MEASURED, Reason.SECRET_UNAVAILABLE)


async def _unheard(context: ProbeContext, platform: Simulated) -> Outcome:
    """Make one attempt whose request is granted, and never answered."""
    platform.show("request", kind="mute")
    probe = make(journey_settings(platform.url, timeout="3s"), context)
    going = asyncio.create_task(probe.attempt(Attempt.SCHEDULED))
    await until(lambda: live(platform) != [], every=0.02)
    platform.recover()
    return await going


async def test_a_grant_whose_answer_was_never_heard_is_found_and_given_back(
    context: ProbeContext, platform: Simulated
) -> None:
    """The request was carried out, and nobody answered: it is looked up by the run's id."""
    found = await _unheard(context, platform)
    while _was_late(found):
        found = await _unheard(context, platform)
    assert (found.kind, found.reason) == (OutcomeKind.BAD, Reason.TIMEOUT)
    assert (live(platform), found.residue, list(await context.book.openings())) == ([], (), [])


HUMAN = STEPS.replace("staging-db", "payments-db")


async def test_a_request_that_is_never_granted_is_bad_and_withdrawn(context: ProbeContext, platform: Simulated) -> None:
    """Nobody approves: the wait has an end, and the request is taken back."""
    found = await attempt(context, platform, steps=HUMAN.replace("within: 2s", "within: 500ms"))
    assert (found.kind, found.reason) == (OutcomeKind.BAD, Reason.TIMEOUT)
    assert found.detail == "step granted: what is waited for did not come within 0.5 s and 300 tries"
    assert (live(platform), found.residue) == ([], ())


async def test_a_request_that_is_denied_is_not_measured(context: ProbeContext, platform: Simulated) -> None:
    """An approver said no to the probe, which is no outage."""
    approver = platform.sign_in("alex")
    going = asyncio.create_task(attempt(context, platform, steps=HUMAN))
    await until(lambda: live(platform) != [], 10, every=0.02)
    asked = live(platform)
    await asyncio.to_thread(platform.ask, "POST", f"/requests/{asked[0]}/deny", {}, token=approver)
    found = await going
    assert (found.kind, found.reason) == (OutcomeKind.NOT_MEASURED, Reason.DENIED)
    assert live(platform) == []


async def test_a_platform_that_denies_the_request_is_not_measured(context: ProbeContext, platform: Simulated) -> None:
    """403 at the request itself."""
    platform.show("request", kind="denied", status=403)
    found = await attempt(context, platform)
    assert (found.kind, found.reason) == (OutcomeKind.NOT_MEASURED, Reason.DENIED)


LYING = STEPS.replace("  expect: {json: {is_live: false}}\n", "")


async def test_a_platform_that_lies_about_revoking_is_found_out(context: ProbeContext, platform: Simulated) -> None:
    """Revoke answers 200 and revokes nothing: the use after it tells, and the residue is named until it is closed."""
    platform.show("revoke", kind="wrong")
    found = await attempt(context, platform, steps=LYING)
    assert (found.kind, found.reason) == (OutcomeKind.BAD, Reason.NOT_REFUSED)
    assert found.detail.startswith("step use_refused: status 200: it had to be refused; left open: request of run ")
    assert (len(found.residue), found.warnings) == (1, (Warn.RESIDUE,))
    assert len(live(platform)) == 2
    platform.recover()
    await _settled(context, platform)
    assert live(platform) == []


async def test_what_is_left_marks_a_good_outcome_and_blocks_nothing_yet(
    context: ProbeContext, platform: Simulated
) -> None:
    """One thing left open, not tried again yet: the next run is good, and warned."""
    platform.show("revoke", kind="fail")
    first = await attempt(context, platform, clean_up="1s")
    assert (first.reason, len(first.residue)) == (Reason.STATUS, 1)
    platform.recover()
    found = await attempt(context, platform)
    assert (found.kind, found.warnings, found.residue) == (OutcomeKind.GOOD, (Warn.RESIDUE,), first.residue)
    await _settled(context, platform)
    assert live(platform) == []


async def test_with_too_much_left_nothing_more_is_opened_and_it_stays_bad(
    context: ProbeContext, platform: Simulated
) -> None:
    """The attempt is worth what closing is; once the platform closes again it goes on as ever."""
    platform.show("revoke", kind="fail")
    outcomes = [await attempt(context, platform, clean_up="1s") for _ in range(MOST_OPEN + 2)]
    assert {each.kind for each in outcomes} == {OutcomeKind.BAD}
    assert {each.reason for each in outcomes[:MOST_OPEN]} == {Reason.STATUS}
    assert len(live(platform)) == 2 * MOST_OPEN
    assert "nothing more is opened while 3 things are left open" in outcomes[-1].detail
    platform.recover()
    found = await attempt(context, platform)
    assert (found.kind, found.residue) == (OutcomeKind.GOOD, ())
    assert live(platform) == []


class BrokenBook(MemoryBook):
    """A record that can't be written, or not even read."""

    def __init__(self, *, is_readable: bool) -> None:
        super().__init__()
        self._is_readable = is_readable

    async def openings(self) -> Sequence[Opening]:
        """Return nothing, or fail."""
        if not self._is_readable:
            raise NotKept("the store does not answer")
        return ()

    async def keep(self, opening: Opening) -> None:
        """Fail."""
        raise NotKept("the store does not answer")


@pytest.mark.parametrize("is_readable", [True, False])
async def test_without_a_record_nothing_is_opened(
    context: ProbeContext, platform: Simulated, *, is_readable: bool
) -> None:
    """Not measured, and it says so; what comes before opening is measured all the same."""
    broken = replace(context, book=BrokenBook(is_readable=is_readable))
    found = await attempt(broken, platform)
    assert (found.kind, found.reason) == (OutcomeKind.NOT_MEASURED, Reason.OWN_FAULT)
    assert "the store does not answer" in found.detail
    assert live(platform) == []
    platform.show("sign_in", kind="fail")
    found = await attempt(broken, platform)
    assert (found.kind, found.reason) == (OutcomeKind.BAD, Reason.STATUS)


class SlowBook(MemoryBook):
    """A record that takes its time."""

    async def keep(self, opening: Opening) -> None:
        """Keep it, later."""
        await asyncio.sleep(0.6)
        await super().keep(opening)


async def test_a_slow_record_of_ours_is_not_the_platforms_slowness(context: ProbeContext, platform: Simulated) -> None:
    """It takes longer than all steps may."""
    slow = replace(context, book=SlowBook())
    found = await attempt(slow, platform, timeout="2s")
    assert (found.kind, found.detail) == (OutcomeKind.GOOD, "every step held")
    assert found.spans["total"] < 2 < found.duration_seconds


def test_it_is_not_cut_off_before_its_own_bounds_are_over() -> None:
    """Steps, closing before and after them, and the record three times."""
    settings = journey_settings("https://a.example", timeout="20s", clean_up="10s")
    assert settings.policy("access").timeout == timedelta(seconds=20 + 2 * 10) + 3 * timedelta(seconds=RECORD_SECONDS)


class Purse:
    """A budget of so many requests beyond the first."""

    def __init__(self, left: int) -> None:
        self.left = left
        self.asked_as: set[Attempt] = set()
        self.unasked = 0

    def take(self, why: Attempt) -> bool:
        """See `RequestBudget`."""
        self.asked_as.add(why)
        self.left -= 1
        return self.left >= 0

    def count(self) -> None:
        """See `RequestBudget`."""
        self.unasked += 1


async def test_every_request_counts_but_closing_is_never_refused(context: ProbeContext, platform: Simulated) -> None:
    """The first is paid for; the next two fit; the use does not, and what was opened is closed all the same."""
    purse = Purse(1)
    found = await attempt(replace(context, requests=purse), platform)
    assert (found.kind, found.reason, found.detail) == (
        OutcomeKind.SKIPPED,
        Reason.BUDGET,
        "step granted: max_requests_per_minute was spent",
    )
    assert (purse.asked_as, purse.unasked) == ({Attempt.CONFIRMATION}, 1)
    assert live(platform) == []


async def test_what_died_with_the_machine_is_closed_before_anything_is_opened(
    context: ProbeContext, platform: Simulated
) -> None:
    """By its id where that is on record, by looking it up where it isn't; with a session of its own."""
    session = platform.sign_in("probe")
    for state in (OpenState.OPEN, OpenState.INTENDED):
        run = uuid4().hex
        asked = {"entitlement": "payments-db", "reason": f"glasswatch {run}", "seconds": 60}
        made = platform.ask("POST", "/requests", asked, token=session).text("id")
        kept = {"request": f'"{made}"'} if state is OpenState.OPEN else {}
        at = context.network.clock.now() - timedelta(seconds=5)
        await context.book.keep(Opening(run, "request", at, state, kept))
    assert len(live(platform)) == 2
    found = await attempt(context, platform)
    assert (found.kind, found.warnings) == (OutcomeKind.GOOD, ())
    assert (live(platform), list(await context.book.openings())) == ([], [])


async def test_an_address_of_this_machine_alone_is_never_asked(context: ProbeContext) -> None:
    """Settings made in code can name one; the exchange refuses it."""
    settings = journey_settings("http://localhost:1").model_copy(update={"url": "http://169.254.169.254"})
    found = await make(settings, context).attempt(Attempt.SCHEDULED)
    assert (found.kind, found.reason) == (OutcomeKind.BAD, Reason.RESOLVE_FAILED)
    assert "link-local or metadata" in found.detail
