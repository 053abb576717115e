"""The demo's own drills: whole, as a user runs them, and single steps of theirs against what the demo has started."""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import psycopg
from psycopg import sql

from drills.cli import command
from drills.model.found import Attempt, Found, RunFacts, Value
from drills.model.step import Status
from drills.ports import Action, Tools
from drills.runner.trying import Terms, until_passed
from drills.scenarios import read
from drills.settings.root import DrillSettings
from glasswatch.cli import run
from glasswatch.clock import SystemClock
from glasswatch.secrets import SecretReference
from monitor.demo.drilling import APPROVER, DrillPlaces
from monitor.demo.targets.places import TargetPlaces
from monitor.demo.targets.postgres import ADMIN, ROLES
from tests.support.drill_actions import Answers, made, outcome

SECONDS = 120.0


# Each run is a process of its own; what all of them load is loaded once.
_DRILLS = """
import json, os, sys
import drills.commands.run, drills.commands.running, drills.runner.run
from drills.actions import command, exercise, expect_audit, expect_flag, expect_page, http, request_access, sql, ssh
from drills.cli import command as drill
from glasswatch.cli import run

for line in sys.stdin:
    asked = json.loads(line)
    child = os.fork()
    if not child:
        place = os.open(asked["printed"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        for stream in (1, 2):
            os.dup2(place, stream)
        code = run(drill, "drill", asked["words"])
        sys.stdout.flush()
        os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Ended(NamedTuple):
    """How a drill ended, and what it said."""

    code: int
    printed: str


@contextmanager
def drilling(directory: Path) -> Iterator["Demo"]:
    """Run drills against the demo that runs in a directory."""
    argv = (sys.executable, "-c", _DRILLS)
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Demo(directory, process)
        finally:
            process.communicate(timeout=SECONDS)


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo that runs, with all of its targets."""

    directory: Path
    drills: "subprocess.Popen[str]"

    @property
    def settings(self) -> Path:
        """Its settings file."""
        return self.directory / "glasswatch.yaml"

    @property
    def targets(self) -> TargetPlaces:
        """Where its targets are."""
        return TargetPlaces(self.directory)

    def approve(self, name: str) -> None:
        """Have a scenario approved by somebody else than who runs it."""
        words = ["approve", name, "--key", str(DrillPlaces(self.directory).approver_key), "--person", APPROVER, "--yes"]
        assert run(command, "drill", [*words, "--config", str(self.settings)]) == 0

    def run(self, name: str) -> Ended:
        """Run a scenario to its end."""
        with self.running(name) as ended:
            return ended()

    @contextmanager
    def running(self, name: str) -> Iterator[Callable[[], Ended]]:
        """Run a scenario, and do something else meanwhile; what is yielded waits for its end. One at a time."""
        printed = self.directory.parent / f"{name}.printed"
        words = ["run", name, "--unattended", "--config", str(self.settings)]
        print(json.dumps({"words": words, "printed": str(printed)}), file=self.drills.stdin, flush=True)
        ended: list[Ended] = []

        def wait() -> Ended:
            if not ended:
                assert self.drills.stdout is not None
                ended.append(Ended(int(self.drills.stdout.readline()), printed.read_text()))
            return ended[0]

        try:
            yield wait
        finally:
            wait()

    @contextmanager
    def instead(self, path: Path, text: str) -> Iterator[None]:
        """Put something else in the place of one of the demo's programs or settings, for a while."""
        before = path.read_text()
        path.write_text(text)
        try:
            yield
        finally:
            path.write_text(before)

    def change_account(self, words: str) -> None:
        """Change the role that the drill logs in to the database as."""
        place = self.targets.postgres
        (port,) = re.findall(r"^port = '(\d+)'", (place / "data" / "postgresql.conf").read_text(), re.MULTILINE)
        password = (place / "admin.password").read_text().strip()
        statement = sql.SQL("ALTER ROLE {} " + words).format(sql.Identifier(ROLES[-1]))
        with psycopg.connect(
            host="127.0.0.1", port=int(port), user=ADMIN, password=password, dbname="postgres", connect_timeout=60
        ) as connection:
            connection.execute(statement)


@dataclass
class Steps:
    """Steps of a scenario, each tried by itself, under a run's id of their own. `values`: what they captured."""

    demo: Demo
    scenario: str
    run: str
    values: dict[str, Value] = field(default_factory=dict)

    def made(self, name: str) -> Action:
        """Make a step's action."""
        scenario = read(DrillPlaces(self.demo.directory).scenarios / f"{self.scenario}.yaml")
        (step,) = (step for step in scenario.settings.steps if step.id == name)
        return made(step, Tools(SystemClock(), DrillSettings(), self.demo.directory, Answers(), _secret))

    def tried(self, name: str, action: Action | None = None) -> Found:
        """Try a step, once."""
        found = asyncio.run(outcome(action or self.made(name), self._attempt(name)))
        self.values |= found.captured
        return found

    def seen(self, name: str, action: Action) -> Found:
        """Look into an audit until an entry of this run is there: who writes it takes a moment."""
        found: list[Found] = []

        async def look() -> Found:
            found.append(await outcome(action, self._attempt(name)))
            return replace(found[-1], status=Status.PASSED) if found[-1].outputs else found[-1]

        asyncio.run(until_passed(lambda _seconds: look(), Terms(30.0, 0.1), SystemClock()))
        return found[-1]

    def _attempt(self, name: str) -> Attempt:
        facts = RunFacts(self.run, self.scenario, "payments", "demo", "demo")
        return Attempt(facts, name, {"run": Value(self.run), **self.values}, 30.0)


def _secret(reference: SecretReference) -> Value:
    assert reference.file is not None
    return Value(reference.file.read_text().strip(), is_secret=True)
