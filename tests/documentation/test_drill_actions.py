"""docs/reference/drill-actions.md has a section for every action: with an example that loads, and true tables."""

import re
from pathlib import Path

import pytest

from drills.registries import ACTIONS
from drills.settings.actions import document
from drills.settings.scenario import ScenarioFile
from glasswatch.settings.load import load_text
from glasswatch.settings.model import SettingsModel
from glasswatch.settings.registry import model_of
from tests.support.documents import REFERENCE, blocks, headings, section
from tests.support.settings_reference import HEADER, reachable, table

TEXT = (REFERENCE / "drill-actions.md").read_text()
_SCENARIO = """
id: every-action
title: Every example of the reference
owner: anna
platform: payments
cadence: none
steps:
"""
_FIRST = "steps:\n"


def _own(name: str) -> list[type[SettingsModel]]:
    """Return the models of an action that no other part of the settings has, but for what it shares with others."""
    modules = {ACTIONS[name].settings.partition(":")[0], document.__name__}
    return [each for each in reachable(model_of(ACTIONS[name].settings)) if each.__module__ in modules][1:]


OWN = list(dict.fromkeys(model for name in ACTIONS for model in _own(name)))


def test_every_action_has_its_section_in_the_registrys_order() -> None:
    """And nothing has one that is no action."""
    assert re.findall(r"^## `(.+)`$", TEXT, re.MULTILINE) == list(ACTIONS)


@pytest.mark.parametrize("name", ACTIONS)
def test_every_section_has_an_example_of_its_action(name: str) -> None:
    """In YAML."""
    assert any(f"action: {name}\n" in f"{block}\n" for block in blocks(section(TEXT, f"`{name}`"), "yaml"))


def test_all_examples_together_are_a_scenario() -> None:
    """They load, each with a line for the plan."""
    steps = "\n".join(block.removeprefix(_FIRST) for block in blocks(TEXT, "yaml"))
    found = load_text(_SCENARIO + steps, ScenarioFile, Path("/nowhere/drill.yaml"), sections={})
    assert {step.action for step in found.steps} == set(ACTIONS)
    assert all(step.planned(step.undo_line, ()).line for step in found.steps)


@pytest.mark.parametrize("model", OWN, ids=lambda model: model.__name__)
def test_every_setting_has_its_row(model: type[SettingsModel]) -> None:
    """With what it takes, its default and its meaning."""
    assert "\n".join(["", *table(model), ""]) in TEXT


def test_there_is_no_row_for_what_does_not_exist() -> None:
    """No table is of a model that is gone."""
    known = {*HEADER, *(row for model in OWN for row in table(model))}
    settings = TEXT.partition("\n## What a witness is told")[0]
    assert [line for line in settings.splitlines() if line.startswith("|") and line not in known] == []


def test_pagers_have_their_sections() -> None:
    """Those that may be asked."""
    assert {"`alertmanager`", "`pagerduty`", "`http_json`"} <= set(headings(TEXT))
