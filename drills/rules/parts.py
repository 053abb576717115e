"""The parts of a break-glass drill, by the ids that steps name in `evidences`, and which steps can show which.

1. `D4` and `D5` are shown by what let in, and by no refusal; `D5` by no way that leads through the platform.
2. `D5R` is shown by refusals alone: an access that must be refused, a flag that must not be believed.
3. `D0` and `D11` are what people do: a person says so (`manual`).
4. `D12` no step shows. It is made of receipts (`drills.rules.sealed`).
5. `D8` and `D9` are shown either way; `D8` only after access was had (`drills.rules.results`). The others by no
   refusal.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from drills.model.step import PlannedStep, Way

PARTS: Final[Mapping[str, str]] = {
    "D0": "The drill was authorised, and those who watch over security knew of it",
    "D1": "The platform was out of reach, really or by exercise",
    "D2": "The outage was detected",
    "D3": "Somebody was paged: the page arrived at the pager",
    "D4": "The glass was opened: a signed flag or order, by those who may",
    "D5": "Access was had on the targets, by break-glass",
    "D5R": "Whoever must not get in was refused: strangers, flags that are not to be believed, an order of one person, "
    "a seal that is whole",
    "D6": "The access stands in the audit at its source",
    "D7": "It reached those who watch over security, and they were alerted",
    "D8": "The access was taken back, and is refused again",
    "D9": "The credential was changed, and the old one is refused",
    "D10": "The platform grants access again as it does every day",
    "D11": "People reviewed what happened, and what is to be done",
    "D12": "The evidence was sealed, and this report made from it",
}
OPENED: Final = "D4"
ACCESS: Final = "D5"
REFUSAL: Final = "D5R"
TAKEN_BACK: Final = "D8"
SEALED: Final = "D12"
_EITHER_WAY: Final = frozenset({TAKEN_BACK, "D9"})
_BY_PEOPLE: Final = frozenset({"D0", "D11"})
_MANUAL: Final = "manual"
_REFUSED_FLAG: Final = ": it must be refused"  # how the line went on before such a step was known as a refusal


class Kind(NamedTuple):
    """A step as far as it decides what it can show."""

    action: str
    is_refusal: bool
    way: Way | None = None


def kind_of(step: PlannedStep) -> Kind:
    """Return what kind of step it is, also where an older version planned it."""
    is_refused_flag = step.action == "expect_flag" and _REFUSED_FLAG in step.line
    return Kind(step.action, step.expects_refusal or is_refused_flag, step.way)


def unshown(part: str, kind: Kind) -> str:
    """Return what would have to be otherwise for a step of this kind to show a part; empty where it can show it."""
    if part not in PARTS:
        return "expected a part of a drill"
    if part == SEALED:
        return f"expected nothing of the kind: no step shows {part}, but signed receipts of the run's own journal"
    if part in _BY_PEOPLE and kind.action != _MANUAL:
        return f"expected it at a step of action {_MANUAL}: that people did it, a person says"
    if part == ACCESS and kind.way is Way.PLATFORM and not kind.is_refusal:
        return f"expected another way than the platform: {part} is access by break-glass"
    return _of_refusals(part, is_refusal=kind.is_refusal)


def _of_refusals(part: str, *, is_refusal: bool) -> str:
    if part == REFUSAL and not is_refusal:
        return f"expected it where something must be refused: nothing else shows {part}"
    if is_refusal and part != REFUSAL and part not in _EITHER_WAY:
        return f"expected {REFUSAL}: what is refused does not show {part}"
    return ""
