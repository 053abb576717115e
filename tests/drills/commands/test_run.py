"""`drill run`, `resume`, `stop` and `confirm`, as far as they decide before anything acts."""

from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from drills.cli import command
from drills.model.window import WEEKDAYS
from drills.runner.session import alone_on
from glasswatch.cli import run
from glasswatch.clock import SystemClock
from tests.support.drill_processes import Host, host

TRUE = {"id": "true", "action": "command", "with": {"argv": ["/bin/true"]}}
LOOK = {"id": "look", "action": "manual", "with": {"ask": "Is it so?"}}


@pytest.fixture
def where(tmp_path: Path) -> Host:
    """A host whose only step is a person's."""
    return host(tmp_path, [LOOK])


def drill(where: Host, *words: str) -> int:
    """Call `drill`; return its exit code."""
    return run(command, "drill", [*words, "--config", str(where.config)])


def test_unattended_refuses_steps_that_only_a_person_can_do(where: Host, capsys: pytest.CaptureFixture[str]) -> None:
    """Unless somebody will answer from another terminal. Nothing was begun."""
    assert drill(where, "run", "q", "--unattended") == 2
    assert "q has manual steps (look), and --unattended asks nobody" in capsys.readouterr().err
    assert not where.evidence.exists()


def test_nothing_is_run_that_is_not_due(where: Host, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a name, and with --when-due."""
    assert drill(where, "run") == 0
    assert drill(where, "run", "q", "--when-due", "--unattended") == 0
    assert capsys.readouterr().out == "nothing is due\n" * 2
    assert not where.evidence.exists()


def test_a_timer_begins_nothing_outside_its_window(where: Host, capsys: pytest.CaptureFixture[str]) -> None:
    """It tries every hour: a window that is shut is no failed run, and leaves nothing behind."""
    in_three_days = WEEKDAYS[(SystemClock().now() + timedelta(days=3)).weekday()]
    window = {"days": [in_three_days], "from": "10:00", "to": "15:00", "timezone": "UTC"}
    where.add(cadence="quarterly", gates={"window": window}, steps=[TRUE])
    assert drill(where, "run", "--when-due", "--unattended") == 0
    told = capsys.readouterr()
    assert told.out == "nothing that is due can begin now\n"
    assert told.err == f"q is due, but not now: expected {in_three_days} from 10:00 to 15:00 (UTC)\n"
    assert not where.evidence.exists()


def test_a_timer_leaves_one_run_a_day_that_could_not_begin(where: Host, capsys: pytest.CaptureFixture[str]) -> None:
    """The first is evidence that it was tried; after that the gates are asked before anything is made."""
    settings = yaml.safe_load(where.config.read_text())
    del settings["drill"]["waived_gates"]
    where.config.write_text(yaml.safe_dump(settings))
    where.add(cadence="quarterly", steps=[TRUE])
    assert drill(where, "run", "--when-due", "--unattended") == 4
    capsys.readouterr()
    first = where.run_directory()
    for words in (("run", "--when-due", "--unattended"), ("run", "q", "--when-due", "--unattended")):
        assert drill(where, *words) == 4
        told = capsys.readouterr()
        assert told.err == (
            "q is due, and can't begin: gate monitor_healthy: no monitor is set (drill.monitor); "
            "gate no_open_incident: no monitor is set (drill.monitor)\n"
        )
    assert where.run_directory() == first
    assert drill(where, "run", "--unattended") == 4
    assert len(list(where.evidence.glob("*/journal.jsonl"))) == 2


def test_a_timer_leaves_one_run_a_day_that_could_not_be_opened(where: Host, capsys: pytest.CaptureFixture[str]) -> None:
    """Its gates are open, and only a run shows that nobody takes it; by name it is tried whenever a person says so."""
    settings = yaml.safe_load(where.config.read_text())
    settings["drill"]["witness"]["command"] = ["/bin/false"]
    where.config.write_text(yaml.safe_dump(settings))
    where.add(cadence="quarterly", steps=[TRUE])
    assert drill(where, "run", "--when-due", "--unattended") == 4
    capsys.readouterr()
    first = where.run_directory()
    assert drill(where, "run", "--when-due", "--unattended") == 4
    told = f"q is due, and held back until a day after {first.name}: it could not be opened at witness\n"
    assert capsys.readouterr().err == told
    assert where.run_directory() == first
    assert drill(where, "run", "--unattended") == 4
    assert len(list(where.evidence.glob("*/journal.jsonl"))) == 2


def test_what_can_not_begin_keeps_no_other_that_is_due_from_it(where: Host, capsys: pytest.CaptureFixture[str]) -> None:
    """A secret that is not there, a parameter that nobody gives, a platform that somebody drills on: said."""
    where.add(cadence="quarterly", steps=[TRUE])
    for name, platform, parameters in (
        ("a", "payments", {"token": {"secret": {"env": "NOT_THERE_AT_ALL"}}}),
        ("b", "payments", {"host": {"pattern": ".*"}}),
        ("c", "stuck", {}),
    ):
        where.copy(name, platform=platform, parameters=parameters)
    with alone_on(where.evidence, "stuck"):
        assert drill(where, "run", "--when-due", "--unattended") == 3
        told = capsys.readouterr().err
        assert [each.split(" is due")[0] for each in told.splitlines() if " is due, and can't begin: " in each] == [
            *("a", "b", "c")
        ]
        assert where.run_directory().name.startswith("q-")
        for words, code in ((("--when-due", "--unattended"), 1), ((), 2)):
            assert drill(where, "run", "c", *words) == code
    assert drill(where, "run", "a", "--when-due", "--unattended") == 4
    assert drill(where, "run", "b", "--when-due", "--unattended") == 2


def test_a_drill_of_people_keeps_a_timer_from_no_other(where: Host, capsys: pytest.CaptureFixture[str]) -> None:
    """It is left to them, and said; where it was named, that is a mistake."""
    where.add(cadence="quarterly")
    assert drill(where, "run", "--when-due", "--unattended") == 0
    assert capsys.readouterr().err == "q is due, and left to people: it has manual steps (look)\n"
    assert drill(where, "run", "q", "--when-due", "--unattended") == 2
    assert not where.evidence.exists()


@pytest.mark.parametrize(
    "words",
    [
        ("run", "other"),
        ("run", "q", "--set", "x=y", "--unattended", "--confirm-elsewhere"),
        ("resume", "q-1"),
        ("resume", "../q"),
        ("stop", "q-1"),
        ("stop", "../q"),
        ("confirm", "q-1", "look", "--person", "anna", "--yes"),
        ("confirm", "q-1", "look", "--person", "anna"),
    ],
    ids=" ".join,
)
def test_what_is_not_there_is_wrong_usage(where: Host, words: tuple[str, ...]) -> None:
    """A scenario, a run, an answer."""
    assert drill(where, *words) == 2
