"""The verifier behind a real nginx, with the shipped settings and real client certificates."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from drills.model.step import Status
from glasswatch.flag.document import FlagState
from monitor.watchers.entries import by_pattern
from tests.support.admin_door import adapted, all_up, knock
from tests.support.documents import DOCS
from tests.support.drill_actions import attempt, made, outcome, step_of, tools
from tests.support.listeners import free_port
from tests.support.programs import require
from tests.support.reader_host import READERS, Host, claims_now
from tests.support.receiver import Answer, Receiver
from tests.support.tls import Authority
from tests.support.waiting import until

GUIDE = (DOCS / "guide" / "break-glass.md").read_text()
_FRAME = """
daemon off; master_process off; pid {d}/pid; error_log {d}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {d}/1; proxy_temp_path {d}/2; fastcgi_temp_path {d}/3; uwsgi_temp_path {d}/4;
  scgi_temp_path {d}/5;
{shipped}
}}
"""


@dataclass
class Gateway:
    """nginx in front of an admin, with the verifier beside it."""

    host: Host
    door: int
    override: int
    authority: Authority
    admin: Receiver
    verifier: asyncio.subprocess.Process

    async def get(self, port: int | None = None, headers: str = "", *, second: str | None = None) -> int:
        """Return the status that anna gets with her certificate, or with that of two persons."""
        request = f"GET / HTTP/1.0\r\nhost: localhost\r\n{headers}\r\n"
        return await knock(self.authority, port or self.door, request, second)


@pytest.fixture
async def gateway(host: Host, tmp_path: Path) -> AsyncIterator[Gateway]:
    """The shipped settings with this machine's ports and places."""
    nginx = require("nginx", package="nginx-light")
    authority = Authority(tmp_path)
    server = authority.issue()
    admin = Receiver(default=Answer(body=b"admin"))
    await admin.start()
    door, override = free_port(), free_port()
    changes = {
        "unix:/run/glasswatch/verifier.sock": f"unix:{tmp_path}/verifier.sock",
        "listen 443 ssl": f"listen 127.0.0.1:{door} ssl",
        "listen 8443 ssl": f"listen 127.0.0.1:{override} ssl",
        "/etc/nginx/tls/admin.crt": str(server.cert_file),
        "/etc/nginx/tls/admin.key": str(server.key_file),
        "/etc/nginx/tls/break-glass-ca.crt": str(authority.ca_file),
        "/etc/nginx/tls/override-ca.crt": str(authority.ca_file),
        "unix:/dev/log": f"unix:{host.syslog.path}",
        "/var/log/nginx/break-glass-override.log": f"{tmp_path}/override.log",
        "http://127.0.0.1:8080": admin.url,
    }
    shipped = adapted(READERS / "gateway" / "nginx.conf.example", changes)
    (tmp_path / "nginx.conf").write_text(_FRAME.format(d=tmp_path, shipped=shipped))
    async with (
        _running(
            sys.executable,
            str(host.directory / "readers/gateway/verifier.py"),
            str(tmp_path / "verifier.sock"),
            environment=host.environment,
        ) as verifier,
        _running(nginx, "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")),
    ):
        async with asyncio.timeout(20):
            while not (tmp_path / "verifier.sock").exists() or not await all_up(door, override):  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.05)
        yield Gateway(host, door, override, authority, admin, verifier)
    await admin.stop()


@asynccontextmanager
async def _running(*words: str, environment: dict[str, str] | None = None) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(*words, env=environment)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(20):
            await process.wait()


@pytest.mark.parametrize(
    ("state", "status"),
    [(FlagState.READY, 200), (FlagState.STANDBY, 403), (FlagState.EXERCISE, 403)],
    ids=str,
)
async def test_the_door_opens_only_while_the_flag_is_ready(gateway: Gateway, state: FlagState, status: int) -> None:
    """The admin behind it is reached, or not; who asked is on record."""
    gateway.host.publish(claims_now(state, principals=("anna",)))
    assert await gateway.get() == status
    assert len(gateway.admin.received) == (status == 200)
    (report,) = gateway.host.reports()
    assert report["decision"] == ("allowed" if status == 200 else "refused")
    assert report["target"] == "admin"
    assert report["person"] == "anna", "the certificate's common name: who may class the use is told by it"


async def test_a_client_cannot_speak_for_itself(gateway: Gateway) -> None:
    """Headers that a client sends never reach the verifier."""
    gateway.host.publish(claims_now(FlagState.EXERCISE, principals=("mallory",)))
    headers = "X-Break-Glass-Person: mallory\r\nX-Break-Glass-Drill: 1\r\n"
    assert await gateway.get(headers=headers) == 403
    assert all(report["person"] != "mallory" for report in gateway.host.reports())


async def test_many_requests_are_one_attempt(gateway: Gateway) -> None:
    """A page with pictures does not become a hundred uses."""
    gateway.host.publish(claims_now(FlagState.READY))
    assert [await gateway.get() for _ in range(5)] == [200] * 5
    assert len({report["id"] for report in gateway.host.reports()}) == 1


async def test_refused_and_then_let_in_are_two_attempts(gateway: Gateway) -> None:
    """Within the quarter of an hour for which one decision has one id: a raise lets in who was refused before."""
    gateway.host.publish(claims_now(FlagState.STANDBY))
    assert await gateway.get() == 403
    gateway.host.publish(claims_now(FlagState.READY))
    for _ in range(100):
        if await gateway.get() == 200:
            break
        await asyncio.sleep(0.2)  # an answer is kept for two seconds
    told = {str(report["id"]): report["decision"] for report in gateway.host.reports()}
    assert sorted(str(each) for each in told.values()) == ["allowed", "refused"]


async def test_a_dead_verifier_keeps_the_door_closed_and_the_override_open(gateway: Gateway) -> None:
    """The door answers 5xx; the other server works without it, and logs."""
    gateway.host.publish(claims_now(FlagState.READY))
    gateway.verifier.kill()
    await gateway.verifier.wait()
    assert await gateway.get() >= 500
    gateway.host.syslog.lines()
    assert await gateway.get(gateway.override, second="ben") == 200
    log = gateway.host.directory / "override.log"
    await until(lambda: "GET /" in log.read_text(), within=20)
    (line,) = gateway.host.syslog.lines()
    for written in (line, log.read_text()):
        entry = by_pattern(_watched())(written, "")
        assert entry is not None, written
        assert (entry.person, entry.second, entry.target) == ("anna", "ben", "admin")
    assert line.startswith("<80>"), "authpriv, as an emergency"


async def test_a_drill_tells_a_door_that_opens_from_one_that_refuses_and_one_that_is_dead(gateway: Gateway) -> None:
    """The action `http` on a real admin: refused while all is well, let in when it isn't, and what is neither."""
    anna = gateway.authority.issue_to("anna")
    given = {
        "url": f"https://localhost:{gateway.door}/",
        "timeout": "5s",
        "tls": {
            "ca_file": gateway.authority.ca_file,
            "certificate": anna.cert_file,
            "key": {"file": anna.key_file},
        },
    }
    let_in, refused = (
        made(step_of("http", way="break_glass", with_=given, **more), tools(gateway.host.directory))
        for more in ({"expect": {"status": [200]}}, {"refused": True, "expect": {"status": [403]}})
    )

    async def statuses() -> tuple[Status, Status]:
        return (await outcome(let_in, attempt())).status, (await outcome(refused, attempt())).status

    gateway.host.publish(claims_now(FlagState.STANDBY))
    assert await statuses() == (Status.FAILED, Status.PASSED)
    gateway.host.publish(claims_now(FlagState.READY))
    async with asyncio.timeout(60):
        while await statuses() != (Status.PASSED, Status.FAILED):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.2)  # an answer is kept for two seconds
    gateway.verifier.kill()
    await gateway.verifier.wait()
    async with asyncio.timeout(60):
        while (await outcome(refused, attempt())).status is Status.FAILED:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.2)  # as above
    assert (await outcome(refused, attempt())).status is Status.NOT_MEASURED, "a door without a reader refuses nobody"


@pytest.mark.parametrize("second", [None, "anna", 'b"en'])
async def test_one_person_does_not_go_past_the_verifier(gateway: Gateway, second: str | None) -> None:
    """A certificate that names one alone, or one twice, opens nothing; it is in syslog all the same."""
    assert await gateway.get(gateway.override, second=second) == 403
    (line,) = gateway.host.syslog.lines()
    assert "OVERRIDE passed=no" in line
    assert by_pattern(_watched())(line, "") is None
    assert gateway.admin.received == []


def _watched() -> str:
    """Return the pattern by which the guide has the override found."""
    found = re.search(r"^OVERRIDE passed=yes.*$", GUIDE, re.MULTILINE)
    assert found is not None
    return found.group()
