"""One attempt of any probe: its deadline, our own troubles, and bugs."""

import asyncio
import logging
import select
from datetime import timedelta

import pytest

from glasswatch.clock import SystemClock
from glasswatch.errors import SecretUnavailable
from monitor.model.outcome import Attempt, Outcome, OutcomeKind, Reason
from monitor.probes import attempt as preparing
from monitor.probes.attempt import PREPARE_SECONDS, Attempting, Found, bearable
from monitor.rules.expect import Judgement
from platforms.errors import FaultKind, TransportFault
from platforms.transport.stopwatch import Phase, Stopwatch
from tests.support.clock import ManualClock
from tests.support.leaping import leap
from tests.support.virtual_time import VirtualClock

# Nothing here depends on the loop.
pytestmark = pytest.mark.asyncio(loop_factories=["asyncio"])

_GOOD = Found(Judgement(OutcomeKind.GOOD, Reason.OK, "status 200"))


def _attempting(seconds: float = 0.05) -> Attempting:
    return Attempting(SystemClock(), timedelta(seconds=seconds), Attempt.SCHEDULED)


async def _raising(error: Exception) -> Outcome:
    async def measure(watch: Stopwatch) -> Found:
        raise error

    return await _attempting().make(measure)


async def test_what_was_prepared_is_measured_with() -> None:
    """Preparation comes first, and its result reaches the measurement."""

    async def prepare() -> str:
        return "ready"

    async def measure(prepared: str, watch: Stopwatch) -> Found:
        return Found(Judgement(OutcomeKind.GOOD, Reason.OK, prepared))

    assert (await _attempting().make_prepared(prepare, measure)).detail == "ready"


async def test_times_come_from_the_clock() -> None:
    """Start, duration and phases are read from the clock that was given."""
    clock = ManualClock()

    async def measure(watch: Stopwatch) -> Found:
        watch.enter(Phase.CONNECT)
        clock.advance(2)
        watch.enter(Phase.PROCESSING)
        clock.advance(1)
        watch.stop()
        clock.advance(0.5)
        return _GOOD

    started_at = clock.now()
    outcome = await Attempting(clock, timedelta(seconds=5), Attempt.CALLED).make(measure)
    assert (outcome.started_at, outcome.duration_seconds) == (started_at, 3.5)
    assert outcome.phases == {"connect": 2, "processing": 1}
    assert outcome.attempt is Attempt.CALLED


@pytest.mark.parametrize(
    ("phase", "waiting_for"),
    [
        (None, ""),
        (Phase.RESOLVE, ", waiting for the name to resolve"),
        (Phase.CONNECT, ", waiting for the connection"),
        (Phase.TLS, ", waiting for the TLS handshake"),
        (Phase.PROCESSING, ", waiting for the first byte of the answer"),
        (Phase.TRANSFER, ", waiting for the rest of the answer"),
    ],
)
async def test_a_deadline_says_what_it_was_waiting_for(phase: Phase | None, waiting_for: str) -> None:
    """Running into the deadline is bad, and names the phase."""

    async def measure(watch: Stopwatch) -> Found:
        if phase is not None:
            watch.enter(phase)
        leap(30)
        await asyncio.Event().wait()
        return _GOOD

    outcome = await _attempting(seconds=30).make(measure)
    assert (outcome.kind, outcome.reason) == (OutcomeKind.BAD, Reason.TIMEOUT)
    assert outcome.detail == f"no answer within 30 s{waiting_for}"


@pytest.mark.parametrize(("within", "stalls"), [(0.1, 0.3), (0.5, 0.9)])
async def test_a_loop_that_was_late_is_our_own_fault(within: float, stalls: float) -> None:
    """A deadline that is noticed by a fifth of the timeout too late says nothing about the other side."""
    loop = asyncio.get_running_loop()
    began = loop.time()

    async def measure(watch: Stopwatch) -> Found:
        # Nothing runs until the deadline is past by more than is bearable.
        loop.call_soon(select.select, [], [], [], began + stalls - loop.time())
        await asyncio.Event().wait()
        return _GOOD

    outcome = await _attempting(seconds=within).make(measure)
    assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_MEASURED, Reason.OWN_FAULT)
    assert outcome.detail.startswith("this machine was busy")


@pytest.mark.parametrize(
    ("within", "seconds"), [(0.01, 0.02), (0.1, 0.02), (0.2, 0.04), (0.5, 0.1), (1, 0.2), (5, 1), (6, 1), (30, 1)]
)
async def test_how_late_is_bearable(within: float, seconds: float) -> None:
    """A fifth of the timeout, from 20 ms to a second."""
    assert bearable(timedelta(seconds=within)) == pytest.approx(seconds)


@pytest.mark.parametrize("kind", FaultKind)
async def test_every_fault_has_its_reason(kind: FaultKind) -> None:
    """What the other side did is bad; what this machine could not do is not measured. The words are kept."""
    outcome = await _raising(TransportFault(kind, "why"))
    unmeasured = {FaultKind.OWN: Reason.OWN_FAULT, FaultKind.CREDENTIAL: Reason.CREDENTIALS_REFUSED}
    assert outcome.kind is (OutcomeKind.NOT_MEASURED if kind in unmeasured else OutcomeKind.BAD)
    assert outcome.reason is unmeasured.get(kind, outcome.reason)
    assert (outcome.reason in unmeasured.values()) == (kind in unmeasured)
    assert outcome.detail == "why"


async def test_a_bug_is_no_finding(caplog: pytest.LogCaptureFixture) -> None:
    """An error that nobody foresaw is logged with its traceback, and measures nothing."""
    with caplog.at_level(logging.ERROR, "glasswatch.probe"):
        outcome = await _raising(ZeroDivisionError("secret"))
    assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_MEASURED, Reason.OWN_FAULT)
    assert "secret" not in outcome.detail
    assert [record.message for record in caplog.records] == ["probe_bug"]
    assert caplog.records[0].exc_info is not None


async def test_a_secret_that_is_unavailable() -> None:
    """Without what it needs, an attempt is not measured, and says which secret it was."""

    async def prepare() -> None:
        raise SecretUnavailable("secret from file /x: it is empty")

    async def measure(prepared: None, watch: Stopwatch) -> Found:
        raise AssertionError

    outcome = await _attempting().make_prepared(prepare, measure)
    assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_MEASURED, Reason.SECRET_UNAVAILABLE)
    assert outcome.detail == "secret from file /x: it is empty"
    assert outcome.phases == {}


async def test_a_bug_while_preparing_is_no_finding(caplog: pytest.LogCaptureFixture) -> None:
    """The same holds before the attempt."""

    async def prepare() -> None:
        raise ZeroDivisionError

    async def measure(prepared: None, watch: Stopwatch) -> Found:
        raise AssertionError

    outcome = await _attempting().make_prepared(prepare, measure)
    assert outcome.reason is Reason.OWN_FAULT
    assert [record.message for record in caplog.records] == ["probe_bug"]


async def test_a_secret_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Preparation has its own bound, so that the attempt ends within its timeout and a second."""

    async def prepare() -> None:
        await asyncio.Event().wait()

    async def measure(prepared: None, watch: Stopwatch) -> Found:
        raise AssertionError

    monkeypatch.setattr(preparing, "PREPARE_SECONDS", PREPARE_SECONDS)
    outcome = await _attempting(seconds=30).make_prepared(prepare, measure)
    assert outcome.reason is Reason.SECRET_UNAVAILABLE
    assert PREPARE_SECONDS < 1
    assert PREPARE_SECONDS <= outcome.duration_seconds < 30


async def test_a_slow_secret_does_not_make_the_platform_look_slow() -> None:
    """The deadline and the duration begin when everything is there."""

    async def prepare() -> None:
        leap(25)

    async def measure(prepared: None, watch: Stopwatch) -> Found:
        await asyncio.sleep(0.02)
        return _GOOD

    attempting = Attempting(VirtualClock(), timedelta(seconds=20), Attempt.SCHEDULED)
    outcome = await attempting.make_prepared(prepare, measure)
    assert outcome.is_good
    assert 0.02 <= outcome.duration_seconds < 20
