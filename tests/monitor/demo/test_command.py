import asyncio
import os
import re
import signal
import socket
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import click
import pytest

from glasswatch.cli import run
from glasswatch.errors import ExitCode
from monitor.commands.demo import command
from monitor.demo.screen import told_line, verdict_lines
from monitor.demo.settings import Places, write_running
from monitor.demo.show import interruptible
from monitor.demo.stage import Port, choose_ports
from monitor.demo.told import Happened, Missing, NotReached, Result, Told, Unmeasured
from tests.support.simulator import Simulated, simulated


@pytest.fixture(scope="module")
def platform() -> Iterator[Simulated]:
    """A simulated platform that runs."""
    with simulated() as running:
        yield running


@pytest.fixture
def places(tmp_path: Path, platform: Simulated) -> Places:
    """The state directory of a demo that runs this platform."""
    platform.recover()
    made = Places(tmp_path)
    made.admin_token.write_text(f"{platform.token}\n")
    write_running(made, os.getpid(), platform.admin_url)
    return made


Call = Callable[..., tuple[int, str]]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    """Call the command as its console script does; get exit code, and all that was printed."""

    def calling(*arguments: str) -> tuple[int, str]:
        code = run(command, "monitor demo", arguments)
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return calling


def test_break_and_recover_act_on_the_demo_that_runs(places: Places, platform: Simulated, call: Call) -> None:
    """Another terminal breaks and mends the platform without curl."""
    directory = ("--dir", str(places.root))
    assert call("break", "sign_in", "--fault", "slow", "--seconds", "3", *directory)[0] == 0
    assert platform.admin("GET", "/admin/faults").data() == {"sign_in": {"kind": "slow", "seconds": 3.0}}
    assert call(*directory, "break", "all", "--fault", "stop")[0] == 0
    assert call("recover", *directory)[0] == 0
    assert platform.admin("GET", "/admin/faults").data() == {}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("break", "sign_in", "--fault", "hang", "--seconds", "3"), "hang takes no other member, and nothing else"),
        (("break", "sign_in", "--fault", "stop"), "it can be set on all only"),
        (("break", "sign_in", "--status", "200"), "status: expected a whole number from 400 to 599"),
        (("break", "sign_out"), "Invalid value for"),
        (("break", "sign_in", "--fault", "explode"), "Invalid value for '--fault'"),
        (("--port", "70000"), "Invalid value for '--port'"),
        (("explode",), "No such command"),
    ],
)
def test_wrong_usage_is_one_clear_line_and_exit_2(
    places: Places, call: Call, arguments: tuple[str, ...], message: str
) -> None:
    """What was expected is said; nothing is changed."""
    code, printed = call("--dir", str(places.root), *arguments)
    assert code == ExitCode.USAGE
    assert message in printed


def test_without_a_demo_there_is_nothing_to_break(tmp_path: Path, call: Call) -> None:
    """Not measured, and how to start one."""
    code, printed = call("break", "sign_in", "--dir", str(tmp_path))
    assert code == ExitCode.NOT_MEASURED
    assert printed == f"no demo runs in {tmp_path}: start one with `monitor demo`\n"


def test_a_demo_that_is_gone_is_not_measured(places: Places, call: Call) -> None:
    """The note of a demo that was killed leads to nobody."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        write_running(places, 1, f"http://127.0.0.1:{sock.getsockname()[1]}")
        code, printed = call("recover", "--dir", str(places.root))
    assert code == ExitCode.NOT_MEASURED
    assert printed.startswith("the simulated platform does not answer")


def test_a_directory_that_is_not_a_demos_is_refused(tmp_path: Path, call: Call) -> None:
    """A mistyped --dir is wrong usage and touches nothing."""
    (tmp_path / "mine.txt").write_text("mine")
    code, printed = call("--story", "--dir", str(tmp_path))
    assert code == ExitCode.USAGE
    assert "holds files that are not a demo's" in printed
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_port_that_is_taken_is_replaced_by_a_free_one() -> None:
    """The demo starts all the same; a free one is kept."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert choose_ports(port)[Port.MONITOR] not in {0, port}
    assert choose_ports(port)[Port.MONITOR] == port


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_interrupts_once_and_clean_up_is_finished(number: signal.Signals) -> None:
    """Impatience does not cut the clean-up short, and the code is 5."""
    cleaned: list[str] = []

    async def work() -> ExitCode:
        try:
            os.kill(os.getpid(), number)
            await asyncio.Event().wait()
        finally:
            os.kill(os.getpid(), number)
            await asyncio.sleep(0.05)
            cleaned.append("all")
        return ExitCode.GOOD

    assert await interruptible(work()) is ExitCode.INTERRUPTED
    assert cleaned == ["all"]


def _plain(lines: Iterable[str]) -> str:
    return click.unstyle("\n".join(lines))


HAPPENED: tuple[Told, ...] = tuple(
    Happened(name, f"{name} words", seconds)
    for name, seconds in (
        ("healthy", None),
        ("break", 0.0),
        ("down", 2.04),
        ("ready", 2.1),
        ("page", 2.2),
        ("recover", 5.2),
        ("over", 8.2),
        ("standby", 36.2),
    )
)


def test_the_end_of_the_story_sums_up_what_was_measured() -> None:
    """Times are from the break, and from the recovery for what follows it."""
    text = _plain(verdict_lines(Result(HAPPENED)))
    assert text.startswith("All of it happened.")
    for figure in ("down after 2.0 s", "ready after 2.1 s", "receiver after 2.2 s", "over after 3.0 s", "31.0 s"):
        assert figure in text


def test_the_end_of_a_story_that_went_wrong_names_what_is_missing() -> None:
    """Missing and not measured are told apart."""
    told: tuple[Told, ...] = (
        *HAPPENED,
        Missing("up", "the monitor says up", "degraded"),
        Unmeasured("over", "the page", "dead"),
    )
    text = _plain(verdict_lines(Result(told)))
    assert "All of it" not in text
    assert "Missing: the monitor says up." in text
    assert "Not measured: the page." in text


@pytest.mark.parametrize(
    ("told", "pattern"),
    [
        (Happened("down", "sign_in is down", 2.345), r" +2\.3[45] s  down +sign_in is down"),
        (Happened("healthy", "up", None), r" +healthy +up"),
        (Happened("page", "a\x1b[2Jb\n", 1.0), r" +1\.00 s  page +a \[2Jb "),
        (Missing("up", "up", "degraded"), r" +up +MISSING: up; instead: degraded"),
        (Unmeasured("up", "up", "dead"), r" +up +NOT MEASURED: up; dead"),
        (NotReached("up", "up"), r" +up +not reached: up"),
    ],
)
def test_each_thing_told_is_one_line(told: Told, pattern: str) -> None:
    """Whatever a page or a monitor said can't break the line or the terminal."""
    assert re.fullmatch(pattern, click.unstyle(told_line(told)))
