"""Runs of drills: every move that is taken, every one that is refused, and when people are told."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from monitor.model.drill import (
    DrillRun,
    HeadAct,
    JournalHead,
    RunClosing,
    RunHappening,
    RunRefusal,
    RunRepeat,
    RunStanding,
    RunStep,
    RunTold,
    RunVerdict,
)
from monitor.model.page import PageKind, PageStatus, Severity
from monitor.rules.drillruns import LONGEST, SILENT_AFTER, Teller, closed, heard, looked, opened, standing
from tests.support.clock import START
from tests.support.drill_register import RUN, begun, closing, ended, hash_of, head, opening

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
CLEAN_UP_FAILED = RunVerdict.CLEAN_UP_FAILED
LEFT = ended(begun(), START + MINUTE, closing(CLEAN_UP_FAILED, "user drill-7", "rule fw-2"))
CLOSED = ended(begun(), START + MINUTE, closing())


def teller(after: timedelta = MINUTE) -> Teller:
    """Return somebody who tells something so long after the start."""
    return Teller("drills-1", "prod", START + after)


def step(ruling: object) -> RunStep:
    """Return the step that something led to."""
    assert isinstance(ruling, RunStep), ruling
    return ruling


def why(ruling: object) -> str:
    """Return why something was refused."""
    assert isinstance(ruling, RunRefusal), ruling
    return ruling.why


class TestOpening:
    """A run is opened once."""

    def test_a_new_run_is_opened(self) -> None:
        """It is open, nobody is told, and the audit has who, what and until when."""
        found = step(opened(opening(), None, None, teller()))
        assert (found.happening, found.act, found.page) == (RunHappening.OPENED, HeadAct.OPEN, None)
        assert found.run == replace(begun(), opened_at=START + MINUTE, heard_at=START + MINUTE)
        (entry,) = found.audit
        assert (entry.kind, entry.actor) == ("drill_opened", "drills-1")
        assert entry.body == {
            "platform": "payments",
            "run": RUN,
            "scenario": "restore",
            "seq": 3,
            "hash": hash_of(3),
            "operator": "anna",
            "scenario_sha256": "5" * 64,
            "real": True,
            "until": (START + HOUR).isoformat(),
        }

    @pytest.mark.parametrize("known", [begun(), CLOSED, LEFT], ids=["open", "closed", "residue"])
    def test_the_same_again_is_known(self, known: DrillRun) -> None:
        """Whatever became of it since, also past its end and while another runs."""
        assert opened(opening(), known, begun(run="other"), teller(DAY)) == RunRepeat(HeadAct.OPEN, head(3))

    @pytest.mark.parametrize(
        "changed",
        [
            replace(opening(), operator="ben"),
            replace(opening(), scenario_sha256="6" * 64),
            replace(opening(), until=START + 2 * HOUR),
            replace(opening(), head=head(4)),
            replace(opening(), is_real=False),
        ],
    )
    def test_another_run_under_its_name_is_refused(self, changed: object) -> None:
        """A name stands for one run."""
        assert "with something else in it" in why(opened(changed, begun(), None, teller()))  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("until", "said"),
        [
            (START, "over already"),
            (START - MINUTE, "over already"),
            (START + LONGEST + timedelta(microseconds=1), "24h at most"),
        ],
    )
    def test_its_end_must_lie_ahead_and_near(self, until: datetime, said: str) -> None:
        """A run that could stay open for long would hide that nobody hears of it."""
        told = replace(opening(), until=until)
        assert said in why(opened(told, None, None, teller(timedelta())))

    def test_a_day_is_not_too_long(self) -> None:
        """Up to 24 hours it is taken."""
        found = step(opened(replace(opening(), until=START + LONGEST), None, None, teller(timedelta())))
        assert (found.happening, found.run.opening.until) == (RunHappening.OPENED, START + LONGEST)

    def test_two_at_once_on_a_platform_are_refused(self) -> None:
        """Nobody could tell what is whose."""
        said = why(opened(opening(), None, begun(run="other"), teller()))
        assert said == "other is open on payments, begun by anna: let it end, or stop it with drill stop other"

    def test_no_run_is_named_like_the_calendar(self) -> None:
        """Its address would be another's."""
        assert "calendar" in why(opened(opening(run="calendar"), None, None, teller()))


class TestHeads:
    """A journal only grows."""

    def test_a_further_head_is_taken(self) -> None:
        """It is on record, and on the audit."""
        found = step(heard(begun(), head(4), None, teller()))
        assert (found.happening, found.act, found.page) == (RunHappening.HEAD, HeadAct.HEAD, None)
        assert (found.run.head, found.run.heard_at) == (head(4), START + MINUTE)
        assert [entry.kind for entry in found.audit] == ["drill_head"]

    def test_the_same_head_says_that_it_is_alive(self) -> None:
        """Nothing else changed: the audit stays as it is."""
        found = step(heard(begun(), head(3), hash_of(3), teller()))
        assert (found.happening, found.act, found.audit) == (RunHappening.ALIVE, None, ())
        assert found.run == replace(begun(), heard_at=START + MINUTE)

    @pytest.mark.parametrize("known", [None, hash_of(2)], ids=["never told of", "told of"])
    def test_a_head_that_goes_back_is_refused(self, known: str | None) -> None:
        """Also one that was told of before; it is no sign of life."""
        assert "does not go back to 2" in why(heard(begun(), head(2), known, teller()))

    @pytest.mark.parametrize("run", [begun(), LEFT, CLOSED], ids=["open", "residue", "closed"])
    @pytest.mark.parametrize("seq", [2, 3, 4, 9])
    def test_one_entry_with_two_hashes_is_equivocation(self, run: DrillRun, seq: int) -> None:
        """Whatever became of the run: it is refused, and the audit holds both."""
        ruling = heard(run, head(seq, "b"), hash_of(seq), teller())
        assert "another hash" in why(ruling)
        assert isinstance(ruling, RunRefusal)
        (entry,) = ruling.audit
        assert (entry.kind, entry.actor, entry.body["seq"]) == ("drill_equivocation", "drills-1", seq)
        assert (entry.body["hash"], entry.body["known_hash"]) == (hash_of(seq, "b"), hash_of(seq))

    def test_the_last_head_needs_no_record_to_be_compared(self) -> None:
        """What the run itself holds is enough."""
        assert "another hash" in why(heard(begun(), head(3, "b"), None, teller()))

    def test_a_closed_run_takes_no_further_head(self) -> None:
        """It left nothing behind: it stays as it is. Its last head is known."""
        assert why(heard(CLOSED, head(10), None, teller())) == "it was closed at 03:01:00Z as passed: that stays"
        assert heard(CLOSED, head(9), hash_of(9), teller()) == RunRepeat(None, head(9))

    def test_a_run_that_left_something_behind_goes_on(self) -> None:
        """Whoever cleans up tells of the journal; what was told of it stays told."""
        found = step(heard(LEFT, head(10), None, teller(HOUR)))
        assert (found.happening, found.act, found.page) == (RunHappening.HEAD, HeadAct.HEAD, None)
        assert found.run.residue == ("user drill-7", "rule fw-2")

    @pytest.mark.parametrize("seq", [3, 4])
    def test_a_silent_run_that_is_heard_of_again_is_taken_back(self, seq: int) -> None:
        """The page is resolved, under the same key."""
        silent = step(looked(begun(), RunStanding.SILENT, "prod", START + 3 * MINUTE))
        found = step(heard(silent.run, head(seq), None, teller(5 * MINUTE)))
        assert found.happening is RunHappening.HEARD_AGAIN
        assert found.run.told is RunTold.NOTHING
        assert silent.page is not None
        assert found.page is not None
        assert (found.page.status, found.page.dedup_key) == (PageStatus.RESOLVED, silent.page.dedup_key)
        assert [entry.kind for entry in found.audit] == ["drill_heard_again", "page"]

    def test_past_its_end_being_heard_of_takes_nothing_back(self) -> None:
        """It has to be closed."""
        overdue = step(looked(begun(), RunStanding.OVERDUE, "prod", START + HOUR))
        found = step(heard(overdue.run, head(4), None, teller(HOUR)))
        assert (found.page, found.run.told) == (None, RunTold.OPEN)


class TestClosing:
    """A run is closed once."""

    @pytest.mark.parametrize("verdict", RunVerdict)
    def test_a_run_is_closed_with_its_verdict(self, verdict: RunVerdict) -> None:
        """Nothing is left behind: nobody is told, and nothing has to become of it."""
        found = step(closed(begun(), closing(verdict), None, teller()))
        assert (found.happening, found.act, found.page) == (RunHappening.CLOSED, HeadAct.CLOSE, None)
        assert (found.run.verdict, found.run.closed_at, found.run.head) == (verdict, START + MINUTE, head(9))
        assert not found.run.is_watched
        assert found.audit[0].body["late"] is False

    def test_it_may_end_with_the_head_that_was_told_of_last(self) -> None:
        """Nothing came after it."""
        found = step(closed(begun(), closing(seq=3), hash_of(3), teller()))
        assert (found.happening, found.run.head) == (RunHappening.CLOSED, head(3))

    def test_what_is_left_behind_is_told_by_name(self) -> None:
        """A page, never suppressed, until it is gone."""
        found = step(closed(begun(), closing(CLEAN_UP_FAILED, "user drill-7", "rule fw-2"), None, teller()))
        assert found.page is not None
        assert (found.page.kind, found.page.severity) == (PageKind.DRILL_RESIDUE, Severity.PAGE)
        assert found.page.dedup_key == f"prod/payments/drill_residue/{RUN}"
        for said in ("user drill-7", "rule fw-2", "restore", RUN, "anna", f"drill resume {RUN} --clean-up-only"):
            assert said in f"{found.page.summary} {found.page.reason}"
        assert (found.run.told, found.run.is_watched) == (RunTold.RESIDUE, True)

    def test_of_very_much_the_first_names_are_told(self) -> None:
        """A page has its bounds; how many there are in all is said."""
        many = [f"thing-{number}" for number in range(100)]
        page = step(closed(begun(), closing(CLEAN_UP_FAILED, *many), None, teller())).page
        assert page is not None
        assert "thing-9; and 90 more" in page.reason
        assert "thing-10" not in page.reason

    @pytest.mark.parametrize("told", [RunTold.NOTHING, RunTold.OPEN])
    def test_what_was_told_of_an_open_run_is_over_when_it_is_closed(self, told: RunTold) -> None:
        """Nothing is told where nothing was."""
        found = step(closed(replace(begun(), told=told), closing(), None, teller()))
        assert (found.page.status if found.page else None) == (PageStatus.RESOLVED if told else None)

    @pytest.mark.parametrize("run", [CLOSED, LEFT])
    def test_the_same_again_is_known(self, run: DrillRun) -> None:
        """An answer may have been lost."""
        assert closed(run, run.closings[-1], hash_of(9), teller(DAY)) == RunRepeat(HeadAct.CLOSE, head(9))

    @pytest.mark.parametrize(
        "changed",
        [closing(RunVerdict.FAILED), closing(seq=10), closing(spans={}), closing(CLEAN_UP_FAILED, "user drill-7")],
    )
    def test_a_run_that_left_nothing_never_changes(self, changed: RunClosing) -> None:
        """Neither its verdict nor what it measured, nor to the worse."""
        assert "that stays" in why(closed(CLOSED, changed, hash_of(9) if changed.head.seq == 9 else None, teller()))

    def test_who_passed_left_nothing_behind(self) -> None:
        """Both at once is a contradiction."""
        assert "did not pass" in why(closed(begun(), closing(RunVerdict.PASSED, "user drill-7"), None, teller()))

    @pytest.mark.parametrize(
        ("told", "known", "said"),
        [
            (head(2), None, "does not go back"),
            (head(3, "b"), None, "another hash"),
            (head(2, "b"), hash_of(2), "another"),
        ],
    )
    def test_its_journal_goes_on_from_what_was_told(self, told: JournalHead, known: str | None, said: str) -> None:
        """As any head's does."""
        assert said in why(closed(begun(), replace(closing(), head=told), known, teller()))

    def test_a_late_result_counts_as_told(self) -> None:
        """Until then it counts as failed; the audit says that it came late. It passed by its end at the latest."""
        found = step(closed(begun(), closing(), None, teller(DAY)))
        assert found.audit[0].body["late"] is True
        assert (found.run.verdict, found.run.passed_at) == (RunVerdict.PASSED, START + HOUR)

    @pytest.mark.parametrize(
        ("run", "at"),
        [
            (begun(), None),
            (CLOSED, START + MINUTE),
            (ended(begun(is_real=False), START + MINUTE, closing()), None),
            (ended(begun(), START + MINUTE, closing(RunVerdict.FAILED)), None),
            (LEFT, None),
        ],
    )
    def test_only_a_real_run_that_was_closed_as_passed_passed(self, run: DrillRun, at: datetime | None) -> None:
        """Nothing else counts for the calendar."""
        assert run.passed_at == at


class TestCleaning:
    """What left something behind may be closed again, with less."""

    @pytest.mark.parametrize("residue", [("user drill-7",), ("rule fw-2",), ()])
    def test_less_of_the_same_is_taken(self, residue: tuple[str, ...]) -> None:
        """The verdict stays; what is left is told by name, or that nothing is."""
        found = step(closed(LEFT, closing(RunVerdict.ABORTED, *residue, seq=14), None, teller(HOUR)))
        assert (found.happening, found.act) == (RunHappening.CLEANED, HeadAct.CLOSE)
        assert (found.run.verdict, found.run.residue) == (CLEAN_UP_FAILED, residue)
        assert (found.run.closed_at, found.run.is_watched) == (LEFT.closed_at, bool(residue))
        assert found.page is not None
        assert found.page.status is (PageStatus.FIRING if residue else PageStatus.RESOLVED)
        assert found.audit[0].body["verdict"] == "clean_up_failed"
        assert found.audit[0].body["told_verdict"] == "aborted"

    def test_cleaning_up_makes_no_run_pass(self) -> None:
        """Whatever is told of it then."""
        found = step(closed(LEFT, closing(RunVerdict.PASSED, seq=14), None, teller(HOUR)))
        assert (found.run.verdict, found.run.passed_at) == (CLEAN_UP_FAILED, None)

    @pytest.mark.parametrize(
        "residue", [("user drill-7", "rule fw-2"), ("user drill-8",), ("user drill-7", "rule fw-2", "more")]
    )
    def test_as_much_or_anything_else_is_refused(self, residue: tuple[str, ...]) -> None:
        """No name may vanish behind another one."""
        said = why(closed(LEFT, closing(CLEAN_UP_FAILED, *residue, seq=14), None, teller()))
        assert "some of these names, or none" in said

    def test_the_same_journal_can_not_say_that_less_is_left(self) -> None:
        """Cleaning up is written down."""
        assert "adds to it" in why(closed(LEFT, closing(RunVerdict.ABORTED, seq=9), hash_of(9), teller()))

    def test_it_is_over_until_somebody_goes_on_with_it(self) -> None:
        """And again once that was closed."""
        on = step(heard(LEFT, head(12), None, teller(HOUR))).run
        again = step(closed(on, closing(RunVerdict.ABORTED, "rule fw-2", seq=14), None, teller(HOUR))).run
        assert [run.is_over for run in (begun(), LEFT, on, again)] == [False, True, False, True]

    def test_heads_of_the_clean_up_may_come_first(self) -> None:
        """The last of them may be the one that it is closed with."""
        on = step(heard(LEFT, head(14), None, teller(HOUR))).run
        found = step(closed(on, closing(RunVerdict.ABORTED, seq=14), hash_of(14), teller(HOUR)))
        assert (found.run.head, found.run.residue) == (head(14), ())

    def test_by_hand_a_run_is_closed_whose_journal_is_lost(self) -> None:
        """It counts as failed; what may be left stays named until a person says that it is gone, on the audit."""
        by_hand = replace(closing(CLEAN_UP_FAILED, "user drill-7", "rule fw-2", seq=3), by_hand=True)
        found = step(closed(begun(), by_hand, hash_of(3), teller()))
        assert (found.run.verdict, found.run.residue) == (CLEAN_UP_FAILED, ("user drill-7", "rule fw-2"))
        assert found.audit[0].body["by_hand"] is True
        assert found.page is not None
        assert f"drill close {RUN} --nothing-left" in found.page.reason
        gone = replace(closing(RunVerdict.FAILED, seq=3), by_hand=True)
        after = step(closed(found.run, gone, hash_of(3), teller(HOUR)))
        assert (after.run.verdict, after.run.residue) == (CLEAN_UP_FAILED, ())
        assert after.page is not None
        assert after.page.status is PageStatus.RESOLVED

    @pytest.mark.parametrize("residue", [("user drill-7",), ()])
    def test_a_run_that_a_person_closed_takes_no_word_of_a_process(self, residue: tuple[str, ...]) -> None:
        """Nor a sign of life: who is still at work stops, and neither the page nor what is left is taken back."""
        verdict = CLEAN_UP_FAILED if residue else RunVerdict.FAILED
        by_hand = replace(closing(verdict, *residue, seq=3), by_hand=True)
        run = step(closed(begun(), by_hand, hash_of(3), teller())).run
        for told in (head(3), head(4)):
            assert f"drill close {RUN}" in why(heard(run, told, hash_of(3) if told.seq == 3 else None, teller()))
        assert f"drill close {RUN}" in why(closed(run, closing(), None, teller()))
        assert closed(run, by_hand, hash_of(3), teller()) == RunRepeat(HeadAct.CLOSE, head(3))

    @pytest.mark.parametrize("verdict", [RunVerdict.PASSED, RunVerdict.NOT_MEASURED, RunVerdict.ABORTED])
    def test_by_hand_it_is_closed_as_failed_or_not_at_all(self, verdict: RunVerdict) -> None:
        """Nobody's word makes it more."""
        by_hand = replace(closing(verdict, seq=3), by_hand=True)
        assert "counts as failed" in why(closed(begun(), by_hand, hash_of(3), teller()))

    def test_by_hand_a_run_is_not_closed_with_more_of_a_journal(self) -> None:
        """There is none: whoever has more is at work, or has what was thought lost."""
        by_hand = replace(closing(RunVerdict.FAILED, seq=4), by_hand=True)
        assert "entry 3" in why(closed(begun(), by_hand, None, teller()))

    def test_once_nothing_is_left_it_never_changes_again(self) -> None:
        """Neither back nor on."""
        clean = step(closed(LEFT, closing(RunVerdict.ABORTED, seq=14), None, teller())).run
        assert "that stays" in why(closed(clean, closing(CLEAN_UP_FAILED, "user drill-7", seq=15), None, teller()))
        assert "that stays" in why(heard(clean, head(15), None, teller()))
        assert closed(clean, clean.closings[-1], hash_of(14), teller()) == RunRepeat(HeadAct.CLOSE, head(14))


@pytest.mark.parametrize(
    ("run", "quiet", "after", "stands"),
    [
        (begun(), timedelta(), MINUTE, RunStanding.OPEN),
        (begun(), SILENT_AFTER - timedelta(seconds=1), MINUTE, RunStanding.OPEN),
        (begun(), SILENT_AFTER, MINUTE, RunStanding.SILENT),
        (replace(begun(), told=RunTold.OPEN), timedelta(), MINUTE, RunStanding.SILENT),
        (begun(), timedelta(), HOUR, RunStanding.OVERDUE),
        (begun(), SILENT_AFTER, HOUR, RunStanding.OVERDUE),
        (begun(), timedelta(), None, RunStanding.OPEN),
        (begun(), SILENT_AFTER, None, RunStanding.SILENT),
        (CLOSED, SILENT_AFTER, HOUR, RunStanding.CLOSED),
        (LEFT, SILENT_AFTER, HOUR, RunStanding.CLOSED),
    ],
)
def test_where_a_run_stands(run: DrillRun, quiet: timedelta, after: timedelta | None, stands: RunStanding) -> None:
    """By silence and by its end; where nobody knows the time, by silence alone."""
    assert standing(run, quiet, None if after is None else START + after) is stands


@pytest.mark.parametrize("stands", RunStanding)
@pytest.mark.parametrize("told", RunTold)
def test_time_alone_tells_once(stands: RunStanding, told: RunTold) -> None:
    """Of a run that is silent or past its end, where nothing is told of it yet."""
    found = looked(replace(begun(), told=told), stands, "prod", START + HOUR)
    if stands in (RunStanding.SILENT, RunStanding.OVERDUE) and told is RunTold.NOTHING:
        assert found is not None
        assert found.page is not None
        assert (found.page.status, found.run.told, found.act) == (PageStatus.FIRING, RunTold.OPEN, None)
        assert [entry.kind for entry in found.audit] == [f"drill_{stands}", "page"]
        assert [entry.actor for entry in found.audit] == ["monitor", "monitor"]
        assert f"drill resume {RUN} --clean-up-only" in found.page.reason
        assert ("counts as failed" in found.page.summary) is (stands is RunStanding.OVERDUE)
    else:
        assert found is None
