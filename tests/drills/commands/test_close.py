"""`drill close`: a run whose journal is lost is closed at the monitor, as failed, with what may be left of it named."""

import asyncio
import io
from pathlib import Path

import pytest

from drills.model.event import Began, Closed
from drills.scenarios import read
from tests.support.clock import START
from tests.support.drill_desk import Place, place
from tests.support.drill_steps import use
from tests.support.fake_monitor import TOKEN, FakeMonitor, fake_monitor

DOOR = (
    "door: whether it was begun is not known here: its journal is lost, or can't be gone on with; "
    "by hand: closes the door"
)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A place with one scenario, and a token for the monitor."""
    monkeypatch.setenv("PLANTED", TOKEN)
    use(monkeypatch)
    return place(tmp_path, monkeypatch)


async def close(here: Place, monitor: FakeMonitor, *words: str) -> int:
    """Close a run of the scenario as it stands, at a monitor that has it open unless it says otherwise."""
    here.set(f"  monitor: {{url: '{monitor.receiver.url}', token: {{env: PLANTED}}}}\n")
    monitor.run = {"scenario": "door", "scenario_sha256": read(here.scenario).sha256, **monitor.run}
    return await asyncio.to_thread(here.drill, "close", "door-1", "--reason", "the disk is gone", "--yes", *words)


def left_behind(shown: str) -> list[str]:
    """Return what was said to be left behind."""
    return [line.removeprefix("LEFT BEHIND ") for line in shown.splitlines() if line.startswith("LEFT BEHIND ")]


@pytest.mark.parametrize(
    ("words", "code", "left"),
    [
        ((), 6, [DOOR]),
        (("--left", "a door in the cellar"), 6, ["a door in the cellar"]),
        (("--nothing-left",), 0, []),
    ],
)
async def test_it_is_closed_as_failed_with_what_may_be_left(
    here: Place, words: tuple[str, ...], code: int, left: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Where nobody says what is left, whatever the scenario may have done is. With the head that was told of last."""
    async with fake_monitor() as monitor:
        assert await close(here, monitor, *words) == code
        (sent,) = monitor.heads
    assert (sent["verdict"], sent["residue"]) == ("clean_up_failed" if left else "failed", left)
    assert (sent["why"], sent["by_hand"]) == ("closed by hand by anna: the disk is gone", True)
    assert sent["head"] == {"seq": 1, "hash": "a" * 64}
    shown = capsys.readouterr().out
    assert left_behind(shown) == left
    assert shown.endswith("door-1 is closed by hand at the monitor\n")


async def test_where_the_scenario_is_not_as_it_was_that_is_named(here: Place) -> None:
    """Also where it can't be read: a run can be closed whatever became of scenarios."""
    for broken in (False, True):
        async with fake_monitor() as monitor:
            monitor.run = {"scenario_sha256": "b" * 64}
            if broken:
                monitor.run["scenario"] = "gone"
                (here.scenario.parent / "other.yaml").write_text("id: other\n")
            assert await close(here, monitor) == 6
            (sent,) = monitor.heads
        assert ["neither its journal nor the scenario as it was" in each for each in sent["residue"]] == [True]


async def test_a_run_whose_journal_is_here_is_resumed(here: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """Unless that can't be: then what its journal says counts, and what nobody can say counts too."""
    journal = here.ran("door-1", START, [Began("door", has_undo=True)]) / "journal.jsonl"
    async with fake_monitor() as monitor:
        assert await close(here, monitor) == 2
        assert "drill resume door-1 --clean-up-only" in capsys.readouterr().err
        assert monitor.heads == []
        journal.write_bytes(journal.read_bytes() + b"x\n")
        assert await close(here, monitor, "--anyway") == 6
        (sent,) = monitor.heads
    assert sent["residue"] == ["door: what it did; by hand: take back by hand what the scenario says of it"]


@pytest.mark.parametrize(
    ("run", "words", "said"),
    [
        ({"quiet_seconds": 59.0}, ("--nothing-left",), "its process may be at work"),
        ({"standing": "closed", "verdict": "failed"}, (), "it is closed as failed"),
        (
            {"standing": "closed", "residue": ["x"], "quiet_seconds": None},
            (),
            "with this left behind: x. Say --nothing-left, or --left",
        ),
        ({}, ("--nothing-left", "--left", "x"), "or neither"),
        ({}, ("--left", " "), "--left: expected"),
        ({}, ("--reason", " "), "--reason: expected"),
    ],
)
async def test_what_can_not_be_closed_by_hand_is_wrong_usage(
    here: Place, run: dict[str, object], words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """And nothing is told."""
    async with fake_monitor() as monitor:
        monitor.run = run
        assert await close(here, monitor, *words) == 2
        assert monitor.heads == []
    assert said in capsys.readouterr().err


async def test_what_it_left_is_gone_later(here: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """Closed once more; at once, for nobody goes on with a run that was closed. Who can't say is not believed.

    Its journal is there still, and can't know: `drill resume` says what is to be done.
    """
    here.ran("door-1", START, (Began("door"), Closed("clean_up_failed", "", 6, ("x: by hand",))))
    async with fake_monitor() as monitor:
        here.set(f"  monitor: {{url: '{monitor.receiver.url}', token: {{env: PLANTED}}}}\n")
        assert await asyncio.to_thread(here.drill, "resume", "door-1") == 6
        said = "once it is taken away by hand: drill close door-1 --nothing-left --reason TEXT\n"
        assert capsys.readouterr().err.endswith(said)
        monitor.run = {"standing": "closed", "residue": ["x"], "quiet_seconds": None}
        assert await close(here, monitor, "--nothing-left") == 0
        # What it was closed with, which no receipt tells was heard, `drill resume` told first.
        assert [sent["residue"] for sent in monitor.heads] == [["x: by hand"], []]
        monitor.run["standing"] = "open"
        assert await close(here, monitor, "--nothing-left") == 4


async def test_a_run_that_nobody_knows_is_not_closed(
    here: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor is one where the answer is no, nor any where no monitor is set."""
    async with fake_monitor() as monitor:
        monitor.refusal = (404, "no_such", "no run of this name was opened here")
        assert await close(here, monitor) == 2
        monitor.refusal = None
        words = ("close", "door-1", "--reason", "gone")
        monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
        assert await asyncio.to_thread(here.drill, *words) == 5
        assert monitor.heads == []
    here.set()
    assert await asyncio.to_thread(here.drill, *words) == 2
    assert "drill.monitor is not set" in capsys.readouterr().err
