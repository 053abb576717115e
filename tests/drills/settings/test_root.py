"""The section `drill`: its defaults, and each mistake with its place. `monitor check` tells them too."""

import json
from pathlib import Path

import pytest

from drills.settings.root import DrillFile
from glasswatch.cli import run
from glasswatch.settings.load import load
from glasswatch.settings.mistake import SettingsFault
from monitor.cli import command as monitor
from tests.support.settings_files import GOOD, write
from tests.support.settings_reference import reachable

SMALL = "deployment: prod\n"
WRONG = """\
deployment: prod
drill:
  scenarios: hunter2
  directory: ~/hunter2
  operator: Hunter Two
  monitor: {url: http://hunter2.example.com, token: hunter2, ca_file: ""}
  witness: {command: [hunter2]}
  key: 7
  trust: []
  approval: hunter2
  ready_within: 10
  prometheus: ftp://hunter2.example.com
  waived_gates: [evidence]
  findings_due: {critical: 12h, major: soon, minor: 90}
  hunter2: 1
"""
PLACES = [
    ("drill", "15:3"),
    ("drill.scenarios", "3:14"),
    ("drill.directory", "4:14"),
    ("drill.operator", "5:13"),
    ("drill.monitor.url", "6:18"),
    ("drill.monitor.token", "6:53"),
    ("drill.monitor.ca_file", "6:71"),
    ("drill.witness.command[0]", "7:23"),
    ("drill.trust", "9:10"),
    ("drill.approval", "10:13"),
    ("drill.ready_within", "11:17"),
    ("drill.prometheus", "12:15"),
    ("drill.waived_gates[0]", "13:18"),
    ("drill.findings_due.critical", "14:28"),
    ("drill.findings_due.major", "14:40"),
    ("drill.findings_due.minor", "14:53"),
]


def mistakes(path: Path) -> list[str]:
    """Return what `drill` finds wrong with a settings file."""
    with pytest.raises(SettingsFault) as raised:
        load(path, DrillFile)
    return str(raised.value).splitlines()


def test_a_file_needs_nothing_but_the_deployment(tmp_path: Path) -> None:
    """Scenarios and evidence lie beside it."""
    found = load(write(tmp_path, SMALL), DrillFile).drill
    assert (found.scenarios, found.directory) == ((tmp_path / "scenarios",), tmp_path / "drills")
    assert (found.approval, found.monitor, found.waived_gates) == ("required", None, ())


def test_every_mistake_is_told_and_no_value(tmp_path: Path) -> None:
    """All of them at once, each at its place."""
    path = write(tmp_path, WRONG)
    found = mistakes(path)
    assert "hunter2" not in "".join(found).replace(str(path), "")
    told = [tuple(line.removeprefix(f"{path}:").split("  ")[:2]) for line in found]
    assert sorted(told) == sorted((at, where) for where, at in PLACES)


def test_every_setting_is_got_wrong_here() -> None:
    """No setting can be added without a mistake in it."""
    keys = {key for model in reachable(DrillFile) for key in model.written_fields()}
    assert keys - set(WRONG.replace(":", " ").replace("{", " ").split()) == {"env", "file", "expires"}


def test_the_monitor_checks_it_as_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One file is checked whole, each mistake once, and an editor's schema knows both scripts' sections."""
    (tmp_path / "procedure.md").write_text("Break it.\n")
    (tmp_path / "flag.key").touch()
    wrong = write(tmp_path, GOOD.replace("prod", "Prod!").replace("15s", "15") + WRONG.partition("\n")[2])
    assert run(monitor, "monitor", ["check", "--config", str(wrong)]) == 3
    told = capsys.readouterr().err.splitlines()
    assert len(told) == len(set(told)) == len(PLACES) + 2
    good = write(tmp_path, f"{GOOD}drill: {{operator: anna}}\n")
    assert run(monitor, "monitor", ["check", "--config", str(good)]) == 0
    assert load(good, DrillFile).drill.operator == "anna"
    capsys.readouterr()
    assert run(monitor, "monitor", ["check", "--json-schema"]) == 0
    assert "DrillSettings" in json.loads(capsys.readouterr().out)["$defs"]
