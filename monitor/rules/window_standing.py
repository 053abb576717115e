"""What time, the settings and status pages make of a platform's maintenance (design 3.7).

1. A window comes into force and is over at its own instants, half-open, whoever watches then: what a monitor missed
   while it was away is found when it comes back.
2. A window of the settings counts from when it was first seen there, never for the past. One that was taken out, or
   changed, is ended then; the record of it stays. One that a person ended stays so until it is changed. One that was
   first seen by a clock that was ahead counts from when that shows, not from an instant that has yet to come.
3. What a status page tells is proposed, and has no effect. Told with other times it is another proposal. What is over,
   or no longer told, is proposed no more. What was accepted or declined is not proposed again.
4. What waits for a second person dies after 15 minutes of real time; a clock that is set back takes that with it. After
   a time away that nobody can tell it is dead.
5. A window that is over is let go of after a day: a clock that was ahead must not lose one.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from monitor.model.event import MaintenanceTold, Restarted
from monitor.model.fact import Fact
from monitor.model.maintenance import (
    Ended,
    InForce,
    Maintenance,
    MaintenanceBegan,
    MaintenanceOver,
    Origin,
    Planned,
    Proposal,
    ProposalGone,
    SettingsWindow,
    Window,
    WindowAgreed,
    WindowEnded,
    WindowProposed,
    WindowRefused,
)
from monitor.model.policy import PlatformPolicy
from monitor.model.state import PlatformState
from monitor.rules import maintenance, reasons
from monitor.rules.windows import window_id

SETTINGS: Final = "the settings"  # no person's name has a space
KEPT: Final = timedelta(days=1)
MOST_PROPOSED: Final = 20  # of one page

_NOISE: Final = timedelta(seconds=5)
_NONE: Final = Maintenance()


def settle(state: PlatformState, now: datetime) -> tuple[PlatformState, list[Fact]]:
    """Return the state with the maintenance that is in force now, and what began and is over."""
    held = state.maintenance
    if held == _NONE:
        return state, []
    held, facts = _without_the_dead(held, now)
    windows = tuple(window for window in held.windows if _is_kept(window, now))
    found = {each.window: each for each in maintenance.in_force(windows, now)}
    told = {each.window: each for each in held.in_force}
    by_id = {window.id: window for window in windows}
    facts += [_over(each, by_id.get(each.window), now) for each in held.in_force if each.window not in found]
    facts += [MaintenanceBegan(each) for each in found.values() if each.window not in told]
    in_force = tuple(_went_on(each, told.get(each.window)) for each in found.values())
    coming = maintenance.first_coming(windows, now)
    after = replace(held, windows=windows, in_force=in_force, coming=coming)
    return (state if after == state.maintenance else replace(state, maintenance=after)), facts


def resume(
    state: PlatformState, policy: PlatformPolicy, event: Restarted, now: datetime
) -> tuple[PlatformState, list[Fact]]:
    """Return the state with the windows that the settings have now, and without what a time away leaves dead."""
    facts: list[Fact] = []
    held = state.maintenance
    if event.last_alive_at is None or event.last_alive_at > now:
        facts += [WindowRefused(each, "the monitor was away, and nobody knows for how long") for each in held.asked]
        held = replace(held, asked=())
    after, changed = adapt(replace(state, maintenance=held), policy, now)
    return after, [*facts, *changed]


def adapt(state: PlatformState, policy: PlatformPolicy, now: datetime) -> tuple[PlatformState, list[Fact]]:
    """Return the state with the windows that the settings have now, and without proposals of pages that are gone."""
    facts: list[Fact] = []
    held = state.maintenance
    gone = [each for each in held.proposals if each.probe not in policy.probes]
    facts += [ProposalGone(each, "its page is no longer watched") for each in gone]
    kept = tuple(each for each in held.proposals if each not in gone)
    held, changed = _as_in_settings(replace(held, proposals=kept), state.platform, policy, now)
    facts += changed
    return (replace(state, maintenance=held) if held != state.maintenance else state), facts


def told(state: PlatformState, event: MaintenanceTold, now: datetime) -> tuple[PlatformState, list[Fact]]:
    """Return the state with what a status page proposes now."""
    held = state.maintenance
    wanted = {
        _proposal_id(state.platform, event.probe, planned): planned
        for planned in event.planned[:MOST_PROPOSED]
        if planned.until > now
    }
    mine = [each for each in held.proposals if each.probe == event.probe]
    gone = [each for each in mine if each.id not in wanted]
    known = {each.id for each in mine}
    new = tuple(
        Proposal(name, event.probe, planned, now)
        for name, planned in wanted.items()
        if name not in known and name not in held.answered
    )
    answered = tuple(
        name for name in held.answered if name in wanted or not name.startswith(_prefix(state.platform, event.probe))
    )
    kept = tuple(each for each in held.proposals if each not in gone)
    facts: list[Fact] = [ProposalGone(each, "its page tells it no more, or tells other times") for each in gone]
    facts += [WindowProposed(each) for each in new]
    after = replace(held, proposals=(*kept, *new), answered=answered)
    return (replace(state, maintenance=after) if after != held else state), facts


def set_back(state: PlatformState, by: timedelta) -> PlatformState:
    """Return the state with what counts real time moved back with the clock."""
    held = state.maintenance
    if not held.asked:
        return state
    asked = tuple(replace(each, asked_at=each.asked_at - by, expires_at=each.expires_at - by) for each in held.asked)
    return replace(state, maintenance=replace(held, asked=asked))


def deadlines(state: PlatformState, now: datetime) -> Iterator[datetime]:
    """Yield when time alone will change something of it."""
    held = state.maintenance
    yield from (each.expires_at for each in held.asked)
    yield from (each.planned.until for each in held.proposals)
    change = maintenance.next_change(held.windows, now)
    if change is not None:
        yield change


def _without_the_dead(held: Maintenance, now: datetime) -> tuple[Maintenance, list[Fact]]:
    facts: list[Fact] = []
    asked, proposals = [], []
    for each in held.asked:
        if each.expires_at <= now:
            facts.append(WindowRefused(each, f"nobody confirmed it by {reasons.clock(each.expires_at)}"))
        elif now < each.asked_at - _NOISE:
            facts.append(WindowRefused(each, "the clock was set back: nobody knows how long it has waited"))
        else:
            asked.append(each)
    for proposal in held.proposals:
        if proposal.planned.until <= now:
            facts.append(ProposalGone(proposal, "its time is over, and nobody accepted it"))
        else:
            proposals.append(proposal)
    return (replace(held, asked=tuple(asked), proposals=tuple(proposals)) if facts else held), facts


def _is_kept(window: Window, now: datetime) -> bool:
    ends_at = window.ends_at
    if ends_at is None or now < ends_at + KEPT:
        return True
    return _was_ended_by_a_person(window)


def _was_ended_by_a_person(window: Window) -> bool:
    """Whether it is one of the settings that a person ended: it must not come back as long as it stands there."""
    return window.origin is Origin.SETTINGS and window.ended is not None and window.ended.by != SETTINGS


def _over(told_of: InForce, window: Window | None, now: datetime) -> MaintenanceOver:
    if window is not None and window.ended is not None and window.ended.at <= now:
        return MaintenanceOver(told_of, window.ended.at, f"ended by {window.ended.by}: {window.ended.why}")
    return MaintenanceOver(told_of, min(told_of.until, now), "its time is over")


def _went_on(found: InForce, before: InForce | None) -> InForce:
    return found if before is None else replace(found, since=before.since)


def _as_in_settings(
    held: Maintenance, platform: str, policy: PlatformPolicy, now: datetime
) -> tuple[Maintenance, list[Fact]]:
    facts: list[Fact] = []
    windows: list[Window] = []
    missing = list(policy.maintenance)
    for window in held.windows:
        wanted = next((each for each in missing if _is_same(window, each)), None)
        if wanted is not None:
            missing.remove(wanted)
            windows.append(_not_ahead(window, wanted, now))
        elif window.origin is Origin.SETTINGS and not window.is_over(now):
            ended = replace(window, ended=Ended(SETTINGS, now, "it no longer stands in the settings like this"))
            windows.append(ended)
            facts.append(WindowEnded(ended))
        elif not _was_ended_by_a_person(window):  # else the settings have let go of it too
            windows.append(window)
    for wanted in missing:
        if wanted.end is not None and wanted.end <= now:
            continue
        window = _of_settings(wanted, platform, window_id(platform, replace(held, windows=tuple(windows)), now), now)
        windows.append(window)
        facts.append(WindowAgreed(window))
    return replace(held, windows=tuple(windows)), facts


def _of_settings(wanted: SettingsWindow, platform: str, name: str, now: datetime) -> Window:
    return Window(
        id=name,
        platform=platform,
        origin=Origin.SETTINGS,
        since=_since(wanted, now),
        until=wanted.end,
        by=SETTINGS,
        agreed_at=now,
        reason=wanted.reason,
        name=wanted.name,
        calendar=wanted.calendar,
        range=wanted.range,
    )


def _since(wanted: SettingsWindow, agreed_at: datetime) -> datetime:
    return agreed_at if wanted.start is None else max(wanted.start, agreed_at)


def _not_ahead(window: Window, wanted: SettingsWindow, now: datetime) -> Window:
    if window.agreed_at <= now:
        return window
    return replace(window, agreed_at=now, since=_since(wanted, now))


def _is_same(window: Window, wanted: SettingsWindow) -> bool:
    if window.origin is not Origin.SETTINGS or (window.ended is not None and window.ended.by == SETTINGS):
        return False
    return (window.name, window.reason, window.calendar, window.range, window.until, window.since) == (
        wanted.name,
        wanted.reason,
        wanted.calendar,
        wanted.range,
        wanted.end,
        _since(wanted, window.agreed_at),
    )


def _prefix(platform: str, probe: str) -> str:
    return f"{platform}-told.{probe}."  # no platform's or probe's name has a dot


def _proposal_id(platform: str, probe: str, planned: Planned) -> str:
    exactly = f"{planned.id}\n{planned.since.isoformat()}\n{planned.until.isoformat()}"
    return f"{_prefix(platform, probe)}{hashlib.sha256(exactly.encode()).hexdigest()[:12]}"
