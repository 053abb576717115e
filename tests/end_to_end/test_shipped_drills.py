"""Every shipped scenario against the demo's own targets: as they are, and with what each of them is about broken."""

import os
import pwd
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from drills.model.found import Value
from drills.model.step import Status
from monitor.demo.scenarios import SHIPPED
from monitor.demo.targets.places import TargetPlaces
from monitor.demo.targets.readers import BAD
from tests.support.leftovers import processes_naming
from tests.support.programs import require
from tests.support.shipped import SECONDS, Demo, Ended, Steps, drilling

FAILED, PASSED = 1, 0
REFUSED = ("sql_sealed", "sql_forged", "sql_stale", "sql_real")


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
            with drilling(directory) as demo:
                yield demo
        finally:
            process.terminate()
            process.communicate(timeout=SECONDS)
    assert processes_naming(directory) == []
    outside = TargetPlaces(directory).system_postgres
    assert outside is None or not outside.exists()


def _steps(printed: str) -> Mapping[str, str]:
    """Return how each step ended."""
    return {name: how for how, name in re.findall(r"^\S+ (passed|failed|skipped) +(\w+):", printed, re.MULTILINE)}


def _failed(ended: Ended) -> list[str]:
    """Return which steps of a drill that failed did."""
    assert ended.code == FAILED, ended.printed
    return [name for name, how in _steps(ended.printed).items() if how == "failed"]


@pytest.mark.timeout(600)
def test_every_shipped_drill_does_what_it_says(demo: Demo) -> None:
    """On a real sshd, PostgreSQL, pagers and platform; and each fails where what it is about is broken.

    What is broken for single steps is broken while a drill runs that has nothing to do with it.
    """
    names = sorted(path.stem for path in SHIPPED.glob("*.yaml"))
    for name in names:
        demo.approve(name)
    ended: dict[str, Ended] = {}
    with demo.running("page-channel-down") as wait:
        _with_log_rotation_or_order_broken(demo)
        ended["page-channel-down"] = wait()
    with demo.running("session-runs-out") as wait:
        _with_flags_doors_or_sessions_broken(demo)
        ended["session-runs-out"] = wait()
    for name in names:  # the outage is the story's own drill
        if name not in (*ended, "platform-outage"):
            ended[name] = demo.run(name)
    codes = {name: each.code for name, each in ended.items()}
    assert codes == {name: FAILED if name == "audit-sink-down" else PASSED for name in ended}, ended
    assert _failed(ended["audit-sink-down"]) == ["sql_audit"]

    outage = _with_both_doors_broken(demo)
    assert _failed(outage) == ["ssh_in", "sql_in"]
    account = pwd.getpwuid(os.geteuid()).pw_name
    assert re.search(rf"ssh_in: {account}@127\.0\.0\.1:\d+: refused: ", outage.printed), outage.printed
    assert re.search("sql_in: .*: refused at the login with SQLSTATE 28000", outage.printed)
    steps = _steps(outage.printed)
    assert {steps[name] for name in ("ssh_sealed", "page", "sql_opened", "ssh_shut", "sql_shut")} == {"passed"}
    assert re.search(r"taken back +outage: .* has ended", outage.printed)


def _with_both_doors_broken(demo: Demo) -> Ended:
    """Run the outage where the reader never answers sshd, and where the database's role can't log in."""
    reader = demo.targets.root / "reader"
    silent = reader.read_text().replace("#!/bin/sh\n", '#!/bin/sh\n[ "$1" = sshd/principals ] && exit 0\n')
    demo.change_account("NOLOGIN")
    with demo.instead(reader, silent):
        return demo.run("platform-outage")


def _with_log_rotation_or_order_broken(demo: Demo) -> None:
    """PostgreSQL logs who came and not what they did; what rotates changes nothing; no order opens.

    An order counts at every reader of the demo: no drill that asks one may run meanwhile.
    """
    demo.change_account("PASSWORD 'another'")
    mended, again = (_rotated(demo, "--if-broken") for _ in range(2))
    assert ("another was set and sealed, and gets in" in mended, "it stays" in again) == (True, True), (mended, again)
    password = Value(_rotated(demo), is_secret=True)
    told = demo.directory.parent / "password"
    told.write_text(password.text)
    with demo.instead(demo.targets.rotate, f"#!/bin/sh\ncat '{told}'\n"):
        kept = Steps(demo, "credential-rotation", "kept", {"old": password}).tried("sql_rotated")
    assert (kept.status, "old_refused: " in kept.detail) == (Status.FAILED, True), kept.detail

    steps = Steps(demo, "platform-outage", "nothing-said", {"password": password})
    looks = steps.made("sql_audit")
    demo.change_account("SET log_statement = 'none'")
    assert steps.tried("sql_in").status is Status.PASSED
    demo.change_account("SET log_statement = 'all'")
    logins = steps.seen("sql_audit", looks)
    assert (logins.status, "but it is no statement" in logins.detail) == (Status.FAILED, True), logins.detail

    order = Steps(demo, "monitor-dead", "order")
    with demo.instead(demo.targets.root / "cut-off", "#!/bin/sh\n"):
        found = {name: order.tried(name).status for name in ("ssh_cut_off", "anna", "ben", "ssh_in")}
    assert found == dict.fromkeys(found, Status.PASSED) | {"ssh_in": Status.FAILED}
    (demo.targets.root / "order.jws").unlink()


def _rotated(demo: Demo, *words: str) -> str:
    return subprocess.run([demo.targets.rotate, *words], capture_output=True, text=True, check=True).stdout.strip()


def _with_flags_doors_or_sessions_broken(demo: Demo) -> None:
    """A flag isn't there, and is not refused for being old; a door is open to everybody; a session does not end."""
    for name in BAD:
        conf = demo.targets.root / f"{name}.conf"
        with demo.instead(conf, conf.read_text().replace(f"{name}.jws", "none.jws")):
            gone = Steps(demo, "flag-refused", "gone").tried(f"sql_{name}")
        assert (gone.status, "on standard error" in gone.detail) == (Status.NOT_MEASURED, True), gone.detail
    with demo.instead(demo.targets.opener, "#!/bin/sh\necho opened\n"):
        opened = {name: Steps(demo, "flag-refused", "open").tried(name).status for name in REFUSED}
    assert opened == dict.fromkeys(REFUSED, Status.FAILED)

    lives = Steps(demo, "session-runs-out", "lives")
    assert lives.tried("renewed").status is Status.PASSED
    lives.values |= {"grant": lives.values["new_grant"], "session": lives.values["new_session"]}
    let_in = lives.tried("refused")
    assert (let_in.status, "let in" in let_in.detail) == (Status.FAILED, True), let_in.detail
