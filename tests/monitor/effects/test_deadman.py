"""Beats to a dead man's switch: while the monitor is well, and never instead of anything else."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

import glasswatch
import monitor.deadman as module
from glasswatch.clock import SystemClock
from monitor.deadman import DeadManContext, DeadManSwitch
from monitor.settings.dead_man import DeadManSettings
from tests.support.receiver import Answer, Hang, Receiver, Reset, receiving
from tests.support.siege import stopped
from tests.support.waiting import until


@dataclass
class Monitor:
    """What a switch asks and tells."""

    why: list[str] = field(default_factory=list)
    beaten: list[tuple[str, bool]] = field(default_factory=list)

    def switch(self, url: str, name: str = "elsewhere", **settings: Any) -> DeadManSwitch:
        """Return a switch; settings as they stand in the file."""
        read = DeadManSettings.model_validate({"url": url, "every": "1s", **settings})
        context = DeadManContext(
            SystemClock(), lambda: self.why, lambda switch, taken: self.beaten.append((switch, taken))
        )
        made = DeadManSwitch(name, read, context)
        made.prepare()
        return made


@asynccontextmanager
async def running(*switches: DeadManSwitch) -> AsyncIterator[None]:
    """Run them."""
    tasks = [asyncio.create_task(switch.run()) for switch in switches]
    try:
        async with asyncio.timeout(30):
            yield
    finally:
        await stopped(tasks)
        for switch in switches:
            await switch.aclose()


@pytest.fixture
async def watcher() -> AsyncIterator[Receiver]:
    """A watcher elsewhere that takes beats."""
    async with receiving() as server:
        yield server


@pytest.fixture(autouse=True)
def looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look often: a test waits for what happens, not for time."""
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.01)


async def test_it_beats_again_and_again(watcher: Receiver) -> None:
    """A POST without a body to the very address, and who we are; counted."""
    there = Monitor()
    async with running(there.switch(f"{watcher.url}/ping/hunter2?team=a")):
        await until(lambda: len(there.beaten) >= 2, 20)
    first = watcher.received[0]
    assert (first.method, first.target, first.body) == ("POST", "/ping/hunter2?team=a", b"")
    assert first.headers["user-agent"] == f"glasswatch/{glasswatch.__version__}"
    assert there.beaten[:2] == [("elsewhere", True)] * 2


async def test_by_get_where_the_watcher_wants_it(watcher: Receiver) -> None:
    """As push monitors do."""
    async with running(Monitor().switch(watcher.url, method="GET")):
        await until(lambda: bool(watcher.received), 20)
    assert watcher.received[0].method == "GET"


async def test_a_monitor_that_is_not_well_is_silent(watcher: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is sent; why is logged once; it begins by itself when it is well, and says so."""
    caplog.set_level("INFO", "glasswatch.deadman")
    there = Monitor(["the store can't be written", "no control answers"])
    async with running(there.switch(watcher.url)):
        await until(lambda: "dead_man_withheld" in caplog.messages, 20)
        await asyncio.sleep(0.1)  # it looks ten times
        assert watcher.received == []
        there.why = []
        await until(lambda: bool(watcher.received), 20)
        await until(lambda: "dead_man_fed" in caplog.messages, 20)
    assert caplog.messages == ["dead_man_withheld", "dead_man_fed"]
    fields = caplog.records[0].__dict__["fields"]
    assert fields == {"switch": "elsewhere", "why": "the store can't be written; no control answers"}


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [(Answer(500), "answered 500"), (Answer(302, headers={"location": "/"}), "answered 302"), (Reset(), "")],
    ids=["500", "moved", "reset"],
)
async def test_a_beat_that_is_not_taken_is_sent_again(
    watcher: Receiver, caplog: pytest.LogCaptureFixture, behaviour: Answer | Reset, why: str
) -> None:
    """It counts as failed, is logged once without the path, and the next one ends it."""
    watcher.script.extend([behaviour, behaviour])
    there = Monitor()
    async with running(there.switch(f"{watcher.url}/ping/hunter2")):
        await until(lambda: ("elsewhere", True) in there.beaten, 20)
    assert there.beaten[:3] == [("elsewhere", False), ("elsewhere", False), ("elsewhere", True)]
    assert caplog.messages.count("dead_man_failed") == 1
    said = caplog.records[0].__dict__["fields"]["why"]
    assert why in said
    assert "hunter2" not in said


async def test_one_that_hangs_holds_up_no_other(watcher: Receiver) -> None:
    """While it is waited for, others beat and beat again: each has its own task."""
    there = Monitor()
    async with receiving() as stuck:
        stuck.default = Hang()
        slow = there.switch(stuck.url, "stuck", timeout="60s")
        async with running(slow, there.switch(watcher.url, "other")):
            await until(lambda: bool(stuck.received), 20)
            so_far = len(there.beaten)
            await until(lambda: len(there.beaten) >= so_far + 2, 20)
        assert set(there.beaten) == {("other", True)}


async def test_one_that_hangs_is_given_up(watcher: Receiver) -> None:
    """After its own deadline, as a beat that failed."""
    watcher.default = Hang()
    there = Monitor()
    async with running(there.switch(watcher.url, "stuck", timeout="1s")):
        await until(lambda: ("stuck", False) in there.beaten, 20)
    assert set(there.beaten) == {("stuck", False)}


async def test_a_mistake_of_ours_does_not_end_it(watcher: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    """It is a beat that failed, and its message, which may hold anything, is not repeated."""
    there = Monitor()
    switch = there.switch(watcher.url)

    class Broken:
        shown = "x"

        async def ask(self, *_: object) -> None:
            raise ZeroDivisionError("hunter2")

        async def aclose(self) -> None:
            """Nothing to let go of."""

    with _replaced(switch, Broken()):
        async with running(switch):
            await until(lambda: len(there.beaten) >= 2, 20)
    assert set(there.beaten) == {("elsewhere", False)}
    assert [record.__dict__["fields"]["why"] for record in caplog.records] == [
        "a fault of glasswatch: ZeroDivisionError"
    ]


async def test_a_ca_file_that_cannot_be_read_is_said_at_once(caplog: pytest.LogCaptureFixture) -> None:
    """Building it raises nothing; each beat tries again."""
    switch = Monitor().switch("https://watch.example.org/", tls={"ca_file": "/nonexistent/ca.pem"})
    assert caplog.messages == ["dead_man_not_ready"]
    await switch.aclose()


@contextmanager
def _replaced(switch: DeadManSwitch, poster: object) -> Iterator[None]:
    real, switch._poster = switch._poster, poster  # type: ignore[assignment]  # stands in for it
    try:
        yield
    finally:
        switch._poster = real
