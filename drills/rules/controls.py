"""Which controls a run supports: from what its steps are evidence of, and a table of controls that is data.

1. A row cites the steps that are evidence of its parts, real and passed, and receipts, each with its journal entries.
   It is `full` where each of its parts is shown in full, `none` where nothing is cited, else `partial`.
2. A run that did not pass supports nothing in full.
3. The words are `supports`, and never more: who audits judges.
"""

from collections.abc import Mapping
from dataclasses import dataclass

FULL = "full"
PARTIAL = "partial"
NONE = "none"


@dataclass(frozen=True, slots=True)
class Control:
    """One row of the table: a control's ids, what of it a drill can support, and by which parts."""

    framework: str
    id: str
    line: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The table as it stands in its file: its version, and the SHA-256 of the file in lower-case hex."""

    version: str
    sha256: str
    note: str
    controls: tuple[Control, ...]


@dataclass(frozen=True, slots=True)
class Cited:
    """What shows something, a step or a receipt: the numbers of its journal entries, and the hash of the last one."""

    what: str
    entries: tuple[int, ...] = ()
    hash: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """How one part of a drill is shown, and by what."""

    standing: str
    cited: tuple[Cited, ...]


@dataclass(frozen=True, slots=True)
class Supported:
    """How a run stands to a control: what is cited, and the parts that nothing shows in full."""

    control: Control
    standing: str
    cited: tuple[Cited, ...]
    lacking: tuple[str, ...]


def supported(table: Table, parts: Mapping[str, Shown], *, is_passed: bool) -> tuple[Supported, ...]:
    """Return how a run stands to every control of the table."""
    return tuple(_row(each, parts, is_passed=is_passed) for each in table.controls)


def _row(control: Control, parts: Mapping[str, Shown], *, is_passed: bool) -> Supported:
    shown = {name: parts.get(name, Shown(NONE, ())) for name in control.parts}
    cited = tuple(dict.fromkeys(one for each in shown.values() for one in each.cited))
    lacking = tuple(name for name, each in shown.items() if each.standing != FULL)
    standing = NONE if not cited else PARTIAL if lacking or not is_passed else FULL
    return Supported(control, standing, cited, lacking)
