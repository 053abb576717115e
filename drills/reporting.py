"""Makes a run's reports from its journal: reads it, judges it, compares it with the runs before, and writes files.

A journal that was changed is no ground for a report: that is said, and `drill verify` says more.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from drills.earlier import spans_before
from drills.errors import JournalDamaged, JournalUnreadable
from drills.journal.reading import JOURNAL, read
from drills.model.event import Entry, Opened
from drills.report import pdf
from drills.report.controls import shipped
from drills.report.formats import FORMATS
from drills.report.values import ReportView
from drills.report.view import view
from drills.rules.controls import Table
from drills.rules.verdict import judge
from glasswatch import files
from glasswatch.errors import EvidenceUnwritable

PDF: Final = "pdf"
NAMES: Final[Mapping[str, str]] = {
    "html": "report.html",
    "markdown": "report.md",
    "json": "report.json",
    "junit": "report.xml",
    PDF: "report.pdf",
}
"""What each format's file is called in the run's directory."""
_OWNER_ONLY: Final = 0o600


def view_of(directory: Path, table: Table | None = None) -> ReportView:
    """Return what a report of the run in this directory shows. The runs before are those that lie beside it.

    Raises:
        RunUnknown, JournalUnreadable: there is no journal, or none of this version.
        JournalDamaged: it is not as it was written.
    """
    entries = entries_of(directory)
    first = entries[0]
    scenario = first.event.scenario if isinstance(first.event, Opened) else ""
    before = spans_before(directory.absolute().parent, first.run, scenario, first.at)
    return view(entries, judge(entries, before), table or shipped(), list(reversed(before)))


def write(directory: Path, shown: ReportView, names: Iterable[str] = FORMATS) -> tuple[Path, ...]:
    """Write a report of each format into the run's directory, each whole or not at all; return their places.

    Raises:
        EvidenceUnwritable: one can't be written.
    """
    written = []
    for name in names:
        path = directory / NAMES[name]
        put(path, rendered(shown, name))
        written.append(path)
    return tuple(written)


def rendered(shown: ReportView, name: str) -> bytes:
    """Return the report in one format.

    Raises:
        PdfUnavailable: what makes a PDF is not installed.
    """
    return pdf.pdf(shown) if name == PDF else FORMATS[name](shown).encode()


def put(path: Path, content: bytes) -> None:
    """Write a report's file, readable by its owner alone.

    Raises:
        EvidenceUnwritable: it can't be written.
    """
    try:
        files.replace(path, content, _OWNER_ONLY)
    except OSError as fault:
        raise EvidenceUnwritable(f"{path}: the report can't be written: {fault.strerror}") from None


def entries_of(directory: Path) -> tuple[Entry, ...]:
    """Return the entries of a run whose journal is what was written.

    Raises:
        RunUnknown, JournalUnreadable: there is no journal, or none of this version.
        JournalDamaged: it is not as it was written.
    """
    reading = read(directory)
    if reading.problem is not None:
        raise JournalDamaged(
            f"{directory / JOURNAL}:{reading.problem.line}: {reading.problem.what}: no report is made of what "
            "was changed: drill verify says more"
        )
    if not reading.entries or not isinstance(reading.entries[0].event, Opened):
        raise JournalUnreadable(f"{directory / JOURNAL}: nothing was opened: no report can be made of it")
    return reading.entries


def beside(directory: Path) -> list[Path]:
    """Return the directories of runs that lie where this one does, itself among them."""
    try:
        return [path for path in directory.absolute().parent.iterdir() if (path / JOURNAL).exists()]
    except OSError:
        return []
