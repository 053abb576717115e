"""What is loaded before a run's first step acts: every module there is one that people wait for."""

import json
import subprocess
import sys

import pytest

from tests.support.monitors import ROOT

SCRIPT = """
import gc, json, sys
from drills.entry import main

def note(event, given):
    if event == "subprocess.Popen" and "/bin/true" in given[1]:
        open(place, "w").write(json.dumps({"modules": sorted(sys.modules), "collects": gc.isenabled()}))

place = sys.argv.pop(1)
sys.addaudithook(note)
main()
"""
SETTINGS = """\
deployment: lean
drill:
  scenarios: [scenario.yaml]
  directory: evidence
  operator: anna
  approval: waived
  waived_gates: [monitor_healthy, no_open_incident, witness]
"""
SCENARIO = """\
id: lean
title: One program
owner: anna
platform: lean
cadence: none
steps:
  - {id: one, action: command, with: {argv: [/bin/true]}}
"""
# Whose place is after the steps, or in a step that none has here: reports, clients, patterns, PEM, certificates, the
# monitor, schemas of settings.
LATER = {
    "aiodns",
    "cryptography.hazmat.primitives.serialization",
    "cryptography.x509",
    "ctypes",
    "drills.asking",
    "drills.monitor",
    "drills.report",
    "drills.reporting",
    "drills.tether",
    "glasswatch.settings.auth",
    "glasswatch.settings.descriptions",
    "glasswatch.settings.schema",
    "glasswatch.settings.tls",
    "httptools",
    "httpx2",
    "jinja2",
    "monitor",
    "platforms",
    "re2",
    "rich",
    "sqlalchemy",
    "starlette",
    "uvloop",
    "xml.etree.ElementTree",
}
OTHER_ACTIONS = ("exercise", "expect_flag", "expect_metric", "expect_page", "fault", "http", "manual", "wait")


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """Return what stood in the process just before the first step's program was started."""
    place = tmp_path_factory.mktemp("lean")
    for name, text in (("glasswatch.yaml", SETTINGS), ("scenario.yaml", SCENARIO)):
        (place / name).write_text(text)
        (place / name).chmod(0o600)
    words = ["run", "lean", "--config", str(place / "glasswatch.yaml"), "--unattended"]
    argv = [sys.executable, "-c", SCRIPT, str(place / "found"), *words]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((place / "found").read_text())
    assert isinstance(found, dict)
    return found


def _modules(before: dict[str, object]) -> set[str]:
    modules = before["modules"]
    assert isinstance(modules, list)
    return set(modules)


def test_what_comes_later_is_not_loaded_yet(before: dict[str, object]) -> None:
    """By name: how long it takes depends on the machine."""
    assert "drills.actions.command" in _modules(before)
    assert LATER & _modules(before) == set()


def test_of_the_actions_only_those_of_the_scenario_are_loaded(before: dict[str, object]) -> None:
    """Neither what another does nor its settings."""
    others = {f"drills{part}.actions.{name}" for part in ("", ".settings") for name in OTHER_ACTIONS}
    assert others & _modules(before) == set()


def test_garbage_is_looked_for_once_a_run_began(before: dict[str, object]) -> None:
    """It was not while all was loaded; a run may go on for hours."""
    assert before["collects"] is True


def test_a_monitor_is_asked_by_what_drills_need_of_its_interface() -> None:
    """Shapes of what no drill asks come with the whole table, which is not loaded."""
    code = "import json, sys, drills.runner.at_monitor\nprint(json.dumps(sorted(sys.modules)))\n"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, timeout=100)
    modules = set(json.loads(done.stdout))
    assert "drills.monitor" in modules
    whole = ("endpoints", "beats", "maintenance", "probes", "residue", "sla", "uses")
    assert {f"monitor.wire.{name}" for name in whole} & modules == set()
    assert {"sqlalchemy", "starlette", "jinja2"} & modules == set()
