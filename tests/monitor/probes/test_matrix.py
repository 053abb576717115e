"""Servers that misbehave: each gets the verdict an engineer would want, with its reason, within bounds of time."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from monitor.model.outcome import Attempt, Outcome
from monitor.probes.context import ProbeContext
from monitor.probes.http import make
from monitor.settings.http import HttpProbeSettings
from monitor.starts import Starts
from tests.servers import matrix_content, matrix_talk, matrix_way
from tests.servers.handmade_tls import shaking
from tests.servers.matrix import Row
from tests.servers.raw import RawServer, serving
from tests.support.tls import Authority

ROWS = (*matrix_talk.ROWS, *matrix_content.ROWS, *matrix_way.ROWS)
SLACK_SECONDS = 1.0
BUSY = "this machine was busy"  # says the probe itself where the deadline was noticed late
MOST_BYTES = 200 * 1000 * 1000


@asynccontextmanager
async def served(row: Row, authority: Authority) -> AsyncIterator[RawServer]:
    """Run the row's server."""
    context = row.tls(authority) if row.tls is not None else None
    if context is None or not row.alerts:
        async with serving(row.script, context) as server:
            yield server
        return
    async with serving(shaking(context, row.script)) as server:
        server.scheme = "https"
        yield server


def probe_of(row: Row, server: RawServer, authority: Authority, folder: Path) -> dict[str, Any]:
    """Return the settings of the probe that meets the row's server."""
    url = server.url() if row.scheme is None else server.url().replace(server.scheme, row.scheme, 1)
    settings = {"function": "sign_in", "url": url, **row.probe}
    if url.startswith("https:"):
        settings["tls"] = {"ca_file": str(authority.ca_file)}
    if row.ours is not None:
        ours = row.ours(authority)
        ours.key_file.chmod(0o600)
        settings["tls"] |= {"certificate": str(ours.cert_file), "key": str(ours.key_file)}
    if "headers" in settings:
        token = folder / "token"
        token.write_text("secret")
        token.chmod(0o600)
        settings["headers"] = {name: {"file": str(token)} for name in settings["headers"]}
    return settings


async def meet(context: ProbeContext, settings: dict[str, Any]) -> Outcome:
    """Make one attempt."""
    return await make(HttpProbeSettings.model_validate(settings), context).attempt(Attempt.SCHEDULED)


def told(outcome: Outcome) -> tuple[object, ...]:
    """Return what is compared of an outcome."""
    return (outcome.kind, outcome.reason, outcome.detail)


def test_every_row_has_a_name_of_its_own() -> None:
    """None is hidden by another."""
    assert len({row.name for row in ROWS}) == len({row.does for row in ROWS}) == len(ROWS) > 90


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_what_a_server_does_is_named(
    context: ProbeContext, authority: Authority, tmp_path: Path, row: Row
) -> None:
    """Kind, reason and detail of each; one that hangs ends with the deadline."""
    async with served(row, authority) as server:
        settings = probe_of(row, server, authority, tmp_path)
        outcome = await meet(context, settings)
        for _ in range(2):
            if not outcome.detail.startswith(BUSY):
                break
            outcome = await meet(context, settings)
    assert told(outcome) == row.found
    assert outcome.warnings == row.warnings
    assert outcome.duration_seconds < row.timeout.total_seconds() + SLACK_SECONDS


@asynccontextmanager
async def everybody(authority: Authority) -> AsyncIterator[list[RawServer]]:
    """Run all of them side by side."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(served(row, authority)) for row in ROWS]


async def test_none_harms_another(context: ProbeContext, authority: Authority, tmp_path: Path) -> None:
    """All at once, three times over, begun as the scheduler begins them: each is judged as if it were alone."""
    starts = Starts()

    async def begin(settings: dict[str, Any]) -> Outcome:
        await starts.turn(is_urgent=False)
        return await meet(context, settings)

    rows = [row for row in ROWS if not row.hangs]
    async with everybody(authority) as servers:
        met = [(row, server) for row, server in zip(ROWS, servers, strict=True) if not row.hangs]
        outcomes = await asyncio.gather(
            *(begin(probe_of(row, server, authority, tmp_path)) for _ in range(3) for row, server in met)
        )
    assert [told(outcome) for outcome in outcomes] == [row.found for row in rows] * 3


async def met_elsewhere(wanted: list[dict[str, Any]]) -> dict[str, Any]:
    """Meet them all at once in a process of its own; return what it says."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.servers.meeting", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate(json.dumps(wanted).encode())
    met: dict[str, Any] = json.loads(said)
    return met


@pytest.mark.asyncio(loop_factories=["asyncio"])
async def test_all_at_once_are_bounded(authority: Authority, tmp_path: Path) -> None:
    """All of them at once, in a process of its own: each with its verdict, in time, in less than 200 MB altogether."""
    async with everybody(authority) as servers:
        wanted = [
            {"name": row.name, "settings": probe_of(row, server, authority, tmp_path)}
            for row, server in zip(ROWS, servers, strict=True)
        ]
        met = await met_elsewhere(wanted)
        for _ in range(2):
            if not any(detail.startswith(BUSY) for _, _, detail, _ in met["outcomes"].values()):
                break
            met = await met_elsewhere(wanted)

    patient = {row.name: list(row.found) for row in ROWS if not row.hangs}
    assert {name: met["outcomes"][name][:3] for name in patient} == patient
    late = {
        row.name: seconds
        for row in ROWS
        if (seconds := met["outcomes"][row.name][3]) > row.timeout.total_seconds() + SLACK_SECONDS
    }
    assert late == {}
    assert met["peak_bytes"] < MOST_BYTES
