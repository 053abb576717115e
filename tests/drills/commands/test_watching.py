"""What a command says of a run, and that nobody listening changes no exit code."""

import os
import sys

import pytest

from drills.commands.watching import seat, tell, write
from drills.model.verdict import Result, Verdict
from drills.runner.finish import Done
from drills.screens.json_lines import JsonScreen
from drills.screens.plain import PlainScreen
from glasswatch.errors import ExitCode
from tests.support.clock import ManualClock

DONE = Done(
    Result(Verdict.CLEAN_UP_FAILED, "left", ExitCode.RESIDUE, (), (), ()),
    ExitCode.RESIDUE,
    ("one: mark; by hand: unmark",),
    ("a note",),
)


@pytest.mark.parametrize("as_json", [False, True], ids=["lines", "json"])
def test_an_output_that_nobody_reads_is_let_go_of(monkeypatch: pytest.MonkeyPatch, *, as_json: bool) -> None:
    """What is left in it would be flushed at the end, and fail once more."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as broken:
        monkeypatch.setattr(sys, "stdout", broken)
        with pytest.raises(BrokenPipeError):
            write("a line\n")
        tell("q-1", DONE, as_json=as_json)
        broken.flush()


def test_no_output_at_all_is_none_to_complain_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process was started with it closed."""
    monkeypatch.setattr(sys, "stdout", None)
    write("a line\n")
    tell("q-1", DONE, as_json=False)


def test_what_is_left_behind_is_told_last_but_for_the_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    """With --json on standard error, for standard output is for programs."""
    tell("q-1", DONE, as_json=False)
    assert capsys.readouterr().out == "a note\nLEFT BEHIND one: mark; by hand: unmark\nq-1: clean up failed\n"
    tell("q-1", DONE, as_json=True)
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "a note\nLEFT BEHIND one: mark; by hand: unmark\n")


def test_nobody_is_asked_where_there_is_no_terminal() -> None:
    """Lines go to a file or a pipe, JSON wherever it was asked for."""
    plain = seat(ManualClock(), "anna", as_json=False, is_attended=True)
    assert isinstance(plain.screen(()), PlainScreen)
    assert plain.dialog is None
    assert isinstance(seat(ManualClock(), "anna", as_json=True, is_attended=True).screen(()), JsonScreen)
