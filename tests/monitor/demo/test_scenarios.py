"""The shipped scenarios as a demo writes them: whole, or without the targets that a machine can't have."""

from pathlib import Path

import pytest
import yaml

from drills.model.event import Began, Closed, Ended
from drills.model.step import Status
from drills.planning import planned_steps
from drills.rules.verdict import judge
from drills.scenarios import read
from monitor.demo.scenarios import OUTAGE, SHIPPED, Fitting, fitted, write
from monitor.demo.stage import Port
from monitor.demo.targets.places import TargetName
from tests.support.drilling import journal, opened

STANDARD = {int(port): int(port) for port in Port}
NAMES = sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def _written(directory: Path, *targets: TargetName, **ports: int) -> dict[str, Path]:
    directory.mkdir(exist_ok=True)
    own = STANDARD | {int(Port[name]): port for name, port in ports.items()}
    write(directory / "scenarios", Fitting(directory, own, targets))
    return {path.stem: path for path in (directory / "scenarios").glob("*.yaml")}


@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_scenario_is_one(name: str, tmp_path: Path) -> None:
    """Read as a user's own, in a state directory whose name is awkward; under its file's name."""
    written = _written(tmp_path / "my demo", *TargetName)
    assert read(written[name]).settings.id == name


def test_a_scenario_as_it_is_shipped_is_one_too() -> None:
    """Nothing of it has to be filled in before it is looked at."""
    assert [read(SHIPPED / f"{name}.yaml").settings.id for name in NAMES] == NAMES


@pytest.mark.parametrize("name", [name for name in NAMES if name != "audit-sink-down"])  # which has to fail
def test_every_step_shows_what_it_says_between_refusals(name: str) -> None:
    """Where each passes, after the one before it: a door that is always open, or always shut, passes for none."""
    steps = planned_steps(read(SHIPPED / f"{name}.yaml").settings)
    done = (event for each in steps for event in (Began(each.id), Ended(each.id, Status.PASSED, "")))
    found = judge(journal(*done, Closed("passed", "", 0), begin=opened(steps)))
    said = {(part, step.id) for step in steps if step.is_real for part in step.evidences}
    assert {(part, id_) for part, ids in found.evidence.items() for id_ in ids} == said
    assert not [each for each in found.findings if each.code.startswith(("no_refusal", "nobody_in"))]


def test_whom_everybody_is_refused_for_a_dead_door_does_not_pass() -> None:
    """While the glass is broken, whatever has to be refused needs somebody to be let in by the same door."""
    steps = {step.id: step for step in read(SHIPPED / "flag-refused.yaml").settings.steps}
    names = list(steps)
    broken = list(steps.values())[names.index("outage") : names.index("ended")]
    doors = {("ssh", "ssh_in"), ("command", "sql_opened")}
    refused = [step for step in broken if step.refused]
    assert len(refused) == 4
    assert all(any((step.action, need) in doors for need in step.needs) for step in refused)
    assert not any(steps[name].refused for _, name in doors)


def test_ports_are_the_demos_own(tmp_path: Path) -> None:
    """And every other number stays."""
    written = _written(tmp_path, *TargetName, SSH_DRILL=40001, SQL=40002)
    steps = {step["id"]: step for step in yaml.safe_load(written[OUTAGE].read_text())["steps"]}
    assert steps["ssh_in"]["with"]["port"] == 40001
    assert steps["sql_in"]["with"]["url"] == "postgresql+psycopg://127.0.0.1:40002/payments"
    assert steps["page"]["with"]["http_json"]["url"] == "http://127.0.0.1:9781/pages"


@pytest.mark.parametrize("left", [(), (TargetName.SSH,), (TargetName.SQL,)], ids=["none", "ssh", "sql"])
def test_a_target_that_is_left_out_takes_its_steps_along(left: tuple[TargetName, ...], tmp_path: Path) -> None:
    """What stays is a scenario; of the others, those that need the target are not there at all."""
    written = _written(tmp_path, *left)
    steps = read(written[OUTAGE]).settings.steps
    kinds = {name for name in TargetName for step in steps if step.id.startswith(f"{name.value}_")}
    assert kinds == set(left)
    assert {"outage", "detected", "flag", "others", "page", "ended", "standby"} <= {step.id for step in steps}
    for path in written.values():
        gone = set(TargetName) - set(left)
        assert not any(str(step["id"]).startswith(f"{name.value}_") for name in gone for step in _steps(path))
    assert "page-channel-down" in written


def _steps(path: Path) -> list[dict[str, object]]:
    return list(yaml.safe_load(path.read_text())["steps"])


def test_a_scenario_without_its_target_is_not_there() -> None:
    """A rotation without a database rotates nothing."""
    text = (SHIPPED / "credential-rotation.yaml").read_text()
    assert fitted(text, Fitting(Path("/demo"), STANDARD, (TargetName.SSH,))) == ""
