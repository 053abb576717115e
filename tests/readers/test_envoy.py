"""The Envoy settings: they say what the contract and `follow` want; judged by Envoy itself where it is installed.

Envoy is in no Debian release: where it isn't installed the second half is skipped.
"""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from glasswatch.flag.document import Claims, FlagState
from tests.support.admin_door import adapted, all_up, knock
from tests.support.flags import ISSUER, OTHER_KEY, jwk, signed
from tests.support.listeners import free_port
from tests.support.reader_host import READERS, Host, claims_now
from tests.support.receiver import Answer, Receiver
from tests.support.tls import Authority
from tests.support.waiting import until

ENVOY = shutil.which("envoy")
SHIPPED = READERS / "gateway" / "envoy.yaml.example"
needs_envoy = pytest.mark.skipif(ENVOY is None, reason="envoy is not installed: see Envoy's own releases")


def _found(node: Any, name: str) -> Iterator[Any]:
    """Yield everything that stands under a name, wherever."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == name:
                yield value
            yield from _found(value, name)
    elif isinstance(node, list):
        for each in node:
            yield from _found(each, name)


def test_a_flag_that_has_ended_opens_nothing_for_longer_than_must_be() -> None:
    """Envoy's least tolerance, the strict reader's cap, and the audience that standby never has."""
    (provider,) = (each["break_glass"] for each in _found(yaml.safe_load(SHIPPED.read_text()), "providers"))
    assert provider["clock_skew_seconds"] == 1
    assert provider["max_lifetime"] == "1200s"
    assert provider["require_expiration"] is True
    assert provider["audiences"] == ["prod/ready"]


def test_every_door_asks_for_a_certificate_and_logs_what_follow_reads() -> None:
    """The door and the way past it, in one log."""
    settings = yaml.safe_load(SHIPPED.read_text())
    doors = settings["static_resources"]["listeners"]
    assert list(_found(doors, "require_client_certificate")) == [True] * len(doors)
    assert len(set(_found(doors, "path"))) == 1
    formats = list(_found(doors, "json_format"))
    assert [each["via"] for each in formats] == ["flag", "override"]
    assert all({"at", "via", "target", "subject", "why"} <= each.keys() for each in formats)
    assert {"state", "ver", "iss", "change", "prev"} <= formats[0].keys()


@dataclass
class Door:
    """Envoy in front of an admin."""

    host: Host
    door: int
    override: int
    authority: Authority
    admin: Receiver
    log: Path

    async def get(self, flag: bytes | None = None, *, past: bool = False, second: str | None = None) -> int:
        """Return the status that anna gets, with a flag or past the reader."""
        header = "" if flag is None else f"x-break-glass-flag: {flag.decode()}\r\n"
        request = f"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{header}\r\n"
        return await knock(self.authority, self.override if past else self.door, request, second)

    async def told(self, lines: int) -> list[dict[str, object]]:
        """Have what was logged told; return the reports."""
        await until(lambda: len(self.log.read_text().splitlines()) >= lines, within=20)
        process = await asyncio.create_subprocess_exec(
            str(self.host.directory / "readers/follow"),
            "envoy",
            stdin=asyncio.subprocess.PIPE,
            env=self.host.environment,
        )
        async with asyncio.timeout(60):
            await process.communicate(self.log.read_bytes())
        return self.host.reports()


@pytest.fixture
async def door(host: Host, tmp_path: Path) -> AsyncIterator[Door]:
    """The shipped settings with this machine's ports and places."""
    authority = Authority(tmp_path)
    server = authority.issue()
    admin = Receiver(default=Answer(body=b"admin"))
    await admin.start()
    ports = free_port(), free_port()
    keys = {"keys": [{name: jwk()[name] for name in ("kty", "crv", "x", "kid")} | {"alg": "EdDSA"}]}
    (tmp_path / "jwks.json").write_text(json.dumps(keys))
    changes = {
        "{address: 0.0.0.0, port_value: 443}": f"{{address: 127.0.0.1, port_value: {ports[0]}}}",
        "{address: 0.0.0.0, port_value: 8443}": f"{{address: 127.0.0.1, port_value: {ports[1]}}}",
        "{address: 127.0.0.1, port_value: 8080}": f"{{address: 127.0.0.1, port_value: {admin.url.split(':')[-1]}}}",
        "/etc/envoy/tls/admin.crt": str(server.cert_file),
        "/etc/envoy/tls/admin.key": str(server.key_file),
        "/etc/envoy/tls/break-glass-ca.crt": str(authority.ca_file),
        "/etc/envoy/tls/override-ca.crt": str(authority.ca_file),
        "/etc/envoy/break-glass-jwks.json": f"{tmp_path}/jwks.json",
        "/var/log/envoy/break-glass.log": f"{tmp_path}/break-glass.log",
        "issuer: prod/fra-1": f"issuer: {ISSUER}",
    }
    (tmp_path / "envoy.yaml").write_text(adapted(SHIPPED, changes))
    words = (
        "-c",
        str(tmp_path / "envoy.yaml"),
        "--use-dynamic-base-id",
        "--concurrency",
        "1",
        "--log-level",
        "warning",
    )
    flushed = ("--file-flush-interval-msec", "50")
    process = await asyncio.create_subprocess_exec(str(ENVOY), *words, *flushed)
    try:
        async with asyncio.timeout(60):
            while process.returncode is None and not await all_up(*ports):  # noqa: ASYNC110 - no event of another process
                await asyncio.sleep(0.05)
        assert process.returncode is None
        yield Door(host, *ports, authority, admin, tmp_path / "break-glass.log")
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        await admin.stop()


def _later(claims: Claims, seconds: int) -> Claims:
    return replace(claims, iat=claims.iat + seconds, exp=claims.exp + seconds, ver=claims.ver + seconds * 1000)


@needs_envoy
async def test_envoy_opens_while_the_flag_is_ready_and_it_is_told(door: Door) -> None:
    """Requests by one flag are one attempt; the next raise is another."""
    flag = signed(claims_now(FlagState.READY))
    assert [await door.get(flag), await door.get(flag)] == [200, 200]
    assert await door.get(signed(replace(claims_now(FlagState.READY), change=9))) == 200
    reports = await door.told(3)
    assert [(report["decision"], report["state"], report["person"]) for report in reports] == [
        ("allowed", "ready", "anna")
    ] * 2
    assert all(str(report["ver"]).isdigit() for report in reports)


@needs_envoy
async def test_envoy_refuses_anything_else_and_it_is_told(door: Door) -> None:
    """Standby, an end a few seconds ago, another key, platform or issuer, and no flag at all."""
    ready = claims_now(FlagState.READY)
    ended = claims_now(FlagState.READY, age=timedelta(seconds=305))
    flags = (
        signed(claims_now(FlagState.STANDBY)),
        signed(ended),
        signed(ready, OTHER_KEY),
        signed(replace(ready, sub="other")),
        signed(replace(ready, iss="prod/other")),
        None,
    )
    assert [await door.get(flag) for flag in flags] == [403, 401, 401, 401, 401, 401]
    assert door.admin.received == []
    reports = await door.told(len(flags))
    assert {report["decision"] for report in reports} == {"refused"}
    assert "Jwt_is_expired" in {report["code"] for report in reports}


@needs_envoy
async def test_two_persons_go_past_envoys_reader_and_it_is_told(door: Door) -> None:
    """No flag is asked; a certificate that names one alone opens nothing."""
    assert await door.get(past=True, second="ben") == 200
    assert await door.get(past=True) == 403
    allowed, refused = sorted(await door.told(2), key=lambda report: str(report["decision"]))
    assert (allowed["via"], allowed["person"], allowed["second"]) == ("override", "anna", "ben")
    assert (refused["decision"], refused["via"]) == ("refused", "override")
