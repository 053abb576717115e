"""Whatever is told of a run, in whatever order: what was on record stays true of it."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor.model.drill import DrillRun, RunRefusal, RunRepeat, RunStep, RunTold, RunVerdict
from monitor.model.page import PageStatus
from monitor.rules.drillruns import Ruling, Teller, closed, heard, looked, standing
from tests.support.clock import START
from tests.support.drill_register import begun, closing, head

HEADS = st.builds(head, st.integers(1, 8), st.sampled_from("ab"))
CLOSINGS = st.builds(
    lambda verdict, residue, told, by_hand: replace(closing(verdict, *sorted(residue)), head=told, by_hand=by_hand),
    st.sampled_from(RunVerdict),
    st.sets(st.sampled_from(("x", "y", "z"))),
    HEADS,
    st.booleans(),
)
TELLING = st.lists(st.tuples(st.integers(0, 50), st.none() | HEADS | CLOSINGS), max_size=12)


class Story:
    """A run, what the record holds of it, and what was paged."""

    def __init__(self) -> None:
        self.run = begun()
        self.known = {3: self.run.head.hash}
        self.fires = False
        self.heard = START

    def tell(self, minutes: int, told: object) -> Ruling | None:
        """Tell something so many minutes after the last, and take what comes of it."""
        now = max(self.heard, self.run.heard_at) + timedelta(minutes=minutes)
        self.heard = now
        teller = Teller("drills-1", "prod", now)
        if told is None:
            stands = standing(self.run, now - self.run.heard_at, now)
            ruling: Ruling | None = looked(self.run, stands, "prod", now)
        elif hasattr(told, "verdict"):
            ruling = closed(self.run, told, self.known.get(told.head.seq), teller)  # type: ignore[arg-type, attr-defined]
        else:
            ruling = heard(self.run, told, self.known.get(told.seq), teller)  # type: ignore[arg-type, attr-defined]
        if isinstance(ruling, RunStep):
            self.run = ruling.run
            if ruling.act is not None:
                self.known.setdefault(ruling.run.head.seq, ruling.run.head.hash)
            if ruling.page is not None:
                self.fires = ruling.page.status is PageStatus.FIRING
        return ruling


@given(TELLING)
def test_what_was_on_record_stays_true(telling: list[tuple[int, object]]) -> None:
    """The journal only grows by one hash a number, the verdict stays, what is left behind only shrinks."""
    story = Story()
    for minutes, told in telling:
        before = story.run
        ruling = story.tell(minutes, told)
        after = story.run
        assert after.head.seq >= before.head.seq
        assert story.known[after.head.seq] == after.head.hash
        assert after.opening == before.opening
        if isinstance(ruling, RunRefusal | RunRepeat):
            assert after == before
        if before.closings:
            assert after.closings[: len(before.closings)] == before.closings
            assert set(after.residue) <= set(before.residue)
            assert after.closed_at == before.closed_at
        assert not (after.verdict is RunVerdict.PASSED and after.residue)


@given(TELLING)
def test_somebody_is_told_as_long_as_something_is_left_behind(telling: list[tuple[int, object]]) -> None:
    """A page fires exactly while the run says that something is told of it; of residue always."""
    story = Story()
    for minutes, told in telling:
        story.tell(minutes, told)
        run: DrillRun = story.run
        assert story.fires is (run.told is not RunTold.NOTHING)
        assert (run.told is RunTold.RESIDUE) is bool(run.residue)
        if run.closings and not run.residue:
            assert not story.fires
