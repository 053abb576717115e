"""`drill run`, `resume`, `stop` and `confirm`, as far as they decide before anything acts."""

from pathlib import Path

import pytest

from drills.cli import command
from glasswatch.cli import run
from tests.support.drill_processes import Host, host

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
