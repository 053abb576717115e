"""How an outage is told in maintenance (design 3.7): as a ticket, which is a quiet notice to those who are on call.

1. An outage is quiet while each of its functions that is not back was in agreed maintenance from the moment it failed
   until now, without a gap. What failed before the window began, or is none of the window's, pages.
2. It pages the moment it is not quiet any more: the window is over, was ended, or something else fails. An outage that
   nobody can measure any more has not ended, and pages with the window's end like any other.
3. What was paged stays so until the outage is over: no window makes it quiet again.
4. The quiet notice has a key of its own. A provider that was told of a ticket need not wake anybody for the same key
   again. It is resolved when the page goes out, or when the outage is over.
5. Nothing else changes: verdict, outage, causes, flag and every other kind of page are as without a window.

An outage that only other vantages see is the whole platform's.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from monitor.model.page import PageKind, Severity
from monitor.model.policy import PlatformPolicy
from monitor.model.state import Outage, PlatformState
from monitor.model.verdict import Phase, Verdict
from monitor.rules import maintenance, reasons
from monitor.rules.pages import QUIET, Concern, key_of

_BACK: Final = (Verdict.UP, Verdict.DEGRADED)


def quieted(
    concerns: Iterable[Concern], state: PlatformState, policy: PlatformPolicy, now: datetime
) -> Iterator[Concern]:
    """Yield the concerns as they are told, now that there may be maintenance."""
    for concern in concerns:
        if concern.kind is PageKind.OUTAGE:
            yield from _told(concern, state, policy, now)
        else:
            yield concern


def outside(state: PlatformState, policy: PlatformPolicy, known: Outage, now: datetime) -> tuple[str, ...]:
    """Return what of an open outage is not in maintenance, in words; nothing, if it is quiet."""
    windows = state.maintenance.windows
    if not windows:
        return (reasons.several(known.functions) or state.platform,)
    failing = [name for name in known.functions if _verdict(state, name) not in _BACK] or list(known.functions)
    if not failing:
        since = maintenance.up_to(known.opened_at, now)
        return () if maintenance.covers(windows, None, (), since) else (f"{state.platform} as a whole",)
    return tuple(name for name in failing if not _is_covered(state, policy, known, name, now))


def _told(concern: Concern, state: PlatformState, policy: PlatformPolicy, now: datetime) -> Iterator[Concern]:
    quiet = replace(concern, detail=f"{concern.detail}{QUIET}", severity=Severity.TICKET)
    known = state.outage
    if not concern.holds or known is None:
        yield concern
        yield quiet
        return
    was_quiet = key_of(policy, quiet.kind, quiet.detail) in state.firing
    is_paged = key_of(policy, concern.kind, concern.detail) in state.firing
    loud = () if is_paged else outside(state, policy, known, now)
    if is_paged or (loud and not was_quiet):
        yield concern
    elif loud:
        why = _why(state, loud)
        yield replace(concern, summary=f"{concern.summary}: {why}", reason=f"{why}: {concern.reason}")
        yield replace(quiet, holds=False, summary=f"{concern.summary}: it pages now, {why}", reason=why)
    else:
        held = words(state)
        yield replace(quiet, summary=f"{concern.summary}; {held}", reason=f"{held}: {concern.reason}")


def words(state: PlatformState) -> str:
    """Say what maintenance is in force; empty for none."""
    held = [f"{each.label} until {reasons.clock(each.until)}" for each in state.maintenance.in_force]
    return f"in maintenance ({reasons.several(held)})" if held else ""


def _why(state: PlatformState, loud: tuple[str, ...]) -> str:
    held = state.maintenance.in_force
    if not held:
        return "it outlasts its maintenance, which is over"
    return f"{reasons.several(loud)} is not in maintenance ({reasons.several([each.label for each in held])} is)"


def _is_covered(state: PlatformState, policy: PlatformPolicy, known: Outage, function: str, now: datetime) -> bool:
    bad = [
        name
        for name in known.openers
        if name in policy.probes and policy.probes[name].function == function and state.probes[name].phase is Phase.BAD
    ]
    starts = [since for since in (state.probes[name].bad_since for name in bad) if since is not None]
    failed_at = max(starts, default=known.opened_at)
    return maintenance.covers(state.maintenance.windows, function, bad, maintenance.up_to(failed_at, now))


def _verdict(state: PlatformState, function: str) -> Verdict:
    held = state.functions.get(function)
    return held.verdict if held is not None else Verdict.UNKNOWN
