"""A place that drills are run from: settings, scenarios, people's keys; and the `drill` command there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from drills.cli import command
from drills.journal.codec import Stamp, encode
from drills.journal.reading import JOURNAL
from drills.model.event import Began, Closed, Ended, Event
from drills.model.step import Status
from drills.scenarios import read
from glasswatch import chainlines
from glasswatch.chain import GENESIS
from glasswatch.cli import run
from tests.support.approvals import Desk, desk
from tests.support.drill_steps import SCENARIO
from tests.support.drilling import opened, step
from tests.support.settings_files import write

PASSED = (Began("door"), Ended("door", Status.PASSED, "open"), Closed("passed", "", 0))
FAILED = (Began("door"), Ended("door", Status.FAILED, "shut"), Closed("failed", "", 1))
CUT = (Began("door"),)


@dataclass(frozen=True)
class Place:
    """Where drills are run from."""

    directory: Path
    config: Path
    scenario: Path
    bea: Desk

    @property
    def approval(self) -> Path:
        """Where the scenario's approval lies."""
        return self.scenario.with_name("door.approval.jws")

    def drill(self, *arguments: str) -> int:
        """Call `drill` with these settings."""
        words = list(arguments)
        return run(command, "drill", [words[0], "--config", str(self.config), *words[1:]])

    def approve(self, *arguments: str) -> int:
        """Have bea approve the scenario."""
        return self.drill("approve", "door", "--key", str(self.bea.key_file), "--person", "bea", *arguments)

    def journals(self) -> Path:
        """Return where runs are kept."""
        return self.directory / "drills"

    def ran(self, run: str, at: datetime, events: Sequence[Event], sha256: str = "") -> Path:
        """Put the journal of a run of the scenario there: these events, after it was opened."""
        directory = self.journals() / run
        directory.mkdir(parents=True)
        first = opened([step("door")], scenario="door", scenario_sha256=sha256 or read(self.scenario).sha256)
        lines, prev = [], GENESIS
        for seq, event in enumerate((first, *events), start=1):
            line, prev = chainlines.write(prev, seq, encode(Stamp(run, at, seq, "boot"), event))
            lines.append(line)
        (directory / JOURNAL).write_bytes(b"".join(lines))
        return directory

    def set(self, text: str = "") -> None:
        """Write the settings, with more of the section `drill`."""
        write(self.directory, f"deployment: prod\ndrill:\n  trust: trust.json\n  operator: anna\n{text}")


def place(directory: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Make one with a scenario that really acts, in a terminal of the usual width."""
    monkeypatch.setenv("COLUMNS", "100")
    (directory / "scenarios").mkdir()
    scenario = write(directory / "scenarios", SCENARIO, "door.yaml")
    made = Place(directory, directory / "glasswatch.yaml", scenario, desk(directory))
    made.set()
    return made
