"""The scheduler: when attempts are made and why, and that nothing one probe does ever holds up another."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial
from itertools import pairwise
from typing import NoReturn

import pytest

from monitor.model.fact import OutageEnded, OutageOpened
from monitor.model.outcome import Attempt, OutcomeKind, Reason
from monitor.model.verdict import FlagState, Phase, Role, Verdict
from monitor.rules.schedule import Grid
from monitor.scheduler import GRACE_SECONDS, Budget
from monitor.starts import AT_ONCE
from tests.support.keeping import BAD, GOOD, NOT_MEASURED, Watch, probe_policy
from tests.support.virtual_time import VirtualClock, run

SCHEDULED, CONFIRMATION, CALLED = Attempt.SCHEDULED, Attempt.CONFIRMATION, Attempt.CALLED


def _has_made(made: Sequence[object], count: int) -> bool:
    return len(made) >= count


async def _good_then(watch: Watch, *names: str) -> None:
    """Have the probes measured good, then bad."""
    chosen = names or tuple(watch.probes)
    await watch.until(lambda: all(watch.held(name).phase is Phase.GOOD for name in watch.probes))
    for name in chosen:
        watch.probes[name].act = BAD


def test_a_good_probe_is_asked_once_an_interval() -> None:
    """The first attempt comes within a third of the interval, then one every interval, on its grid."""

    async def main() -> None:
        watch = Watch()
        async with watch.running():
            await asyncio.sleep(100)
        times = watch.probes["portal"].times
        assert times[0] <= 5
        assert times[1] - times[0] <= 15
        assert {round(after - before, 3) for before, after in pairwise(times[1:])} == {15.0}
        assert set(watch.probes["portal"].whys()) == {SCHEDULED}

    run(main())


def test_probes_start_in_the_burst_of_their_monitor() -> None:
    """All of them in one part of the second, but for confirmations, which count from an attempt's end."""

    async def main() -> None:
        names = [f"probe-{number}" for number in range(20)]
        burst = Grid(begins=timedelta(seconds=0.25), burst=timedelta(seconds=0.1))
        watch = Watch(*map(probe_policy, names), grid=burst)
        async with watch.running():
            await asyncio.sleep(100)
        times = [at for name in names for at in watch.probes[name].times[1:]]
        assert len(times) >= 20 * 5
        assert all(0.25 <= round(at % 1, 3) <= 0.35 for at in times)
        # The first does not wait for it: a start is seen as soon as it can be.
        assert any(round(watch.probes[name].times[0] % 1, 3) < 0.25 for name in names)

    run(main())


def test_a_server_that_is_good_two_times_of_three_is_degraded_and_never_down() -> None:
    """Each bad outcome is followed by a good one, so that nothing is confirmed; but it was bad too often."""

    async def main() -> None:
        watch = Watch()
        probe = watch.probes["portal"]
        async with watch.running():
            await _good_then(watch)
            verdicts = set()
            for number in range(90):
                made = len(probe.made)
                probe.act = BAD if number % 3 == 0 else GOOD
                await watch.until(partial(_has_made, probe.made, made + 1))
                verdicts.add(watch.keeper.state.verdict)
            assert watch.keeper.state.verdict is Verdict.DEGRADED
            assert verdicts == {Verdict.UP, Verdict.DEGRADED}

    run(main())


def test_a_bad_outcome_is_confirmed_by_attempts_counted_from_the_end_of_the_one_before() -> None:
    """Two more, 5 s after the end of the last; then the outage is there, and the grid holds again."""

    async def main() -> None:
        watch = Watch()
        probe = watch.probes["portal"]
        probe.takes = 2.0
        async with watch.running():
            await _good_then(watch)
            made = len(probe.made)
            await watch.until(lambda: watch.keeper.state.verdict is Verdict.DOWN)
            times, whys = probe.times[made:], probe.whys(made)
            assert whys == [SCHEDULED, CONFIRMATION, CONFIRMATION]
            assert [round(after - before, 3) for before, after in pairwise(times)] == [7.0, 7.0]
            await watch.until(lambda: len(probe.made) == made + 5)
            assert probe.whys(made + 3) == [SCHEDULED, SCHEDULED]
            assert round(probe.times[-1] - probe.times[-2], 3) == 15.0
        (opened,) = [fact for settled in watch.told for fact in settled.facts if isinstance(fact, OutageOpened)]
        assert opened.outage.detection_seconds == pytest.approx(3 * 2.0 + 2 * 5.0)
        assert watch.outcomes()[-1] == (OutcomeKind.BAD, True)

    run(main())


def test_the_controls_are_asked_beside_the_attempt_that_may_be_believed() -> None:
    """Slow controls delay no attempt; only the verdict waits, and the answer is no older than the last attempt."""

    async def main() -> None:
        watch = Watch()
        probe = watch.probes["portal"]
        watch.controls.takes = 3.0
        async with watch.running():
            await _good_then(watch)
            made = len(probe.made)
            await watch.until(lambda: len(probe.made) == made + 3)
            times = probe.times[made:]
            assert [round(after - before, 3) for before, after in pairwise(times)] == [5.0, 5.0]
            assert [round(at, 3) for at in watch.controls.asked] == [round(times[-1], 3)]
            await asyncio.sleep(2.9)
            assert watch.keeper.state.verdict is Verdict.UP
            await watch.until(lambda: watch.keeper.state.verdict is Verdict.DOWN, 0.2)

    run(main())


def test_a_network_that_dies_in_the_middle_of_a_round_confirms_nothing() -> None:
    """That a control answered at the first bad attempt proves nothing of the last one."""

    async def main() -> None:
        watch = Watch()
        async with watch.running():
            await _good_then(watch)
            await watch.until(lambda: watch.held().round_bad == 1)
            watch.controls.answers = False
            await watch.until(lambda: watch.sight.is_blind)
            assert watch.keeper.state.verdict is Verdict.UNKNOWN
        assert not watch.store.disk.outages
        seen = [row for row in watch.store.disk.outcomes if row.outcome.is_bad]
        assert len(seen) == 3
        assert not any(row.is_believed for row in seen)

    run(main())


def test_blindness_is_noticed_while_a_probe_is_confirmed_bad() -> None:
    """An outage does not go on being seen by a vantage that sees nothing: it becomes unknown, and stays open."""

    async def main() -> None:
        watch = Watch()
        async with watch.running():
            await _good_then(watch)
            await watch.until(lambda: watch.keeper.state.verdict is Verdict.DOWN)
            watch.controls.answers = False
            await watch.until(lambda: watch.sight.is_blind)
            assert watch.keeper.state.verdict is Verdict.UNKNOWN
            outage = watch.keeper.state.outage
            assert outage is not None
            assert outage.ended_at is None
            watch.controls.answers = True
            await watch.until(lambda: watch.keeper.state.verdict is Verdict.DOWN)

    run(main())


def test_a_control_that_loses_one_answer_blinds_nobody() -> None:
    """A no is asked once more; a yes to that proves nothing of the attempt, which is made once more."""

    async def main() -> None:
        watch = Watch()
        probe = watch.probes["portal"]
        async with watch.running():
            await _good_then(watch)
            made = len(probe.made)
            await watch.until(lambda: watch.held().round_bad == 2)
            watch.controls.lose = 1
            await watch.until(lambda: watch.keeper.state.verdict is Verdict.DOWN)
            assert not watch.sight.is_blind
            assert len(watch.controls.asked) == 3
            assert probe.whys(made) == [SCHEDULED, CONFIRMATION, CONFIRMATION, CONFIRMATION]
            assert round(probe.times[-1] - probe.times[-2], 3) == 5.0
        assert [is_believed for _, is_believed in watch.outcomes()[-4:]] == [True, True, False, True]

    run(main())


@pytest.mark.parametrize("attempts", [2, 3])
def test_a_network_of_ours_that_comes_back_during_the_last_attempt_opens_nothing(attempts: int) -> None:
    """The controls' second answer is of a network that works again, and proves nothing of the attempts before."""

    async def main() -> None:
        watch = Watch(probe_policy(confirm_attempts=attempts))
        probe = watch.probes["portal"]
        probe.takes = watch.controls.takes = 3.0
        async with watch.running():
            await _good_then(watch)
            await watch.until(lambda: watch.held().round_bad == attempts - 1)
            watch.controls.answers = False
            asked = len(watch.controls.asked)
            await watch.until(lambda: len(watch.controls.asked) > asked)
            watch.controls.lose, watch.controls.answers = 1, True  # the question under way has no answer any more
            made = len(probe.made)
            await watch.until(lambda: len(watch.controls.asked) == asked + 2)
            probe.act = GOOD
            await watch.until(lambda: len(probe.made) == made + 2)
            await asyncio.sleep(4)
            assert watch.held().round_bad == 0
            assert watch.held().phase is Phase.GOOD
            assert not watch.sight.is_blind
        assert not watch.store.disk.outages

    run(main())


def test_a_good_outcome_ends_the_round() -> None:
    """Bad, bad, good: nothing happened, and nobody is told."""

    async def main() -> None:
        watch = Watch()
        probe = watch.probes["portal"]
        async with watch.running():
            await _good_then(watch)
            await watch.until(lambda: watch.held().round_bad == 2)
            probe.act = GOOD
            await watch.until(lambda: watch.held().round_bad == 0)
            await asyncio.sleep(60)
            assert watch.held().phase is Phase.GOOD
            assert set(probe.whys(-3)) == {SCHEDULED}
        assert not watch.store.disk.outages

    run(main())


def test_bad_bad_not_measured_decides_nothing() -> None:
    """The round ends undecided; the next scheduled attempt begins anew."""

    async def main() -> None:
        watch = Watch()
        probe = watch.probes["portal"]
        async with watch.running():
            await _good_then(watch)
            await watch.until(lambda: watch.held().round_bad == 2)
            probe.act = NOT_MEASURED
            await watch.until(lambda: watch.held().round_bad == 0)
            made = len(probe.made)
            await watch.until(lambda: len(probe.made) == made + 1)
            assert probe.whys(made) == [SCHEDULED]
        assert not watch.store.disk.outages

    run(main())


def test_recovery_needs_its_row_of_good_outcomes() -> None:
    """Three scheduled good ones end the outage, at the start of the first."""

    async def main() -> None:
        watch = Watch()
        probe = watch.probes["portal"]
        async with watch.running():
            await _good_then(watch)
            await watch.until(lambda: watch.keeper.state.verdict is Verdict.DOWN)
            probe.act = GOOD
            made = len(probe.made)
            await watch.until(lambda: watch.held().phase is Phase.GOOD)
            assert len(probe.made) == made + 3
            await watch.until(lambda: watch.settler.is_settled)
            (ended,) = [fact for settled in watch.told for fact in settled.facts if isinstance(fact, OutageEnded)]
            assert ended.outage.ended_at == watch.clock.now() - timedelta(
                seconds=watch.clock.monotonic() - probe.times[made]
            )

    run(main())


def test_no_control_answers_so_nothing_is_believed() -> None:
    """A round without any answer makes this vantage blind: unknown, no outage, no ready; the outcome isn't believed."""

    async def main() -> None:
        watch = Watch()
        async with watch.running():
            await _good_then(watch)
            watch.controls.answers = False
            await watch.until(lambda: watch.sight.is_blind)
            assert watch.keeper.state.verdict is Verdict.UNKNOWN
            assert watch.outcomes()[-1] == (OutcomeKind.BAD, False)
            await asyncio.sleep(300)
            assert watch.keeper.state.flag.state is FlagState.STANDBY
            assert not watch.store.disk.outages
            assert watch.held().phase is Phase.GOOD
            (until,) = watch.store.disk.blind_spans.values()
            assert until is None
            watch.controls.answers = True
            await watch.until(lambda: watch.keeper.state.verdict is Verdict.DOWN)
            await watch.until(lambda: watch.keeper.state.flag.state is FlagState.READY)
            assert None not in watch.store.disk.blind_spans.values()

    run(main())


def test_what_was_answered_in_a_round_that_was_broken_off_counts_no_more() -> None:
    """An answer from before this vantage lost sight says nothing of the round after."""

    async def main() -> None:
        watch = Watch()
        probe = watch.probes["portal"]
        async with watch.running():
            await _good_then(watch)
            await watch.until(lambda: watch.held().round_bad == 1)  # asked, and answered with yes
            await asyncio.sleep(1)
            watch.controls.answers = False
            watch.sight.lost()
            await asyncio.sleep(1)
            watch.controls.answers = True
            await watch.until(lambda: not watch.sight.is_blind)
            watch.controls.answers = False
            made = len(probe.made)
            await watch.until(lambda: len(probe.made) >= made + 3)
            await watch.until(lambda: watch.sight.is_blind)
        assert not watch.store.disk.outages

    run(main())


def test_one_attempt_that_confirms_asks_the_controls_itself() -> None:
    """With `attempts: 1` the first bad outcome waits for the answer, and is believed with it."""

    async def main() -> None:
        watch = Watch(probe_policy(confirm_attempts=1))
        watch.controls.takes = 1.0
        async with watch.running():
            await _good_then(watch)
            await watch.until(lambda: watch.keeper.state.verdict is Verdict.DOWN)
            assert len(watch.controls.asked) == 1
            assert watch.probes["portal"].whys()[-1] is SCHEDULED

    run(main())


def test_one_attempt_that_confirms_is_made_once_more_where_the_controls_prove_nothing() -> None:
    """With `attempts: 1` too, and as soon as a confirmation would be; the first is no longer alone then."""

    async def main() -> None:
        watch = Watch(probe_policy(confirm_attempts=1))
        probe = watch.probes["portal"]
        async with watch.running():
            await _good_then(watch)
            made = len(probe.made)
            watch.controls.lose = 1
            await watch.until(lambda: watch.keeper.state.verdict is Verdict.DOWN)
            assert probe.whys(made) == [SCHEDULED, CONFIRMATION]
            assert round(probe.times[-1] - probe.times[-2], 3) == 5.0

    run(main())


def test_the_deciding_probe_is_called_at_once() -> None:
    """A cheap critical probe confirmed bad: the deciding one runs now, not in five minutes, and has the last word."""

    async def main() -> None:
        watch = Watch(
            probe_policy("cheap"),
            probe_policy("access", role=Role.DECIDING, interval=timedelta(minutes=5), recover=1),
        )
        access = watch.probes["access"]
        async with watch.running():
            await _good_then(watch, "cheap")
            await watch.until(lambda: watch.held("cheap").phase is Phase.BAD)
            at = watch.clock.monotonic()
            await watch.until(lambda: CALLED in access.whys())
            assert access.whys()[-1] is CALLED
            assert access.times[-1] == pytest.approx(at, abs=0.1)
            await asyncio.sleep(1)
            assert watch.keeper.state.verdict is Verdict.DEGRADED
            assert not watch.store.disk.outages

    run(main())


def test_a_call_that_comes_during_an_attempt_is_not_lost() -> None:
    """The next attempt follows at once."""

    async def main() -> None:
        watch = Watch()
        probe = watch.probes["portal"]
        probe.takes = 3.0
        async with watch.running():
            await watch.until(lambda: len(probe.made) == 1)
            watch.loops["portal"].call()
            await watch.until(lambda: len(probe.made) == 2)
            assert probe.whys() == [SCHEDULED, CALLED]
            assert probe.times[1] - probe.times[0] == pytest.approx(3.0, abs=0.1)

    run(main())


def test_what_exceeds_the_budget_is_skipped_and_says_so() -> None:
    """Scheduled attempts beyond the budget are recorded as skipped; confirmations still find their share."""

    async def main() -> None:
        watch = Watch(*(probe_policy(f"p{number}", f"f{number}") for number in range(4)), limit=8)
        async with watch.running():
            await asyncio.sleep(300)
            kinds = [kind for number in range(4) for kind, _ in watch.outcomes(f"p{number}")]
            assert OutcomeKind.SKIPPED in kinds
            made = sorted(at for probe in watch.probes.values() for at in probe.times)
            for first in made:
                assert sum(first <= at < first + 60 for at in made) <= 8
            (skipped,) = {
                (row.outcome.reason, row.outcome.duration_seconds)
                for row in watch.store.disk.outcomes
                if row.outcome.kind is OutcomeKind.SKIPPED
            }
            assert skipped == (Reason.BUDGET, 0.0)

    run(main())


def test_a_quarter_of_the_budget_is_kept_for_what_may_be_an_outage() -> None:
    """What is scheduled can't use up what a confirmation needs; an hour later it is all there again."""

    async def main() -> None:
        budget = Budget(8, VirtualClock())
        assert [budget.take(SCHEDULED) for _ in range(8)] == [True] * 6 + [False] * 2
        assert [budget.take(CONFIRMATION) for _ in range(3)] == [True, True, False]
        await asyncio.sleep(60)
        assert budget.take(SCHEDULED)

    run(main())


def test_what_is_counted_without_asking_leaves_less_for_others() -> None:
    """Closing what a journey opened is never refused, and the next attempt pays for it."""

    async def main() -> None:
        budget = Budget(4, VirtualClock())
        for _ in range(6):
            budget.count()
        assert not budget.take(CONFIRMATION)
        await asyncio.sleep(60)
        assert budget.take(CONFIRMATION)
        Budget(None, VirtualClock()).count()

    run(main())


async def _raise() -> NoReturn:
    raise RuntimeError("a bug")


async def _cancel_itself() -> NoReturn:
    raise asyncio.CancelledError


async def _hang() -> NoReturn:
    await asyncio.Event().wait()
    raise AssertionError


@pytest.mark.parametrize("act", [_raise, _cancel_itself, _hang])
def test_a_probe_that_breaks_its_promise_is_our_own_fault(
    act: Callable[[], Awaitable[NoReturn]], caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever it does, the loop goes on: not measured, own fault, logged; and the next attempt is made."""

    async def main() -> None:
        watch = Watch()
        probe = watch.probes["portal"]
        async with watch.running():
            await watch.until(lambda: watch.held().phase is Phase.GOOD)
            probe.act = act
            known = len(watch.outcomes())
            await watch.until(lambda: len(watch.outcomes()) > known)
            row = watch.store.disk.outcomes[-1]
            assert (row.outcome.kind, row.outcome.reason) == (OutcomeKind.NOT_MEASURED, Reason.OWN_FAULT)
            probe.act = GOOD
            await watch.until(lambda: watch.outcomes()[-1] == (OutcomeKind.GOOD, True))
        assert not watch.store.disk.outages

    run(main())
    assert "probe_fault" in caplog.text


def test_a_hanging_probe_never_delays_another() -> None:
    """The other's attempts stay on their grid to the millisecond."""

    async def main() -> list[float]:
        watch = Watch(probe_policy("stuck"), probe_policy("free", "request"))
        watch.probes["stuck"].act = _hang
        async with watch.running():
            await asyncio.sleep(200)
        stuck = watch.probes["stuck"].times
        # It is itself cut off after its own deadline, and then tried anew.
        assert len(stuck) > 200 / (15 + 5 + GRACE_SECONDS)
        return watch.probes["free"].times

    times = run(main())
    assert {round(after - before, 3) for before, after in pairwise(times[1:])} == {15.0}


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_clock_that_is_set_delays_no_attempt(hours: int) -> None:
    """Set back or forth by hours, the next attempt comes within an interval."""

    async def main() -> None:
        watch = Watch()
        probe = watch.probes["portal"]
        async with watch.running():
            await asyncio.sleep(40)
            watch.clock.shift = timedelta(hours=hours)
            await asyncio.sleep(120)
        assert max(after - before for before, after in pairwise(probe.times)) <= 15.001

    run(main())


def test_it_waits_for_every_probe_to_have_run_once() -> None:
    """Until then the loop names its probe, so that readiness is not claimed too early."""

    async def main() -> None:
        watch = Watch()
        async with watch.running():
            assert watch.loops["portal"].unrun() == "payments/portal"
            await watch.until(lambda: watch.probes["portal"].made)
            await asyncio.sleep(0.1)
            assert watch.loops["portal"].unrun() is None

    run(main())


def test_a_probe_that_runs_no_more_is_late() -> None:
    """Whatever keeps it: three intervals and its timeout later it says so, and no more once it runs again."""

    async def main() -> None:
        watch = Watch()
        probe, loop = watch.probes["portal"], watch.loops["portal"]
        async with watch.running():
            await asyncio.sleep(100)
            assert loop.late() is None
            starts = loop._bench.starts
            starts._begun = AT_ONCE  # and nothing comes round to it: turns are handed out no more
            await asyncio.sleep(3 * 15 + 5 + GRACE_SECONDS + 16)
            assert loop.late() == "payments/portal"
            made = len(probe.made)
            starts._come_round()
            await watch.until(lambda: len(probe.made) > made)
            await asyncio.sleep(1)
            assert loop.late() is None

    run(main())
