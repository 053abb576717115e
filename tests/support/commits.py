"""Commits as the monitor makes them: one platform goes up, down, further down, and up again."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.model.fact import (
    CauseAdded,
    CauseEnded,
    Fact,
    FlagChanged,
    FunctionChanged,
    OutageEnded,
    OutageOpened,
    OutageWidened,
    PageDecided,
    PageWithheld,
    PlatformChanged,
    PlatformLeft,
    ProbeChanged,
)
from monitor.model.outcome import Outcome, OutcomeKind, Reason
from monitor.model.page import Page, PageKind, PageStatus, Severity
from monitor.model.published import PublishedFlag
from monitor.model.record import AuditEntry, Commit, FlagDocument, OutcomeRow, RoutedPage
from monitor.model.state import Cause, FlagHead, FunctionState, Outage, PlatformState, ProbeState
from monitor.model.verdict import CauseKind, FlagState, Phase, Verdict
from tests.support.clock import START

CHANNELS = ("pager", "chat")


def at(seconds: float) -> datetime:
    """Return the time so many seconds into the story."""
    return START + timedelta(seconds=seconds)


def document(
    platform: str, ver: int, *, state: FlagState = FlagState.STANDBY, is_change: bool = True, prev: str | None = None
) -> FlagDocument:
    """Return a signed document, as far as the store looks into it."""
    jws = f"{platform}.{ver}.{state}"
    return FlagDocument(
        platform=platform,
        ver=ver,
        change=ver,
        state=state,
        issued_at=at(ver),
        expires_at=at(ver + 300),
        jws=jws,
        sha256=hashlib.sha256(jws.encode()).hexdigest(),
        is_change=is_change,
        prev=prev,
    )


def published(ver: int, prev: str | None = None) -> PublishedFlag:
    """Return a flag that was signed and published, as far as the store looks into it."""
    signed = document("payments", ver, state=FlagState.READY, prev=prev)
    return PublishedFlag(
        ver=ver,
        change=signed.change,
        state=FlagState.READY,
        since=at(ver),
        causes=(),
        verdict=Verdict.DOWN,
        outage=None,
        prev=prev,
        issued_at=signed.issued_at,
        expires_at=signed.expires_at,
        jws=signed.jws,
        sha256=signed.sha256,
    )


def page(platform: str, status: PageStatus, number: int = 1) -> Page:
    """Return a page about an outage."""
    key = f"prod/{platform}/outage/{number}"
    return Page(
        id=f"{key}/{status}/{number}",
        kind=PageKind.OUTAGE,
        severity=Severity.PAGE,
        status=status,
        platform=platform,
        dedup_key=key,
        summary="sign-in is down",
        reason="the outage was confirmed",
        decided_at=at(number),
        outage="outage-1",
    )


def outcome_row(platform: str = "payments", probe: str = "portal", seconds: float = 0) -> OutcomeRow:
    """Return a good outcome with phases."""
    found = Outcome(
        kind=OutcomeKind.GOOD,
        reason=Reason.OK,
        detail="200",
        started_at=at(seconds),
        duration_seconds=0.25,
        phases={"resolve": 0.05, "connect": 0.1, "transfer": 0.1},
    )
    return OutcomeRow(platform, probe, "sign_in", found)


@dataclass(frozen=True, slots=True)
class _Tale:
    """What the commits of a story are made of."""

    up: PlatformState
    down: PlatformState
    wider: PlatformState
    ended: PlatformState
    outage: Outage
    cause: Cause


def _tale(platform: str) -> _Tale:
    good = ProbeState("print", phase=Phase.GOOD, conclusive_at=at(1))
    bad = replace(good, phase=Phase.BAD, bad_since=at(10), confirmed_at=at(20), last_reason=Reason.STATUS)
    up = PlatformState(
        platform,
        probes={"portal": good, "api": good},
        functions={"sign_in": FunctionState(Verdict.UP, at(1)), "request": FunctionState(Verdict.UP, at(1))},
        vote=Verdict.UP,
        verdict=Verdict.UP,
        verdict_since=at(1),
    )
    outage = Outage("outage-1", platform, at(10), at(20), ("sign_in",), ("portal",), "portal answered 503")
    wide = replace(outage, functions=("sign_in", "request"), openers=("portal", "api"))
    cause = Cause(CauseKind.OUTAGE, "outage-1", at(10))
    down = replace(
        up,
        probes={"portal": bad, "api": good},
        verdict=Verdict.DOWN,
        outage=outage,
        causes=(cause,),
        flag=FlagHead(FlagState.READY, at(20), 1),
        firing={f"prod/{platform}/outage/1": "outage"},
    )
    wider = replace(down, probes={"portal": bad, "api": bad}, outage=wide)
    over = replace(wide, ended_at=at(60), cleared_at=at(70))
    ended = replace(up, outage=over, flag=FlagHead(FlagState.STANDBY, at(70), 2))
    return _Tale(up, down, wider, ended, outage, cause)


def story(platform: str = "payments") -> tuple[Commit, ...]:
    """Return four commits that follow each other: up, down, wider, up."""
    tale = _tale(platform)
    up, down, wider, ended, outage, cause = tale.up, tale.down, tale.wider, tale.ended, tale.outage, tale.cause
    ready, wide, over = down.flag, wider.outage, ended.outage
    assert wide is not None
    assert over is not None
    firing, resolved = page(platform, PageStatus.FIRING), page(platform, PageStatus.RESOLVED, 2)
    opened = _opened(down, outage, cause, firing)
    return (
        _commit(up, 0, (ProbeChanged("portal", Phase.UNPROVEN, Phase.GOOD, at(1), "good"),), ("portal", "api")),
        opened,
        _commit(
            wider,
            2,
            (
                ProbeChanged("api", Phase.GOOD, Phase.BAD, at(30), "three bad"),
                OutageWidened(wide),
                PageWithheld(PageKind.OUTAGE, "paged already"),
                PlatformLeft(START),
            ),
            ("api",),
        ),
        _with(
            _commit(
                ended,
                3,
                (
                    ProbeChanged("portal", Phase.BAD, Phase.GOOD, at(70), "three good"),
                    ProbeChanged("api", Phase.BAD, Phase.GOOD, at(70), "three good"),
                    PlatformChanged(Verdict.DOWN, Verdict.UP, at(70), "all up"),
                    OutageEnded(over),
                    CauseEnded(cause, "up again"),
                    FlagChanged(ready, ended.flag, "no cause left"),
                    PageDecided(resolved),
                ),
                ("portal", "api"),
            ),
            document(platform, 21, prev=document(platform, 11, state=FlagState.READY).sha256),
            resolved,
        ),
    )


def _opened(down: PlatformState, outage: Outage, cause: Cause, firing: Page) -> Commit:
    facts = (
        ProbeChanged("portal", Phase.GOOD, Phase.BAD, at(20), "three bad"),
        FunctionChanged("sign_in", Verdict.UP, Verdict.DOWN, at(20), "portal"),
        PlatformChanged(Verdict.UP, Verdict.DOWN, at(20), "sign_in"),
        OutageOpened(outage),
        CauseAdded(cause),
        FlagChanged(FlagHead(), down.flag, "outage"),
        PageDecided(firing),
    )
    signed = document(down.platform, 11, state=FlagState.READY)
    return _with(_commit(down, 1, facts, ("portal",)), signed, firing)


def _commit(after: PlatformState, revision: int, facts: tuple[Fact, ...], probes: tuple[str, ...]) -> Commit:
    return Commit(
        platform=after.platform,
        expected_revision=revision,
        at=at(10 * revision),
        after=after,
        facts=facts,
        changed_probes=probes,
        flag=None,
        pages=(),
        audit=tuple(AuditEntry("fact", "monitor", {"number": number}, at(revision)) for number in range(len(facts))),
    )


def _with(commit: Commit, flag: FlagDocument, told: Page) -> Commit:
    return replace(commit, flag=flag, pages=(RoutedPage(told, CHANNELS),))
