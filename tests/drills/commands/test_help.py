"""`drill` begins quickly, under each of its names, and lists what it can do without loading it."""

import resource
import subprocess
import sys

import pytest

from drills.cli import COMMANDS
from tests.support.monitors import ROOT

DESIGN = ["run", "list", "plan", "approve", "confirm", "stop", "resume", "status", "report", "verify"]


def _run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-P", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


def test_every_command_of_the_design_is_listed() -> None:
    """In its order; there may be more."""
    assert [name for name in COMMANDS if name in DESIGN] == DESIGN


def _cost(*arguments: str) -> float:
    """Return the seconds of a processor that it takes: a busy machine adds none to them."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert _run(*arguments).returncode == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_help_is_quick() -> None:
    """Within 0.3 s of what Python itself takes; the quickest of three counts."""
    bare = min(_cost("-c", "pass") for _ in range(3))
    assert min(_cost("-m", "drills", "--help") for _ in range(3)) - bare < 0.3


def test_help_loads_no_command() -> None:
    """Nor what they need: pydantic, YAML, clients."""
    code = (
        "import sys\nfrom drills.cli import command\nfrom glasswatch.cli import run\n"
        "assert run(command, 'drill', ['--help']) == 0\n"
        "print([name for name in ('pydantic', 'yaml', 'httpx2', 'cryptography') if name in sys.modules])\n"
    )
    assert _run("-c", code).stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("words", [("-m", "drills"), ("-m", "glasswatch", "drill")])
def test_it_answers_to_both_of_its_names(words: tuple[str, ...]) -> None:
    """Also where another program is called `drill`; the codes are the same."""
    done = _run(*words, "status", "--config", "/nowhere.yaml")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("/nowhere.yaml  expected a settings file that can be read")
