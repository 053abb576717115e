"""What people say of a use: who may, in which order, and when it is closed."""

from dataclasses import replace
from itertools import permutations

import pytest

from monitor.model.page import PageStatus
from monitor.model.use import Decision, Happening, Judgement, NotPossible, Saying, Use, UseClass, UseStep, Via
from monitor.rules.use_saying import said
from tests.support.commits import at
from tests.support.uses import POLICY, STANDBY, closed, finding, report, saying, seen, told

CLASSED = Saying("ben", UseClass.REAL, is_rotated=False)
ROTATED = Saying("carl", None, is_rotated=True)


def say(use: Use, word: Saying, seconds: float = 4000) -> UseStep:
    """Return the step that a person's word leads to."""
    step = said(use, word, POLICY, at(seconds))
    assert isinstance(step, UseStep)
    return step


def refused(use: Use, word: Saying, seconds: float = 4000) -> str:
    """Return why something can't be said."""
    step = said(use, word, POLICY, at(seconds))
    assert isinstance(step, NotPossible)
    return step.why


@pytest.mark.parametrize("words", list(permutations((CLASSED, ROTATED))))
def test_class_and_rotation_close_it_in_any_order_and_by_anybody_else(words: tuple[Saying, Saying]) -> None:
    """Either alone leaves it open; both close it and resolve its page."""
    reported = told(report())
    first = say(reported.use, words[0])
    assert (first.use.is_open, first.page) == (True, None)
    second = say(first.use, words[1], 5000)
    assert (second.happening, second.use.is_open, second.use.closed_at) == (Happening.CLOSED, False, at(5000))
    assert reported.page is not None
    assert second.page is not None
    assert (second.page.status, second.page.dedup_key) == (PageStatus.RESOLVED, reported.page.dedup_key)
    assert second.use.classing is not None
    assert second.use.rotation is not None
    assert (second.use.classing.said.by, second.use.rotation.by) == ("ben", "carl")
    assert {entry.kind for entry in (*first.audit, *second.audit)} >= {"use_closed", "page"}


def test_one_person_may_say_both_at_once() -> None:
    """The usual case."""
    assert closed(told(report()).use).use.closed_at == at(4000)


@pytest.mark.parametrize("by", ["anna", "Anna", "anna@example.com"])
@pytest.mark.parametrize("word", [CLASSED, ROTATED])
def test_never_by_the_one_whose_access_it_was(by: str, word: Saying) -> None:
    """In whatever spelling, and neither the class nor the rotation."""
    own = Saying(by, word.kind, word.is_rotated)
    assert "another person must" in refused(told(report()).use, own)


@pytest.mark.parametrize("person", ["ben", None])
@pytest.mark.parametrize("by", ["anna", "Anna@example.com"])
@pytest.mark.parametrize("word", [CLASSED, ROTATED])
def test_never_by_the_person_who_reported_it(person: str | None, by: str, word: Saying) -> None:
    """Anna reports her own access in Ben's name, or in nobody's: she can't close it."""
    use = told(report(person=person, told_by="anna")).use
    assert "who reported it by hand" in refused(use, Saying(by, word.kind, word.is_rotated))
    assert not closed(use, by="carl").use.is_open


@pytest.mark.parametrize("by", ["anna", "ben", "Ben@example.com", "carl"])
@pytest.mark.parametrize("word", [CLASSED, ROTATED])
def test_never_by_one_of_the_two_who_went_past_a_reader(by: str, word: Saying) -> None:
    """Nor by whose account it was started from, whatever names were typed."""
    use = told(report(via=Via.OVERRIDE, person="anna", second="ben", login="carl")).use
    assert use.users == ("anna", "ben", "carl")
    assert "alone or as one of two" in refused(use, Saying(by, word.kind, word.is_rotated))
    assert not closed(use, by="dora").use.is_open


@pytest.mark.parametrize(
    "logged", [{"person": "anna", "second": "ben"}, {"person": "anna+ben"}, {"person": "anna,ben"}]
)
@pytest.mark.parametrize("by", ["anna", "ben"])
def test_never_by_one_of_the_two_whom_a_log_names(logged: dict[str, str], by: str) -> None:
    """In a field of its own, or in one name for both as a certificate has it."""
    use = replace(seen(finding(**logged)).use, judgement=Judgement.UNEXPECTED)  # type: ignore[arg-type]  # names alone
    assert "another person must" in refused(use, Saying(by, UseClass.REAL, is_rotated=True))
    assert not closed(use, by="dora").use.is_open


def test_what_the_second_person_said_is_void_once_that_is_known() -> None:
    """Ben closes an access of anna's; then the log shows that he was the second."""
    ended = closed(told(report()).use, by="ben").use
    step = seen(finding(person="anna", second="ben"), ended, seconds=4100)
    assert (step.use.is_open, step.use.classing, step.use.rotation) == (True, None, None)


def test_what_the_person_said_who_reports_it_later_is_void() -> None:
    """Anna closes what a log holds of nobody known, then reports it as Ben's: it is open again."""
    found = replace(seen(finding(), seconds=103).use, judgement=Judgement.UNEXPECTED)
    ended = closed(found, by="anna").use
    step = told(report(person="ben", told_by="anna"), ended, seconds=4100)
    assert (step.use.is_open, step.use.classing, step.use.rotation) == (True, None, None)


def test_where_the_person_is_not_known_anybody_may() -> None:
    """The record says that it wasn't known."""
    step = closed(told(report(person=None)).use, by="anna")
    assert step.audit[0].body["person"] is None


def test_while_its_reader_may_still_report_it_nothing_can_be_said() -> None:
    """In a moment it may be known whose it was."""
    found = seen(finding(), seconds=103).use
    assert "may still report it" in refused(found, saying(), 104)


def test_what_was_said_by_the_very_person_is_void_once_that_is_known() -> None:
    """Anna closes a use of nobody known; then the log names her: it is open again, and pages."""
    ended = closed(told(report(person=None)).use, by="anna").use
    step = seen(finding(person="anna"), ended, seconds=4100)
    assert (step.use.is_open, step.use.classing, step.use.rotation) == (True, None, None)
    assert step.page is not None
    assert step.page.status is PageStatus.FIRING


def test_what_others_said_stays_when_a_name_becomes_known() -> None:
    """Only what she said herself is void."""
    classed = say(told(report(person=None)).use, CLASSED).use
    ended = say(classed, Saying("anna", None, is_rotated=True)).use
    assert not ended.is_open
    step = seen(finding(person="anna"), ended, seconds=4100)
    assert step.use.classing is not None
    assert (step.use.is_open, step.use.rotation) == (True, None)
    unmoved = seen(finding(person="dora"), ended, seconds=4100)
    assert (unmoved.use.is_open, unmoved.page) == (False, None)


def test_the_class_said_last_counts_until_it_is_closed() -> None:
    """A first guess may be wrong; the rotation said first stays."""
    guess = say(told(report()).use, CLASSED).use
    better = say(guess, Saying("dora", UseClass.MISUSE, is_rotated=False)).use
    assert better.classing is not None
    assert (better.classing.kind, better.classing.said.by) == (UseClass.MISUSE, "dora")
    rotated = say(told(report("r-2")).use, ROTATED).use
    again = said(rotated, Saying("dora", None, is_rotated=True), POLICY, at(5000))
    assert again is None


def test_the_same_said_again_is_taken() -> None:
    """An answer may have been lost."""
    ended = closed(told(report()).use).use
    assert said(ended, saying(), POLICY, at(5000)) is None
    classed = say(told(report()).use, CLASSED).use
    assert said(classed, CLASSED, POLICY, at(5000)) is None


def test_a_closed_use_stays_as_it_is() -> None:
    """What was said of it is on record for good."""
    ended = closed(told(report()).use).use
    assert "it was closed at" in refused(ended, Saying("dora", UseClass.MISUSE, is_rotated=False))


def test_of_a_mere_record_nothing_is_said() -> None:
    """A refusal on standby needs nobody."""
    use = told(report(decision=Decision.REFUSED), held=STANDBY).use
    assert "on record only" in refused(use, saying())


def test_someone_locked_out_needs_a_class_only() -> None:
    """No credential was used."""
    use = told(report(decision=Decision.REFUSED)).use
    step = say(use, CLASSED)
    assert (step.happening, step.use.is_open) == (Happening.CLOSED, False)
    rotated_first = say(use, ROTATED).use
    assert rotated_first.is_open
