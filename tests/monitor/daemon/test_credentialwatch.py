"""Credentials are looked at again and again: what they say, what was renewed, what can't be read; no secret is told."""

import logging
import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import jwt
import pytest

from monitor.credentials.reading import read
from monitor.credentials.watch import CredentialContext, CredentialWatch
from monitor.model.credential import Ending, EndSource, Held
from monitor.settings.named import Named
from monitor.settings.root import MonitorSettings
from tests.support.clock import START, ManualClock
from tests.support.settings_files import GOOD, settings_of, write
from tests.support.tls import Authority, authority

__all__ = ["authority"]

PLACE = "platforms.payments.probes.portal."
AUTH = "        auth: {bearer: {file: token}}\n"
SHORT = timedelta(milliseconds=50)


def _token(days: int) -> str:
    return jwt.encode({"exp": START + timedelta(days=days)}, "k" * 32, algorithm="HS256")


class _World:
    """A watch on settings that a test changes, and what it showed last."""

    def __init__(self, home: Path, more: str = AUTH) -> None:
        self.home = home
        self.settings: MonitorSettings | None = self.read(more)
        self.shown: dict[str, Held] = {}
        self.watch = CredentialWatch(CredentialContext(self._in_force, ManualClock(), self._show))

    def read(self, more: str) -> MonitorSettings:
        return settings_of(self.home, GOOD.replace("15s\n", f"15s\n{more}"))

    def _in_force(self) -> MonitorSettings:
        assert self.settings is not None
        return self.settings

    def _show(self, held: Sequence[Held]) -> None:
        self.shown = {each.credential.removeprefix(PLACE): each for each in held}

    async def look(self) -> Held:
        await self.watch.look()
        return self.shown["auth.bearer"]


async def test_a_token_that_was_renewed_is_seen(tmp_path: Path) -> None:
    """In its file, without a restart; one that is gone is unreadable, and one that says nothing has no end."""
    world = _World(tmp_path)
    write(tmp_path, _token(3), "token")
    assert (await world.look()).ending == Ending(START + timedelta(days=3), EndSource.TOKEN)
    write(tmp_path, _token(90), "token")
    assert (await world.look()).ending == Ending(START + timedelta(days=90), EndSource.TOKEN)
    (tmp_path / "token").unlink()
    assert await world.look() == Held(f"{PLACE}auth.bearer", None, is_readable=False)
    write(tmp_path, "opaque", "token")
    assert await world.look() == Held(f"{PLACE}auth.bearer", None, is_readable=True)


async def test_settings_that_changed_are_seen(tmp_path: Path) -> None:
    """What left them is shown no more; an end that they state counts, whether its secret can be read or not."""
    world = _World(tmp_path)
    await world.watch.look()
    world.settings = world.read("        headers: {X-Key: {file: gone, expires: 2026-03-01}}\n")
    await world.watch.look()
    stated = Ending(START + timedelta(hours=21), EndSource.SETTINGS)
    assert world.shown == {
        "headers.X-Key": Held(f"{PLACE}headers.X-Key", stated, is_readable=False),
        "flag.key": Held("flag.key"),
    }


async def test_no_program_is_run_and_no_private_key_read(tmp_path: Path) -> None:
    """What the settings state of them is known all the same."""
    ran = tmp_path / "ran"
    world = _World(tmp_path, f"        auth: {{bearer: {{command: [/usr/bin/touch, {ran}], expires: 2026-03-01}}}}\n")
    found = await world.look()
    assert found == Held(f"{PLACE}auth.bearer", Ending(START + timedelta(hours=21), EndSource.SETTINGS))
    assert world.shown["flag.key"].is_readable is None
    assert not ran.exists()


async def test_it_is_told_once_and_without_the_secret(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """As long as it stays the same."""
    world = _World(tmp_path, AUTH + "        headers: {X-Key: {file: gone}}\n")
    write(tmp_path, _token(3), "token")
    with caplog.at_level(logging.WARNING, "glasswatch.credentials"):
        await world.watch.look()
        await world.watch.look()
        told = [(each.msg, each.__dict__["fields"]) for each in caplog.records]
        write(tmp_path, _token(-1), "token")
        await world.watch.look()
    what = "ends at 2026-03-04 03:00:00 UTC, the token says of itself: renew it"
    assert told == [
        ("credential_not_readable", {"credential": f"{PLACE}headers.X-Key", "what": "can't be read"}),
        ("credential_ends", {"credential": f"{PLACE}auth.bearer", "what": what}),
    ]
    assert caplog.records[-1].__dict__["fields"]["what"].startswith("ended at 2026-02-28")
    assert len(caplog.records) == 3


async def test_a_pipe_in_a_certificates_place_holds_up_nothing(tmp_path: Path, authority: Authority) -> None:
    """It is unreadable; once a file stands there, that is read, without a restart."""
    world = _World(tmp_path, AUTH + "        tls: {certificate: ours.pem, key: ours.key}\n")
    write(tmp_path, _token(3), "token")
    ours = tmp_path / "ours.pem"
    os.mkfifo(ours)
    settings = world.settings
    assert settings is not None
    watch = CredentialWatch(CredentialContext(lambda: settings, ManualClock(), world._show, read_within=SHORT))
    await watch.look()
    assert world.shown["tls.certificate"].is_readable is False
    ours.unlink()
    made = authority.issue()
    ours.write_bytes(made.cert_file.read_bytes())
    assert (await world.look()).is_readable
    ending = world.shown["tls.certificate"].ending
    assert ending is not None
    assert (ending.ends_at, ending.source) == (made.ends_at, EndSource.CERTIFICATE)


async def test_a_fault_of_ours_ends_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is in the log, and what was shown stays."""
    world = _World(tmp_path)
    await world.watch.look()
    before, world.settings = world.shown, None
    await world.watch.look()
    assert world.shown is before
    assert [each.msg for each in caplog.records if each.exc_info] == ["credentials_fault"]


def test_a_certificate_is_the_first_of_its_chain(tmp_path: Path, authority: Authority) -> None:
    """Those above it don't count, nor does a key in the same file; a file without one is unreadable."""
    made = authority.below(ends=timedelta(days=3)).issue(ends=timedelta(days=60))
    both = tmp_path / "both.pem"
    both.write_bytes(made.key_file.read_bytes() + made.cert_file.read_bytes())
    found = read(Named("x", certificate=both))
    assert found.ending is not None
    assert found.ending.ends_at == made.ends_at
    assert read(Named("x", certificate=made.key_file)) == Held("x", None, is_readable=False)
