"""A second model of the rules, deliberately naive: everything is worked out anew from the whole history each time.

It shares no code with `monitor.rules`: no cheap path, no deadlines, no judged state carried along but what the
history itself holds. What is slow here is simple; where both agree, both are probably right.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from monitor.model.event import BlindnessChanged, ClockSetBack, Event, Observed, Restarted, VotesChanged
from monitor.model.outcome import Attempt, OutcomeKind, Reason, Warn
from monitor.model.policy import PlatformPolicy, ProbePolicy
from monitor.model.state import Cause
from monitor.model.verdict import CauseKind
from tests.support.naive_probe import Belief, Token, believe, says


@dataclass(frozen=True)
class Raised:
    """A drill added a cause."""

    cause: Cause


@dataclass(frozen=True)
class Did:
    """A person did something to the flag. `target`: kind, and person or id, of what it is about; None: nothing."""

    what: str
    person: str
    span: timedelta = timedelta(0)
    target: tuple[str, str] | None = None


@dataclass(frozen=True)
class Entry:
    """One thing that happened, when, and the settings from then on."""

    now: datetime
    event: Event | Raised | Did
    policy: PlatformPolicy


def deciders(probes: Sequence[ProbePolicy]) -> list[ProbePolicy]:
    """Return the probes that decide on one function."""
    ranked = (
        [probe for probe in probes if probe.role == "deciding"],
        [probe for probe in probes if probe.role == "first_hand" and probe.critical],
        [probe for probe in probes if probe.role == "first_hand"],
    )
    return next((found for found in ranked if found), [])


def function_verdict(probes: Sequence[ProbePolicy], beliefs: dict[str, Belief], views: dict[str, str]) -> str:
    """Read design 3.3 on one function."""
    deciding = [views[probe.name] for probe in deciders(probes)]
    if deciding and set(deciding) == {"bad"}:
        return "down"
    everyone = {views[probe.name] for probe in probes}
    if (deciding and "good" not in deciding) or everyone == {"unmeasured"}:
        return "unknown"
    for probe in probes:
        held, first_hand = beliefs[probe.name], probe.role != "second_hand"
        lately = held.scheduled[-20:]
        if (
            (held.bad and (probe.critical or not first_hand))
            or (held.proven and not held.bad and held.warnings)
            or (held.proven and first_hand and lately.count(True) >= max(3, len(lately) / 10))
        ):
            return "degraded"
    return "up"


def own_vote(functions: dict[str, str], critical: set[str], *, blind: bool) -> str:
    """Read design 3.3 on the platform."""
    verdicts = set(functions.values())
    grave = {functions[name] for name in critical}
    if blind:
        return "unknown"
    if "down" in grave:
        return "down"
    if "unknown" in grave or verdicts == {"unknown"}:
        return "unknown"
    return "up" if verdicts == {"up"} else "degraded"


def all_votes(votes: Sequence[str], configured: int) -> tuple[str, bool]:
    """Read design 3.3 on several vantages; also whether a minority sees it down."""
    down, seeing = votes.count("down"), len(votes) - votes.count("unknown")
    if down > configured / 2:
        return "down", False
    if seeing <= configured / 2:
        return "unknown", False
    if "down" in votes:
        return "degraded", True
    return ("degraded" if "degraded" in votes else "up"), False


@dataclass
class Span:
    """An outage."""

    id: str
    opened: datetime
    functions: dict[str, set[str]]
    ended: datetime | None = None
    cleared: datetime | None = None
    gaps: list[tuple[datetime, datetime]] = field(default_factory=list)


@dataclass
class Held:
    """A cause, and whether it is suspended."""

    cause: Cause
    outage: Span | None = None
    suspended: bool = False
    last_hands: tuple[str, ...] = ()

    def name(self) -> tuple[str, str]:
        """Return its kind, and who raised it or which one it is."""
        is_manual = self.cause.kind is CauseKind.MANUAL
        return self.cause.kind.value, str(self.cause.by) if is_manual else self.cause.id


@dataclass
class Wish:
    """What waits for a second person."""

    kind: str
    by: str
    span: timedelta
    asked: datetime


class History:
    """Reads a history from its beginning."""

    def __init__(self) -> None:
        self.tokens: dict[str, list[Token]] = {}
        self.fingerprints: dict[str, str] = {}
        self.blind = False
        self.others: list[str] = []
        self.readings: list[tuple[datetime, str, bool]] = []  # when, verdict, whether the monitor just came back
        self.minority = False
        self.unknown = False
        self.ticket = False
        self.critical: set[str] = set()
        self.functions: dict[str, str] = {}
        self.outages: list[Span] = []
        self.causes: list[Held] = []
        self.flags: list[tuple[str, frozenset[tuple[str, ...]]]] = [("standby", frozenset())]
        self.probe_pages: set[tuple[str, str]] = set()
        self.wishes: list[Wish] = []
        self.closed_until: datetime | None = None
        self.closed_since: datetime | None = None  # by one inhibition after another
        self.opened: datetime | None = None
        self.news: dict[str, datetime] = {}
        self.renewal: tuple[str, str, datetime] | None = None
        self.answer = ""

    def read(self, entry: Entry) -> None:
        """Take in one entry and draw every conclusion anew."""
        if not self.readings:
            self._know(entry)
        self._forget(entry.now)
        self._happen(entry)
        beliefs, views = self._look(entry)
        self._judge(entry, beliefs, views)
        self._outage(entry, beliefs, views)
        self._cause(entry, views)
        self._tell(entry)
        in_force = [held for held in self.causes if not held.suspended and not (held.outage and self.closed_until)]
        kinds = {held.cause.kind.value for held in in_force}
        state = "ready" if kinds & {"outage", "manual"} else "exercise" if kinds else "standby"
        self.flags.append((state, frozenset((*held.name(), str(held.cause.until)) for held in in_force)))
        if state != "standby":
            self.news = {}
        elif self.closed_until:
            self.news.pop("opened", None)

    # what happened

    def _know(self, entry: Entry) -> None:
        for name, settings in entry.policy.probes.items():
            self.tokens[name], self.fingerprints[name] = [], settings.fingerprint

    def _happen(self, entry: Entry) -> None:
        match entry.event:
            case Observed() as seen if seen.probe in self.tokens:
                self._observe(seen)
            case BlindnessChanged(blind=blind):
                if blind and not self.blind:
                    self._all("blind", entry.now)
                self.blind = blind
            case VotesChanged(others=others):
                self.others = [str(vote.value) for vote in others.values()]
            case Raised(cause=cause):
                self.causes.append(Held(cause))
            case Did() as did:
                self.answer = self._did(entry, did)
            case ClockSetBack(by=by):
                self._set_back(by)
                self._forget(entry.now)
            case Restarted(last_alive_at=alive):
                self.causes = [held for held in self.causes if held.cause.kind is not CauseKind.EXERCISE]
                self._restart(
                    entry, is_long=alive is None or alive > entry.now or entry.now - alive > entry.policy.ready_ttl
                )
            case _:
                pass

    def _all(self, what: str, now: datetime) -> None:
        for tokens in self.tokens.values():
            tokens.append(Token(what, now, now))

    def _observe(self, seen: Observed) -> None:
        outcome = seen.outcome
        if self.blind:
            return
        what = outcome.kind.value if outcome.kind in {OutcomeKind.GOOD, OutcomeKind.BAD} else "none"
        self.tokens[seen.probe].append(
            Token(
                what,
                outcome.started_at,
                seen.ended_at,
                seen.control_answered,
                outcome.attempt == Attempt.SCHEDULED,
                outcome.warnings,
            )
        )
        refused, expiry = (seen.probe, "credentials_refused"), (seen.probe, "tls_expiry")
        if outcome.kind == OutcomeKind.NOT_MEASURED and outcome.reason == Reason.CREDENTIALS_REFUSED:
            self.probe_pages.add(refused)
        if what != "none":
            self.probe_pages.discard(refused)
            if Warn.TLS_DAYS_LEFT in outcome.warnings:
                self.probe_pages.add(expiry)
            elif what == "good" or outcome.tls_expiry_at:
                self.probe_pages.discard(expiry)

    def _restart(self, entry: Entry, *, is_long: bool) -> None:
        policy, now = entry.policy, entry.now
        last = self.outages[-1] if self.outages else None
        openers_before = set().union(*last.functions.values()) if last and not last.ended else set()
        if last:
            self._rewatch(last, policy, now)
        openers = set().union(*last.functions.values()) if last and not last.ended else set()
        for name, settings in policy.probes.items():
            tokens = self.tokens.get(name, [])
            if self.fingerprints.get(name) != settings.fingerprint:
                self.tokens[name] = [Token("hold", now, now)] if name in openers else []
                self.fingerprints[name] = settings.fingerprint
                continue
            held = believe(tokens, settings)
            is_new = name in openers - openers_before and not (held.bad and not held.doubted)
            is_old = held.measured_at is None or now - held.measured_at > policy.ready_ttl
            what = "hold" if is_new else "doubt" if is_long or (is_old and name not in openers) else "drop"
            tokens.append(Token(what, now, now))
        for gone in set(self.tokens) - set(policy.probes):
            del self.tokens[gone], self.fingerprints[gone]
        self.probe_pages = {(name, kind) for name, kind in self.probe_pages if name in policy.probes}
        self.others = []
        if isinstance(entry.event, Restarted) and (
            entry.event.last_alive_at is None or entry.event.last_alive_at > now
        ):
            self.wishes, self.news = [], {}
            if entry.event.last_alive_at:
                self._set_back(entry.event.last_alive_at - now)
            self._forget(now)
            if self.closed_until:
                self._open(now)
                self.closed_since = now - timedelta(hours=1)
        for held_cause in self.causes:
            held_cause.suspended |= is_long and held_cause.cause.kind == "outage"

    # what people did

    def _forget(self, now: datetime) -> None:
        self.news = {name: until for name, until in self.news.items() if until > now}
        self.wishes = [wish for wish in self.wishes if now < wish.asked + timedelta(minutes=15)]
        if self.closed_until and self.closed_until <= now:
            self._open(now)

    def _set_back(self, by: timedelta) -> None:
        """Have everything that lasts have lasted longer by this: the clock did not show it."""
        self.readings = [(when - by, verdict, is_restart) for when, verdict, is_restart in self.readings]
        for wish in self.wishes:
            wish.asked -= by
        for held in self.causes:
            if held.cause.until:
                held.cause = replace(held.cause, until=(held.cause.until - by).replace(microsecond=0))
        if self.closed_until:
            self.closed_until = (self.closed_until - by).replace(microsecond=0)
        self.closed_since = self.closed_since and self.closed_since - by
        self.opened = self.opened and self.opened - by
        self.news = {name: until - by for name, until in self.news.items()}
        if self.renewal:
            self.renewal = (*self.renewal[:2], (self.renewal[2] - by).replace(microsecond=0))

    def _open(self, now: datetime) -> None:
        self.closed_until, self.opened = None, now
        self.news["opened"] = now + timedelta(minutes=15)

    def _hour_ends(self, now: datetime) -> datetime:
        if not self.closed_until and not (self.opened and now - self.opened < timedelta(minutes=15)):
            self.closed_since = now
        return (self.closed_since or now).replace(microsecond=0) + timedelta(hours=1)

    def _did(self, entry: Entry, did: Did) -> str:
        now = entry.now
        alive = [held for held in self.causes if not (held.cause.until and held.cause.until <= now)]
        match did.what:
            case "raise" | "inhibit":
                return self._ask(entry, did)
            case "confirm":
                return self._confirm(entry, did)
            case "lower":
                is_done = any(held.outage is None for held in alive)
                if is_done:
                    self.news["lowered"] = now + timedelta(minutes=15)
                self.causes = [held for held in self.causes if held.outage or not is_done]
            case "end":
                is_done = self.closed_until is not None
                if is_done:
                    self._open(now)
            case _:
                found = next((held for held in alive if held.name() == did.target), None)
                return self._renew(entry, did, found) if found else "no_such"
        return "done" if is_done else "not_possible"

    def _ask(self, entry: Entry, did: Did) -> str:
        most = timedelta(hours=1) if did.what == "inhibit" else entry.policy.manual_max
        if not timedelta(seconds=5) <= did.span <= most:
            return "not_possible"
        if did.what == "raise" and self._holds(did.person, entry.now):
            return "not_possible"
        if did.what == "raise" and entry.policy.manual_persons == 1:
            self._raise((did.person,), did.span, entry.now)
            return "done"
        if did.what == "inhibit" and self._hour_ends(entry.now) - entry.now < timedelta(seconds=5):
            return "not_possible"
        mine = [wish for wish in self.wishes if wish.kind == did.what and _same(wish.by, did.person)]
        if mine or len(self.wishes) > 3:
            return "not_possible"
        self.wishes.append(Wish(did.what, did.person, did.span, entry.now))
        return "pending"

    def _holds(self, person: str, now: datetime) -> bool:
        manual = [held.cause for held in self.causes if held.cause.kind is CauseKind.MANUAL]
        return any(_same(str(cause.by), person) and (cause.until or now) > now for cause in manual)

    def _raise(self, persons: tuple[str, ...], span: timedelta, now: datetime) -> None:
        person = persons[0]
        cause = Cause(CauseKind.MANUAL, person, now, (now + span).replace(microsecond=0), by=person)
        self.causes.append(Held(cause, last_hands=persons))

    def _confirm(self, entry: Entry, did: Did) -> str:
        wish = next((wish for wish in self.wishes if (wish.kind, wish.by) == did.target), None)
        if wish is None:
            return "no_such"
        too_long = wish.kind == "raise" and wish.span > entry.policy.manual_max
        if _same(wish.by, did.person) or too_long or (wish.kind == "raise" and self._holds(wish.by, entry.now)):
            return "not_possible"
        hour_ends = self._hour_ends(entry.now)
        if wish.kind == "inhibit" and hour_ends - entry.now < timedelta(seconds=5):
            return "not_possible"
        self.wishes.remove(wish)
        if wish.kind == "raise":
            self._raise((wish.by, did.person), wish.span, entry.now)
        else:
            self.closed_until = min((entry.now + wish.span).replace(microsecond=0), hour_ends)
        return "done"

    def _renew(self, entry: Entry, did: Did, held: Held) -> str:
        until = (entry.now + did.span).replace(microsecond=0)
        if held.cause.kind is CauseKind.EXERCISE or did.span < timedelta(seconds=5):
            return "not_possible"
        if held.cause.kind is CauseKind.MANUAL:
            if (
                did.span > entry.policy.manual_max
                or any(_same(hand, did.person) for hand in held.last_hands)
                or until <= (held.cause.until or until)
            ):
                return "not_possible"
            held.cause, held.last_hands = replace(held.cause, until=until), (did.person,)
            return "done"
        ends, last = self._rests_until(entry.policy), self.renewal[1] if self.renewal else ""
        if did.span > entry.policy.unknown_max or ends is None or held.suspended or ends <= entry.now:
            return "not_possible"
        if _same(last, did.person) or until <= ends:
            return "not_possible"
        self.renewal = (held.cause.id, did.person, until)
        return "done"

    def _rests_until(self, policy: PlatformPolicy) -> datetime | None:
        unknown = self.since("unknown", across_restarts=True)
        if unknown is None:
            return None
        return max(unknown + policy.unknown_max, self.renewal[2] if self.renewal else unknown)

    def _rewatch(self, last: Span, policy: PlatformPolicy, now: datetime) -> None:
        before = dict(last.functions)
        for name, openers in before.items():
            probes = [probe for probe in policy.probes.values() if probe.function == name]
            last.functions[name] = (openers & {probe.name for probe in probes}) or {
                probe.name for probe in deciders(probes)
            }
            if not last.functions[name]:
                del last.functions[name]
        if before and not last.functions and not last.ended:
            for name in {probe.function for probe in policy.probes.values() if probe.critical}:
                probes = [probe for probe in policy.probes.values() if probe.function == name]
                if deciders(probes):
                    last.functions[name] = {probe.name for probe in deciders(probes)}
        if before and not last.functions and not last.ended:
            last.functions = before
            self._end(last, now, now)

    # what follows

    def _look(self, entry: Entry) -> tuple[dict[str, Belief], dict[str, str]]:
        probes = entry.policy.probes
        beliefs = {name: believe(self.tokens[name], probes[name]) for name in probes}
        views = {name: says(beliefs[name], probes[name], entry.now, blind=self.blind) for name in probes}
        return beliefs, views

    def _judge(self, entry: Entry, beliefs: dict[str, Belief], views: dict[str, str]) -> None:
        groups: dict[str, list[ProbePolicy]] = {}
        for probe in entry.policy.probes.values():
            groups.setdefault(probe.function, []).append(probe)
        self.functions = {name: function_verdict(probes, beliefs, views) for name, probes in groups.items()}
        self.critical = {name for name, probes in groups.items() if any(probe.critical for probe in probes)}
        vote = own_vote(self.functions, self.critical, blind=self.blind)
        verdict, self.minority = all_votes([vote, *self.others], entry.policy.configured_vantages)
        self.readings.append((entry.now, verdict, isinstance(entry.event, Restarted)))

    @property
    def verdict(self) -> str:
        """The latest verdict."""
        return self.readings[-1][1]

    def since(self, verdict: str, *, across_restarts: bool) -> datetime | None:
        """Return since when the verdict has been this one without break."""
        found = None
        for when, was, is_restart in reversed(self.readings):
            if was != verdict:
                break
            found = when
            if is_restart and not across_restarts:
                break
        return found

    def _outage(self, entry: Entry, beliefs: dict[str, Belief], views: dict[str, str]) -> None:
        last, now = (self.outages[-1] if self.outages else None), entry.now
        if self.verdict == "down":
            self._down(entry, beliefs, last)
        elif last and not last.ended:
            returns = []
            for name, openers in last.functions.items():
                back = [beliefs[probe].good_since for probe in openers if views[probe] == "good"]
                returns.append(None if self.functions[name] == "down" or not back else min(filter(None, back)))
            if not last.functions and self.verdict != "unknown":
                self._end(last, now, now)
            elif last.functions and all(returns):
                self._end(last, max(filter(None, returns)), now)

    def _down(self, entry: Entry, beliefs: dict[str, Belief], last: Span | None) -> None:
        lost: dict[str, set[str]] = {}
        starts = [entry.now]
        for name in self.critical:
            if self.functions[name] == "down":
                probes = [probe for probe in entry.policy.probes.values() if probe.function == name]
                lost[name] = {probe.name for probe in deciders(probes)}
                starts.append(max(filter(None, (beliefs[probe].bad_since for probe in lost[name]))))
        if last and not last.ended:
            last.functions = {**lost, **last.functions}
        elif last and last.ended and last.cleared and entry.now < last.cleared + entry.policy.lower_after:
            if min(starts) > last.ended:
                last.gaps.append((last.ended, min(starts)))
            last.functions = {
                name: last.functions.get(name, set()) | lost.get(name, set()) for name in {*lost, *last.functions}
            }
            last.ended = last.cleared = None
        else:
            opened = max(min(starts), last.ended) if last and last.ended else min(starts)
            stamp = min(starts).strftime("%Y%m%dT%H%M%S") + f"{min(starts).microsecond // 1000:03d}Z"
            self.outages.append(Span(f"{entry.policy.platform}-{stamp}", opened, lost))

    def _end(self, last: Span, ended: datetime, now: datetime) -> None:
        latest = last.gaps[-1][1] if last.gaps else last.opened
        last.ended, last.cleared = max(min(ended, now), latest), now

    def _cause(self, entry: Entry, views: dict[str, str]) -> None:
        now, policy = entry.now, entry.policy
        last = self.outages[-1] if self.outages else None
        up, rests_until = self.since("up", across_restarts=False), self._rests_until(policy)
        rests = rests_until is not None and now >= rests_until
        quiet = up is not None and now - up >= policy.lower_after
        if rests and last and not last.ended and any(held.outage for held in self.causes):
            for name in set().union(*last.functions.values()):
                belief = believe(self.tokens[name], policy.probes[name])
                if belief.bad and not belief.doubted and views[name] == "unmeasured":
                    self.tokens[name].append(Token("doubt", now, now))
        self.causes = [held for held in self.causes if not (held.cause.until and held.cause.until <= now)]
        self.causes = [
            held for held in self.causes if held.outage is None or not (rests or (quiet and held.outage.ended))
        ]
        if self.verdict == "down" and last:
            self.causes = [held for held in self.causes if held.outage is None or held.outage is last]
            mine = next((held for held in self.causes if held.outage is last), None)
            if mine is None:
                self.causes.append(Held(Cause(CauseKind.OUTAGE, last.id, last.opened), last))
            else:
                mine.suspended = False
        if self.renewal and self.renewal[0] not in {held.cause.id for held in self.causes}:
            self.renewal = None

    # what is told

    def _tell(self, entry: Entry) -> None:
        patience = entry.policy.unknown_pages_after
        unknown, degraded = (self.since(verdict, across_restarts=True) for verdict in ("unknown", "degraded"))
        self.unknown = unknown is not None and entry.now - unknown >= patience
        only_unknown = not {*self.functions.values(), *self.others} & {"degraded", "down"}
        if degraded and not (only_unknown and entry.now - degraded < patience):
            self.ticket = True
        if self.verdict in {"up", "down"}:
            self.ticket = False

    def firing(self) -> set[tuple[str, ...]]:
        """Return the kinds of page that must be firing, with what tells them apart."""
        told: set[tuple[str, ...]] = {(kind, name) for name, kind in self.probe_pages}
        if self.outages and not self.outages[-1].ended:
            told.add(("outage", self.outages[-1].id))
        told |= {("outage", "exercise", name) for kind, name, _ in self.flags[-1][1] if kind == "exercise"}
        if self.flags[-1][0] != "standby":
            told.add(("flag",))
        told |= {("flag", f"{wish.kind}-{wish.by}") for wish in self.wishes}
        if self.closed_until:
            told.add(("flag", "inhibit"))
        told |= {("flag", name) for name in self.news}
        if self.unknown:
            told.add(("unknown",))
        if self.minority:
            told.add(("minority_down",))
        if self.ticket:
            told.add(("degraded",))
        return told

    def change(self) -> int:
        """Return how often state or causes changed."""
        return sum(was != now for was, now in zip(self.flags, self.flags[1:], strict=False))


def _same(one: str, other: str) -> bool:
    return one.lower().split("@")[0].split("+")[0] == other.lower().split("@")[0].split("+")[0]


def read(history: Sequence[Entry]) -> History:
    """Read a whole history from its beginning."""
    book = History()
    for entry in history:
        book.read(entry)
    return book
