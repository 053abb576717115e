"""What the code offers has its place in the reference, and nothing stands there that doesn't exist."""

import pytest

from glasswatch.errors import _PRECEDENCE, ExitCode
from glasswatch.flag.advice import ADVICE, ORDER_ADVICE
from glasswatch.flag.errors import AlarmCode, Refusal
from monitor.model.outcome import PHASES, OutcomeKind, Reason, Warn
from monitor.model.page import NEVER_SUPPRESSED, SEVERITY, PageKind
from monitor.probes.attempt import REASONS as FAULTS
from monitor.registries import CHANNELS, KINDS, PROBES, TARGETS
from monitor.web import phrases
from tests.support.documents import REFERENCE, headings, rows, section

PROBES_TEXT = (REFERENCE / "probes.md").read_text()
CHANNELS_TEXT = (REFERENCE / "channels.md").read_text()
FLAG_TEXT = (REFERENCE / "flag.md").read_text()
EXIT_CODES_TEXT = (REFERENCE / "exit-codes.md").read_text()
REGISTRIES = {"platforms.md": KINDS, "probes.md": PROBES, "channels.md": CHANNELS, "publishing.md": TARGETS}


@pytest.mark.parametrize(
    ("document", "name"), [(document, name) for document, table in REGISTRIES.items() for name in table]
)
def test_every_entry_of_a_registry_has_its_section(document: str, name: str) -> None:
    """Adding a type means adding a section."""
    assert f"`{name}`" in headings((REFERENCE / document).read_text())


def test_every_outcome_is_explained() -> None:
    """The four of them, in order."""
    found = [cells[0] for cells in rows(section(PROBES_TEXT, "Outcomes")) if len(cells) == 2]
    assert found == [f"`{kind}`" for kind in OutcomeKind]


def test_every_reason_has_its_row() -> None:
    """All reasons, in the order of the code."""
    found = [cells[0] for cells in rows(section(PROBES_TEXT, "Outcomes")) if len(cells) == 3]
    assert found == [f"`{reason}`" for reason in Reason]


def test_reasons_have_the_outcome_that_they_lead_to() -> None:
    """What a server does wrong is bad, and every outcome named exists."""
    kinds = {cells[0]: cells[1] for cells in rows(section(PROBES_TEXT, "Outcomes")) if len(cells) == 3}
    assert {kinds[f"`{reason}`"] for reason in FAULTS.values()} == {"bad"}
    assert set(kinds.values()) == {kind.replace("_", " ") for kind in OutcomeKind}


def test_the_page_says_of_reasons_what_the_reference_says() -> None:
    """The status page calls no reason bad that is not measured, nor the other way round."""
    kinds = {cells[0]: cells[1] for cells in rows(section(PROBES_TEXT, "Outcomes")) if len(cells) == 3}
    shown = {f"`{reason}`": phrases.reason(reason).split(":")[0] for reason in Reason}
    assert shown == kinds


def test_every_warning_has_its_row() -> None:
    """All warnings, and no other."""
    assert [cells[0] for cells in rows(section(PROBES_TEXT, "Warnings"))] == [f"`{warning}`" for warning in Warn]


def test_every_phase_has_its_row() -> None:
    """In the order in which they happen."""
    assert [cells[0] for cells in rows(section(PROBES_TEXT, "Phases"))] == [f"`{phase}`" for phase in PHASES]


def test_every_kind_of_page_has_its_row() -> None:
    """Kind, severity, and whether it is never suppressed."""
    found = [
        (kind, severity, "Never suppressed" in fires)
        for kind, severity, fires, _ in rows(section(CHANNELS_TEXT, "Kinds of page"))
    ]
    assert found == [(f"`{kind}`", str(SEVERITY[kind]), kind in NEVER_SUPPRESSED) for kind in PageKind]


def test_every_exit_code_has_its_row() -> None:
    """Number and name."""
    found = [(cells[0], cells[1]) for cells in rows(section(EXIT_CODES_TEXT, "Exit codes"))]
    assert found == [(str(code.value), code.name.lower().replace("_", " ")) for code in ExitCode]


def test_precedence_of_exit_codes_is_documented() -> None:
    """The row of codes is the one the code uses; usage comes before anything can be found."""
    order = ", ".join(str(code.value) for code in _PRECEDENCE if code is not ExitCode.USAGE)
    assert f"{order}." in section(EXIT_CODES_TEXT, "Several at once")


def test_every_refusal_has_its_row() -> None:
    """All codes that a reader may refuse with, and no other."""
    assert {cells[0] for cells in rows(section(FLAG_TEXT, "Refusals"))} == {f"`{code}`" for code in Refusal}
    assert set(ADVICE) | set(ORDER_ADVICE) == set(Refusal)


def test_every_alarm_has_its_row() -> None:
    """All alarms of the reader, in the order of the code."""
    assert [cells[0] for cells in rows(section(FLAG_TEXT, "Alarms"))] == [f"`{code}`" for code in AlarmCode]
