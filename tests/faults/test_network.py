"""What lies between a monitor and the platform breaks: it says that it can't tell, and takes nothing for down."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.faults.places import with_resolver
from tests.faults.stage import Setup, Stage, staged
from tests.servers.dns import DnsServer
from tests.servers.dns import answering as dns_answering
from tests.support.receiver import Hang, SlowBody
from tests.support.tls import Authority, authority, stranger

__all__ = ["authority", "stranger"]

PORTAL, CONTROLS = "portal.platform.test", ("www.one.test", "www.two.test")
ELSEWHERE = "127.0.0.9"
FLAG = {"unknown_pages_after": "500ms"}


async def test_controls_gone(tmp_path: Path, authority: Authority) -> None:
    """What breaks while no control answers is unknown, and somebody is told so; then it is found."""
    async with staged(tmp_path / "home", Setup(authority=authority, flag=FLAG)) as stage:
        await stage.rises()
        stage.controls.turn(silent=True)
        stage.breaks()
        await _is_lost(stage)
        stage.controls.turn(silent=False)
        await stage.outage()
        await stage.recovers()
        await stage.settles()


async def test_dns_dead(tmp_path: Path, authority: Authority) -> None:
    """No name resolves: that is us, whatever the platform does meanwhile."""
    async with _named(tmp_path, authority) as (stage, dns):
        with stage.unseeing():
            dns.is_mute = True
            stage.breaks()
            await _is_lost(stage)
            dns.is_mute = False
        await stage.outage()
        await stage.recovers()
        await stage.settles()


async def test_dns_lies(tmp_path: Path, authority: Authority, stranger: Authority) -> None:
    """Every name leads to one machine that says that all is well, as in a captive network: nobody believes it."""
    async with _named(tmp_path, authority) as (stage, dns), elsewhere(stage, stranger):
        true = dns.names
        with stage.unseeing():
            dns.names = {name: [ELSEWHERE] for name in true}
            stage.breaks()
            await _is_lost(stage)
            dns.names = true
        await stage.outage()
        await stage.recovers()
        await stage.settles()


async def test_platform_trickles(tmp_path: Path) -> None:
    """One that answers byte by byte, and one that never does, are down: a probe waits for its own deadline only."""
    async with staged(tmp_path / "home") as stage:
        await stage.rises()
        for how in (SlowBody(), Hang()):
            await stage.outage(how)
            await stage.recovers()
        await stage.settles()


async def _is_lost(stage: Stage) -> None:
    """Wait until it knows that it can't see, and has told; and for as long as a false outage would take."""
    await stage.sees(lambda: stage.recording.looks and stage.recording.looks[-1].blind)
    await stage.sees(lambda: stage.told("unknown")[-1:] == ["firing"])
    await asyncio.sleep(stage.recording.pace.detects.total_seconds() * stage.chance.uniform(0.5, 1))
    assert stage.recorder.state == "standby"
    assert stage.recording.looks[-1].verdict == "unknown"


@asynccontextmanager
async def _named(root: Path, authority: Authority) -> AsyncIterator[tuple[Stage, DnsServer]]:
    """Have all well with a platform and controls that are reached by their names."""
    # What it said is kept for its time to live, an hour at most: so is a lie.
    async with dns_answering(DnsServer({name: ["127.0.0.1"] for name in (PORTAL, *CONTROLS)}, ttl=1)) as dns:
        resolv_conf = root / "resolv.conf"
        resolv_conf.write_text(f"nameserver [127.0.0.1]:{dns.port}\noptions timeout:1 attempts:1\n")
        setup = Setup(
            authority=authority,
            control_hosts=CONTROLS,
            platform_host=PORTAL,
            flag=FLAG,
            under=with_resolver(resolv_conf),
        )
        async with staged(root / "home", setup) as stage:
            await stage.rises()
            yield stage, dns


@asynccontextmanager
async def elsewhere(stage: Stage, stranger: Authority) -> AsyncIterator[None]:
    """Run what lies answer with: a machine at the same port that is well, whatever it is asked for."""
    context = stranger.issue(PORTAL, *CONTROLS).context()
    servers = [
        await asyncio.start_server(_well, ELSEWHERE, server.port, ssl=context)
        for server in (stage.truth.target, stage.controls.server)
    ]
    try:
        yield
    finally:
        for server in servers:
            server.close()


async def _well(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        await writer.drain()
        writer.close()
