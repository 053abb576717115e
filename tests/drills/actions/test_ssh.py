"""The action `ssh`, with a real client on a real sshd."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from drills.model.found import Found
from drills.model.step import Status
from drills.sshing import serial_of
from tests.support.drill_actions import RUN, attempt, children, made, outcome, step_of, tools
from tests.support.listeners import free_port
from tests.support.sshd import Sshd, keygen, sshd

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIII"
HOSTILE = 'a b\'; touch /tmp/x; echo $HOME `id` "${run}"\n*'


@pytest.fixture(scope="module")
def host() -> Iterator[Sshd]:
    """One sshd for all of them."""
    with sshd() as found:
        yield found


async def _tried(host: Sshd, key: str = "plain", values: dict[str, str] | None = None, **more: Any) -> Found:
    known = {} if {"host_ca", "known_hosts"} & set(more.get("given", {})) else {"host_keys": [host.public("host_key")]}
    with_ = {"host": "127.0.0.1", "port": host.port, "user": host.user, "key": host.key(key), **known}
    step = step_of("ssh", with_={**with_, **more.pop("given", {})}, **more)
    before = children()
    found = await outcome(made(step, tools(host.directory)), attempt(values, seconds=60.0))
    assert children() == before
    return found


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Private directories are gone after each of them."""
    place = tmp_path_factory.mktemp("private")
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    yield
    assert list(place.iterdir()) == []


async def test_a_command_is_run_word_by_word_and_knows_the_run(host: Sshd) -> None:
    """A value is one word, whatever it holds."""
    script = 'printf "%s|%s|%s" "$1" "$#" "$GLASSWATCH_RUN"'
    found = await _tried(
        host,
        values={"word": HOSTILE},
        given={"command": ["/bin/sh", "-c", script, "--", "${word}"]},
        capture={"said": {"match": "(?s)(.*)"}},
    )
    assert (found.status, found.captured["said"].text) == (Status.PASSED, f"{HOSTILE}|1|{RUN.id}"), found.detail
    assert {each.name for each in found.outputs} >= {"stdout.txt", "ssh.log"}


@pytest.mark.parametrize(
    ("command", "expect", "status"),
    [
        (["exit 3"], {}, Status.FAILED),
        (["/bin/sh", "-c", "exit 3"], {"status": [3]}, Status.PASSED),
        (["/bin/sh", "-c", "exit 255"], {}, Status.NOT_MEASURED),
        (["echo", "ready"], {"stdout_matches": "^ready"}, Status.PASSED),
        (["echo", "no"], {"stdout_matches": "^ready"}, Status.FAILED),
        (["/bin/sh", "-c", "echo 'a@b: Permission denied (publickey).' >&2; exit 255"], {}, Status.NOT_MEASURED),
        ([], {}, Status.PASSED),
    ],
)
async def test_how_it_ends_decides(host: Sshd, command: list[str], expect: dict[str, Any], status: Status) -> None:
    """By its status and by what it prints; 255 may be the connection's."""
    if command == ["exit 3"]:
        command = ["sh", "-c", "exit 3"]
    found = await _tried(host, given={"command": command}, expect=expect)
    assert found.status is status, found.detail


@pytest.mark.parametrize(("refused", "status"), [(False, Status.FAILED), (True, Status.PASSED)])
async def test_a_key_that_opens_nothing_is_refused(host: Sshd, refused: bool, status: Status) -> None:  # noqa: FBT001 - two cases
    """By sshd itself."""
    found = await _tried(host, "stranger", refused=refused)
    assert (found.status, "denied permission" in found.detail) == (status, True), found.detail


async def test_a_door_that_opens_is_no_refusal(host: Sshd) -> None:
    """However the banner lies."""
    found = await _tried(host, refused=True)
    assert (found.status, "let in" in found.detail) == (Status.FAILED, True)


@pytest.mark.parametrize(
    ("key", "expect", "status"),
    [
        ("forced", {"status": [42]}, Status.PASSED),
        ("forced", {"status": [42], "stdout_matches": "sealed"}, Status.PASSED),
        ("forced", {"status": [42], "stdout_matches": "other"}, Status.NOT_MEASURED),
        ("forced", {"status": [41]}, Status.NOT_MEASURED),
        ("forced", {}, Status.FAILED),
        ("plain", {"status": [42]}, Status.FAILED),
        ("stranger", {"status": [42]}, Status.PASSED),
    ],
)
async def test_a_forced_command_refuses_by_its_stated_status(
    host: Sshd, key: str, expect: dict[str, Any], status: Status
) -> None:
    """What runs behind sshd may be who says no, where that was stated."""
    found = await _tried(host, key, refused=True, expect=expect)
    assert found.status is status, found.detail


@pytest.mark.parametrize("refused", [False, True])
async def test_another_host_is_neither_way_in_nor_refusal(host: Sshd, refused: bool) -> None:  # noqa: FBT001 - two cases
    """And is said aloud."""
    given = {"host_keys": [host.public("stranger")]}
    known = host.directory / "known"
    known.write_text(f"[somewhere]:1 {host.public('host_key')}\n")
    found = [
        await _tried(host, refused=refused, given=given),
        await _tried(host, refused=refused, given={"known_hosts": str(known)}),
        await _tried(host, refused=refused, given={"host_ca": [host.public("other_ca")]}),
    ]
    assert [each.status for each in found] == [Status.NOT_MEASURED] * 3
    assert all("HOST KEY" in each.detail for each in found), [each.detail for each in found]


async def test_a_host_is_known_by_its_authority_or_by_a_file(host: Sshd) -> None:
    """By whichever is given."""
    known = host.directory / "known"
    known.write_text(f"[127.0.0.1]:{host.port} {host.public('host_key')}\n")
    for given in ({"host_ca": [host.public("host_ca")]}, {"known_hosts": str(known)}):
        assert (await _tried(host, given=given)).status is Status.PASSED


@pytest.mark.parametrize("case", ["passphrase", "missing", "open to all", "no key"])
async def test_a_key_that_can_not_be_used_is_refused_by_nobody(host: Sshd, tmp_path: Path, case: str) -> None:
    """Although sshd says that permission is denied."""
    key = tmp_path / "key"
    if case == "open to all":
        key.write_text(host.private("plain"))
        key.chmod(0o644)
    elif case == "no key":
        key.write_text("nothing\n")
        key.chmod(0o600)
    path = host.key("locked") if case == "passphrase" else str(key)
    found = await _tried(host, refused=True, given={"key": path})
    assert found.status is Status.NOT_MEASURED, found.detail


async def test_a_key_that_is_not_enough_was_not_refused(host: Sshd) -> None:
    """The daemon took it, and wants a password too, which nobody has here."""
    found = await _tried(host, refused=True, given={"port": host.strict})
    assert (found.status, "wants more" in found.detail) == (Status.NOT_MEASURED, True), found.detail


def _watched(directory: Path, private: str) -> Path:
    """Have ssh and ssh-keygen note which files lie in the private place, while they run; return the notes."""
    seen = directory / "seen"
    for name, words in (
        ("ssh", 'LOOK; exec PROGRAM "$@"'),
        ("ssh-keygen", 'PROGRAM "$@"; status=$?; LOOK; exit $status'),
    ):
        look = f"find {private} -type f -exec cat {{}} + >> {seen}"
        script = directory / name
        script.write_text(f"#!/bin/sh\n{words.replace('LOOK', look).replace('PROGRAM', shutil.which(name) or name)}\n")
        script.chmod(0o755)
    seen.touch()
    return seen


async def test_a_minted_certificate_opens_and_is_found_in_sshds_log(
    host: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the run's id and by the serial that derives from it. It lies on no disk: what is killed leaves none."""
    seen = _watched(tmp_path, tempfile.gettempdir())
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    mint = {"ca": host.key("ca"), "principals": ["breakglass-drill"], "key_id": "anna ${run}"}
    found = await _tried(host, "stranger", given={"mint": mint, "command": ["echo", "in"]})
    assert found.status is Status.PASSED, found.detail
    serial = serial_of(RUN.id)
    assert f"ID anna {RUN.id} (serial {serial})" in host.log
    assert str(serial) in found.detail
    assert not list(host.directory.glob("stranger-cert*"))
    noted = seen.read_text()
    assert noted.startswith("ssh-ed25519 "), "the public key lies there while the certificate is made"
    assert "-cert-v01@" not in noted


@pytest.mark.parametrize(("ca", "principal"), [("other_ca", "breakglass-drill"), ("ca", "somebody-else")])
async def test_a_minted_certificate_that_is_not_taken_is_refused(host: Sshd, ca: str, principal: str) -> None:
    """Of another authority, or for another account."""
    mint = {"ca": host.key(ca), "principals": [principal]}
    assert (await _tried(host, "stranger", refused=True, given={"mint": mint})).status is Status.PASSED


async def test_a_certificate_that_is_there_is_shown(host: Sshd, tmp_path: Path) -> None:
    """One that has ended is refused; one of another key was never shown."""
    for name, valid in (("good", "-5m:+1h"), ("ended", "-2h:-1h")):
        public = tmp_path / f"{name}.pub"
        public.write_text(host.public("stranger"))
        keygen("-s", host.key("ca"), "-I", "x", "-n", "breakglass-drill", "-V", valid, str(public))
    good, ended = (str(tmp_path / f"{name}-cert.pub") for name in ("good", "ended"))
    assert (await _tried(host, "stranger", given={"certificate": good})).status is Status.PASSED
    assert (await _tried(host, "stranger", refused=True, given={"certificate": ended})).status is Status.PASSED
    found = await _tried(host, "locked", refused=True, given={"certificate": str(tmp_path / "none")})
    assert found.status is Status.NOT_MEASURED


@pytest.mark.parametrize("mint", [{"ca": "/nowhere/ca"}, {"key_id": "${word}"}])
async def test_a_certificate_that_can_not_be_made_is_not_measured(host: Sshd, mint: dict[str, str]) -> None:
    """No authority; a value that no key id holds."""
    given = {"ca": host.key("ca"), "principals": ["a"], **mint}
    found = await _tried(host, "stranger", {"word": "a\nb"}, refused=True, given={"mint": given})
    assert found.status is Status.NOT_MEASURED


@pytest.mark.parametrize("said", [b"", b"SSH-2.0-\r\n\0\xff", b"HTTP/1.1 200 OK\r\n\r\n"])
async def test_whoever_breaks_off_or_talks_nonsense_refuses_nothing(host: Sshd, said: bytes) -> None:
    """Nor does a host that is not there."""

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        for given in ({"port": port}, {"port": free_port()}):
            found = await _tried(host, refused=True, given=given)
            assert (found.status, "no answer" in found.detail) == (Status.NOT_MEASURED, True), found.detail


async def test_what_does_not_end_is_killed(host: Sshd) -> None:
    """Not measured, with nothing left."""
    found = await _tried(host, given={"command": ["sleep", "600"], "timeout": "1500ms"})
    assert (found.status, "did not end" in found.detail) == (Status.NOT_MEASURED, True)


_HOST = {"host": "db-1", "user": "root", "key": "/k", "host_keys": [KEY]}


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({"with": {**_HOST, "host": "-oProxyCommand=x"}}, ("with", "host")),
        ({"with": {**_HOST, "host": "${host}"}}, ("with", "host")),
        ({"with": {**_HOST, "user": "-l"}}, ("with", "user")),
        ({"with": {**_HOST, "command": ["${program}"]}}, ("with", "command", 0)),
        ({"with": {**_HOST, "command": ["ls", "a-${b}"]}}, ("with", "command", 1)),
        ({"with": {**_HOST, "host_keys": ["ssh-ed25519 AAAA\n* other"]}}, ("with", "host_keys", 0)),
        ({"with": {**_HOST, "host_keys": []}}, ("with",)),
        ({"with": {**_HOST, "known_hosts": "/k"}}, ("with",)),
        ({"with": {**_HOST, "certificate": "/c", "mint": {"ca": "/c", "principals": ["a"]}}}, ("with", "mint")),
        (
            {"with": {**_HOST, "mint": {"ca": "/c", "principals": ["a"], "valid_for": "2h"}}},
            ("with", "mint", "valid_for"),
        ),
        ({"with": {**_HOST, "mint": {"ca": "/c", "principals": ["a,root"]}}}, ("with", "mint", "principals", 0)),
        ({"with": _HOST, "expect": {"status": [255]}}, ("expect", "status", 0)),
        ({"with": _HOST, "refused": True, "expect": {"status": [0]}}, ("expect",)),
        ({"with": _HOST, "refused": True, "capture": {"a": {"match": "(b)"}}}, ("capture",)),
    ],
)
def test_wrong_settings_are_told_by_their_place(settings: dict[str, Any], place: tuple[str | int, ...]) -> None:
    """Hosts, accounts and programs are literal; a host is known; certificates are short."""
    with pytest.raises(ValidationError) as caught:
        step_of("ssh", **settings)
    assert place in [each["loc"] for each in caught.value.errors()]


def test_the_plan_says_when_what_is_made_ends() -> None:
    """Nobody can take a certificate back."""
    step = step_of("ssh", with_={**_HOST, "mint": {"ca": "/c", "principals": ["a"], "valid_for": "7m"}})
    assert any("7m" in each for each in step.touches)
    assert step.rights == ("to read the private key /k", "to sign certificates with /c")
