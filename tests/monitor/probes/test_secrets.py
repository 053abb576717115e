"""The secrets that probes send: when they are read, and when again."""

import asyncio
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from glasswatch.errors import SecretUnavailable
from glasswatch.secrets import SecretReference
from monitor.probes.secrets import FRESH_SECONDS, KeptSecrets
from tests.support.clock import ManualClock
from tests.support.waiting import until

# Nothing here depends on the loop.
pytestmark = pytest.mark.asyncio(loop_factories=["asyncio"])

Commands = Callable[[str], SecretReference]


@pytest.fixture
def command(tmp_path: Path) -> Commands:
    """Make a reference to a command; each run adds a line to the file `runs`."""

    def make(script: str) -> SecretReference:
        program = tmp_path / "program"
        program.write_text(f"#!/bin/sh\necho run >> {tmp_path}/runs\n{script}\n")
        program.chmod(stat.S_IRWXU)
        return SecretReference(command=(str(program),))

    return make


def _runs(directory: Path) -> int:
    runs = directory / "runs"
    return len(runs.read_text().splitlines()) if runs.exists() else 0


async def test_an_environment_variable_is_read_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that changes counts at once."""
    secrets, reference = KeptSecrets(ManualClock()), SecretReference(env="PORTAL_TOKEN")
    for value in ("one", "two"):
        monkeypatch.setenv("PORTAL_TOKEN", value)
        assert (await secrets.get(reference)).reveal() == value
    monkeypatch.delenv("PORTAL_TOKEN")
    with pytest.raises(SecretUnavailable):
        await secrets.get(reference)


async def test_a_file_is_read_each_time(tmp_path: Path) -> None:
    """A token that is rotated on disk is sent in its new form."""
    file = tmp_path / "token"
    secrets, reference = KeptSecrets(ManualClock()), SecretReference(file=file)
    for value in ("one", "two"):
        file.write_text(value)
        file.chmod(0o600)
        assert (await secrets.get(reference)).reveal() == value
    file.unlink()
    with pytest.raises(SecretUnavailable):
        await secrets.get(reference)


async def test_a_command_is_run_once_for_a_while(command: Commands, tmp_path: Path) -> None:
    """What it printed is kept for as long as it is fresh."""
    clock = ManualClock()
    secrets, reference = KeptSecrets(clock), command("echo token")
    for _ in range(3):
        assert (await secrets.get(reference)).reveal() == "token"
        clock.advance(FRESH_SECONDS / 3)
    assert _runs(tmp_path) == 1


async def test_an_old_secret_serves_while_the_command_runs_again(command: Commands, tmp_path: Path) -> None:
    """After its time the next attempt does not wait, and a later one gets the new secret."""
    clock = ManualClock()
    secrets, reference = KeptSecrets(clock), command(f"wc -l < {tmp_path}/runs | tr -d ' '")
    assert (await secrets.get(reference)).reveal() == "1"
    clock.advance(FRESH_SECONDS)
    assert (await secrets.get(reference)).reveal() == "1"
    await _until_revealed(secrets, reference, "2")
    assert _runs(tmp_path) == 2


async def test_a_command_that_fails_later_leaves_the_old_secret(command: Commands, tmp_path: Path) -> None:
    """A vault that is down for a while does not take away a secret that still works."""
    clock = ManualClock()
    secrets, reference = KeptSecrets(clock), command(f"[ $(wc -l < {tmp_path}/runs) = 1 ] && echo token")
    await secrets.get(reference)
    clock.advance(FRESH_SECONDS)
    await secrets.get(reference)
    await until(lambda: _runs(tmp_path) == 2)
    assert (await secrets.get(reference)).reveal() == "token"


async def test_a_refused_secret_is_read_anew(command: Commands, tmp_path: Path) -> None:
    """A refusal drops what is kept."""
    secrets, reference = KeptSecrets(ManualClock()), command(f"wc -l < {tmp_path}/runs | tr -d ' '")
    assert (await secrets.get(reference)).reveal() == "1"
    secrets.refused(reference)
    assert (await secrets.get(reference)).reveal() == "2"


async def test_many_who_ask_share_one_run(command: Commands, tmp_path: Path) -> None:
    """A command that is slow is run once for all who wait, and cancelling one disturbs no other."""
    secrets, reference = KeptSecrets(ManualClock()), command("sleep 0.1; echo token")
    impatient = asyncio.create_task(secrets.get(reference))
    others = [asyncio.create_task(secrets.get(reference)) for _ in range(20)]
    await asyncio.sleep(0)
    impatient.cancel()
    assert {secret.reveal() for secret in await asyncio.gather(*others)} == {"token"}
    assert impatient.cancelled()
    assert _runs(tmp_path) == 1


async def test_a_failure_is_not_kept(command: Commands, tmp_path: Path) -> None:
    """A command that failed is run again by the next attempt."""
    secrets, reference = KeptSecrets(ManualClock()), command(f"[ $(wc -l < {tmp_path}/runs) = 2 ] && echo token")
    with pytest.raises(SecretUnavailable):
        await secrets.get(reference)
    assert (await secrets.get(reference)).reveal() == "token"


async def _until_revealed(secrets: KeptSecrets, reference: SecretReference, value: str) -> None:
    async with asyncio.timeout(20):
        while (await secrets.get(reference)).reveal() != value:  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0.01)
