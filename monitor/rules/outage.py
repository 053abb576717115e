"""When an outage begins, goes on, ends and comes back (design 3.3, 3.4).

1. It opens when the platform is down and none is open. It began when the first of its functions went down: a function
   goes down with the first bad outcome of the last probe of its deciding set. Never before the last outage ended.
2. Its openers are the deciding sets of its functions. A critical function that goes down later joins, with its probes.
3. It ends only by good outcomes of the probes that opened it: none of its functions is down, and of each one at least
   one opener is good by recovery. Unknown, or blind, never ends it. It ended at the first good outcome of the row that
   brought its last function back.
4. Down again within `lower_after` of being found over: the same outage goes on, for the reason of now, and the good
   span between is kept as an interruption. If what is down now was down before the end, there was no good span.
5. After that it is forgotten here (the store keeps it), and a new one opens.
6. An outage that only other vantages see has no functions of ours. It ends when the verdict of all is up or degraded;
   functions that go down here join it, and then 3 holds.
7. Spans are half-open, in order, and never overlap, also when a clock was set back. The id holds when the first
   function went down, to the millisecond.

On restart with other settings (`watched_on`): a function keeps the openers it still has. Where none is left the
function's present deciding set takes their place, and must recover. A function that is no longer watched is dropped.
When none is left, all critical functions of the platform hold the open outage, by their deciding sets, which must
recover: a function that got another name ends nothing. Only a platform without a critical function that could be down
ends it, as no longer watched.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from monitor.model.fact import Fact, OutageEnded, OutageOpened, OutageReopened, OutageWidened
from monitor.model.policy import PlatformPolicy
from monitor.model.state import Outage, PlatformState
from monitor.model.verdict import Verdict, View
from monitor.rules import reasons
from monitor.rules.function import deciding_set, probes_of
from monitor.rules.probe import view

_SEEN = (Verdict.UP, Verdict.DEGRADED)


def settle(state: PlatformState, policy: PlatformPolicy, now: datetime) -> tuple[PlatformState, list[Fact]]:
    """Return the state with its outage as the verdict makes it, and what changed."""
    if state.verdict is Verdict.DOWN:
        return _down(state, policy, now)
    known = state.outage
    if known is None:
        return state, []
    if known.cleared_at is not None:
        is_over = now >= known.cleared_at + policy.lower_after
        return (replace(state, outage=None) if is_over else state), []
    ended_at = _ended_at(state, known, policy, now)
    if ended_at is None:
        return state, []
    why = f"good again: {reasons.several(known.openers)}" if known.functions else "the other vantages see it again"
    return end(state, known, ended_at, now, why)


def end(
    state: PlatformState, known: Outage, ended_at: datetime, now: datetime, why: str
) -> tuple[PlatformState, list[Fact]]:
    """Return the state with the open outage ended; the end is put between its latest start and now."""
    latest_start = known.interruptions[-1][1] if known.interruptions else known.opened_at
    ended = replace(known, ended_at=max(min(ended_at, now), latest_start), cleared_at=now)
    return replace(state, outage=ended, last_ended_at=ended.ended_at), [OutageEnded(ended, why)]


def watched_on(known: Outage, policy: PlatformPolicy) -> Outage:
    """Return the outage with the functions that are still watched, and the openers that still are theirs.

    An open one of which none is watched any more is held by every critical function.
    """
    watched = _held_by(known, known.functions, policy)
    is_orphaned = known.ended_at is None and bool(known.functions) and not watched.functions
    return held_by_all(known, policy) if is_orphaned else watched


def held_by_all(known: Outage, policy: PlatformPolicy) -> Outage:
    """Return the outage as held by the deciding sets of all critical functions; by none, where none could be down."""
    critical = dict.fromkeys(probe.function for probe in policy.probes.values() if probe.critical)
    return _held_by(replace(known, openers=()), critical, policy)


def _held_by(known: Outage, wanted: Iterable[str], policy: PlatformPolicy) -> Outage:
    functions: list[str] = []
    openers: list[str] = []
    for function in wanted:
        probes = probes_of(policy, function)
        names = {probe.name for probe in probes}
        present = [opener for opener in known.openers if opener in names] or [
            probe.name for probe in deciding_set(probes)
        ]
        if present:
            functions.append(function)
            openers += present
    return replace(known, functions=tuple(functions), openers=tuple(openers))


def began_by(name: str) -> datetime | None:
    """Return when the first function of an outage went down, by its id; None if that isn't one of ours."""
    try:
        return datetime.strptime(name.rpartition("-")[2], "%Y%m%dT%H%M%S%fZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def _down(state: PlatformState, policy: PlatformPolicy, now: datetime) -> tuple[PlatformState, list[Fact]]:
    known = state.outage
    down = tuple(
        sorted(name for name, held in state.functions.items() if held.critical and held.verdict is Verdict.DOWN)
    )
    if known is None or (known.cleared_at is not None and now >= known.cleared_at + policy.lower_after):
        opened = _opened(state, policy, down, now)
        return replace(state, outage=opened), [OutageOpened(opened)]
    if known.ended_at is not None:
        wider = replace(_widened(known, policy, down), reason=state.why)
        reopened = _reopened(wider, known.ended_at, _began_at(state, policy, down, now))
        return replace(state, outage=reopened), [OutageReopened(reopened)]
    joining = tuple(name for name in down if name not in known.functions)
    if not joining:
        return state, []
    wider = _widened(known, policy, joining)
    return replace(state, outage=wider), [OutageWidened(wider)]


def _opened(state: PlatformState, policy: PlatformPolicy, down: tuple[str, ...], now: datetime) -> Outage:
    began_at = _began_at(state, policy, down, now)
    opened_at = began_at if state.last_ended_at is None else max(began_at, state.last_ended_at)
    # Not from `opened_at`: two outages may be put to begin at the same instant, the end of the one before.
    stamp = f"{began_at.astimezone(UTC):%Y%m%dT%H%M%S}{began_at.microsecond // 1000:03}Z"
    return Outage(
        id=f"{state.platform}-{stamp}",
        platform=state.platform,
        opened_at=opened_at,
        confirmed_at=max(now, opened_at),
        functions=down,
        openers=_openers(policy, down),
        reason=state.why,
    )


def _reopened(known: Outage, ended_at: datetime, began_at: datetime) -> Outage:
    interruptions = known.interruptions
    if began_at > ended_at:
        interruptions = (*interruptions, (ended_at, began_at))
    return replace(known, ended_at=None, cleared_at=None, interruptions=interruptions)


def _widened(known: Outage, policy: PlatformPolicy, joining: Iterable[str]) -> Outage:
    functions = dict.fromkeys((*known.functions, *joining))
    openers = dict.fromkeys((*known.openers, *_openers(policy, joining)))
    return replace(known, functions=tuple(functions), openers=tuple(openers))


def _openers(policy: PlatformPolicy, functions: Iterable[str]) -> tuple[str, ...]:
    return tuple(probe.name for name in functions for probe in deciding_set(probes_of(policy, name)))


def _began_at(state: PlatformState, policy: PlatformPolicy, down: Iterable[str], now: datetime) -> datetime:
    """Return when the first of these functions went down; now, where only others see it."""
    starts = (
        max(state.probes[opener].bad_since or now for opener in _openers(policy, (function,))) for function in down
    )
    return min((*starts, now))


def _ended_at(state: PlatformState, known: Outage, policy: PlatformPolicy, now: datetime) -> datetime | None:
    """Return when the last of the outage's functions came back; None while one hasn't."""
    if not known.functions:
        return now if state.verdict in _SEEN else None
    returned = [_returned_at(state, known, policy, function, now) for function in known.functions]
    known_returns = [at for at in returned if at is not None]
    return max(known_returns) if len(known_returns) == len(returned) else None


def _returned_at(
    state: PlatformState, known: Outage, policy: PlatformPolicy, function: str, now: datetime
) -> datetime | None:
    if state.functions[function].verdict is Verdict.DOWN:
        return None
    rows = (
        state.probes[opener].good_since
        for opener in known.openers
        if policy.probes[opener].function == function
        and view(state.probes[opener], policy.probes[opener], now, blind=state.blind) is View.GOOD
    )
    return min((since for since in rows if since is not None), default=None)
