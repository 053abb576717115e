"""What becomes of a person's act on maintenance: a window with facts, or a refusal that says why (design 3.7).

1. A window that begins now or later counts at once, by one person. So does what a status page proposed, once a person
   accepts it: from now on, if it has begun. It is then what that person agreed to; if the page tells other times later,
   that is another proposal, and accepting it ends the window that was accepted before.
2. A window with a start in the past waits until another person confirms it, 15 minutes at most: it takes what was an
   outage out of the account. A start less than a minute ago is now: somebody typed.
3. Nothing that is agreed holds longer than a day at a time, unless said, and than 31 days in any case. What comes back
   is agreed from now on, never for the past.
4. One person ends a window, declines a proposal, or takes back what waits. An end is now: what was agreed stays so for
   the time before.
5. A window names functions and probes that are watched, days that there are, and a time zone that this machine knows.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from glasswatch.flag.persons import is_same_person
from glasswatch.zones import zone
from monitor.model.act import Answer, Ruling
from monitor.model.maintenance import (
    AcceptWindow,
    AddWindow,
    Asked,
    Calendar,
    ConfirmWindow,
    Ended,
    EndWindow,
    Maintenance,
    Origin,
    ProposalGone,
    Range,
    Window,
    WindowAgreed,
    WindowAsked,
    WindowEnded,
    WindowRefused,
)
from monitor.model.policy import PlatformPolicy
from monitor.model.state import PlatformState
from monitor.rules import reasons, recurrence, window_lines
from monitor.rules.act_turn import LONGEST_REASON, Done, Found, Turn, is_line, no
from monitor.rules.standing import CONFIRM_WITHIN

LONGEST: Final = timedelta(hours=24)
LONGEST_SAID: Final = timedelta(days=31)
LEAST: Final = timedelta(seconds=60)
TYPING: Final = timedelta(seconds=60)
FURTHEST_BACK: Final = timedelta(days=92)  # a quarter: what a report on the last one may still need
FURTHEST_AHEAD: Final = timedelta(days=400)
MOST_WINDOWS: Final = 64
MOST_ASKED: Final = 4
MOST_NAMED: Final = 64


def window_id(platform: str, held: Maintenance, now: datetime) -> str:
    """Return a name that no other window has: by the millisecond, and later where that is taken."""
    taken = {window.id for window in (*held.windows, *(each.window for each in held.asked))}
    while True:
        found = f"{platform}-mw-{now.astimezone(UTC):%Y%m%dT%H%M%S}{now.microsecond // 1000:03}Z"
        if found not in taken:
            return found
        now += timedelta(milliseconds=1)


def too_long(lasts: timedelta, *, is_long: bool) -> str | None:
    """Return what is wrong with a length; None if nothing is."""
    if lasts < LEAST:
        return f"a window lasts for {reasons.span(LEAST)} at least"
    if lasts > LONGEST_SAID:
        return f"a window lasts for {LONGEST_SAID.days} days at most"
    if lasts > LONGEST and not is_long:
        return f"a window lasts for {reasons.span(LONGEST)} at most, unless it is said to be long"
    return None


def add(state: PlatformState, act: AddWindow, turn: Turn) -> Found:
    """Agree to a window, or have it wait for a second person."""
    start = turn.now if act.start is None or turn.now - TYPING <= act.start < turn.now else act.start
    end = act.end if act.end is not None or act.lasts is None or act.calendar is not None else start + act.lasts
    wrong = (
        _unfit(state, act.reason, act.range, turn)
        or (_unfit_calendar(act.calendar, start, end, turn, is_long=act.is_long) if act.calendar is not None else None)
        or (_unfit_times(start, end, turn, is_long=act.is_long) if act.calendar is None else None)
    )
    if wrong is not None:
        return no(wrong)
    window = Window(
        id=window_id(state.platform, state.maintenance, turn.now),
        platform=state.platform,
        origin=Origin.PERSON,
        since=start,
        until=end,
        by=turn.hand.person,
        agreed_at=turn.now,
        reason=act.reason,
        calendar=act.calendar,
        range=act.range,
    )
    return _ask(state, window, turn) if start < turn.now else _agreed(state, window, turn)


def accept(state: PlatformState, act: AcceptWindow, turn: Turn) -> Found:
    """Agree to what a status page tells."""
    held = state.maintenance
    proposals = {each.id: each for each in held.proposals}
    proposal = proposals.get(act.proposal)
    if proposal is None:
        return no(window_lines.no_such_proposal(proposals), Answer.NO_SUCH)
    planned = proposal.planned
    since = max(planned.since, turn.now)
    wrong = _unfit(state, act.reason, act.range, turn) or too_long(
        max(planned.until - since, LEAST), is_long=act.is_long
    )
    if wrong is not None:
        return no(wrong)
    window = Window(
        id=window_id(state.platform, held, turn.now),
        platform=state.platform,
        origin=Origin.VENDOR,
        since=since,
        until=planned.until,
        by=turn.hand.person,
        agreed_at=turn.now,
        reason=act.reason,
        name=planned.name,
        range=act.range,
        told=proposal.told,
    )
    gone = ProposalGone(proposal, f"accepted as {window.id}", turn.hand.person, turn.hand.token)
    why = f"the vendor tells other times, and {window.id} took its place"
    replaced = [each for each in held.windows if each.told == window.told and not each.is_over(turn.now)]
    done, ends = _ended(state, replaced, why, turn)
    left = tuple(each for each in held.proposals if each is not proposal)
    kept = replace(done.maintenance, proposals=left, answered=(*held.answered, proposal.id))
    agreed = _agreed(replace(done, maintenance=kept), window, turn)
    return replace(agreed, facts=(*ends, gone, *agreed.facts))


def end(state: PlatformState, act: EndWindow, turn: Turn) -> Found:
    """End a window, decline a proposal, or take back what waits."""
    if not is_line(act.reason, LONGEST_REASON):
        return no(f"a reason is needed: one line of at most {LONGEST_REASON} printable characters")
    held, hand = state.maintenance, turn.hand
    for proposal in held.proposals:
        if proposal.id == act.window:
            left = tuple(each for each in held.proposals if each is not proposal)
            after = replace(held, proposals=left, answered=(*held.answered, proposal.id))
            gone = ProposalGone(proposal, f"declined: {act.reason}", hand.person, hand.token)
            line = f"{proposal.id} is declined: it had no effect, and has none"
            return Done(replace(state, maintenance=after), (gone,), Ruling(Answer.DONE, line, proposal.id))
    for asked in held.asked:
        if asked.window.id == act.window:
            after = replace(held, asked=tuple(each for each in held.asked if each is not asked))
            back = WindowRefused(asked, f"taken back: {act.reason}", hand.person, hand.token)
            line = f"{act.window} waits no more: it had no effect, and has none"
            return Done(replace(state, maintenance=after), (back,), Ruling(Answer.DONE, line, act.window))
    known = {window.id: window for window in held.windows}
    window = known.get(act.window)
    if window is None:
        return no(window_lines.no_such_window(held, turn.now), Answer.NO_SUCH)
    if window.is_over(turn.now):
        return no(window_lines.over_already(window))
    done, ends = _ended(state, [window], act.reason, turn)
    return Done(done, ends, Ruling(Answer.DONE, window_lines.ended(ends[0].window, held.windows, turn.now), window.id))


def confirm(state: PlatformState, act: ConfirmWindow, turn: Turn) -> Found:
    """Be the second person of a window with a start in the past."""
    held = state.maintenance
    waiting = {each.window.id: each for each in held.asked}
    asked = waiting.get(act.window)
    if asked is None:
        return no(window_lines.no_such_request(waiting), Answer.NO_SUCH)
    by = asked.window.by
    if is_same_person(by, turn.hand.person):
        return no(f"{by} asked for {act.window}: another person must confirm it")
    if (wrong := _too_many(held, turn.now)) is not None:
        return no(wrong)
    window = replace(asked.window, confirmed_by=turn.hand.person, agreed_at=turn.now)
    left = replace(held, asked=tuple(each for each in held.asked if each is not asked))
    return _agreed(replace(state, maintenance=left), window, turn)


def unwatched(named: Range, policy: PlatformPolicy) -> str | None:
    """Return what a window names that isn't watched; None if all of it is."""
    functions = dict.fromkeys(probe.function for probe in policy.probes.values())
    for what, wanted, known in (("function", named.functions, functions), ("probe", named.probes, policy.probes)):
        if any(name not in known for name in wanted):
            return f"a {what} that it names is not watched: {what}s are {', '.join(known)}"
    return None


def wrong_calendar(calendar: Calendar, *, is_long: bool) -> str | None:
    """Return what is wrong with a calendar; None if nothing is."""
    known, days = recurrence.WORDS, calendar.days
    if not 0 < len(days) <= len(known) or any(word not in known for word in days):
        return "days: expected days such as daily, tuesday, first tuesday, last friday, 15 or last day"
    if re.fullmatch(recurrence.TIME_PATTERN, calendar.at) is None:
        return "at: expected a time of day such as 02:00"
    if zone(calendar.timezone) is None:
        return "timezone: expected a time zone that this machine knows, such as Europe/Berlin or UTC"
    return too_long(calendar.lasts, is_long=is_long)


def _agreed(state: PlatformState, window: Window, turn: Turn) -> Done:
    held = state.maintenance
    after = replace(state, maintenance=replace(held, windows=(*held.windows, window)))
    line = window_lines.agreed(window, turn.now)
    return Done(after, (WindowAgreed(window, turn.hand.token),), Ruling(Answer.DONE, line, window.id))


def _ask(state: PlatformState, window: Window, turn: Turn) -> Found:
    held = state.maintenance
    for asked in held.asked:
        if is_same_person(asked.window.by, turn.hand.person):
            return no(window_lines.asked_already(asked))
    if len(held.asked) >= MOST_ASKED:
        return no(f"{len(held.asked)} windows wait already: have one confirmed, or wait until one has died")
    asked = Asked(window, turn.hand.token, turn.now, turn.now + CONFIRM_WITHIN)
    after = replace(state, maintenance=replace(held, asked=(*held.asked, asked)))
    return Done(after, (WindowAsked(asked),), Ruling(Answer.PENDING, window_lines.waits(asked), window.id))


def _ended(
    state: PlatformState, gone: Iterable[Window], why: str, turn: Turn
) -> tuple[PlatformState, tuple[WindowEnded, ...]]:
    held, mark = state.maintenance, Ended(turn.hand.person, turn.now, why)
    ended = {window.id: replace(window, ended=mark) for window in gone}
    windows = tuple(ended.get(each.id, each) for each in held.windows)
    facts = tuple(WindowEnded(window, turn.hand.token) for window in ended.values())
    return replace(state, maintenance=replace(held, windows=windows)), facts


def _unfit(state: PlatformState, reason: str, named: Range, turn: Turn) -> str | None:
    if not is_line(reason, LONGEST_REASON):
        return f"a reason is needed: one line of at most {LONGEST_REASON} printable characters"
    if len(named.functions) + len(named.probes) > MOST_NAMED:
        return f"a window names {MOST_NAMED} functions and probes at most"
    return unwatched(named, turn.policy) or _too_many(state.maintenance, turn.now)


def _too_many(held: Maintenance, now: datetime) -> str | None:
    count = sum(not window.is_over(now) for window in held.windows)
    return f"{count} windows are agreed already: end one first" if count >= MOST_WINDOWS else None


def _unfit_times(start: datetime, end: datetime | None, turn: Turn, *, is_long: bool) -> str | None:
    if end is None:
        return "expected an end, or how long it lasts"
    if end <= start:
        return "it ends before it starts"
    if start < turn.now - FURTHEST_BACK:
        return f"it starts more than {FURTHEST_BACK.days} days ago"
    return _too_far(start, turn) or too_long(end - start, is_long=is_long)


def _unfit_calendar(
    calendar: Calendar, start: datetime, end: datetime | None, turn: Turn, *, is_long: bool
) -> str | None:
    if start < turn.now:
        return "what comes back is agreed from now on: expected no start in the past"
    if end is not None and end <= start:
        return "it ends before it starts"
    return _too_far(start, turn) or wrong_calendar(calendar, is_long=is_long)


def _too_far(start: datetime, turn: Turn) -> str | None:
    if start > turn.now + FURTHEST_AHEAD:
        return f"it starts more than {FURTHEST_AHEAD.days} days from now"
    return None


ACTS: Final[Mapping[type, Callable[[PlatformState, Any, Turn], Found]]] = {
    AddWindow: add,
    AcceptWindow: accept,
    EndWindow: end,
    ConfirmWindow: confirm,
}
