"""A use from its first word on: one access is one use, whoever tells of it and in whatever order."""

from dataclasses import replace

import pytest

from monitor.model.page import PageStatus
from monitor.model.use import (
    Decision,
    Happening,
    Judgement,
    NotPossible,
    Saying,
    Use,
    UseClass,
    UseStep,
    Via,
)
from monitor.model.verdict import FlagState
from monitor.rules import use_saying, uses
from tests.support.commits import at
from tests.support.uses import EXERCISE, POLICY, READY, STANDBY, around, closed, finding, report, seen, told

COVERED = {("payments", "db-1")}
HOUR = 3600.0


def due(use: Use, seconds: float, covered: set[tuple[str, str]] = COVERED) -> UseStep | None:
    """Return what time alone leads to."""
    return uses.due(use, covered, POLICY, at(seconds))


def test_an_allowed_use_pages_at_once_and_is_open() -> None:
    """Also an expected one: every use pages."""
    step = told(report())
    assert (step.happening, step.use.judgement, step.use.is_open) == (Happening.REPORTED, Judgement.EXPECTED, True)
    page = step.page
    assert page is not None
    assert (page.kind, page.status, page.critical) == ("use", PageStatus.FIRING, False)
    assert page.dedup_key == "prod/payments/use/r-1"
    assert page.summary == (
        "payments: break-glass was used by anna on db-1 at 03:01:40Z: break-glass was ready (outage outage-1)"
    )
    assert "monitor uses class r-1" in page.reason
    assert [entry.kind for entry in step.audit] == ["use_reported", "page"]
    assert step.audit[0].actor == "bastion"


def test_a_critical_use_says_so_first() -> None:
    """A phone shows the beginning of the line."""
    step = told(report(), held=STANDBY)
    assert step.page is not None
    assert step.page.critical
    assert step.page.summary.startswith("CRITICAL payments: break-glass was used by anna on db-1")


def test_the_loud_way_past_a_reader_is_named() -> None:
    """Also who is not known is said."""
    step = told(report(via=Via.OVERRIDE, person=None))
    assert step.page is not None
    assert "somebody (the name is not known) on db-1, by override" in step.page.summary


def test_both_persons_are_named() -> None:
    """The page and the record tell who the second was; another second person is another attempt."""
    step = told(report(via=Via.OVERRIDE, second="ben", login="carl"))
    assert step.page is not None
    assert "used by anna and ben on db-1, by override" in step.page.summary
    body = step.audit[0].body
    assert (body["person"], body["second"], body["login"]) == ("anna", "ben", "carl")
    assert told(report(via=Via.OVERRIDE, second="dora", login="carl"), step.use).use.id != step.use.id


def test_a_refusal_is_on_record_only() -> None:
    """Counted and listed; nobody is woken, nothing has to be said of it."""
    step = told(report(decision=Decision.REFUSED), held=STANDBY)
    assert (step.page, step.use.is_open, step.use.judgement) == (None, False, Judgement.REFUSED)
    assert [entry.kind for entry in step.audit] == ["use_reported"]


def test_somebody_locked_out_pages_once_a_reader() -> None:
    """While one such is open others at that reader join it; another reader's pages for itself."""
    first = told(report(decision=Decision.REFUSED))
    assert first.page is not None
    assert first.page.dedup_key == "prod/payments/use/locked_out/ssh:bastion-1"
    second = told(report("r-2", decision=Decision.REFUSED), first.use)
    assert (second.page, second.use.is_open, second.use.judgement) == (None, False, Judgement.LOCKED_OUT)
    elsewhere = told(report("r-3", decision=Decision.REFUSED, reader="ssh:bastion-2"), first.use)
    assert elsewhere.page is not None
    after = told(report("r-4", decision=Decision.REFUSED), closed(first.use).use)
    assert after.page is not None


def test_a_report_told_again_changes_nothing() -> None:
    """Whatever else the reader has to say about it."""
    known = told(report()).use
    assert uses.reported(report(), "bastion", around(known), POLICY) is None
    assert uses.reported(report(note="again"), "bastion", around(known), POLICY) is None


def test_an_id_that_tells_of_another_attempt_hides_nothing() -> None:
    """An access can't be hidden behind the id of a refusal; told again, it is known in turn."""
    refused = told(report(decision=Decision.REFUSED), held=STANDBY).use
    step = told(report(), refused)
    assert step.use.id.startswith("r-1~")
    assert (step.use.is_critical, step.page is not None) == (True, True)
    assert uses.reported(report(), "bastion", around(refused, step.use), POLICY) is None


@pytest.mark.parametrize(("later", "is_known"), [(0.0, True), (1199.0, True), (1201.0, False), (86400.0, False)])
def test_an_id_is_one_attempts_for_twenty_minutes(*, later: float, is_known: bool) -> None:
    """A reader whose ids repeat hides nothing: after that it is another access, and critical."""
    known = told(report())
    again = uses.reported(report(seconds=100 + later), "bastion", around(known.use, seconds=100 + later), POLICY)
    assert (again is None) is is_known
    if again is not None:
        assert again.page is not None
        assert (again.use.is_critical, again.use.is_open) == (True, True)
        assert again.use.id != known.use.id


def test_what_was_spooled_for_days_is_the_attempt_that_it_was() -> None:
    """It says the same time, however late and often it arrives; so does what repeated its id."""
    first, second = report(), report(seconds=100 + 7200)
    known = told(first).use
    twin = told(second, known, seconds=100 + 7200).use
    for each in (first, second):
        assert uses.reported(each, "bastion", around(known, twin, seconds=500_000), POLICY) is None
    third = told(report(seconds=100 + 14400), known, twin, seconds=100 + 14400).use
    assert len({known.id, twin.id, third.id}) == 3


@pytest.mark.parametrize("is_report_first", [True, False])
def test_a_report_in_anothers_name_is_no_cover(*, is_report_first: bool) -> None:
    """Where reader and log name two persons it is critical, and neither of them says what it was."""
    mine, logged = report(person="ben"), finding(person="anna", attempt="r-1")
    step = seen(logged, told(mine).use) if is_report_first else told(mine, seen(logged).use, seconds=104)
    joined = step.use
    assert joined.is_critical
    assert joined.why.endswith("the reader named ben, the log anna")
    for person in ("anna", "ben", "Anna@example.com"):
        assert isinstance(
            use_saying.said(joined, Saying(person, UseClass.REAL, is_rotated=True), POLICY, at(200)), NotPossible
        )
    closing = use_saying.said(joined, Saying("cara", UseClass.REAL, is_rotated=True), POLICY, at(200))
    assert isinstance(closing, UseStep)
    assert not closing.use.is_open


def test_a_late_report_says_how_late() -> None:
    """It is judged by what held when it happened."""
    step = told(report(seconds=100), seconds=100 + 5 * HOUR)
    assert step.use.judgement is Judgement.EXPECTED
    assert step.use.why.endswith("; told 5h later")
    assert step.page is not None
    assert "03:01:40Z" in step.page.summary
    old = told(report(seconds=100), seconds=100 + 20 * HOUR)
    assert old.page is not None
    assert f"at {at(100):%Y-%m-%d} 03:01:40Z" in old.page.summary


@pytest.mark.parametrize("is_report_first", [True, False])
def test_report_and_finding_of_one_access_are_one_use(is_report_first: bool) -> None:  # noqa: FBT001 - pytest passes parameters by name
    """Whichever comes first, it pages once, and ends the same."""
    if is_report_first:
        first = told(report(person=None))
        second = seen(finding(person="anna"), first.use)
    else:
        first = seen(finding(person="anna"))
        second = told(report(person=None), first.use, seconds=104)
    assert first.page is not None
    assert (second.page, second.happening) == (None, Happening.JOINED)
    use = second.use
    assert (use.person, use.judgement, use.is_open) == ("anna", Judgement.EXPECTED, True)
    assert use.report is not None
    assert use.finding is not None
    assert due(use, 104 + HOUR) is None


def test_a_finding_told_again_changes_nothing() -> None:
    """Also one that was joined to a report."""
    joined = seen(finding(), told(report()).use).use
    for known in (joined, seen(finding()).use):
        assert uses.found(finding(), around(known), POLICY) is None


@pytest.mark.parametrize(
    "other",
    [
        report(target="db-2"),
        report(seconds=102 + 61),
        report(seconds=102 - 61),
        report(person="ben"),
        report(platform="ledger"),
        report(decision=Decision.REFUSED),
    ],
)
def test_what_does_not_fit_is_another_access(other: object) -> None:
    """Another target, time, person or platform; and a refusal never explains an access."""
    assert isinstance(other, type(report()))
    step = seen(finding(person="anna"), told(other).use)
    assert (step.happening, step.page is not None) == (Happening.FOUND, True)


def test_a_refusal_never_explains_what_a_log_shows() -> None:
    """Refused by the reader, and in the log all the same: somebody got in past it."""
    found = seen(finding(person="anna")).use
    refused = told(report(decision=Decision.REFUSED), found, held=STANDBY, seconds=104)
    assert refused.use.id == "r-1"
    late = due(found, 103 + 121)
    assert late is not None
    assert late.use.is_critical


def test_a_report_explains_one_finding_only() -> None:
    """A second access in the log that nobody reported is not hidden by the first."""
    joined = seen(finding(), told(report()).use).use
    step = seen(finding("log-2", seconds=103), joined)
    assert step.happening is Happening.FOUND
    late = due(step.use, 103 + 121)
    assert late is not None
    assert late.use.is_critical


def test_the_nearest_in_time_is_taken() -> None:
    """Of several that fit."""
    far, near = told(report("r-1", seconds=80)).use, told(report("r-2", seconds=101)).use
    assert seen(finding(seconds=102), far, near).use.id == "r-2"


def test_an_id_in_the_log_joins_what_times_would_not() -> None:
    """A log that holds the reader's own id leaves nothing to guess."""
    known = told(report(seconds=0)).use
    assert seen(finding(seconds=1000, attempt="r-1"), known).use.id == "r-1"
    found = seen(finding(seconds=1000, attempt="r-9")).use
    assert told(report("r-9", seconds=0), found, seconds=1010).use.id == "log-1"


def test_a_finding_without_a_report_is_a_way_past_the_reader() -> None:
    """After the grace it is critical and pages again under the same key; reported later, it stays so."""
    first = seen(finding())
    assert first.use.judgement is Judgement.UNREPORTED
    assert due(first.use, 103 + 119) is None
    step = due(first.use, 103 + 120)
    assert step is not None
    assert (step.happening, step.use.is_critical) == (Happening.UNREPORTED, True)
    assert first.page is not None
    assert step.page is not None
    assert step.page.dedup_key == first.page.dedup_key
    assert step.page.id != first.page.id
    assert "somebody got in past the reader" in step.page.summary
    assert due(step.use, 103 + 130) is None
    late = told(report(), step.use, seconds=103 + HOUR)
    assert (late.page, late.use.is_critical) == (None, True)
    assert "reported after 1h" in late.use.why


def test_a_report_on_standby_makes_its_finding_critical_at_once() -> None:
    """One page when it was found, one because it got worse."""
    step = told(report(), seen(finding()).use, held=STANDBY, seconds=110)
    assert step.use.is_critical
    assert step.page is not None


def test_a_report_by_a_principal_known_only_from_the_log_is_an_exercise() -> None:
    """Report and log together say who it was."""
    found = seen(finding(person="ben")).use
    step = told(report(person=None, state=FlagState.EXERCISE), found, held=EXERCISE)
    assert step.use.judgement is Judgement.EXERCISE


def test_a_report_that_no_watcher_found_is_noted_once_where_one_looks() -> None:
    """Low-key: no page. Found later, the note is gone."""
    use = told(report()).use
    assert due(use, 101 + 119) is None
    assert due(use, 101 + 121, set()) is None
    step = due(use, 101 + 121)
    assert step is not None
    assert (step.happening, step.page) == (Happening.NOTED, None)
    assert due(step.use, 101 + 200) is None
    assert seen(finding(), step.use).use.note == ""


def test_an_open_use_is_reminded_of_once_a_day() -> None:
    """Each reminder is a page of its own under the same key; a monitor that was away for days sends one."""
    use = told(report()).use
    assert due(use, 101 + 24 * HOUR - 1, set()) is None
    first = due(use, 101 + 24 * HOUR, set())
    assert first is not None
    assert first.page is not None
    assert (first.happening, first.page.status) == (Happening.REMINDED, PageStatus.FIRING)
    assert "still open after 24h" in first.page.reason
    assert due(first.use, 101 + 47 * HOUR, set()) is None
    later = due(first.use, 101 + 400 * HOUR, set())
    assert later is not None
    assert due(later.use, 101 + 400 * HOUR + 1, set()) is None


def test_nothing_becomes_of_a_closed_use_or_a_mere_record() -> None:
    """Time alone reopens nothing."""
    assert due(closed(told(report()).use).use, 100 * HOUR, set()) is None
    refused = told(report(decision=Decision.REFUSED), held=STANDBY).use
    assert due(refused, 100 * HOUR) is None


def test_a_clock_set_back_pages_nobody() -> None:
    """What was received in the future waits until the clock is there again."""
    assert due(told(report(), seconds=1000).use, 10) is None
    assert due(seen(finding(), seconds=1000).use, 10) is None


def test_a_reminder_of_someone_locked_out_asks_for_no_rotation() -> None:
    """Nothing was used: there is nothing to rotate."""
    use = replace(told(report(decision=Decision.REFUSED), held=READY).use)
    step = due(use, 101 + 24 * HOUR)
    assert step is not None
    assert step.page is not None
    assert "rotated" not in step.page.reason


def test_one_id_in_two_states_of_the_flag_is_two_attempts() -> None:
    """A drill's id can't hide what was let in by a flag that is really ready."""
    drill = told(report(state=FlagState.EXERCISE), held=EXERCISE).use
    step = told(report(seconds=200), drill, seconds=201)
    assert step.page is not None
    assert (step.use.id.startswith("r-1~"), step.use.is_critical) == (True, True)
    assert uses.reported(report(seconds=200), "bastion", around(drill, step.use, seconds=202), POLICY) is None
