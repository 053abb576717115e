"""docs/guide/break-glass.md, played: its commands as they stand there, with a real monitor, sshd and tokens."""

import asyncio
import contextlib
import json
import re
import shutil
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.documents import DOCS, blocks, section
from tests.support.listeners import free_port
from tests.support.programs import require
from tests.support.reader_host import READERS
from tests.support.receiver import Receiver, receiving
from tests.support.room import HOST, Room, room
from tests.support.waiting import until

GUIDE = (DOCS / "guide" / "break-glass.md").read_text()
KEYS = (DOCS / "guide" / "keys.md").read_text()
RAISE, ORDER, TOKENS = "Raise it", "Order", "3. Tokens"
SETTINGS, BRING, SECRET = "4. The monitor's settings", "5. Bring the flag to the readers", "6. The door to a secret"
SSH, POLICY, USES = "7. The door by ssh", "9. The door in a policy", "After each use"
PLAYED = {RAISE: 3, ORDER: 3, TOKENS: 1, BRING: 3, SECRET: 2, SSH: 4, POLICY: 1, USES: 2}

OPENED = "correct horse battery staple"
_AUTH_LOG = "/var/log/remote/bastion-1/auth.log"
_AS_READER = ("setpriv", "--reuid", "gwreader", "--regid", "gwreader", "--clear-groups")
_LIB = "/usr/local/lib/glasswatch"
_PASSES = {"FIRST_PASSPHRASE_FILE": "/etc/first-passphrase", "SECOND_PASSPHRASE_FILE": "/etc/second-passphrase"}


@dataclass
class Team:
    """Everything that the guide sets up, and the people who do it."""

    room: Room
    target: Receiver
    pages: Receiver
    elsewhere: Receiver
    monitor_port: int
    ssh_port: int

    @property
    def url(self) -> str:
        """Where the monitor is."""
        return f"http://127.0.0.1:{self.monitor_port}"

    async def play(self, title: str, number: int = 0, **variables: str) -> str:
        """Run one block of the guide."""
        asking = {"SSH_ASKPASS": str(self.room.site / "askpass"), "SSH_ASKPASS_REQUIRE": "force"}
        return await self.room.play(
            blocks(section(GUIDE, title), "sh")[number], URL=self.url, **asking, **_PASSES, **variables
        )

    async def open(self, *, person: str = "anna") -> tuple[int, str]:
        """Ask for the secret, as sudo would start it."""
        words = (*_AS_READER, f"{_LIB}/secret/open", "/etc/break-glass/payments-db")
        return await self.room.run(*words, SUDO_USER=person)

    async def login(self, certificate: str = "anna-cert.pub", account: str = "breakglass") -> bool:
        """Whether the certificate's holder gets a shell."""
        options = ("IdentitiesOnly=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "BatchMode=yes")
        words = ["ssh", "-F", "none", "-p", str(self.ssh_port), "-i", "anna", "-o", f"CertificateFile={certificate}"]
        for option in options:
            words += ["-o", option]
        _, said = await self.room.run(*words, f"{account}@127.0.0.1", "id -un")
        return f"\n{account}\n" in f"\n{said}"

    async def uses(self) -> list[dict[str, object]]:
        """What is on record."""
        words = ("monitor", "uses", "list", "--json", "--url", self.url, "--token-file", "ben.token")
        code, said = await self.room.run(*words)
        assert code in (0, 1), said
        found = json.loads(said)["uses"]
        assert isinstance(found, list)
        return found

    def paged(self) -> list[tuple[str, str]]:
        """Kind and text of every page."""
        return [(page.json()["kind"], page.json()["summary"]) for page in self.pages.accepted]

    async def tells(self, kind: str, *parts: str) -> None:
        """Wait until people were paged about it."""
        try:
            await until(lambda: any(k == kind and all(p in s for p in parts) for k, s in self.paged()), 30, every=0.05)
        except TimeoutError:
            raise AssertionError(f"{kind} {parts}: {self.paged()}\n{self.log('monitor.log')}") from None

    def log(self, name: str) -> str:
        """What something wrote."""
        return (self.room.site / name).read_text(errors="replace")

    @asynccontextmanager
    async def monitor(self) -> AsyncIterator[asyncio.subprocess.Process]:
        """Have the monitor running."""
        before = len(self.elsewhere.accepted)
        async with self.room.running("/opt/glasswatch/bin/monitor", "run", log="monitor.log") as process:
            await until(lambda: len(self.elsewhere.accepted) > before, 30, every=0.05)
            yield process


def _is_up(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
async def team(tmp_path: Path) -> AsyncIterator[Team]:
    """A team with the guide in front of it, and nothing done."""
    for program, package in (
        ("sshd", "openssh-server"),
        ("ssh", "openssh-client"),
        ("openssl", "openssl"),
        ("curl", "curl"),
    ):
        require(program, package=package)
    async with (
        room(tmp_path) as made,
        receiving() as target,
        receiving() as pages,
        receiving() as elsewhere,
    ):
        shutil.copytree(READERS, made.site / "examples" / "readers")
        yield Team(made, target, pages, elsewhere, free_port(), free_port())


async def _set_up_monitor(team: Team) -> None:
    """Steps 2 to 4."""
    site = team.room.site
    await team.room.play(blocks(section(KEYS, "Setting up"), "sh")[0])
    await team.play(TOKENS)
    (site / "procedure.md").write_text("Look into docs/guide/break-glass.md.\n")
    (site / "flags-token").write_text("token-of-the-other-place")
    (site / "flags-token").chmod(0o600)
    (shown,) = blocks(section(GUIDE, SETTINGS), "yaml")
    shown = shown.replace("https://flags.example.net", team.elsewhere.url).replace("uses:\n", "uses:\n  grace: 2s\n")
    probe = f"{{type: http, function: sign_in, url: {team.target.url}, interval: 1s, timeout: 1s}}"
    (site / "glasswatch.yaml").write_text(
        f"deployment: prod\nlisten: 127.0.0.1:{team.monitor_port}\nplatforms:\n  payments:\n"
        "    procedure: {url: https://wiki.example.com/break-glass, file: procedure.md}\n"
        f"    probes: {{portal: {probe}}}\n"
        f"controls: none\n{shown}"
        f"paging: {{channels: {{ops: {{type: webhook, url: {team.pages.url}}}}}}}\n"
        f"tokens:\n{(site / 'rows.yaml').read_text()}"
    )
    (site / "glasswatch.yaml").chmod(0o600)
    assert "good" in await team.room.play("monitor check")


async def _set_up_host(team: Team) -> None:
    """Step 5: the readers."""
    await team.play(BRING, 0)
    changes = {
        "flags/ams-1.jws": "flags/elsewhere.jws",
        "https://monitor.example.com:9780": team.url,
        "READER=ssh:bastion-1": "READER=ssh:bastion-1\nPATIENCE=20",
    }
    text = (READERS / "reader.conf.example").read_text()
    for was, becomes in changes.items():
        assert was in text
        text = text.replace(was, becomes)
    edited = team.room.site / "edited.conf"
    edited.write_text(text)
    await team.room.play("cp edited.conf /etc/glasswatch/reader.conf; mkdir -p /var/log/remote/bastion-1")
    await team.room.play(f"touch {_AUTH_LOG}")


async def _set_up_doors(team: Team) -> None:
    """Steps 6 and 7: a secret, and ssh."""
    site = team.room.site
    (site / "secret").write_text(f"{OPENED}\n")
    (site / "askpass").write_text("#!/bin/sh\necho two halves of it\n")
    (site / "askpass").chmod(0o755)
    await team.room.play(
        "echo first > /etc/first-passphrase; echo second > /etc/second-passphrase; chmod 644 /etc/*-passphrase"
    )
    await team.play(SECRET, 0)
    await team.play(SECRET, 1)
    await team.play(SSH, 0)
    await team.room.play(
        "ssh-keygen -q -t ed25519 -N '' -f anna\n"
        "rm -f /etc/ssh/ssh_host_* && ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key\n"
        f"printf 'Port {team.ssh_port}\\nListenAddress 127.0.0.1\\nPidFile none\\nUsePAM no\\n' > /etc/ssh/sshd_config"
    )
    await team.play(SSH, 1)
    await team.play(SSH, 2)
    await team.play(SSH, 3)


def _sshd(team: Team) -> contextlib.AbstractAsyncContextManager[asyncio.subprocess.Process]:
    return team.room.running("/usr/sbin/sshd", "-D", "-E", _AUTH_LOG, log="sshd.out")


async def _fetch(team: Team) -> None:
    await team.play(BRING, 1)


async def test_the_guide_is_played(team: Team) -> None:
    """Set up as it says: sealed, raised by two, opened, the monitor killed, ordered, told afterwards, classed."""
    await _set_up_monitor(team)
    await _set_up_host(team)
    async with team.monitor() as monitor:
        await _fetch(team)
        await team.play(BRING, 2)
        await _set_up_doors(team)
        async with _sshd(team):
            await until(lambda: _is_up(team.ssh_port), 20, every=0.05)
            await _sealed(team)
            await _raised(team)
            monitor.send_signal(signal.SIGKILL)
            await monitor.wait()
            await _without_a_monitor(team)
            async with team.monitor():
                await _told_afterwards(team)
    await team.play(POLICY)
    data = json.loads(await team.room.play("cat data.json"))["break_glass_trust"]
    assert len(json.loads(data["jwks"])["keys"]) == 1


async def _sealed(team: Team) -> None:
    assert (await team.open())[0] == 1
    assert not await team.login()


async def _raised(team: Team) -> None:
    said = await team.play(RAISE, 0)
    found = re.search(r"raise-\S+", said)
    assert found, said
    request = found.group().rstrip(")")
    words = ("monitor", "flag", "confirm", "payments", request, "--url", team.url, "--token-file", "anna.token")
    assert (await team.room.run(*words))[0] == 1, "nobody confirms what they asked for"
    await team.play(RAISE, 1, REQUEST=request)
    await team.tells("flag", "READY")
    await _fetch(team)
    code, said = await team.open()
    assert (code, OPENED in said) == (0, True), said
    assert await team.login(), await team.room.play(f"cat {_AUTH_LOG}")
    for account in ("breakglass", "breakglass-drill"):
        assert not await team.login("anna-drill-cert.pub", account), "an emergency is no drill"
    await team.tells("use", "secret:payments-db")
    await team.tells("use", f"ssh:{HOST}")


async def _without_a_monitor(team: Team) -> None:
    """The last flag holds; when it is gone two persons order, and one ends it."""
    site = team.room.site
    assert OPENED in (await team.open())[1]
    assert await team.login()
    await team.room.play("mkdir elsewhere && cp trust.json /var/lib/glasswatch/flags/fra-1.jws elsewhere/")
    asked = ("--trust", "elsewhere/trust.json", "--audience", "prod", "--platform", "payments")
    assert (await team.room.run("monitor", "flag", "verify", "elsewhere/fra-1.jws", *asked))[0] == 0
    await team.room.play("rm /var/lib/glasswatch/flags/*")
    assert (await team.open())[0] == 4
    assert not await team.login()

    await team.play(ORDER, 0)
    assert (await team.room.run("cp", "order.jws", "/var/lib/glasswatch/orders/payments.jws"))[0] == 0
    assert (await team.open())[0] == 4, "one signature opens nothing"
    await team.play(ORDER, 1)
    await team.room.play("cp order.jws /var/lib/glasswatch/orders/payments.jws")
    code, said = await team.open(person="cara")
    assert (code, OPENED in said) == (0, True), said
    assert await team.login()
    await team.play(ORDER, 2)
    await team.room.play("cp end.jws /var/lib/glasswatch/orders/payments.jws")
    assert (await team.open())[0] == 1
    await team.room.play("cp order.jws /var/lib/glasswatch/orders/payments.jws")
    assert (await team.open())[0] != 0, "the floor remembers the end"
    assert (site / "end.jws").exists()

    words = (*_AS_READER, f"{_LIB}/secret/override", "/etc/break-glass/payments-db", "anna", "ben", "reader is broken")
    code, said = await team.room.run(*words, **_PASSES)
    assert (code, OPENED in said) == (0, True), said


async def _told_afterwards(team: Team) -> None:
    """What was told meanwhile arrives; somebody else classes it."""
    code, said = await team.room.run(*_AS_READER, f"{_LIB}/send")
    assert code == 0, said
    await team.tells("use", "secret:payments-db", "cara")
    await team.tells("use", "CRITICAL", "override")
    assert "OPEN" in await team.play(USES, 0)
    by_order = [use for use in await team.uses() if use["via"] == "order" and use["person"] == "cara"]
    (use,) = by_order
    assert use["judgement"] == "expected", use
    await team.play(USES, 1, USE=str(use["id"]))
    (closed,) = [each for each in await team.uses() if each["id"] == use["id"]]
    assert closed["open"] is False
    await team.play(RAISE, 2)
    await _fetch(team)
    assert (await team.open())[0] == 1


def test_every_block_of_the_guide_is_played() -> None:
    """A step that is added has to be played too."""
    assert {title: len(blocks(section(GUIDE, title), "sh")) for title in PLAYED} == PLAYED
    assert len(blocks(GUIDE, "sh")) == sum(PLAYED.values())
