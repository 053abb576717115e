"""Drills at a monitor that is put together as it runs: its evidence key, and runs through a restart."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from glasswatch.cli import run
from glasswatch.clock import SystemClock
from glasswatch.errors import ExitCode
from glasswatch.flag import jws, keys, trust
from glasswatch.settings.load import load
from monitor.assembly import assemble
from monitor.cli import command
from monitor.parts import Assembly
from monitor.settings.root import MonitorSettings
from monitor.wire.drills import ReceiptAnswer
from platforms.http import AsyncClient
from tests.support.desk import bearer
from tests.support.drill_register import hash_of
from tests.support.face import asking
from tests.support.monitors import PLATFORM, Home, Wanted, make_home

DIGEST = hashlib.sha256(b"drills-token").hexdigest()
MORE = (
    "drills: {evidence_key: {file: evidence/evidence.key}}\n"
    f"tokens: [{{name: drills, machine: drills, sha256: {DIGEST}, scopes: [drill], expires: 2999-01-31}}]\n"
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with an evidence key as people make it."""
    made = make_home(tmp_path / "home", Wanted("http://127.0.0.1:1/", more=MORE))
    arguments = ["flag", "keygen", str(made.root / "evidence"), "--role", "evidence", "--issuer", "test/main"]
    assert run(command, "monitor", arguments) == ExitCode.GOOD
    return made


async def begun(home: Home) -> Assembly:
    """Return a monitor's parts, as it begins with them."""
    parts = await assemble(load(home.config, MonitorSettings), SystemClock())
    await parts.drills.start()
    await parts.outbox.start()
    return parts


async def opened(client: AsyncClient, run: str) -> str:
    """Open a run; return its receipt."""
    body = {
        "run": run,
        "scenario": "restore",
        "title": "",
        "owner": "",
        "platform": PLATFORM,
        "operator": "anna",
        "scenario_sha256": "5" * 64,
        "real": True,
        "until": (SystemClock().now() + timedelta(hours=1)).isoformat(),
        "head": {"seq": 1, "hash": hash_of(1)},
    }
    answer = await client.post("/api/v1/drills", json=body, headers=bearer("drills-token"))
    assert answer.status_code == 201, answer.text
    return ReceiptAnswer.model_validate_json(answer.content).receipt


async def closed(client: AsyncClient, run: str) -> None:
    """Close a run."""
    body = {"verdict": "failed", "head": {"seq": 2, "hash": hash_of(2)}}
    answer = await client.post(f"/api/v1/drills/{run}/close", json=body, headers=bearer("drills-token"))
    assert answer.status_code == 200, answer.text


async def test_receipts_are_signed_by_the_key_that_keygen_makes_and_outlive_a_restart(home: Home) -> None:
    """The trust file beside the key knows it as evidence's; the run is open still when the monitor comes back."""
    parts = await begun(home)
    async with asking(parts.face) as client:
        receipt = await opened(client, "run-1")
    await parts.close()
    taken = jws.open_(receipt, jws.EVIDENCE_TYP)
    key = trust.load(home.root / "evidence" / "trust.json", SystemClock()).key(taken.kid)
    assert key is not None
    assert (key.role, key.iss, jws.is_signed(taken, key.public)) == (trust.KeyRole.EVIDENCE, "test/main", True)
    again = await begun(home)
    async with asking(again.face) as client:
        (run,) = (await client.get("/api/v1/status")).json()["drills"]["runs"]
        (head,) = (await client.get("/api/v1/drills/run-1/heads")).json()["heads"]
    assert (run["run"], run["standing"], head["receipt"]) == ("run-1", "open", receipt)
    assert 'jit_drill_runs{standing="open"} 1' in again.metrics.render().decode()
    await again.close()


async def test_a_key_that_can_not_be_used_costs_receipts_and_not_the_monitor(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    """One that others can read, a demo's, none at all: each is told in the log."""
    file = home.root / "evidence" / "evidence.key"
    said = []
    spoils: tuple[Callable[[], None], ...] = (partial(file.chmod, 0o644), partial(_demo, file), file.unlink)
    for number, spoil in enumerate(spoils):
        spoil()
        parts = await begun(home)
        async with asking(parts.face) as client:
            assert await opened(client, f"run-{number}") == ""
            await closed(client, f"run-{number}")
        await parts.close()
        said += [record.__dict__["fields"]["error"] for record in caplog.records if "evidence" in record.message]
        caplog.clear()
    assert [line.partition(": ")[2].partition(":")[0] for line in said] == [
        "others can read this key",
        f"secret from file {file}",
        "can't be read",
    ]
    assert "a demo made this key" in said[1]


def _demo(file: Path) -> None:
    file.unlink()
    keys.create(file, is_demo=True)
