"""A real monitor over TLS, and one behind a proxy, asked by the real commands."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from glasswatch.cli import run
from glasswatch.errors import ExitCode
from monitor.cli import command
from tests.support.monitors import MonitorProcess, Wanted, make_home, monitor_in
from tests.support.receiver import receiving
from tests.support.tls import Authority, authority

__all__ = ["authority"]


async def _command(*arguments: str) -> int:
    return await asyncio.to_thread(run, command, "monitor", list(arguments))


async def _token(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[str, str]:
    """Make a token; return it and the settings' line for it."""
    assert await _command("token", *arguments, "--expires", "2999-01-31") == ExitCode.GOOD
    said = capsys.readouterr()
    (row,) = re.findall(r"^- (.+)$", said.err, re.MULTILINE)
    return said.out.strip(), row


@asynccontextmanager
async def _running(root: Path, listen: str, *rows: str) -> AsyncIterator[MonitorProcess]:
    async with receiving() as target:
        more = f"tokens: [{', '.join(rows)}]\n"
        home = make_home(root / "home", Wanted(target.url, listen=listen, more=more))
        async with monitor_in(home) as monitor:
            await monitor.start()
            yield monitor
            assert await monitor.end() == ExitCode.GOOD


@pytest.fixture(autouse=True)
def no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing comes from the environment that the tests run in."""
    monkeypatch.delenv("GLASSWATCH_TOKEN", raising=False)


async def _until_good(*arguments: str) -> None:
    """Ask until every probe has run and all is up."""
    async with asyncio.timeout(20):
        while await _command(*arguments) != ExitCode.GOOD:
            pass


async def test_over_tls_the_command_trusts_what_it_is_told_to(
    tmp_path: Path, authority: Authority, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the authority's file it answers; without, its certificate is not trusted, and that is said."""
    issued = authority.issue()
    shutil.copy(issued.cert_file, tmp_path / "monitor.pem")
    shutil.copy(issued.key_file, tmp_path / "monitor.key")
    (tmp_path / "monitor.key").chmod(0o600)
    tls = f"tls: {{certificate: {tmp_path}/monitor.pem, key: {tmp_path}/monitor.key}}"
    async with _running(tmp_path, f"{{address: '127.0.0.1:0', {tls}}}") as monitor:
        assert monitor.url.startswith("https://127.0.0.1:")
        await _until_good("status", "--url", monitor.url, "--ca-file", str(authority.ca_file))
        assert await _command("status", "--url", monitor.url) == ExitCode.NOT_MEASURED
    assert "is not trusted: name its authority with --ca-file" in capsys.readouterr().err


async def test_behind_a_proxy_reading_needs_a_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also from this machine; the right token, from a file or the environment, reads."""
    token, row = await _token(capsys, "dashboard", "--machine", "dashboard", "--scope", "read")
    other, other_row = await _token(capsys, "wrapper", "--machine", "wrapper", "--scope", "use")
    file = tmp_path / "token"
    file.touch(0o600)
    file.write_text(token)
    listen = "{address: '127.0.0.1:0', proxy: [127.0.0.0/8]}"
    async with _running(tmp_path, listen, row, other_row) as monitor:
        status = ("status", "--url", monitor.url)
        await _until_good(*status, "--token-file", str(file))
        monkeypatch.setenv("GLASSWATCH_TOKEN", other)
        assert await _command(*status) == ExitCode.NOT_MEASURED
        assert "this token lacks the scope read" in capsys.readouterr().err
        monkeypatch.setenv("GLASSWATCH_TOKEN", token)
        assert await _command(*status) == ExitCode.GOOD
        monkeypatch.delenv("GLASSWATCH_TOKEN")
        assert await _command(*status) == ExitCode.NOT_MEASURED
        assert "this needs a token" in capsys.readouterr().err
        log = monitor.log
    assert token not in log
    assert other not in log


async def test_where_nobody_but_a_proxy_is_answered_nobody_else_is(tmp_path: Path) -> None:
    """Not even told no."""
    listen = "{address: '127.0.0.1:0', proxy: [10.0.0.0/24]}"
    async with _running(tmp_path, listen) as monitor:
        assert await _command("status", "--url", monitor.url) == ExitCode.NOT_MEASURED
