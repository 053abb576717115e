"""The reference and the guide say what scenarios are; every scenario that is shown loads, and can be planned."""

from pathlib import Path

import click
import pytest

from drills.commands import plan_page
from drills.model.calendar import Cadence
from drills.model.step import Span
from drills.planning import plan
from drills.rules.approval import Asked, claims
from drills.rules.parts import PARTS
from drills.scenarios import read
from drills.settings.gates import GateSettings, WindowSettings
from drills.settings.parameter import ParameterSettings
from drills.settings.root import DrillFile
from drills.settings.scenario import ScenarioFile
from drills.settings.step import StepSettings
from glasswatch.clock import SystemClock
from glasswatch.settings.load import load_text
from glasswatch.settings.model import SettingsModel
from tests.support.documents import REFERENCE, ROOT, blocks, markdown, place, rows, section
from tests.support.settings_files import write
from tests.support.settings_reference import table

TEXT = (REFERENCE / "drills.md").read_text()
MODELS = (ScenarioFile, ParameterSettings, GateSettings, WindowSettings, StepSettings)
SHOWN = [(place(path), text) for path in markdown() for text in blocks(path.read_text(), "yaml")]
SCENARIOS = [(where, text) for where, text in SHOWN if text.startswith("id:")]
SECTIONS = [(where, text) for where, text in SHOWN if text.startswith("drill:")]
SHIPPED = sorted((ROOT / "drills" / "shipped").glob("*.yaml"))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_key_has_its_row(model: type[SettingsModel]) -> None:
    """What it takes, its default and its meaning, as the model has them."""
    assert "\n".join(["", *table(model), ""]) in TEXT


def test_no_row_is_of_a_key_that_is_gone() -> None:
    """Every table of settings is a model's."""
    known = {row for model in MODELS for row in table(model)}
    found = [line for line in TEXT.splitlines() if line.startswith("|") and line.count(" | ") == 3]
    assert [line for line in found if line not in known] == []


def test_spans_parts_and_cadences_have_their_rows() -> None:
    """All of them, in order."""
    assert [cells[0] for cells in rows(section(TEXT, "Spans"))] == [f"`{span}`" for span in Span]
    assert [cells[0] for cells in rows(section(TEXT, "Evidence"))] == [f"`{part}`" for part in PARTS]
    assert [cells[0] for cells in rows(section(TEXT, "Calendar"))] == [f"`{cadence}`" for cadence in Cadence]


def test_every_claim_of_an_approval_has_its_row() -> None:
    """Other people's programs check it."""
    now = SystemClock().now()
    names = claims(Asked("door", "a" * 64, "prod"), "bea", now, now - now)
    listed = [name.strip("` ") for cells in rows(section(TEXT, "Approval")) for name in cells[0].split(",")]
    assert listed == list(names)


def test_what_must_be_shown_is_shown() -> None:
    """The guide has one whole scenario and the settings for it, and names each that is shipped."""
    assert [where for where, _ in SCENARIOS].count("docs/guide/drills.md") == 1
    assert [where for where, _ in SECTIONS] == ["docs/guide/drills.md"]
    guide = (ROOT / "docs" / "guide" / "drills.md").read_text()
    assert all(f"| `{path.stem}` |" in guide for path in SHIPPED)


@pytest.mark.parametrize(
    ("where", "text"), [*SCENARIOS, *((place(path), path.read_text()) for path in SHIPPED)], ids=lambda text: text[:40]
)
def test_every_scenario_that_is_shown_can_be_planned(where: str, text: str, tmp_path: Path) -> None:
    """A reader may copy it as it stands. Whatever it does can be taken back, or is named where it can't."""
    scenario = read(write(tmp_path, text, "shown.yaml"))
    settings = DrillFile.model_validate({"deployment": "prod"})
    shown = click.unstyle("\n".join(plan_page.lines(plan(scenario, settings, "anna", {}, SystemClock()))))
    assert shown.startswith("PLANNED"), where
    assert "NOTHING TAKES IT BACK" not in shown or where.startswith(("docs/guide", "drills/shipped")), where


@pytest.mark.parametrize(("where", "text"), SECTIONS)
def test_settings_that_are_shown_load(where: str, text: str) -> None:
    """Beside the deployment's name."""
    found = load_text(f"deployment: prod\n{text}", DrillFile, Path("/nowhere/glasswatch.yaml"))
    assert found.drill.monitor is not None, where


def test_the_guide_shows_units_that_there_are() -> None:
    """What it has copied exists, and runs what it says."""
    guide = (ROOT / "docs" / "guide" / "drills.md").read_text()
    for name in ("glasswatch-drill.service", "glasswatch-drill.timer"):
        assert f"examples/systemd/{name}" in guide
        assert (ROOT / "examples" / "systemd" / name).exists()
    unit = (ROOT / "examples" / "systemd" / "glasswatch-drill.service").read_text()
    assert "bin/drill run --when-due --unattended\n" in unit
