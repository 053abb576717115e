"""Uses of break-glass, as readers report them and people close them."""

from dataclasses import replace
from datetime import timedelta

from monitor.model.page import Page
from monitor.model.record import RoutedPage
from monitor.model.state import Cause
from monitor.model.use import (
    CauseSpan,
    Circumstances,
    Decision,
    Finding,
    Held,
    Report,
    Saying,
    Use,
    UseClass,
    UseCommit,
    UsePolicy,
    UseStep,
    Via,
)
from monitor.model.verdict import CauseKind, FlagState
from monitor.rules import uses
from monitor.rules.use_saying import NotPossible, said
from tests.support.commits import CHANNELS, at

POLICY = UsePolicy("prod", timedelta(seconds=60), timedelta(minutes=2), timedelta(hours=24))
STANDBY = Held(is_known=True)
NOBODY_THERE = Held(is_known=False)
READY = Held(is_known=True, spans=(CauseSpan(Cause(CauseKind.OUTAGE, "outage-1", at(0)), at(0), None),))
EXERCISE = Held(
    is_known=True,
    spans=(CauseSpan(Cause(CauseKind.EXERCISE, "drill-1", at(0), principals=("anna", "ben")), at(0), None),),
)


def report(name: str = "r-1", seconds: float = 100, person: str | None = "anna", **changes: object) -> Report:
    """Return an attempt by the flag that was allowed."""
    made = Report(
        id=name,
        platform="payments",
        reader="ssh:bastion-1",
        at=at(seconds),
        person=person,
        target="db-1",
        decision=Decision.ALLOWED,
        via=Via.FLAG,
        state=FlagState.READY,
        ver=11,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # a test names the fields it means


def finding(name: str = "log-1", seconds: float = 102, person: str | None = None, **changes: object) -> Finding:
    """Return an access found in a log."""
    made = Finding(id=name, platform="payments", watcher="db-log", at=at(seconds), person=person, target="db-1")
    return replace(made, **changes)  # type: ignore[arg-type]  # as above


def around(*known: Use, held: Held = READY, seconds: float = 101) -> Circumstances:
    """Return what is known around something told."""
    return Circumstances(known, held, at(seconds))


def told(told_of: Report, *known: Use, held: Held = READY, seconds: float = 101) -> UseStep:
    """Return the step that a report leads to."""
    step = uses.reported(told_of, "bastion", around(*known, held=held, seconds=seconds), POLICY)
    assert step is not None
    return step


def seen(found: Finding, *known: Use, seconds: float = 103) -> UseStep:
    """Return the step that a finding leads to."""
    step = uses.found(found, around(*known, seconds=seconds), POLICY)
    assert step is not None
    return step


def saying(by: str = "ben", kind: UseClass | None = UseClass.REAL, *, is_rotated: bool = True) -> Saying:
    """Return what a person says of a use."""
    return Saying(by, kind, is_rotated, "looked into it")


def closed(use: Use, by: str = "ben", seconds: float = 4000) -> UseStep:
    """Return the step that closes a use."""
    step = said(use, saying(by), POLICY, at(seconds))
    assert step is not None
    assert not isinstance(step, NotPossible)
    return step


def commit(step: UseStep) -> UseCommit:
    """Return the transaction of a step."""
    pages: tuple[Page, ...] = () if step.page is None else (step.page,)
    return UseCommit(step.use, tuple(RoutedPage(page, CHANNELS) for page in pages), step.audit)


def use_commits() -> tuple[UseCommit, ...]:
    """Return four that follow each other: reported, found in a log too, classed and closed; and a refusal."""
    reported = told(report())
    joined = seen(finding(), reported.use)
    ended = closed(joined.use)
    refused = told(report("r-2", decision=Decision.REFUSED), held=STANDBY)
    return tuple(commit(step) for step in (reported, joined, ended, refused))
