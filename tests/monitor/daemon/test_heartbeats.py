"""Beats are heard at once, kept a moment later, and taken up after a restart, however the store behaves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from monitor.errors import StoreUnavailable
from monitor.heartbeats import Expected, HeartbeatContext, Heartbeats
from monitor.model.beat import Beat, Rhythm
from monitor.model.record import AuditEntry
from monitor.rules.heartbeat import Pulse, pulse
from monitor.storegate import StoreGate
from tests.support.clock import START, ManualClock
from tests.support.memory_store import Disk, MemoryStore
from tests.support.siege import stopped
from tests.support.waiting import until

RHYTHM = Rhythm(timedelta(minutes=5), timedelta(minutes=1))
MINUTE = timedelta(minutes=1)


@dataclass
class Desk:
    """Two heartbeats over a store that a test may break. `told`: what the metrics are told; `noted`: the audit."""

    disk: Disk = field(default_factory=Disk)
    clock: ManualClock = field(default_factory=ManualClock)
    noted: list[tuple[str | None, AuditEntry]] = field(default_factory=list)
    told: list[tuple[str, str, datetime]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Build them."""
        self.store = MemoryStore(self.disk)
        self.gate = StoreGate(lambda _is_open, _why: None, retry_seconds=0.01)
        context = HeartbeatContext(
            self.store,
            self.gate,
            self.clock,
            lambda entry, platform: self.noted.append((platform, entry)),
            lambda platform, name, at: self.told.append((platform, name, at)),
        )
        expected = {"sync": Expected("payments", RHYTHM), "nightly": Expected("ledger", RHYTHM)}
        self.heartbeats = Heartbeats(expected, context)

    def pulse(self, name: str = "sync") -> Pulse:
        """Return how one is now."""
        return pulse(RHYTHM, self.heartbeats.listening(name), self.clock.now(), self.clock.monotonic())

    def beat(self, name: str = "sync", *, is_well: bool = True) -> datetime:
        """Have one beat."""
        return self.heartbeats.beat(name, "sync-token", is_well=is_well)


@asynccontextmanager
async def running(desk: Desk) -> AsyncIterator[Desk]:
    """Run them beside their gate."""
    await desk.store.open()
    await desk.heartbeats.take_up()
    tasks = [asyncio.create_task(desk.heartbeats.run()), asyncio.create_task(desk.gate.watch())]
    try:
        async with asyncio.timeout(10):
            yield desk
    finally:
        await stopped(tasks)


async def test_a_beat_is_heard_at_once_and_kept() -> None:
    """Its platform is known, and until when silence is allowed."""
    async with running(Desk()) as desk:
        assert desk.pulse() is Pulse.UNKNOWN
        assert desk.beat() == START + timedelta(minutes=6)
        assert (desk.pulse(), desk.pulse("nightly")) == (Pulse.WELL, Pulse.UNKNOWN)
        assert [desk.heartbeats.platform(name) for name in ("sync", "nightly", "x")] == ["payments", "ledger", None]
        await until(lambda: "heartbeat:sync" in desk.disk.places)
    assert desk.disk.places == {"heartbeat:sync": "2026-03-01T03:00:00+00:00 well"}
    assert desk.told == [("payments", "sync", START)]


async def test_the_audit_has_what_changes() -> None:
    """Of a thousand beats the first, the failed one, and the one after silence."""
    async with running(Desk()) as desk:
        for number in range(1000):
            desk.beat(is_well=number != 500)
            desk.clock.advance(MINUTE)
        desk.clock.advance(10 * MINUTE)
        desk.beat()
    assert [(platform, entry.body["was"], entry.body["now"]) for platform, entry in desk.noted] == [
        ("payments", "never heard", "well"),
        ("payments", "well", "failed"),
        ("payments", "failed", "well"),
        ("payments", "silent", "well"),
    ]


async def test_a_restart_takes_up_what_was_heard() -> None:
    """In time it is good at once; later silence counts anew from the start."""
    async with running(Desk()) as before:
        before.beat()
        before.beat("nightly", is_well=False)
        await until(lambda: len(before.disk.places) == 2)
        await before.store.close()
    before.clock.advance(5 * MINUTE)
    async with running(Desk(before.disk, before.clock)) as after:
        assert (after.pulse(), after.pulse("nightly")) == (Pulse.WELL, Pulse.FAILED)
        assert after.told == [("payments", "sync", START), ("ledger", "nightly", START)]
        after.beat()
        assert after.noted == []
        after.clock.advance(5 * MINUTE)
        assert (after.pulse(), after.pulse("nightly")) == (Pulse.WELL, Pulse.UNKNOWN)
        after.clock.advance(MINUTE + timedelta(seconds=1))
        assert (after.pulse(), after.pulse("nightly")) == (Pulse.SILENT, Pulse.SILENT)


@pytest.mark.parametrize(
    "text", ["", "well", "2026-03-01T03:00:00 well", "2026-03-01T03:00:00+00:00 sick", "yesterday well", "{}"]
)
async def test_what_is_not_understood_was_not_heard(text: str) -> None:
    """A store of another version breaks nothing."""
    async with running(Desk(Disk(places={"heartbeat:sync": text}))) as desk:
        assert desk.heartbeats.listening("sync").last is None
        desk.beat()
        assert desk.pulse() is Pulse.WELL


async def test_who_was_blind_counts_anew() -> None:
    """What came while nothing could come is not held against it."""
    async with running(Desk()) as desk:
        desk.beat()
        desk.clock.advance(7 * MINUTE)
        assert desk.pulse() is Pulse.SILENT
        desk.heartbeats.listen_anew()
        assert desk.pulse() is Pulse.UNKNOWN
        desk.clock.advance(6 * MINUTE)
        assert desk.pulse() is Pulse.UNKNOWN
        desk.clock.advance(1)
        assert desk.pulse() is Pulse.SILENT


async def test_a_store_that_cannot_be_written_keeps_nobody_from_being_heard() -> None:
    """The beat counts at once; the latest one is written when the store is back."""
    async with running(Desk()) as desk:
        desk.store.fail("keep_place")
        desk.beat()
        await until(lambda: not desk.gate.is_open)
        assert desk.pulse() is Pulse.WELL
        desk.clock.advance(1)
        desk.beat(is_well=False)
        desk.store.heal("keep_place")
        await until(lambda: desk.gate.is_open)
        assert desk.disk.places == {"heartbeat:sync": "2026-03-01T03:00:01+00:00 failed"}


async def test_one_that_beats_while_it_is_written_is_written_again() -> None:
    """The last word is the one that is kept."""
    async with running(Desk()) as desk:
        hold = desk.store.hold("keep_place")
        desk.beat()
        await hold.reached.wait()
        desk.clock.advance(1)
        desk.beat(is_well=False)
        hold.released.set()
        await until(lambda: desk.disk.places.get("heartbeat:sync", "").endswith(":01+00:00 failed"))


async def test_the_end_writes_what_is_left(caplog: pytest.LogCaptureFixture) -> None:
    """Within its time; what can't be written is only logged."""
    desk = Desk()
    await desk.store.open()
    desk.beat()
    await desk.heartbeats.finish(timedelta(seconds=10))
    assert list(desk.disk.places) == ["heartbeat:sync"]
    desk.beat("nightly")
    desk.store.fail("keep_place")
    await desk.heartbeats.finish(timedelta(seconds=10))
    assert caplog.messages == ["heartbeats_left_unwritten"]
    desk.store.heal("keep_place")
    hold = desk.store.hold("keep_place")
    await desk.heartbeats.finish(timedelta(milliseconds=50))
    hold.released.set()
    assert caplog.messages == ["heartbeats_left_unwritten"] * 2


async def test_a_store_that_cannot_be_read_is_told() -> None:
    """A start without it does not begin as if nothing had been heard."""
    desk = Desk()
    await desk.store.open()
    desk.store.fail("place")
    with pytest.raises(StoreUnavailable):
        await desk.heartbeats.take_up()


async def test_one_that_comes_later_has_its_whole_rhythm() -> None:
    """Nobody listened for it before: silence is known after as long as after a start, and not at once."""
    desk = Desk()
    desk.heartbeats.listen_anew()
    desk.heartbeats.beat("sync", "cron", is_well=True)
    desk.clock.advance(timedelta(hours=1))
    more = {"sync": Expected("payments", RHYTHM), "late": Expected("payments", RHYTHM)}
    desk.heartbeats.adopt(more, {})
    assert desk.pulse("late") is Pulse.UNKNOWN
    assert desk.pulse("sync") is Pulse.SILENT
    assert desk.heartbeats.platform("nightly") is None
    desk.clock.advance(RHYTHM.longest + MINUTE)
    assert desk.pulse("late") is Pulse.SILENT


async def test_what_is_on_record_of_one_that_comes_is_taken_up() -> None:
    """An earlier run heard it; a beat that this one heard of another stays."""
    desk = Desk()
    heard = {"late": Beat(desk.clock.now() - MINUTE, is_well=True)}
    assert desk.heartbeats.is_new("late", Expected("ledger", RHYTHM))
    desk.heartbeats.adopt({"late": Expected("ledger", RHYTHM)}, heard)
    assert desk.pulse("late") is Pulse.WELL
    assert not desk.heartbeats.is_new("late", Expected("ledger", RHYTHM))
    assert desk.told == [("ledger", "late", desk.clock.now() - MINUTE)]


async def test_blindness_counts_for_those_that_came_later_too() -> None:
    """The time counts anew for all."""
    desk = Desk()
    desk.heartbeats.adopt({"late": Expected("ledger", RHYTHM)}, {})
    desk.clock.advance(RHYTHM.longest + MINUTE)
    assert desk.pulse("late") is Pulse.SILENT
    desk.heartbeats.listen_anew()
    assert desk.pulse("late") is Pulse.UNKNOWN
