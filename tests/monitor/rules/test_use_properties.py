"""Whatever is told of uses, by whom, in whatever order: nothing is lost, and nobody closes their own."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from glasswatch.flag.persons import is_same_person
from monitor.model.page import Page, PageStatus
from monitor.model.use import Decision, Finding, Happening, Report, Saying, Use, UseClass, UseStep, Via
from monitor.rules import uses
from monitor.rules.use_saying import said
from tests.support.commits import at
from tests.support.uses import EXERCISE, POLICY, READY, STANDBY, around, finding, report

PEOPLE = ("anna", "ben", "carl")
HELD = {"ready": READY, "standby": STANDBY, "exercise": EXERCISE}

Word = Report | Finding | tuple[str, Saying] | None  # None: time passes


@dataclass
class World:
    """Uses as a register keeps them: it knows everything told before."""

    held: str
    uses: dict[str, Use] = field(default_factory=dict)
    pages: list[Page] = field(default_factory=list)
    steps: list[UseStep] = field(default_factory=list)

    def tell(self, word: Word, now: float) -> None:
        """Take in one word."""
        known = around(*self.uses.values(), held=HELD[self.held], seconds=now)
        if isinstance(word, Report):
            self.keep(uses.reported(word, "bastion", known, POLICY))
        elif isinstance(word, Finding):
            self.keep(uses.found(word, known, POLICY))
        elif word is None:
            for use in list(self.uses.values()):
                self.keep(uses.due(use, set(), POLICY, at(now)) if use.is_open else None)
        elif word[0] in self.uses:
            step = said(self.uses[word[0]], word[1], POLICY, at(now))
            self.keep(step if isinstance(step, UseStep) else None)

    def keep(self, step: UseStep | None) -> None:
        """Take over what a word led to, checking what must hold of each step."""
        if step is None:
            return
        before = self.uses.get(step.use.id)
        assert before is None or step.use.is_critical or not before.is_critical, "critical is for good"
        assert before is None or before != step.use or step.happening is Happening.REMINDED
        assert step.audit
        self.steps.append(step)
        self.uses[step.use.id] = step.use
        if step.page is not None:
            self.pages.append(step.page)


REPORTS = st.builds(
    lambda name, seconds, person, decision, via, others: report(
        name, seconds, person, decision=decision, via=via, told_by=others[0], second=others[1]
    ),
    st.sampled_from(("r-1", "r-2")),
    st.sampled_from((100, 130, 500)),
    st.sampled_from((*PEOPLE, None)),
    st.sampled_from(Decision),
    st.sampled_from(Via),
    st.tuples(st.sampled_from((*PEOPLE, None)), st.sampled_from((*PEOPLE, None))),
)
FINDINGS = st.builds(
    lambda name, seconds, person, attempt: finding(name, seconds, person, attempt=attempt),
    st.sampled_from(("log-1", "log-2")),
    st.sampled_from((100, 130, 500)),
    st.sampled_from((*PEOPLE, None)),
    st.sampled_from(("r-1", None)),
)
SAYINGS = st.tuples(
    st.sampled_from(("r-1", "r-2", "log-1", "log-2")),
    st.builds(Saying, st.sampled_from(PEOPLE), st.sampled_from((*UseClass, None)), st.booleans()),
)
STORIES = st.lists(st.tuples(st.one_of(REPORTS, FINDINGS, SAYINGS, st.none()), st.sampled_from((1, 60, 200, 90_000))))


def play(held: str, story: list[tuple[Word, int]]) -> World:
    """Return what a story leads to."""
    world, now = World(held), 600.0
    for word, passes in story:
        world.tell(word, now)
        now += passes
    return world


@given(st.sampled_from(sorted(HELD)), STORIES)
def test_nobody_closes_their_own_and_nothing_closes_itself(held: str, story: list[tuple[Word, int]]) -> None:
    """A closed use was classed by somebody else, and its credential rotated as somebody else says."""
    for use in play(held, story).uses.values():
        if use.closed_at is None:
            continue
        assert use.classing is not None
        sayers = [use.classing.said.by, *((use.rotation.by,) if use.rotation else ())]
        assert use.decision is Decision.REFUSED or use.rotation is not None
        others = (use.report.told_by, use.report.second) if use.report else ()
        for own in (use.person, *others):
            assert own is None or not any(is_same_person(by, own) for by in sayers)


@given(st.sampled_from(sorted(HELD)), STORIES)
def test_every_access_is_paged_and_its_page_ends_with_it(held: str, story: list[tuple[Word, int]]) -> None:
    """Each use that was allowed fired; its last page says whether it is open; a mere record never pages."""
    world = play(held, story)
    for use in world.uses.values():
        if use.report is not None and use.decision is Decision.REFUSED:
            continue  # those at one reader share a key
        statuses = [page.status for page in world.pages if page.dedup_key == f"prod/payments/use/{use.id}"]
        assert statuses[0] is PageStatus.FIRING
        assert (statuses[-1] is PageStatus.FIRING) is use.is_open
        last = [page for page in world.pages if page.dedup_key == f"prod/payments/use/{use.id}"][-1]
        assert last.critical is use.is_critical or not use.is_critical


@given(st.sampled_from(sorted(HELD)), STORIES)
def test_told_a_second_time_a_story_changes_nothing(held: str, story: list[tuple[Word, int]]) -> None:
    """Every report and finding told again, in any order, is known."""
    world = play(held, story)
    count = len(world.steps)
    for word, _ in reversed(story):
        if isinstance(word, Report | Finding):
            world.tell(word, 600.0 + 200_000 * len(story))
    assert len(world.steps) == count


def _key(word: Report) -> tuple[object, ...]:
    return word.id, word.person, word.second, word.decision, word.via


@given(st.sampled_from(sorted(HELD)), STORIES)
def test_no_access_told_of_is_missing(held: str, story: list[tuple[Word, int]]) -> None:
    """Every report and every finding is in exactly one use; a finding without a report turns critical in the end."""
    world = play(held, [*story, (None, 200), (None, 200)])
    reports = [use.report for use in world.uses.values() if use.report is not None]
    findings = [use.finding.id for use in world.uses.values() if use.finding is not None]
    told = {_key(word) for word, _ in story if isinstance(word, Report)}
    assert {_key(each) for each in reports} == told
    assert len(reports) == len(told)
    assert sorted(findings) == sorted({word.id for word, _ in story if isinstance(word, Finding)})
    for use in world.uses.values():
        assert use.report is not None or not use.is_open or use.is_critical
