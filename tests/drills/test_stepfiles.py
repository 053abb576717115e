"""Files that a step names: whatever they are, and whatever their disk does, the run goes on."""

import asyncio
import os
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from drills import stepfiles
from drills.model.step import Status
from glasswatch import plainfile
from glasswatch.errors import NotMeasured
from tests.support.drill_actions import attempt, made, outcome, step_of, tools

PIPE = "PIPE"
HTTPS = "https://127.0.0.1:1/"
LOGIN = {"host": "127.0.0.1", "port": 1, "user": "nobody", "key": "/nowhere/key"}
WAY = [
    {"id": "end", "request": {"method": "DELETE", "path": "/access"}},
    {"id": "use", "request": {"path": "/access"}, "expect": {"status": [403]}, "refused": True},
]
NAMED: list[tuple[str, dict[str, Any]]] = [
    ("http", {"url": HTTPS, "tls": {"ca_file": PIPE}}),
    ("http", {"url": HTTPS, "tls": {"certificate": PIPE, "key": {"env": "PLANTED"}}}),
    ("ssh", {**LOGIN, "certificate": PIPE, "known_hosts": "/nowhere"}),
    ("ssh", {**LOGIN, "known_hosts": PIPE}),
    ("expect_flag", {"url": HTTPS, "tls": {"ca_file": PIPE}}),
    ("expect_audit", {"http_json": {"url": f"{HTTPS}?q=${{run}}", "tls": {"ca_file": PIPE}}}),
    ("revoke_access", {"url": HTTPS.rstrip("/"), "tls": {"ca_file": PIPE}, "steps": WAY}),
]


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """A pipe that nobody ever writes to."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


def _with(settings: Any, path: Path) -> Any:
    if isinstance(settings, dict):
        return {key: _with(each, path) for key, each in settings.items()}
    if isinstance(settings, list):
        return [_with(each, path) for each in settings]
    return str(path) if settings == PIPE else settings


@pytest.mark.parametrize(("action", "settings"), NAMED, ids=lambda each: each if isinstance(each, str) else "")
async def test_a_pipe_in_place_of_a_file_is_not_measured(action: str, settings: dict[str, Any], pipe: Path) -> None:
    """Opening it would wait for its other end: the run would hear neither its deadline nor a signal."""
    more = {"expect": {"state": "ready"}} if action == "expect_flag" else {}
    step = step_of(action, with_=_with(settings, pipe), **more)
    found = await outcome(made(step, tools(pipe.parent)), attempt())
    assert (found.status, "no regular file" in found.detail) == (Status.NOT_MEASURED, True), found


@pytest.fixture
def stuck() -> Iterator[threading.Event]:
    """What a disk waits for that hangs."""
    released = threading.Event()
    yield released
    released.set()


async def test_a_disk_that_hangs_holds_up_nobody_for_longer(stuck: threading.Event) -> None:
    """Neither who waits, nor who cancels."""
    with pytest.raises(NotMeasured, match=r"^the file can't be read: it took longer than 0.05 s$"):
        await stepfiles.aside(stuck.wait, "the file", timedelta(seconds=0.05))
    waiting = asyncio.ensure_future(stepfiles.aside(stuck.wait, "the file"))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait({waiting}, timeout=20)
    assert waiting.cancelled()


def test_a_file_is_read_whole_or_not_at_all(tmp_path: Path) -> None:
    """A bound keeps a device's or a log's contents out of memory."""
    path = tmp_path / "ca.pem"
    path.write_bytes(b"x" * 2048)
    assert len(plainfile.read(path, 2048)) == 2048
    for wrong, most in ((path, 2047), (tmp_path, 2048), (Path("/dev/zero"), 2048), (tmp_path / "none", 2048)):
        with pytest.raises(OSError, match=r"larger|regular|directory"):
            plainfile.read(wrong, most)
