"""What was recorded is found again by the settings it was recorded with, and otherwise by others."""

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.backtest.judge import Ours
from monitor.backtest.replay import Replay, in_order
from monitor.model.policy import PlatformPolicy
from monitor.model.state import Outage
from monitor.model.verdict import Role
from monitor.store.recorded import Life, Recorded
from tests.support.backtesting import SPELL, Fate, Recording, grid, ready_to_go, recorded
from tests.support.clock import START
from tests.support.rulings import HOUR, MINUTE, SECOND, policy, probe

FEW = settings(deadline=None, max_examples=8, suppress_health_check=[HealthCheck.too_slow])
TWO = policy(probe("portal"), replace(probe("api", "request"), interval=20 * SECOND))
DECIDED = policy(
    probe("portal"),
    replace(probe("journey", role=Role.DECIDING), interval=90 * SECOND, confirm_attempts=2, recover=1),
)
ONE_OUTAGE = (0.0, 1.0, 0.0, 0.0)


def _replayed(record: Recording, by: PlatformPolicy, alive: list[Life] | None = None) -> Replay:
    replayed = Replay(Ours.starting(by, grid(record.policy), START))
    for happened in in_order(iter(record.rows), record.blind, alive or []):
        replayed.take(happened)
    replayed.end(record.rows[-1].ended_at)
    return replayed


def _spans(outages: list[Outage]) -> list[tuple[datetime, datetime, datetime | None]]:
    return [(each.opened_at, each.confirmed_at, each.ended_at) for each in outages]


def test_a_probe_called_while_it_was_tried_is_tried_again_at_once() -> None:
    """The attempt under way when it was called is not the one that was called for: both are taken."""
    record = recorded(ready_to_go(DECIDED), Fate(5682, [0.0, 0.0, 0.0, 0.0, 0.3], 0.01), START + 5 * SPELL)
    replayed = _replayed(record, DECIDED)
    assert len(record.outages) == 1
    assert _spans(replayed.outages) == _spans(list(record.outages.values()))


@pytest.mark.parametrize("watched", [policy(), TWO, DECIDED], ids=["one", "two", "with a journey"])
@FEW
@given(
    seed=st.integers(0, 10_000),
    failing=st.lists(st.sampled_from([0.0, 0.01, 0.3, 1.0]), min_size=4, max_size=4),
    control_lost=st.sampled_from([0.0, 0.25]),
)
def test_the_same_settings_find_the_same(
    watched: PlatformPolicy, seed: int, failing: list[float], control_lost: float
) -> None:
    """Every outage, when it was confirmed and when it ended; no attempt is left out."""
    record = recorded(ready_to_go(watched), Fate(seed, [0.0, *failing], 0.01, control_lost), START + 5 * SPELL)
    replayed = _replayed(record, watched)
    assert _spans(replayed.outages) == _spans(sorted(record.outages.values(), key=lambda each: each.opened_at))
    assert replayed.counts.not_due == 0


def _one_outage(watched: PlatformPolicy | None = None) -> Recording:
    return recorded(ready_to_go(watched), Fate(1, ONE_OUTAGE), START + 4 * SPELL)


def test_fewer_confirmations_find_it_sooner() -> None:
    """One of two instead of three: an attempt and a pause earlier."""
    record = _one_outage()
    quick = replace(record.policy, probes={"portal": replace(probe(), confirm_attempts=2)})
    (was,), (now,) = record.outages.values(), _replayed(record, quick).outages
    assert now.opened_at == was.opened_at
    assert was.detection_seconds - now.detection_seconds == pytest.approx(10)


def test_a_longer_interval_leaves_attempts_out() -> None:
    """What would not have been tried is not taken; the outage is found all the same."""
    record = _one_outage()
    seldom = replace(record.policy, probes={"portal": replace(probe(), interval=60 * SECOND)})
    replayed = _replayed(record, seldom)
    assert len(replayed.outages) == 1
    assert replayed.counts.not_due > 2 * replayed.counts.taken / 3


def test_what_was_never_tried_is_not_made_up() -> None:
    """Quicker confirmations than were recorded are not found sooner than there were attempts."""
    record = _one_outage()
    eager = replace(record.policy, probes={"portal": replace(probe(), confirm_every=SECOND)})
    assert _spans(_replayed(record, eager).outages) == _spans(list(record.outages.values()))


def test_probes_that_are_not_there_any_more_are_counted() -> None:
    """Their outcomes change nothing."""
    record = _one_outage(TWO)
    replayed = _replayed(record, policy(probe("portal")))
    assert replayed.counts.unknown == sum(row.probe == "api" for row in record.rows)
    assert len(replayed.outages) == 1


def test_a_gap_in_the_record_is_no_health() -> None:
    """While nothing was recorded for long the platform is unknown: no outage begins, and none ends, in it."""
    record = _one_outage()
    cut = record.rows[:: len(record.rows)] + [row for row in record.rows if row.ended_at > START + 3 * SPELL]
    few = Recording(record.policy, grid(record.policy), ready_to_go().judge.state)  # type: ignore[union-attr]  # ours
    few.rows = cut
    assert _replayed(few, record.policy).outages == []


def test_another_run_begins_where_the_last_one_was_alive() -> None:
    """A monitor that was away for long confirms an outage again before its flag is ready again."""
    record = recorded(ready_to_go(), Fate(1, (0.0, 1.0)), START + 2 * SPELL)
    middle = START + SPELL + 3 * MINUTE
    lives = [Life("one", START, middle), Life("two", middle + HOUR, START + 2 * HOUR)]
    later = [
        row._replace(
            outcome=replace(row.outcome, started_at=row.outcome.started_at + HOUR), ended_at=row.ended_at + HOUR
        )
        for row in record.rows
        if row.ended_at > middle
    ]
    record.rows = [*(row for row in record.rows if row.ended_at <= middle), *later]
    replayed = _replayed(record, record.policy, lives)
    assert len(replayed.outages) == 1
    assert replayed.readies == 2


def test_attempts_that_overlap_are_heard_in_the_order_of_their_ends() -> None:
    """One that waits for its timeout does not hold up one that answers."""
    record = _one_outage(TWO)
    ends = [each.at for each in in_order(iter(sorted(record.rows, key=_began)), [], [])]
    assert ends == sorted(ends)


def _began(row: Recorded) -> datetime:
    return row.outcome.started_at
