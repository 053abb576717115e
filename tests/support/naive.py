"""A second model of the rules, deliberately naive: everything is worked out anew from the whole history each time.

It shares no code with `monitor.rules`: no cheap path, no deadlines, no judged state carried along but what the
history itself holds. What is slow here is simple; where both agree, both are probably right.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from monitor.model.event import BlindnessChanged, Event, Observed, Restarted, VotesChanged
from monitor.model.outcome import Attempt, OutcomeKind, Reason, Warn
from monitor.model.policy import PlatformPolicy, ProbePolicy
from monitor.model.state import Cause
from monitor.model.verdict import CauseKind


@dataclass(frozen=True)
class Raised:
    """A person, or a drill, added a cause (from the next issue on)."""

    cause: Cause


@dataclass(frozen=True)
class Lowered:
    """A person lowered the flag."""


@dataclass(frozen=True)
class Entry:
    """One thing that happened, when, and the settings from then on."""

    now: datetime
    event: Event | Raised | Lowered
    policy: PlatformPolicy


@dataclass
class Token:
    """What one probe went through: an outcome, or something that happened to the monitor."""

    what: str
    started: datetime
    ended: datetime
    answered: bool | None = None
    scheduled: bool = False
    warnings: tuple[Warn, ...] = ()


@dataclass
class Belief:
    """What follows from all of it."""

    proven: bool = False
    bad: bool = False
    doubted: bool = False
    held: bool = False
    bad_since: datetime | None = None
    good_since: datetime | None = None
    measured_at: datetime | None = None
    warnings: tuple[Warn, ...] = ()
    round: list[Token] = field(default_factory=list)
    row: list[Token] = field(default_factory=list)
    scheduled: list[bool] = field(default_factory=list)
    pending: int = 0
    suspect: Token | None = None


def believe(tokens: Sequence[Token], settings: ProbePolicy) -> Belief:
    """Read a probe's whole history from its beginning."""
    held = Belief()
    for token in tokens:
        {
            "good": _good,
            "bad": _bad,
            "none": _none,
            "drop": _drop,
            "blind": _blind,
            "doubt": _doubt,
            "hold": _hold,
        }[token.what](held, token, settings)
    return held


def _good(held: Belief, token: Token, settings: ProbePolicy) -> None:
    held.scheduled += [True] * held.pending
    held.round = []
    held.suspect = None
    held.pending = 0
    held.measured_at = token.ended
    held.warnings = token.warnings
    if token.scheduled:
        held.scheduled.append(False)
    if not held.proven:
        held.proven = True
        if held.held:
            held.bad = held.doubted = True
        else:
            held.good_since = token.started
    if held.bad:
        held.row.append(token)
        if len(held.row) >= settings.recover:
            held.good_since = held.row[0].started
            held.bad = held.doubted = held.held = False
            held.row = []


def _bad(held: Belief, token: Token, settings: ProbePolicy) -> None:
    if not held.proven:
        return
    held.pending += token.scheduled
    held.row = []
    if held.bad and not held.doubted:
        held.measured_at = token.ended
    elif len(held.round) + 1 < settings.confirm_attempts:
        held.round.append(token)
        held.suspect = held.suspect or token
        return
    elif token.answered is None:
        held.suspect = held.suspect or token
        return
    elif token.answered is False:
        held.pending = 0
    else:
        held.bad_since = [*held.round, token][0].started
        held.bad, held.doubted = True, False
        held.good_since = None
        held.measured_at = token.ended
    held.scheduled += [True] * held.pending
    held.pending = 0
    held.round = []
    held.suspect = None


def _none(held: Belief, token: Token, settings: ProbePolicy) -> None:
    held.round = []


def _drop(held: Belief, token: Token, settings: ProbePolicy) -> None:
    held.round = []
    held.suspect = None
    held.pending = 0


def _blind(held: Belief, token: Token, settings: ProbePolicy) -> None:
    held.round = []
    held.suspect = None
    held.pending = 0
    held.row = []


def _doubt(held: Belief, token: Token, settings: ProbePolicy) -> None:
    held.round = []
    held.suspect = None
    held.pending = 0
    if held.bad:
        held.doubted = True
        held.row = []


def _hold(held: Belief, token: Token, settings: ProbePolicy) -> None:
    held.round = []
    held.suspect = None
    held.pending = 0
    held.row = []
    held.held = True
    if held.proven:
        held.bad = held.doubted = True


def says(held: Belief, settings: ProbePolicy, now: datetime, *, blind: bool) -> str:
    """Return good, bad or unmeasured."""
    if blind or not held.proven or held.doubted or held.measured_at is None:
        return "unmeasured"
    last = held.measured_at + settings.interval * 3 + settings.timeout
    if held.suspect and held.suspect.started <= last:
        longest = (settings.timeout + settings.confirm_every) * settings.confirm_attempts
        last = max(last, held.suspect.started + longest + settings.interval * 3)
    if now > last:
        return "unmeasured"
    return "bad" if held.bad else "good"


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

    def read(self, entry: Entry) -> None:
        """Take in one entry and draw every conclusion anew."""
        if not self.readings:
            self._know(entry)
        self._happen(entry)
        beliefs, views = self._look(entry)
        self._judge(entry, beliefs, views)
        self._outage(entry, beliefs, views)
        self._cause(entry, views)
        self._tell(entry)
        in_force = [held for held in self.causes if not held.suspended]
        kinds = {held.cause.kind.value for held in in_force}
        state = "ready" if kinds & {"outage", "manual"} else "exercise" if kinds else "standby"
        self.flags.append((state, frozenset((held.cause.kind.value, held.cause.id) for held in in_force)))

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
            case Lowered():
                self.causes = [held for held in self.causes if held.cause.kind == "outage"]
            case Restarted(last_alive_at=alive):
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
        for held_cause in self.causes:
            held_cause.suspended |= is_long and held_cause.cause.kind == "outage"

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
        unknown, up = self.since("unknown", across_restarts=True), self.since("up", across_restarts=False)
        rests = unknown is not None and now - unknown >= policy.unknown_max
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
        if self.flags[-1][0] != "standby":
            told.add(("flag",))
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


def read(history: Sequence[Entry]) -> History:
    """Read a whole history from its beginning."""
    book = History()
    for entry in history:
        book.read(entry)
    return book
