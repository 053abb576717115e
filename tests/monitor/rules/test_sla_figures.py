"""The numbers that metrics show are those of an account, whatever the past."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glasswatch.spans import Span
from monitor.model.past import Past, VerdictChange
from monitor.model.state import Outage
from monitor.model.verdict import Verdict
from monitor.rules.past import history
from monitor.rules.periods import Terms, current
from monitor.rules.sla import ROLLING, Unmeasured, account, budget_remaining, burn_rate, rolling
from monitor.rules.sla_figures import BURNING, PERIOD, SINCE, WINDOWS, figures, stretched
from tests.support.clock import START

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def _outage(opened: datetime, lasted: timedelta | None) -> Outage:
    ended = None if lasted is None else opened + lasted
    return Outage("o", "payments", opened, opened, ("sign_in",), ("portal",), "", ended, ended)


def _past(
    outages: list[Outage], alive: list[Span], blind: list[Span], unknown: list[Span], until: datetime = START
) -> Past:
    changes = [VerdictChange(None, Verdict.UNKNOWN, Verdict.UP, START - SINCE)]
    for span in unknown:
        changes.append(VerdictChange(None, Verdict.UP, Verdict.UNKNOWN, span.start))
        changes.append(VerdictChange(None, Verdict.UNKNOWN, Verdict.UP, span.end))
    return Past(
        "payments",
        START - SINCE,
        until,
        sorted(changes, key=lambda each: each.at),
        outages,
        alive or [Span(START - SINCE, until)],
        blind,
    )


_AGO = st.integers(0, 92 * 24 * 60).map(lambda minutes: START - timedelta(minutes=minutes))
_SPANS = st.lists(
    st.tuples(_AGO, st.integers(1, 6000)).map(
        lambda each: Span(each[0], min(each[0] + timedelta(minutes=each[1]), START))
    ),
    max_size=4,
)
_OUTAGES = st.lists(
    st.tuples(_AGO, st.none() | st.integers(1, 3000).map(lambda n: timedelta(minutes=n))).map(
        lambda each: _outage(*each)
    ),
    max_size=5,
)
_TERMS = st.builds(
    Terms,
    objective=st.none() | st.sampled_from([0.9, 0.999, 1.0]),
    period=st.sampled_from(["month", "quarter"]),
    timezone=st.sampled_from(["UTC", "Europe/Berlin"]),
    not_measured=st.sampled_from(list(Unmeasured)),
)


def _close(shown: Mapping[str, float], told: Mapping[str, float | None]) -> None:
    assert shown == {name: pytest.approx(each, abs=1e-9, rel=1e-6) for name, each in told.items() if each is not None}


@settings(max_examples=150, deadline=None)
@given(_OUTAGES, _SPANS, _SPANS, _SPANS, _TERMS)
def test_they_are_those_of_an_account(
    outages: list[Outage], alive: list[Span], blind: list[Span], unknown: list[Span], terms: Terms
) -> None:
    """Every window, every policy, with and without an objective."""
    past = _past(outages, alive, blind, unknown)
    held, found = history(past), figures(past, terms)
    period = current(terms, held.now).span
    spans = {name: rolling(length, held.now) for name, length in ROLLING.items()} | {PERIOD: period}
    accounts = {name: account(held, span, terms.not_measured) for name, span in spans.items()}
    assert tuple(spans) == WINDOWS
    _close(found.availability, {name: each.availability for name, each in accounts.items()})
    _close(found.coverage, {name: each.coverage for name, each in accounts.items()})
    _close(found.downtime_seconds, {name: each.down_seconds for name, each in accounts.items()})
    objective = terms.objective
    if objective is None:
        assert (found.budget_remaining, found.burn_rates) == (None, {})
        return
    left = budget_remaining(held, period, objective, terms.not_measured)
    assert found.budget_remaining == (None if left is None else pytest.approx(left, abs=1e-6))
    _close(
        found.burn_rates,
        {name: burn_rate(held, each, objective, terms.not_measured) for name, each in BURNING.items()},
    )


def test_the_windows_of_alerts_have_their_names() -> None:
    """Those that Prometheus' durations are written with."""
    assert set(BURNING) == {"5m", "30m", "1h", "2h", "6h", "24h", "3d"}
    assert BURNING["24h"] == DAY


def test_an_hour_down_in_a_day() -> None:
    """By hand."""
    past = _past([_outage(START - 2 * HOUR, HOUR)], [], [], [])
    found = figures(past, Terms(objective=0.99))
    assert found.downtime_seconds["24h"] == 3600
    assert found.availability["24h"] == pytest.approx(23 / 24)
    assert found.availability["1h"] == 1
    assert found.coverage["24h"] == 1
    assert found.burn_rates["24h"] == pytest.approx(100 / 24)
    # March begins on the 1st at 00:00, three hours ago, and has 744 h: 7.44 of them may be spent.
    assert found.budget_remaining == pytest.approx(1 - 1 / 7.44)


def test_stretched_it_is_what_was_lived_since() -> None:
    """An outage that is open goes on, and the time between is measured."""
    past = _past([_outage(START - MINUTE, None)], [], [], [])
    later = figures(stretched(past, START + 9 * MINUTE), Terms())
    assert later.downtime_seconds["1h"] == 600
    assert later.coverage["1h"] == 1


def test_stretched_over_the_last_sign_of_life() -> None:
    """The seconds since then are no gap; a gap before the reading stays one."""
    signs = [Span(START - DAY, START - timedelta(seconds=4))]
    recent = figures(stretched(_past([], signs, [], []), START + MINUTE), Terms())
    assert recent.coverage["1h"] == 1
    gone = figures(stretched(_past([], [Span(START - DAY, START - HOUR / 2)], [], []), START), Terms())
    assert gone.coverage["1h"] == pytest.approx(0.5)


def test_stretching_never_goes_back() -> None:
    """A clock that was set back changes nothing."""
    past = _past([], [], [], [])
    assert stretched(past, START - MINUTE) is past


def test_of_what_nobody_watched_there_is_no_availability() -> None:
    """Coverage is 0, and there is no number in place of a share of nothing."""
    found = figures(Past("payments", START - SINCE, START), Terms(objective=0.999))
    assert found.availability == {}
    assert set(found.coverage.values()) == {0}
    assert found.burn_rates == {}
    assert found.budget_remaining == 1
