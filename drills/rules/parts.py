"""The parts of a break-glass drill, by the ids that steps name in `evidences`, and which steps can show which.

1. `D4` and `D5` are shown by what let in, and by no refusal; `D5` by way of break-glass alone.
2. `D5R` is shown by refusals alone: an access that must be refused, a flag that must not be believed.
3. `D6` is shown by no refusal, nor by the entry of one: that shows `D6R`, and nothing else does.
4. That no entry is found in a log shows no part: a log that nothing reaches lacks every entry.
5. `D0` and `D11` are what people do: a person says so (`manual`).
6. `D9` is shown by what rotates, and by refusals after it; `D8` either way, after access was had; `D10` by no refusal,
   after the outage (`drills.rules.results`). The others by no refusal.
7. `D12` no step shows. It is made of receipts (`drills.rules.sealed`).
"""

import re
from collections.abc import Mapping
from enum import StrEnum
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
    "D6R": "A refused try stands in the audit at its source",
    "D7": "It reached those who watch over security, and they were alerted",
    "D8": "The access was taken back, and is refused again",
    "D9": "The credential was changed, and the old one is refused",
    "D10": "The platform grants access again as it does every day",
    "D11": "People reviewed what happened, and what is to be done",
    "D12": "The evidence was sealed, and this report made from it",
}
OUTAGE: Final = "D1"
OPENED: Final = "D4"
ACCESS: Final = "D5"
REFUSAL: Final = "D5R"
NOTED: Final = "D6"
REFUSAL_NOTED: Final = "D6R"
TAKEN_BACK: Final = "D8"
ROTATED: Final = "D9"
RESTORED: Final = "D10"
SEALED: Final = "D12"
_EITHER_WAY: Final = frozenset({TAKEN_BACK, ROTATED})
_BY_PEOPLE: Final = frozenset({"D0", "D11"})
_EXERCISE: Final = "exercise"
_LOOK: Final = "expect_audit"
_MANUAL: Final = "manual"
_ROTATE: Final = "rotate"

# What a planned step does is told by its own words, which stand behind its title: a title decides nothing.
_REFUSED_FLAG: Final = re.compile(r": it must be refused(?: as \w+)?\Z")  # before such a step was known as a refusal
_ENDED: Final = re.compile(r"(?:\A|: )end the exercise of step [a-z0-9][a-z0-9_-]*\Z")
_SOUGHT: Final = re.compile(
    r"(?:.*: )?look for (an|no) entry of this run(?: that says (allowed|refused))? in ", re.DOTALL
)


class Sought(StrEnum):
    """What a look into a log must find."""

    ENTRY = "entry"
    REFUSED = "refused"  # an entry that says that somebody was refused
    ABSENCE = "absence"  # no entry


class Kind(NamedTuple):
    """A step as far as it decides what it can show. `sought`: where it looks into a log."""

    action: str
    is_refusal: bool
    way: Way | None = None
    sought: Sought | None = None
    ends_exercise: bool = False


def kind_of(step: PlannedStep) -> Kind:
    """Return what kind of step it is, also where an older version planned it.

    Such a one may show access and not say by which way: it is taken for break-glass, and has to stand as that.
    """
    is_refused_flag = step.action == "expect_flag" and _REFUSED_FLAG.search(step.line) is not None
    is_refusal = step.expects_refusal or is_refused_flag
    is_access = ACCESS in step.evidences and not is_refusal
    return Kind(
        step.action,
        is_refusal,
        step.way or (Way.BREAK_GLASS if is_access else None),
        _sought(step),
        step.action == _EXERCISE and _ENDED.search(step.line) is not None,
    )


def _sought(step: PlannedStep) -> Sought | None:
    said = _SOUGHT.match(step.line) if step.action == _LOOK else None
    if said is None:
        return None
    if said[1] == "no":
        return Sought.ABSENCE
    return Sought.REFUSED if said[2] == "refused" else Sought.ENTRY


def unshown(part: str, kind: Kind) -> str:
    """Return what would have to be otherwise for a step of this kind to show a part; empty where it can show it."""
    if part not in PARTS:
        return "expected a part of a drill"
    if part == SEALED:
        return f"expected nothing of the kind: no step shows {part}, but signed receipts of the run's own journal"
    if part in _BY_PEOPLE and kind.action != _MANUAL:
        return f"expected it at a step of action {_MANUAL}: that people did it, a person says"
    return _of_looks(part, kind.sought) or _of_refusals(part, is_refusal=kind.is_refusal) or _of_acts(part, kind)


def _of_looks(part: str, sought: Sought | None) -> str:
    if sought is Sought.ABSENCE:
        return f"expected it where an entry must be there: that there is none does not show {part}"
    if part == REFUSAL_NOTED and sought is not Sought.REFUSED:
        return f"expected it at an {_LOOK} with decision: refused: nothing else shows {part}"
    if part == NOTED and sought is Sought.REFUSED:
        return f"expected {REFUSAL_NOTED}: the entry of a refused try does not show {part}"
    return ""


def _of_refusals(part: str, *, is_refusal: bool) -> str:
    if part == REFUSAL and not is_refusal:
        return f"expected it where something must be refused: nothing else shows {part}"
    if is_refusal and part != REFUSAL and part not in _EITHER_WAY:
        return f"expected {REFUSAL}: what is refused does not show {part}"
    return ""


def _of_acts(part: str, kind: Kind) -> str:
    if part == ACCESS and kind.way is not Way.BREAK_GLASS:
        return f"expected it at a step of way: {Way.BREAK_GLASS}: {part} is access by break-glass"
    if part == ROTATED and kind.action != _ROTATE and not kind.is_refusal:
        return f"expected it at a step of action {_ROTATE}, or at a refusal after one: nothing else shows {part}"
    return ""
