"""What silence is worth, and what a beat is."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.beat import Beat, Listening, Rhythm
from monitor.model.outcome import OutcomeKind, Reason
from monitor.rules.expect import Judgement
from monitor.rules.heartbeat import Pulse, audited, judge, pulse
from tests.support.clock import START

RHYTHM = Rhythm(timedelta(minutes=5), timedelta(minutes=1))
LIMIT = RHYTHM.longest.total_seconds()


def heard(
    age: float | None,
    listened: float,
    *,
    is_well: bool = True,
    is_earlier: bool = False,
    leap: float = 0,
) -> Pulse:
    """Return the pulse of one heard `age` seconds ago and listened for for so many.

    `is_earlier`: an earlier run heard it; `leap`: by how much the clock, and it alone, leapt since.
    """
    reading = 5000.0
    beat = None
    if age is not None:
        at = START - timedelta(seconds=age + leap)
        beat = Beat(at, is_well, None if is_earlier else reading - age)
    listening = Listening(beat, START - timedelta(seconds=listened), reading - listened)
    return pulse(RHYTHM, listening, START, reading)


@pytest.mark.parametrize(
    ("age", "listened", "found"),
    [
        (0, 0, Pulse.WELL),
        (LIMIT, 0, Pulse.WELL),
        (LIMIT, LIMIT, Pulse.WELL),
        (LIMIT + 1, LIMIT, Pulse.UNKNOWN),
        (LIMIT + 1, LIMIT + 1, Pulse.SILENT),
        (LIMIT + 1, 9 * LIMIT, Pulse.SILENT),
        (9 * LIMIT, 1, Pulse.UNKNOWN),
        (9 * LIMIT, LIMIT + 1, Pulse.SILENT),
        (None, 0, Pulse.UNKNOWN),
        (None, LIMIT, Pulse.UNKNOWN),
        (None, LIMIT + 1, Pulse.SILENT),
    ],
)
def test_silence_counts_while_we_listened(age: float | None, listened: float, found: Pulse) -> None:
    """Longer than every and grace since the last beat, and as long since we began to listen."""
    assert heard(age, listened) is found


@pytest.mark.parametrize(
    ("age", "found"), [(1, Pulse.FAILED), (LIMIT, Pulse.FAILED), (LIMIT + 1, Pulse.SILENT)], ids=["now", "last", "late"]
)
def test_a_beat_that_says_it_failed(age: float, found: Pulse) -> None:
    """It counts for as long as one that is well, then it is silence like any other."""
    assert heard(age, 9 * LIMIT, is_well=False) is found


@pytest.mark.parametrize(
    ("age", "found"),
    [(1, Pulse.WELL), (LIMIT, Pulse.WELL), (LIMIT + 1, Pulse.UNKNOWN), (-1, Pulse.UNKNOWN)],
    ids=["lately", "just", "too long ago", "in the future"],
)
def test_what_an_earlier_run_heard(age: float, found: Pulse) -> None:
    """A beat that came in time is one, whoever heard it; after that the time counts from our start."""
    assert heard(age, 5, is_earlier=True) is found
    assert heard(age, LIMIT + 1, is_earlier=True) is (found if found is Pulse.WELL else Pulse.SILENT)


def test_a_clock_that_leaps_makes_nothing_good_and_nothing_bad() -> None:
    """Ahead by an hour, or the machine slept: not measured until it was listened to for long enough again."""
    assert heard(10, 5000, leap=3600) is Pulse.UNKNOWN
    assert heard(LIMIT + 1, 5000, leap=3600) is Pulse.SILENT
    assert heard(10, 5000, leap=-3600) is Pulse.WELL
    assert heard(LIMIT + 1, 5000, leap=-3600) is Pulse.SILENT


_SECONDS = st.floats(0, 3 * LIMIT)


@given(_SECONDS | st.none(), _SECONDS, st.booleans(), st.booleans(), st.floats(-2 * LIMIT, 2 * LIMIT))
def test_never_silent_before_a_whole_period_of_listening(
    age: float | None,
    listened: float,
    is_well: bool,  # noqa: FBT001 - drawn
    is_earlier: bool,  # noqa: FBT001 - drawn
    leap: float,
) -> None:
    """Whatever was heard, and whatever the clock does; and never well without a beat that says so."""
    found = heard(age, listened, is_well=is_well, is_earlier=is_earlier, leap=leap)
    if found is Pulse.SILENT:
        assert listened > LIMIT
        assert age is None or is_earlier or age > LIMIT
    if found is Pulse.WELL:
        assert is_well
        assert age is not None
        assert is_earlier or age <= LIMIT


def test_what_a_look_is_worth() -> None:
    """Kind, reason and one line; the line changes only when something does."""
    reading, listening = 9000.0, Listening(None, START - timedelta(hours=1), 9000.0 - 3600)
    last = Beat(START - timedelta(minutes=2), True, reading - 120)
    cases = {
        replace(listening, last=last): Judgement(OutcomeKind.GOOD, Reason.OK, "heard at 2026-03-01 02:58:00Z"),
        replace(listening, last=replace(last, is_well=False)): Judgement(
            OutcomeKind.BAD, Reason.ANSWER, "it said at 2026-03-01 02:58:00Z that it failed"
        ),
        listening: Judgement(OutcomeKind.BAD, Reason.SILENT, "never heard, expected every 5m, with 1m of grace"),
        replace(listening, since=START, reading=reading): Judgement(
            OutcomeKind.NOT_MEASURED,
            Reason.NOT_LISTENED,
            "never heard, listened for since 2026-03-01 03:00:00Z: silence is known after 6m",
        ),
    }
    for heard_of, expected in cases.items():
        assert judge(RHYTHM, heard_of, START, reading) == expected


@pytest.mark.parametrize("is_well", [True, False])
@pytest.mark.parametrize("was", list(Pulse))
def test_what_changes_is_on_record(was: Pulse, is_well: bool) -> None:  # noqa: FBT001 - a case
    """A beat that repeats what the last one said, in time, is not; any other is, with who sent it."""
    beat = Beat(START, is_well, 1.0)
    entry = audited("sync", "sync-token", was, beat, is_first=False)
    now = Pulse.WELL if is_well else Pulse.FAILED
    if was is now:
        assert entry is None
        return
    assert entry is not None
    assert (entry.kind, entry.actor, entry.at) == ("heartbeat", "sync-token", START)
    assert entry.body == {"heartbeat": "sync", "was": was.value, "now": now.value}


def test_the_first_beat_is_on_record_as_such() -> None:
    """Silence before it was never heard."""
    for was in (Pulse.UNKNOWN, Pulse.SILENT):
        entry = audited("sync", "sync-token", was, Beat(START, True, 1.0), is_first=True)
        assert entry is not None
        assert entry.body["was"] == "never heard"
