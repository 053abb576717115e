"""Every shipped scenario against the demo's own targets: as they are, and with what each of them is about broken."""

import os
import pwd
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from drills.model.found import Found, Value
from drills.model.step import Status
from monitor.demo.scenarios import SHIPPED
from monitor.demo.targets.places import TargetPlaces
from tests.support.leftovers import processes_naming
from tests.support.programs import require
from tests.support.shipped import SECONDS, Demo, Steps

FAILED, PASSED = 1, 0
SHUT = "#!/bin/sh\necho 'break-glass: the flag is in standby' >&2\nexit 1\n"
SILENT = "#!/bin/sh\nexit 0\n"


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


def _failed(ended: tuple[int, str]) -> list[str]:
    """Return which steps of a drill that failed did."""
    code, printed = ended
    assert code == FAILED, printed
    return [name for name, how in _steps(printed).items() if how == "failed"]


@pytest.mark.timeout(600)
def test_every_shipped_drill_does_what_it_says(demo: Demo) -> None:
    """On a real sshd, PostgreSQL, pagers and platform; and each fails where what it is about is broken."""
    names = sorted(path.stem for path in SHIPPED.glob("*.yaml"))
    for name in names:
        demo.approve(name)
    ended = {name: demo.run(name) for name in names if name != "platform-outage"}  # the story's own drill
    codes = {name: code for name, (code, _) in ended.items()}
    assert codes == {name: FAILED if name == "audit-sink-down" else PASSED for name in ended}, ended
    assert _failed(ended["audit-sink-down"]) == ["sql_audit"]

    with demo.instead(demo.targets.root / "reader", SHUT):
        assert _failed(demo.run("flag-refused")) == ["ssh_in", "sql_opened"], "nobody at all gets in"
    with demo.instead(demo.targets.root / "cut-off", SILENT):
        assert _failed(demo.run("monitor-dead")) == ["ssh_in"]
    _step_by_step(demo)
    _with_its_role_broken(demo)


def _with_its_role_broken(demo: Demo) -> None:
    """The outage fails for the right reason, and everything else of it holds."""
    demo.change_account("NOLOGIN")
    code, printed = demo.run("platform-outage")
    assert _failed((code, printed)) == ["sql_in"]
    assert "refused with SQLSTATE 28000" in printed
    assert _steps(printed)["ssh_in"] == "passed"
    assert re.search(r"taken back +outage: .* has ended", printed)
    account = pwd.getpwuid(os.geteuid()).pw_name
    assert f"{account}@127.0.0.1" in printed


def _step_by_step(demo: Demo) -> None:
    """A step that looks at what is broken fails by itself, and passes where it is whole."""
    stale = (demo.targets.root / "stale.conf").read_text().replace("stale.jws", "none.jws")
    with demo.instead(demo.targets.root / "stale.conf", stale):
        gone = Steps(demo, "flag-refused", "gone").tried("sql_stale")
    assert (gone.status, "nothing on standard error that matches" in gone.detail) == (Status.NOT_MEASURED, True)

    lives = Steps(demo, "session-runs-out", "lives")
    assert lives.tried("renewed").status is Status.PASSED
    lives.values |= {"grant": lives.values["new_grant"], "session": lives.values["new_session"]}
    let_in = lives.tried("refused")
    assert (let_in.status, "let in" in let_in.detail) == (Status.FAILED, True)

    password = subprocess.run([demo.targets.rotate], capture_output=True, text=True, check=True).stdout.strip()
    told = demo.directory / "told.password"
    told.write_text(password)
    known = {"old": Value(password, is_secret=True), "password": Value(password, is_secret=True)}
    with demo.instead(demo.targets.rotate, f"#!/bin/sh\ncat '{told}'\n"):
        kept = Steps(demo, "credential-rotation", "kept", dict(known)).tried("sql_rotated")
    assert (kept.status, "old_refused: " in kept.detail) == (Status.FAILED, True), kept.detail

    assert _said(demo, "all", known).status is Status.PASSED
    nothing = _said(demo, "none", known)
    assert (nothing.status, "but it is no statement" in nothing.detail) == (Status.FAILED, True), nothing.detail


def _said(demo: Demo, log_statement: str, known: dict[str, Value]) -> Found:
    """Return what the audit says of a statement, where so much of statements is logged."""
    demo.change_account(f"SET log_statement = '{log_statement}'")
    steps = Steps(demo, "platform-outage", f"logs-{log_statement}", dict(known))
    looks = steps.made("sql_audit")
    assert steps.tried("sql_in").status is Status.PASSED
    return steps.tried("sql_audit", looks)
