"""`drill plan`: everything a run would do, and nothing of it done; planned, and never passed."""

import json
import os
from pathlib import Path

import pytest

from drills.rules import gates
from tests.support.drill_desk import Place, place
from tests.support.drill_steps import scenario, use
from tests.support.settings_files import write

MORE = """\
description: |
  Tell the security team first.
principals: [carl]
parameters:
  ticket: {description: where it is written down}
  password: {secret: {env: DOOR}}
gates: {window: {days: [tuesday], from: "09:00", to: "09:01", timezone: Nowhere}}
"""
STEPS = """\
  - {id: door, action: test_door, within: 2m, begins: [access], way: break_glass, evidences: [D4, D5]}
  - {id: again, action: test_door, way: platform, refused: true, closes: false, background: true}
  - {id: look, action: test_look, title: "Look \\u202eat it", ends: [access], needs: [door, again]}
  - {id: last, action: test_door, undo: [{action: test_look, title: look}, {action: test_door}]}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A place to plan at."""
    use(monkeypatch)
    return place(tmp_path, monkeypatch)


def snapshot(directory: Path) -> list[tuple[str, int]]:
    """Return every file, and when it was written."""
    return sorted((str(path), path.stat().st_mtime_ns) for path in directory.rglob("*"))


def test_it_shows_all_of_it_and_changes_nothing(here: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """Each step with what takes it back, and what it touches; what is real; who approved; whether it may begin."""
    write(here.scenario.parent, scenario(STEPS, MORE.replace("Nowhere", "UTC")), "door.yaml")
    before = snapshot(here.directory)
    assert here.drill("plan", "door", "--set", "ticket=CHG1") == 0
    assert snapshot(here.directory) == before
    shown = capsys.readouterr().out
    assert shown.startswith("PLANNED  The door opens\n")
    assert "passed" not in shown
    assert "NOT APPROVED  nobody approved it: there is no door.approval.jws" in shown
    assert "3 real, 1 simulated" in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "Tell the security team first." in shown
    assert "ticket = CHG1  (where it is written down)" in shown
    assert "password = secret from environment variable DOOR" in shown
    assert "\n  1 door  test_door  (real, within 2m, by break-glass)\n" in shown
    assert (
        "    undo      closes the door\n    touches   the door\n    rights    the key\n    shows     D4; D5\n" in shown
    )
    assert (
        "\n  2 again  test_door  (real, within 1m, in the background, through the platform itself,\n"
        "    must be REFUSED)\n" in shown
    )
    assert "    undo      NOTHING TAKES IT BACK\n" in shown
    assert "\n  3 look  test_look  (SIMULATED, within 1m)\n    does      Look \\u202eat it: looks\n" in shown
    assert "    undo      nothing to take back\n    needs     door; again\n    ends      access\n" in shown
    assert "    undo      looks; then opens the door\n" in shown
    # 2m and 2m back; 1m; 1m; 1m and two more to take it back.
    assert "9m, with everything taken back" in shown
    assert "\n  approval          SHUT    nobody approved it" in shown
    assert "\n  no_open_incident  SHUT    no monitor is set (drill.monitor)" in shown
    assert "\n  alone             later   asked when the run begins" in shown
    assert "\n  witness           SHUT    neither drill.monitor nor drill.witness is set" in shown


def test_the_settings_of_a_step_stand_under_it(here: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """A line each; what was written with control characters is made visible."""
    step = '  - {id: run, action: command, with: {argv: [/bin/true], env: {A: "x\\u202e", B: c}}}\n'
    write(here.scenario.parent, scenario(step), "door.yaml")
    assert here.drill("plan", "door") == 0
    shown = capsys.readouterr().out
    assert "    with      argv: [/bin/true]\n              env.A: x\\u202e\n              env.B: c\n" in shown
    assert "    expects   status: [0]\n" in shown
    assert here.drill("plan", "door", "--json") == 0
    assert json.loads(capsys.readouterr().out)["settings"]["run"]["expects"] == {"status": "[0]"}


def test_paths_stand_as_where_they_are(here: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """Of files of the scenario and of the settings, that were written relative to each."""
    here.set("  directory: ../evidence\n")
    step = "  - {id: in, action: ssh, with: {host: h, user: u, key: ../keys/id, known_hosts: hosts}}\n"
    more = "parameters: {password: {secret: {file: ../keys/password}}}\n"
    write(here.scenario.parent, scenario(step, more), "door.yaml")
    assert here.drill("plan", "door") == 0
    shown = "".join(capsys.readouterr().out.split())
    assert ".." not in shown
    place = here.directory.resolve()
    assert f"privatekey{place}/keys/id" in shown
    assert f"file{place}/keys/password" in shown
    assert f"{place.parent}/evidenceismade" in shown


def test_a_plan_fits_a_narrow_terminal(
    here: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """But for what is copied: a path, or a hash."""
    monkeypatch.setenv("COLUMNS", "60")
    write(here.scenario.parent, scenario(STEPS, MORE.replace("Nowhere", "UTC")), "door.yaml")
    assert here.drill("plan", "door") == 0
    wide = [line for line in capsys.readouterr().out.splitlines() if len(line) > 60]
    assert [line for line in wide if str(here.directory) not in line and "sha256" not in line] == []


def test_json_says_the_same(here: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """And is planned; written to a file too, as it is."""
    out = here.directory / "plan.json"
    assert here.drill("plan", "door", "--json", "--out", str(out)) == 0
    text = capsys.readouterr().out
    assert out.read_text() == text
    held = json.loads(text)
    assert held["verdict"] == "planned"
    assert "passed" not in text
    assert (held["scenario"], held["deployment"], held["is_real"]) == ("door", "prod", True)
    assert held["approval"]["state"] == "missing"
    assert [(step["id"], step["undo"], step["is_real"]) for step in held["steps"]] == [
        ("door", "closes the door", True),
        ("look", "", False),
    ]
    assert held["targets"] == {"detect": 60.0}
    assert held["longest_seconds"] == 300.0


def test_who_approved_it_is_shown(here: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """A second person's word holds the gate open, for everybody but that person."""
    assert here.approve("--yes") == 0
    capsys.readouterr()
    assert here.drill("plan", "door") == 0
    assert "approved  approved by bea on " in capsys.readouterr().out
    assert here.drill("plan", "door", "--operator", "bea@example.com") == 0
    assert "NOT APPROVED  'bea' runs the drill: expected the approval of somebody else" in capsys.readouterr().out


def test_a_monitor_is_asked_when_the_run_begins_and_not_before(here: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """Its address is never even looked up, and its token is not read."""
    here.set("  monitor: {url: 'https://nowhere.invalid', token: {file: /nowhere/token}}\n")
    assert here.drill("plan", "door") == 0
    shown = capsys.readouterr().out
    assert "\n  monitor_healthy   later   asked of the monitor when the run begins" in shown
    assert "\n  witness           holds   the monitor is told of every head of the journal" in shown


@pytest.mark.parametrize("where", ["settings", "gates of settings", "scenario"])
def test_an_approval_that_is_let_go_is_shown(here: Place, where: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody's word is nobody's word, whoever says that it does not matter."""
    if where == "scenario":
        text = here.scenario.read_text().replace("steps:", "gates: {approval: false}\nsteps:")
        write(here.scenario.parent, text, "door.yaml")
    else:
        here.set("  approval: waived\n" if where == "settings" else "  waived_gates: [approval]\n")
    assert here.drill("plan", "door") == 0
    shown = capsys.readouterr().out
    assert "WAIVED  nobody approved it" in shown
    assert "approval          LET GO  let go; nobody approved it" in shown


def test_what_is_simulated_needs_nobodys_word(here: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """There is nothing to answer for."""
    write(here.scenario.parent, scenario("  - {id: a, action: test_look}\n"), "door.yaml")
    assert here.drill("plan", "door") == 0
    assert "not needed  no step of it is real" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("window",), 2, "there is no scenario of that name: there are door\n"),
        (("door", "--set", "x=1"), 2, "--set: 1 of no parameter; expected none: the scenario has no such parameters\n"),
        (("door", "--set", "x"), 2, "--set: expected NAME=VALUE\n"),
        (("door", "--out", "/dev/null/plan"), 7, "/dev/null/plan: can't be written: Not a directory\n"),
    ],
)
def test_what_can_not_be_planned(
    here: Place, arguments: tuple[str, ...], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one line, with the code that goes with it."""
    assert here.drill("plan", *arguments) == code
    assert capsys.readouterr().err == said


def test_mistakes_in_scenarios_are_told_whole(here: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """All at once, of every scenario that may be the one that was asked for."""
    other = write(here.scenario.parent, "id: Other\n", "other.yaml")
    assert here.drill("plan", "other") == 3
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith(f"{other}:1:1  cadence  is required")
    assert told[-1].startswith(f"{other}:1:5  id  expected a name")


def test_an_evidence_directory_that_can_not_be_is_shown(
    here: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As far as that shows without writing."""
    here.set("  directory: glasswatch.yaml\n")
    assert here.drill("plan", "door") == 0
    assert f"evidence SHUT {here.config} can't be written" in " ".join(capsys.readouterr().out.split())
    here.set()
    os.mkdir(here.journals())  # noqa: PTH102 - a plain one
    assert here.drill("plan", "door") == 0
    assert f"evidence holds kept in {here.journals()}" in " ".join(capsys.readouterr().out.split())
    here.journals().chmod(0o777)
    assert here.drill("plan", "door") == 0
    assert "others can write there (mode 777): expected 700" in " ".join(capsys.readouterr().out.split())
    here.journals().chmod(0o700)
    monkeypatch.setattr(gates, "LEAST_ROOM", 2**80)
    assert here.drill("plan", "door") == 0
    assert f"evidence SHUT {here.journals()}: " in " ".join(capsys.readouterr().out.split())
