"""What can't be had at the start: one clear line, its exit code, and nothing left open behind it."""

import asyncio
import gc
import hashlib
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from glasswatch.clock import SystemClock
from glasswatch.errors import ExitCode, GlasswatchError
from glasswatch.flag import keys
from glasswatch.settings.load import load
from monitor.assembly import assemble
from monitor.model.outcome import Attempt
from monitor.settings.root import MonitorSettings
from monitor.store.store import SqlStore, make_store
from platforms.journey.model import Opening
from tests.support.desk import bearer
from tests.support.face import asking
from tests.support.monitors import PLATFORM, Home, Wanted, make_home, write_settings
from tests.support.siege import stopped
from tests.support.waiting import until

WANTED = Wanted("http://127.0.0.1:1/")


def _store(home: Home, deployment: str = "test") -> SqlStore:
    return make_store(f"sqlite:///{home.store}", deployment=deployment, vantage="main", clock=SystemClock())


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with nothing wrong."""
    return make_home(tmp_path / "home", WANTED)


async def _refused(home: Home) -> GlasswatchError:
    settings = load(home.config, MonitorSettings)
    with pytest.raises(GlasswatchError) as caught:
        await assemble(settings, SystemClock())
    gc.collect()  # what was left open would complain now, and that is an error
    assert "\n" not in str(caught.value)
    assert "PRIVATE" not in str(caught.value)
    return caught.value


async def _taken_up(home: Home) -> list[str]:
    parts = await assemble(load(home.config, MonitorSettings), SystemClock())
    await parts.outbox.start()
    await parts.close()
    return list(parts.board.keepers)


async def test_a_good_home_is_taken_up_and_let_go(home: Home) -> None:
    """Twice in a row: the first left nothing locked."""
    assert await _taken_up(home) == [PLATFORM]
    assert await _taken_up(home) == [PLATFORM]


def _rsa(path: Path) -> None:
    key = rsa.generate_private_key(65537, 2048)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def _instead(path: Path, make: Callable[[Path], object]) -> None:
    path.unlink()
    make(path)


BROKEN: dict[str, tuple[Callable[[Home], object], ExitCode, str]] = {
    "no procedure": (
        lambda home: (home.root / "procedure.md").unlink(),
        ExitCode.INVALID,
        "platforms.payments.procedure.file: {root}/procedure.md can't be read: No such file or directory",
    ),
    "an empty procedure": (
        lambda home: (home.root / "procedure.md").write_text(" \n"),
        ExitCode.INVALID,
        (
            "platforms.payments.procedure.file: {root}/procedure.md is empty: expected what people do when the "
            "platform is down"
        ),
    ),
    "a procedure that isn't text": (
        lambda home: (home.root / "procedure.md").write_bytes(b"\xff\xfe\x00"),
        ExitCode.INVALID,
        "platforms.payments.procedure.file: {root}/procedure.md is not UTF-8 text",
    ),
    "a procedure too long": (
        lambda home: (home.root / "procedure.md").write_bytes(b"x" * (256 * 1024 + 1)),
        ExitCode.INVALID,
        "platforms.payments.procedure.file: {root}/procedure.md is larger than 256 KiB: expected a page of text",
    ),
    "a procedure that is a directory": (
        lambda home: _instead(home.root / "procedure.md", Path.mkdir),
        ExitCode.INVALID,
        "platforms.payments.procedure.file: {root}/procedure.md can't be read: Is a directory",
    ),
    "a procedure that is a pipe": (
        lambda home: _instead(home.root / "procedure.md", os.mkfifo),
        ExitCode.INVALID,
        "platforms.payments.procedure.file: {root}/procedure.md is not a regular file",
    ),
    "no key": (
        lambda home: (home.root / "flag.key").unlink(),
        ExitCode.INVALID,
        "{root}/flag.key: can't be read: No such file or directory",
    ),
    "a key that others can read": (
        lambda home: (home.root / "flag.key").chmod(0o640),
        ExitCode.INVALID,
        ("{root}/flag.key: others can read this key: chmod 600 {root}/flag.key, and replace the key if anyone did"),
    ),
    "a key that is none": (
        lambda home: (home.root / "flag.key").write_text("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n"),
        ExitCode.INVALID,
        "{root}/flag.key: expected a private key in PKCS#8 PEM: this one is damaged",
    ),
    "a key of another kind": (
        lambda home: _rsa(home.root / "flag.key"),
        ExitCode.INVALID,
        "{root}/flag.key: expected an Ed25519 key: this one is of another kind",
    ),
    "a key that a demo made": (
        lambda home: _instead(home.root / "flag.key", lambda path: keys.create(path, is_demo=True)),
        ExitCode.INVALID,
        (
            "flag.key: secret from file {root}/flag.key: a demo made this key, and no reader of another deployment "
            "believes it: make one with `monitor flag keygen`"
        ),
    ),
    "a store that is none": (
        lambda home: home.store.write_bytes(b"no database at all" * 1000),
        ExitCode.INVALID,
        "the store {root}/store/glasswatch.db isn't a SQLite database: name another file, or restore a backup",
    ),
    "no directory for the store": (
        lambda home: home.store.parent.rmdir(),
        ExitCode.NOT_MEASURED,
        (
            "the lock file {root}/store/glasswatch.db.monitor-lock can't be opened (No such file or directory): check "
            "that the directory exists and that the monitor's user may write there"
        ),
    ),
}


@pytest.mark.parametrize("what", BROKEN)
async def test_what_is_broken_is_said_in_one_line(home: Home, what: str) -> None:
    """Each in its own words, naming the place and what was expected, never a secret."""
    breaks, code, says = BROKEN[what]
    breaks(home)
    fault = await _refused(home)
    assert str(fault) == says.format(root=home.root)
    assert fault.exit_code is code


async def test_a_demos_key_serves_the_demo(home: Home) -> None:
    """In the deployment `demo` a key that a demo made is taken."""
    _instead(home.root / "flag.key", lambda path: keys.create(path, is_demo=True))
    settings = home.config.read_text()
    home.config.write_text(settings.replace("deployment: test\n", "deployment: demo\n"))
    assert settings != home.config.read_text()
    assert await _taken_up(home) == [PLATFORM]


async def test_what_a_journey_left_that_is_no_longer_in_the_settings_is_named(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody knows any more how it is closed: a person must. Also where another type of probe has its name now."""
    steps = "[{id: a, request: {path: /}}]"
    probe = f"      way: {{type: journey, function: request, url: 'http://127.0.0.1:1', steps: {steps}}}\n"
    digest = hashlib.sha256(b"annas-token").hexdigest()
    row = f"{{name: cli, person: anna, sha256: {digest}, scopes: [maintenance], expires: 2999-01-31}}"
    text = home.config.read_text().replace("    probes:\n", f"    probes:\n{probe}")
    home.config.write_text(f"{text}\ntokens: [{row}]\n")
    store = _store(home)
    await store.open()
    await store.keep_opening(PLATFORM, "way", Opening("run-0", "a", SystemClock().now()))
    await store.keep_opening(PLATFORM, "gone", Opening("run-1", "request", SystemClock().now()))
    await store.keep_opening(PLATFORM, "probe_sign_in", Opening("run-2", "request", SystemClock().now()))
    await store.close()
    parts = await assemble(load(home.config, MonitorSettings), SystemClock())
    await parts.outbox.start()
    told = [record for record in caplog.records if record.message == "journey_forgotten"]
    assert [record.__dict__["fields"]["run"] for record in told] == ["run-1", "run-2"]
    assert parts.board.forgotten() == (
        f"{PLATFORM}/gone: request of run run-1",
        f"{PLATFORM}/probe_sign_in: request of run run-2",
    )
    assert b"jit_monitor_residue_forgotten 2.0" in parts.metrics.render()
    async with asking(parts.face) as client:
        path, body = f"/api/v1/probes/{PLATFORM}/gone/residue", {"run": "run-1", "because": "withdrawn by hand"}
        answer = await client.post(path, headers=bearer("annas-token"), json=body)
        assert answer.json()["steps"] == ["request"]
    assert parts.board.forgotten() == (f"{PLATFORM}/probe_sign_in: request of run run-2",)
    assert b"jit_monitor_residue_forgotten 1.0" in parts.metrics.render()
    await parts.close()
    (entry,) = home.rows("SELECT actor, platform, entry FROM audit WHERE kind = 'residue_forgotten'")
    assert (entry["actor"], entry["platform"]) == ("anna", PLATFORM)
    assert json.loads(str(entry["entry"]))["body"]["because"] == "withdrawn by hand"


async def test_heartbeats_are_listened_for_anew_once_this_vantage_sees_again(home: Home) -> None:
    """What could not be heard while it was blind is not held against anybody."""
    probe = "      sync: {type: heartbeat, function: request, every: 1m}\n"
    home.config.write_text(home.config.read_text().replace("    probes:\n", f"    probes:\n{probe}"))
    parts = await assemble(load(home.config, MonitorSettings), SystemClock())
    await parts.outbox.start()
    before = parts.heartbeats.listening("sync").reading
    parts.sight.lost()
    assert parts.heartbeats.listening("sync").reading == before
    watching = asyncio.create_task(parts.sight.watch())
    await until(lambda: not parts.sight.is_blind, 20)
    await stopped([watching])
    assert parts.heartbeats.listening("sync").reading > before
    await parts.close()


async def test_a_look_at_a_heartbeat_is_no_request(home: Home) -> None:
    """It spends nothing of what the platform may be asked; every other probe does."""
    heartbeat = "      sync: {type: heartbeat, function: request, every: 1m}\n"
    lines = f"    max_requests_per_minute: 320\n    probes:\n{heartbeat}"
    home.config.write_text(home.config.read_text().replace("    probes:\n", lines))
    parts = await assemble(load(home.config, MonitorSettings), SystemClock())
    await parts.outbox.start()
    budgets = {loop._policy.name: loop._requests for loop in parts.loops}
    assert all(budgets["sync"].take(Attempt.SCHEDULED) for _ in range(500))
    assert not all(budgets["probe_sign_in"].take(Attempt.SCHEDULED) for _ in range(500))
    await parts.close()


async def test_a_port_that_is_taken_is_named(home: Home) -> None:
    """Before the store is touched: a wrong address leaves no trace."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        write_settings(home, Wanted(WANTED.url, listen=f"127.0.0.1:{port}"))
        fault = await _refused(home)
        assert str(fault) == f"listen: port {port} on 127.0.0.1 can't be had: address already in use"
        assert fault.exit_code is ExitCode.INVALID
        assert not home.store.exists()
    await _taken_up(home)


async def test_a_store_that_another_monitor_has_open_is_refused(home: Home) -> None:
    """It names the other's process; the port is free again afterwards."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    write_settings(home, Wanted(WANTED.url, listen=f"127.0.0.1:{port}"))
    other = _store(home)
    await other.open()
    try:
        fault = await _refused(home)
        assert f"another monitor (process {os.getpid()}) has the store {home.store} open" in str(fault)
        assert fault.exit_code is ExitCode.NOT_MEASURED
        socket.create_server(("127.0.0.1", port)).close()
    finally:
        await other.close()
    await _taken_up(home)


async def test_a_store_of_another_deployment_is_refused(home: Home) -> None:
    """Its outages are not ours."""
    other = _store(home, deployment="other")
    await other.open()
    await other.close()
    fault = await _refused(home)
    assert "other" in str(fault)
    assert fault.exit_code is ExitCode.INVALID


async def test_a_damaged_state_is_refused_and_left_as_it_is(home: Home) -> None:
    """A wrong state could raise the flag: it is refused rather than believed, and nothing is overwritten."""
    store = _store(home)
    await store.open()
    await store.close()
    raw = bytearray(home.store.read_bytes())
    for place in range(4096, len(raw), 512):
        raw[place : place + 64] = bytes(64)
    home.store.write_bytes(raw)
    fault = await _refused(home)
    assert "damaged" in str(fault) or "lacks a table" in str(fault) or "can't be read" in str(fault)
    assert fault.exit_code is ExitCode.INVALID
    assert home.store.read_bytes() == bytes(raw)


async def test_letting_go_goes_on_when_one_part_fails(home: Home) -> None:
    """A fault in stopping the outbox must not leave the store locked."""
    parts = await assemble(load(home.config, MonitorSettings), SystemClock())
    await parts.outbox.start()
    await parts.network.resolver.aclose()
    for channel in parts.outbox._tasks:
        channel.cancel()
    parts.outbox._lanes["broken"] = None  # type: ignore[assignment]  # stopping it will fail
    with pytest.raises(AttributeError):
        await parts.close()
    await _taken_up(home)
