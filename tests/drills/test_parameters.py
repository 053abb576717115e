"""What a run is given: only what the scenario asks for, only as it asks for it, and no secret on a command line."""

from pathlib import Path

import pytest

from drills import parameters
from drills.model.found import Value
from drills.settings.scenario import ScenarioFile
from glasswatch.errors import UsageFault
from glasswatch.settings.load import load_text
from tests.support.drill_steps import scenario, use

MORE = """\
parameters:
  ticket: {description: where it is written down, pattern: 'CHG[0-9]+'}
  region: {default: fra}
  password: {secret: {env: DOOR}}
"""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> ScenarioFile:
    """Return a scenario with parameters of every kind."""
    use(monkeypatch)
    text = scenario("  - {id: a, action: test_look}\n", MORE)
    return load_text(text, ScenarioFile, Path("/nowhere/door.yaml"), sections={})


def test_they_are_given_by_default_or_read(asked: ScenarioFile) -> None:
    """What is given goes before what is written; a secret is marked as one."""
    held = parameters.values(asked, {"ticket": "CHG1"}, lambda _: Value("x", is_secret=True))
    assert held == {"ticket": Value("CHG1"), "region": Value("fra"), "password": Value("x", is_secret=True)}
    assert parameters.texts(asked, {"region": ""}) == {"region": ""}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "expected --set NAME=VALUE for: ticket"),
        ({"ticket": "hunter2"}, "--set ticket: expected what the scenario's pattern matches as a whole"),
        ({"ticket": "xCHG1"}, "--set ticket: expected what the scenario's pattern matches as a whole"),
        ({"ticket": "CHG1", "region": "a\0b"}, "--set region: expected what the scenario's pattern"),
        ({"ticket": "CHG1", "hunter2": "x"}, "--set: 1 of no parameter; expected one of: ticket, region"),
        ({"ticket": "CHG1", "password": "hunter2"}, "--set password: it is a secret, which no command line holds"),
    ],
)
def test_what_does_not_fit_is_refused(asked: ScenarioFile, given: dict[str, str], expected: str) -> None:
    """Without repeating what was given."""
    with pytest.raises(UsageFault) as raised:
        parameters.values(asked, given, lambda _: Value("x"))
    assert str(raised.value).startswith(expected)
    assert "hunter2" not in str(raised.value)


def test_a_plan_reads_no_secret(asked: ScenarioFile) -> None:
    """It says where one is, and which must be given."""
    shown = {each.name: each.value for each in parameters.planned(asked, {})}
    assert shown == {"ticket": None, "region": "fra", "password": "environment variable DOOR"}


@pytest.mark.parametrize("text", ["ticket", "=x", ""])
def test_the_command_line_has_one_form(text: str) -> None:
    """A name, an equals sign, and all that follows it."""
    assert parameters.parse(["a=b=c", "d="]) == {"a": "b=c", "d": ""}
    with pytest.raises(UsageFault, match="NAME=VALUE"):
        parameters.parse([text])
    with pytest.raises(UsageFault, match="given twice"):
        parameters.parse(["a=1", "a=2"])
