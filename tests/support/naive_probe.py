"""What the naive model believes of one probe: read anew from everything that ever happened to it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from monitor.model.outcome import Warn
from monitor.model.policy import ProbePolicy


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
        held.round = held.round or [token]
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
