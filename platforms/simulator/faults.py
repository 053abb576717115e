"""Ways to misbehave, as data: which function shows which fault, editable while the platform runs.

The rules:
1. A function shows at most one fault; setting another replaces it.
2. A function's own fault comes first, then the one on `health` (for health addresses only), then the one on `all`.
3. `flapping` shows its fault on the first `bad` of every `of` calls, counted from when it was set.
4. `stop` closes the listening socket, so it can be set on `all` only.
5. What is no fault we know is refused whole, with the member that is wrong; what was set before stays.

It decides what to show and shows nothing itself: see interference.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from platforms.simulator.errors import FaultInvalid

FUNCTIONS: Final = ("sign_in", "request", "approve", "grant", "connect", "revoke")
HEALTH: Final = "health"
STATUS_PAGE: Final = "status_page"
ALL: Final = "all"
TARGETS: Final = (*FUNCTIONS, HEALTH, STATUS_PAGE, ALL)


class FaultKind(StrEnum):
    """The ways we know."""

    FAIL = "fail"  # answers `status`
    HANG = "hang"  # takes the call and never answers
    MUTE = "mute"  # carries the call out and never answers
    SLOW = "slow"  # answers honestly after `seconds`
    REFUSE = "refuse"  # resets the connection at once
    WRONG = "wrong"  # answers 200 with a body that makes no sense
    DENIED = "denied"  # answers 401 or 403
    RATE_LIMITED = "rate_limited"  # answers 429 with Retry-After
    FLAPPING = "flapping"  # answers `status` on the first `bad` of every `of` calls
    STOP = "stop"  # nothing listens any more


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to misbehave. Members that the kind does not use hold their defaults."""

    kind: FaultKind
    status: int = 503
    seconds: float = 2.0
    bad: int = 1
    of: int = 3

    def as_data(self) -> dict[str, object]:
        """Return the kind and the members it uses: what `parse` reads."""
        return {"kind": self.kind.value} | {name: getattr(self, name) for name in _MEMBERS[self.kind]}


# Which members a kind takes, with its own defaults where they differ from Fault's.
_MEMBERS: Final[Mapping[FaultKind, Mapping[str, float]]] = {
    FaultKind.FAIL: {"status": 503},
    FaultKind.HANG: {},
    FaultKind.MUTE: {},
    FaultKind.SLOW: {"seconds": 2.0},
    FaultKind.REFUSE: {},
    FaultKind.WRONG: {},
    FaultKind.DENIED: {"status": 401},
    FaultKind.RATE_LIMITED: {"seconds": 30.0},
    FaultKind.FLAPPING: {"bad": 1, "of": 3, "status": 503},
    FaultKind.STOP: {},
}


@dataclass(frozen=True, slots=True)
class _Range:
    low: float
    high: float
    is_whole: bool

    def holds(self, value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        return self.low <= value <= self.high and (not self.is_whole or isinstance(value, int))

    def __str__(self) -> str:
        return f"a {'whole ' if self.is_whole else ''}number from {self.low:g} to {self.high:g}"


_RANGES: Final[Mapping[str, _Range]] = {
    "status": _Range(400, 599, is_whole=True),
    "seconds": _Range(0.01, 3600, is_whole=False),
    "bad": _Range(1, 1000, is_whole=True),
    "of": _Range(1, 1000, is_whole=True),
}
_DENIALS = frozenset({401, 403})


def parse(target: str, data: object) -> Fault:
    """Return the fault that `data` (from JSON) describes for a target.

    Raises:
        FaultInvalid: unknown target, kind or member, a value out of its range, or a kind this target can't show.
    """
    if target not in TARGETS:
        raise FaultInvalid(f"function: expected one of {', '.join(TARGETS)}")
    if not isinstance(data, Mapping):
        raise FaultInvalid('expected an object such as {"kind": "fail", "status": 503}')
    kinds = [kind for kind in FaultKind if kind.value == data.get("kind")]
    if not kinds:
        raise FaultInvalid(f"kind: expected one of {', '.join(FaultKind)}")
    kind = kinds[0]
    if kind is FaultKind.STOP and target != ALL:
        raise FaultInvalid(f"kind: stop closes the one listening socket, so it can be set on {ALL} only")
    return Fault(kind, **_members(kind, data))


def _members(kind: FaultKind, data: Mapping[object, object]) -> dict[str, Any]:
    members: dict[str, Any] = dict(_MEMBERS[kind])
    for name, value in data.items():
        if name == "kind":
            continue
        if not isinstance(name, str) or name not in members:
            raise FaultInvalid(f"{kind} takes {', '.join(members) or 'no other member'}, and nothing else")
        if not _RANGES[name].holds(value):
            raise FaultInvalid(f"{name}: expected {_RANGES[name]}")
        members[name] = value
    if kind is FaultKind.DENIED and members["status"] not in _DENIALS:
        raise FaultInvalid("status: expected 401 or 403")
    if kind is FaultKind.FLAPPING and members["bad"] > members["of"]:
        raise FaultInvalid("bad: expected at most `of`")
    return members


class FaultBoard:
    """The faults set at this moment."""

    def __init__(self) -> None:
        self._set: dict[str, Fault] = {}
        self._calls: dict[str, int] = {}

    @property
    def is_stopped(self) -> bool:
        """Whether nothing is to listen."""
        fault = self._set.get(ALL)
        return fault is not None and fault.kind is FaultKind.STOP

    def show(self, target: str, fault: Fault) -> None:
        """Set a target's fault, in place of the one it had."""
        self._set[target] = fault
        self._calls[target] = 0

    def clear(self, target: str | None = None) -> None:
        """Take a target's fault away; every fault for None. What isn't set is no mistake."""
        for name in tuple(self._set) if target is None else (target,):
            self._set.pop(name, None)

    def due(self, function: str, *, is_health: bool = False) -> Fault | None:
        """Return the fault this call must show, and count the call; None for an honest answer."""
        for target in (function, HEALTH, ALL) if is_health else (function, ALL):
            fault = self._set.get(target)
            if fault is None:
                continue
            call = self._calls[target]
            self._calls[target] = call + 1
            if fault.kind is FaultKind.FLAPPING and call % fault.of >= fault.bad:
                return None
            return fault
        return None

    def as_data(self) -> dict[str, dict[str, object]]:
        """Return every fault that is set, by target."""
        return {target: fault.as_data() for target, fault in sorted(self._set.items())}
