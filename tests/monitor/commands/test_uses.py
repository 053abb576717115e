"""`monitor uses`: from a reader's attempt to the person who closes it, over a real socket."""

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import pytest

from glasswatch import spool
from glasswatch.cli import run
from glasswatch.errors import ExitCode
from monitor.cli import command
from monitor.wire.uses import ReportBody
from tests.monitor.web.test_uses import tokens
from tests.support.clock import START
from tests.support.face import World, serving
from tests.support.monitors import ROOT
from tests.support.uses import READY

ATTEMPT = ("--platform", "payments", "--reader", "ssh:bastion-1", "--target", "db-1", "--decision", "allowed")
HEAVY = ("pydantic", "sqlalchemy", "starlette", "httpx2", "cryptography", "yaml", "asyncio")


@dataclass
class Running:
    """A monitor that answers on a socket, and how commands reach it."""

    world: World
    url: str
    directory: Path

    async def uses(self, *arguments: str, token: str = "bastion-token") -> int:
        """Run `monitor uses …` as somebody; return its exit code."""
        file = self.directory / token
        file.write_text(token)
        file.chmod(0o600)
        argv = ["uses", *arguments, "--url", self.url, "--token-file", str(file)]
        return await asyncio.to_thread(run, command, "monitor", argv)


@asynccontextmanager
async def running(directory: Path) -> AsyncIterator[Running]:
    """Serve a monitor that holds the flag ready."""
    world = World()
    object.__setattr__(world.site, "tokens", tokens())
    world.store.disk.last_alive_at = START
    world.store.disk.causes["payments"] = list(READY.spans)
    async with serving(world.face()) as (host, port):
        yield Running(world, f"http://{host}:{port}", directory)


def attempt(directory: Path, name: str, **changes: object) -> Path:
    """Spool an attempt as a reader does."""
    body: dict[str, object] = {
        "id": name,
        "platform": "payments",
        "reader": "ssh:bastion-1",
        "at": START.isoformat(),
        "target": "db-1",
        "decision": "allowed",
        "via": "flag",
        **changes,
    }
    return spool.keep(directory, body, World().clock)


async def test_an_attempt_is_reported_listed_and_closed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By hand, with the codes of design 3.1."""
    at = ("--at", START.isoformat())
    async with running(tmp_path) as monitor:
        told = ("report", *ATTEMPT, *at, "--id", "r-1", "--person", "anna", "--via", "override")
        assert await monitor.uses(*told) == ExitCode.GOOD
        assert await monitor.uses("list", "--open", token="reading-token") == ExitCode.FINDING
        assert "r-1  CRITICAL  OPEN: not classed, not rotated" in capsys.readouterr().out
        closing = ("class", "r-1", "--as", "real", "--rotated", "--note", "INC-7")
        assert await monitor.uses(*closing, token="annas-token") == ExitCode.FINDING
        assert "another person must" in capsys.readouterr().err
        assert await monitor.uses(*closing, token="bens-token") == ExitCode.GOOD
        assert await monitor.uses("list", "--json", token="reading-token") == ExitCode.GOOD
        (use,) = json.loads(capsys.readouterr().out.partition('{\n  "uses"')[2].join(('{"uses"', "")))["uses"]
    assert (use["open"], use["classing"]["by"], use["classing"]["note"]) == (False, "ben", "INC-7")


async def test_what_is_asked_wrongly_is_wrong_usage(tmp_path: Path) -> None:
    """Nothing said, no such use, and a token that is not let in: 2, 2 and 4."""
    async with running(tmp_path) as monitor:
        assert await monitor.uses("class", "r-9") == ExitCode.USAGE
        assert await monitor.uses("class", "r-9", "--rotated", token="bens-token") == ExitCode.USAGE
        assert await monitor.uses("class", "r-9", "--rotated", token="nobodys-token") == ExitCode.NOT_MEASURED
        assert await monitor.uses("report", *ATTEMPT, "--platform", "Not One") == ExitCode.USAGE


async def test_what_is_spooled_is_sent_and_gone(tmp_path: Path) -> None:
    """From the command that a reader calls to the record."""
    place = tmp_path / "spool"
    async with running(tmp_path) as monitor:
        for number in range(3):
            argv = ["uses", "spool", str(place), *ATTEMPT, "--id", f"r-{number}", "--syslog", str(tmp_path / "none")]
            assert await asyncio.to_thread(run, command, "monitor", argv) == ExitCode.GOOD
        assert await monitor.uses("send", str(place)) == ExitCode.GOOD
        assert sorted(monitor.world.store.disk.uses) == ["r-0", "r-1", "r-2"]
        assert spool.waiting(place) == []
        assert await monitor.uses("send", str(place)) == ExitCode.GOOD
        assert await monitor.uses("send", str(tmp_path / "nothing-yet")) == ExitCode.GOOD


async def test_a_monitor_that_is_gone_loses_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """4, everything stays, and it ends at the first that nobody answers."""
    for number in range(3):
        attempt(tmp_path / "spool", f"r-{number}")
    argv = ["uses", "send", str(tmp_path / "spool"), "--url", "http://127.0.0.1:1"]
    assert await asyncio.to_thread(run, command, "monitor", argv) == ExitCode.NOT_MEASURED
    assert len(spool.waiting(tmp_path / "spool")) == 3
    told = capsys.readouterr()
    assert told.out == "0 sent, 3 kept, 0 set aside\n"
    assert told.err.count("kept: no monitor answers") == 1


async def test_a_monitor_that_cannot_write_pages_all_and_all_is_kept(tmp_path: Path) -> None:
    """One that isn't on record does not keep the others from being paged."""
    for number in range(3):
        attempt(tmp_path / "spool", f"r-{number}")
    async with running(tmp_path) as monitor:
        monitor.world.store.fail("use")
        assert await monitor.uses("send", str(tmp_path / "spool")) == ExitCode.NOT_MEASURED
        assert len(monitor.world.told) == 3
        assert len(spool.waiting(tmp_path / "spool")) == 3


async def test_what_nobody_takes_is_set_aside_loudly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It holds up nothing: what is well formed goes."""
    place = tmp_path / "spool"
    attempt(place, "r 0")
    (place / "0.json").write_bytes(b"{")
    (place / "1.json").write_bytes(b" " * (spool.MAX_BYTES + 5))
    attempt(place, "r-1")
    async with running(tmp_path) as monitor:
        assert await monitor.uses("send", str(place)) == ExitCode.FINDING
        assert list(monitor.world.store.disk.uses) == ["r-1"]
    assert capsys.readouterr().err.count("SET ASIDE, nobody is told of this attempt") == 3
    assert len(list((place / spool.REFUSED).iterdir())) == 3


async def test_a_token_that_is_refused_keeps_everything(tmp_path: Path) -> None:
    """Somebody has to renew it; nothing is lost meanwhile."""
    attempt(tmp_path / "spool", "r-1")
    async with running(tmp_path) as monitor:
        sent = await monitor.uses("send", str(tmp_path / "spool"), token="nobodys-token")
    assert sent == ExitCode.NOT_MEASURED
    assert len(spool.waiting(tmp_path / "spool")) == 1


async def test_a_platform_that_the_token_may_not_tell_of_holds_up_no_other(tmp_path: Path) -> None:
    """What is refused stays, what isn't goes."""
    attempt(tmp_path / "spool", "r-1")
    attempt(tmp_path / "spool", "r-2", platform="ledger")
    async with running(tmp_path) as monitor:
        sent = await monitor.uses("send", str(tmp_path / "spool"), token="elsewhere-token")
        assert list(monitor.world.store.disk.uses) == ["r-2"]
    assert sent == ExitCode.NOT_MEASURED
    assert len(spool.waiting(tmp_path / "spool")) == 1


async def test_many_senders_at_once_send_everything_once(tmp_path: Path) -> None:
    """Each use is new once, whoever brings it; what one could not bring in time another does."""
    for number in range(9):
        attempt(tmp_path / "spool", f"r-{number}")
    async with running(tmp_path) as monitor:
        sending = [monitor.uses("send", str(tmp_path / "spool")) for _ in range(3)]
        codes = set(await asyncio.gather(*sending))
        assert codes <= {ExitCode.GOOD, ExitCode.NOT_MEASURED}
        while await monitor.uses("send", str(tmp_path / "spool")) != ExitCode.GOOD:
            pass
        assert len(monitor.world.told) == len(monitor.world.store.disk.uses) == 9
    assert spool.waiting(tmp_path / "spool") == []


async def test_its_time_is_bounded(tmp_path: Path) -> None:
    """What is left waits for the next run."""
    attempt(tmp_path / "spool", "r-1")
    async with running(tmp_path) as monitor:
        assert await monitor.uses("send", str(tmp_path / "spool"), "--within", "1ms") in (0, ExitCode.NOT_MEASURED)


def test_the_systems_log_comes_first_and_its_absence_is_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever becomes of the file, the line is there; without a log the file is."""
    place = tmp_path / "log"
    argv = ["uses", "spool", str(tmp_path / "spool"), *ATTEMPT, "--person", "an\nna", "--syslog", str(place)]
    assert run(command, "monitor", argv) == ExitCode.GOOD
    assert "not in the system's log" in capsys.readouterr().err
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(place))
        argv[2] = str(tmp_path / "no" / "such")
        assert run(command, "monitor", argv) == ExitCode.EVIDENCE_UNWRITABLE
        line = listening.recv(4096).decode()
    assert "can't be kept" in capsys.readouterr().err
    assert all(part in line for part in ("<84>", "platform=payments", "decision=allowed", "via=unknown", "target=db-1"))
    assert r'person="an\u005cu000ana"' in line
    (kept,) = spool.waiting(tmp_path / "spool")
    body = ReportBody.model_validate_json(kept.read_bytes(), strict=True)
    assert (body.person, body.reader, len(body.id)) == ("an\\u000ana", "ssh:bastion-1", 32)


def test_whatever_a_reader_passes_on_is_fit_to_be_sent(tmp_path: Path) -> None:
    """Made fit rather than refused: an attempt that is told of badly is worth more than one that isn't."""
    odd = ["--id", "a b/c", "--code", "x y", "--person", " \u202e ", "--note", "n" * 5000, "--run", "\x1b"]
    argv = ["uses", "spool", str(tmp_path), "--platform", "payments", "--reader", " ", "--target", "t" * 999]
    argv += ["--decision", "refused", *odd, "--syslog", str(tmp_path / "none")]
    assert run(command, "monitor", argv) == ExitCode.GOOD
    (kept,) = spool.waiting(tmp_path)
    body = ReportBody.model_validate_json(kept.read_bytes(), strict=True)
    assert (body.id, body.code, body.reader, len(body.target)) == ("a_b_c", "x_y", "unknown", 255)


def _start(*argv: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-P", *argv], text=True, capture_output=True, timeout=60, check=False, cwd=ROOT
    )


def test_a_reader_does_not_wait_for_it(tmp_path: Path) -> None:
    """It imports nothing heavy, and takes little more than Python itself does to start."""
    argv = ["uses", "spool", str(tmp_path / "spool"), *ATTEMPT, "--syslog", str(tmp_path / "none")]
    code = (
        "import sys\nfrom monitor.cli import command\nfrom glasswatch.cli import run\n"
        f"assert run(command, 'monitor', {argv!r}) == 0\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = _start("-c", code)
    assert done.stdout == "[]\n", done.stderr
    bare: list[float] = []
    ours: list[float] = []
    for _ in range(5):
        for times, given in ((bare, ("-c", "pass")), (ours, ("-m", "monitor", *argv))):
            begun = perf_counter()
            assert _start(*given).returncode == 0
            times.append(perf_counter() - begun)
    assert min(ours) < max(0.3, 15 * min(bare))
