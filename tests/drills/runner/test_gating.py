"""What the gates are told by the evidence directory."""

import asyncio
import os
import threading
from pathlib import Path

import pytest

from drills.journal import traces
from drills.model.step import Status
from drills.rules.approval import Unapproved
from drills.runner.gating import Asking, ask
from drills.scenarios import find
from drills.settings.root import DrillFile
from glasswatch.clock import SystemClock
from glasswatch.settings.load import load
from tests.support.drill_processes import host, marking


@pytest.fixture
def asking(tmp_path: Path) -> Asking:
    """What is asked of a run that is about to begin, where nothing was ever run."""
    settings = load(host(tmp_path, [marking(tmp_path, "one")]).config, DrillFile)
    (scenario,) = find(settings.drill).usable
    return Asking("q-2", scenario, settings, Unapproved("nobody asked"), None, True, SystemClock())


def said(asking: Asking, gate: str) -> tuple[Status, str]:
    """Return what a gate says."""
    (found,) = (each for each in asyncio.run(ask(asking)) if each.gate == gate)
    return found.status, found.detail


def test_what_nobody_may_look_into_may_be_an_open_run(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    """It hides none of the others; what a file system keeps for its checker is no run."""
    root = asking.settings.drill.directory
    for name in ("a-1", "lost+found", "q-1"):
        (root / name).mkdir(parents=True)
    (root / "q-1" / "scenario.yaml").touch()
    (root / "q-2").mkdir()
    root.chmod(0o700)

    def is_run(directory: Path) -> bool:
        if directory.name in ("a-1", "lost+found"):
            raise PermissionError(13, "Permission denied")
        return given(directory)

    given = traces.is_run
    assert said(asking, "alone") == (Status.FAILED, "q-1 is not closed: finish it with `drill resume q-1`")
    monkeypatch.setattr(traces, "is_run", is_run)
    status, why = said(asking, "alone")
    assert (status, why.partition(" is not closed")[0]) == (Status.FAILED, "a-1, q-1")


def test_where_runs_can_not_be_listed_nobody_knows_whether_one_is_open(asking: Asking) -> None:
    """Which is not the same as none; where nothing was ever run, none is."""
    assert said(asking, "alone")[0] is Status.PASSED
    root = asking.settings.drill.directory
    root.rmdir()
    root.touch()
    assert said(asking, "alone") == (Status.NOT_MEASURED, f"{root} can't be read: Not a directory")


def test_two_drills_that_ask_at_once_do_not_shut_each_others_gate(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each writes a file of its own, and takes it away."""
    meanwhile: list[tuple[Status, str]] = []

    def sync(descriptor: int) -> None:
        monkeypatch.setattr(os, "fsync", given)
        other = threading.Thread(target=lambda: meanwhile.append(said(asking, "evidence")))
        other.start()
        other.join()
        given(descriptor)

    given = os.fsync
    monkeypatch.setattr(os, "fsync", sync)
    assert [said(asking, "evidence"), *meanwhile] == [(Status.PASSED, "written and synced")] * 2
    assert list(asking.settings.drill.directory.iterdir()) == []
