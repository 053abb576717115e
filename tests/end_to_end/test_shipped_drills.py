import os
import pwd
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from monitor.demo.drilling import APPROVER, DrillPlaces
from monitor.demo.scenarios import SHIPPED
from monitor.demo.targets.places import TargetPlaces
from monitor.demo.targets.postgres import ADMIN, ROLES
from tests.support.leftovers import processes_naming
from tests.support.programs import require

SECONDS = 120.0
FAILED, PASSED = 1, 0


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo that runs, with all of its targets."""

    directory: Path

    def drill(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run `drill` on its settings."""
        config = ("--config", str(self.directory / "glasswatch.yaml"))
        argv = (sys.executable, "-m", "drills", *words, *config)
        return subprocess.run(argv, capture_output=True, text=True, timeout=SECONDS, check=False)

    def approve(self, name: str) -> None:
        """Have a scenario approved by somebody else than who runs it."""
        key = str(DrillPlaces(self.directory).approver_key)
        done = self.drill("approve", name, "--key", key, "--person", APPROVER, "--yes")
        assert done.returncode == 0, done.stderr

    def run(self, name: str) -> tuple[int, str]:
        """Run a scenario."""
        done = self.drill("run", name, "--unattended")
        return done.returncode, done.stdout + done.stderr

    def let_the_drill_in(self, *, may: bool) -> None:
        """Let the drill's account log in to the database, or not."""
        place = TargetPlaces(self.directory).postgres
        (port,) = re.findall(r"^port = '(\d+)'", (place / "data" / "postgresql.conf").read_text(), re.MULTILINE)
        password = (place / "admin.password").read_text().strip()
        words = sql.SQL("ALTER ROLE {} " + ("LOGIN" if may else "NOLOGIN")).format(sql.Identifier(ROLES[-1]))
        with psycopg.connect(
            host="127.0.0.1", port=int(port), user=ADMIN, password=password, dbname="postgres", connect_timeout=60
        ) as connection:
            connection.execute(words)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """A demo with every target, shared by all the drills: starting it takes longer than a drill."""
    for program, package in (("sshd", "openssh-server"), ("ssh", "openssh-client"), ("initdb", "postgresql")):
        require(program, package=package)
    directory = tmp_path / "demo"
    argv = (sys.executable, "-m", "monitor", "demo", "--dir", str(directory), "--port", "0")
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            assert process.stdout is not None
            printed = next((line for line in process.stdout if "Pages, as they arrive" in line), "")
            assert printed, "the demo did not start"
            yield Demo(directory)
        finally:
            process.terminate()
            process.communicate(timeout=SECONDS)
    assert processes_naming(directory) == []
    outside = TargetPlaces(directory).system_postgres
    assert outside is None or not outside.exists()


def _steps(printed: str) -> Mapping[str, str]:
    """Return how each step ended."""
    return {name: how for how, name in re.findall(r"^\S+ (passed|failed|skipped) +(\w+):", printed, re.MULTILINE)}


@pytest.mark.timeout(600)
def test_every_shipped_drill_does_what_it_says(demo: Demo) -> None:
    """On a real sshd, PostgreSQL, pagers and platform. One has to fail; so has the outage with its role broken."""
    names = sorted(path.stem for path in SHIPPED.glob("*.yaml"))
    for name in names:
        demo.approve(name)
    ended = {name: demo.run(name) for name in names if name != "platform-outage"}  # the story's own drill
    codes = {name: code for name, (code, _) in ended.items()}
    assert codes == {name: FAILED if name == "audit-sink-down" else PASSED for name in ended}, ended
    audit = _steps(ended["audit-sink-down"][1])
    assert [name for name, how in audit.items() if how == "failed"] == ["sql_audit"]

    demo.let_the_drill_in(may=False)
    code, printed = demo.run("platform-outage")
    assert code == FAILED, printed
    steps = _steps(printed)
    assert [name for name, how in steps.items() if how == "failed"] == ["sql_in"], printed
    assert "refused with SQLSTATE 28000" in printed
    assert steps["ssh_in"] == "passed"
    assert re.search(r"taken back +outage: .* has ended", printed)
    account = pwd.getpwuid(os.geteuid()).pw_name
    assert f"{account}@127.0.0.1" in printed
