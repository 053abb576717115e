import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from monitor.web.static import StaticPage
from tests.support.clock import START
from tests.support.face import World
from tests.support.waiting import until
from tests.support.watching import PLATFORM, down


@asynccontextmanager
async def _running(page: StaticPage) -> AsyncIterator[None]:
    task = asyncio.create_task(page.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_the_file_is_written_at_each_change(tmp_path: Path) -> None:
    """What changed is on disk soon, readable by everybody, whole."""
    world = World(static_file=tmp_path / "status.html")
    face = world.face()
    async with _running(face.static):
        face.renewed()
        await until(world.static_file.exists)
        assert "UP" in world.static_file.read_text()
        world.monitor.states = [down()]
        face.changed(PLATFORM, (), START)
        await until(lambda: "DOWN" in world.static_file.read_text())
    assert world.static_file.stat().st_mode & 0o777 == 0o644
    assert list(tmp_path.glob("*")) == [world.static_file]  # noqa: ASYNC240 - a temporary directory
    assert "This is a file, and may be out of date." in world.static_file.read_text()


async def test_requests_while_writing_become_one(tmp_path: Path) -> None:
    """A burst of changes costs two writes: the one under way and one with all the rest."""
    rendered = 0
    gate = asyncio.Event()

    async def render() -> bytes:
        nonlocal rendered
        rendered += 1
        await gate.wait()
        return f"page {rendered}".encode()

    page = StaticPage(tmp_path / "status.html", render)
    async with _running(page):
        page.request()
        await until(lambda: rendered == 1)
        for _ in range(50):
            page.request()
        gate.set()
        await until(lambda: rendered == 2)
        await until(lambda: (tmp_path / "status.html").read_text() == "page 2")
    assert rendered == 2


async def test_what_is_not_urgent_waits_where_writing_takes_long_and_what_is_does_not(tmp_path: Path) -> None:
    """Renewals of many flags don't have a large file written again and again; a change is written at once."""
    rendered = 0

    async def render() -> bytes:
        nonlocal rendered
        rendered += 1
        await asyncio.sleep(0.1)
        return b"page"

    page = StaticPage(tmp_path / "status.html", render, rest=1e6)
    async with _running(page):
        page.request(is_urgent=False)
        await until((tmp_path / "status.html").exists)
        for _ in range(50):
            page.request(is_urgent=False)
            await asyncio.sleep(0)
        assert rendered == 1
        page.request()
        await until(lambda: rendered == 2)


async def test_what_is_not_urgent_is_written_in_the_end(tmp_path: Path) -> None:
    """A renewal waits in proportion to what writing takes."""
    rendered = 0

    async def render() -> bytes:
        nonlocal rendered
        rendered += 1
        return b"page"

    page = StaticPage(tmp_path / "status.html", render)
    async with _running(page):
        page.request(is_urgent=False)
        await until(lambda: rendered == 1)
        page.request(is_urgent=False)
        await until(lambda: rendered == 2)


async def test_a_file_that_can_not_be_written_is_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The log says so; once the directory is there the page is, without another change."""

    async def render() -> bytes:
        return b"page"

    path = tmp_path / "missing" / "status.html"
    page = StaticPage(path, render, retry_seconds=0.01)
    async with _running(page):
        page.request()
        await until(lambda: "status_page_unwritable" in caplog.messages)
        path.parent.mkdir()
        await until(path.exists)
    assert path.read_text() == "page"


async def test_a_page_that_can_not_be_made_does_not_end_the_watching(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A bug in showing is logged and tried again; the task lives on."""
    attempts = 0

    async def render() -> bytes:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            raise ValueError("a bug")
        return b"page"

    page = StaticPage(tmp_path / "status.html", render, retry_seconds=0.01)
    async with _running(page):
        page.request()
        await until((tmp_path / "status.html").exists)
    assert caplog.messages == ["status_page_failed"]


async def test_an_event_that_can_not_be_told_does_not_reach_the_daemon(caplog: pytest.LogCaptureFixture) -> None:
    """A bug in telling is logged; whoever told of the change goes on."""
    face = World().face()
    face.changed(PLATFORM, None, START)  # type: ignore[arg-type]  # a bug, for once on purpose
    assert caplog.messages == ["event_untold"]
