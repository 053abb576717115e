"""Reloading inside the test's own loop: what can't be had changes nothing, and a fault in the swap ends the monitor."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from glasswatch.clock import SystemClock
from glasswatch.errors import ExitCode, GlasswatchError
from glasswatch.settings.load import load
from glasswatch.settings.mistake import SettingsFault
from monitor.assembly import assemble
from monitor.daemon import Daemon
from monitor.errors import ReloadRefused, StoreUnavailable
from monitor.model.outcome import Outcome, OutcomeKind, Reason
from monitor.model.outline import Outline
from monitor.model.past import PastQuery, Word
from monitor.model.record import OutcomeRow
from monitor.parts import Assembly
from monitor.reload.crew import Crew
from monitor.reload.reloader import Reloader
from monitor.reload.requests import ReloadRequests
from monitor.reload.swap import Crews, Swap
from monitor.servicemanager import ServiceManager
from monitor.settings.controls import ControlSettings
from monitor.settings.outline import outline_of
from monitor.settings.root import MonitorSettings
from tests.support.monitors import Home, Wanted, make_home
from tests.support.receiver import Receiver, receiving
from tests.support.reloading import Written, probe, write
from tests.support.waiting import until


@pytest.fixture
async def target() -> AsyncIterator[Receiver]:
    """A target that answers."""
    async with receiving() as server:
        yield server


@pytest.fixture
def home(tmp_path: Path, target: Receiver) -> Home:
    """A monitor of that target."""
    home = make_home(tmp_path / "home", Wanted(target.url))
    write(home, Written({"payments": {"portal": probe(target.url)}}))
    return home


@asynccontextmanager
async def _watching(home: Home) -> AsyncIterator[tuple[Assembly, Callable[[], Awaitable[Any]]]]:
    """Run the parts of a monitor; yield them, and what has them reloaded."""
    parts = await assemble(load(home.config, MonitorSettings), SystemClock())
    await parts.outbox.start()
    try:
        async with asyncio.TaskGroup() as group:
            crews = Crews(Crew(group), Crew(group))
            for settler in parts.settlers:
                crews.watching.start(settler)
            for loop in parts.loops:
                crews.watching.start(loop)
            reloader = Reloader(parts, crews, home.config, ServiceManager({}, parts.clock))
            running = group.create_task(reloader.run())
            yield parts, lambda: parts.builder.requests.ask("anna")
            running.cancel()
            crews.watching.dismiss_all()
            crews.helping.dismiss_all()
    finally:
        await parts.close()


async def test_a_store_that_cannot_be_read_refuses_a_new_platform_alone(
    home: Home, target: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an earlier run left of it isn't known then. Nothing is changed, and what was built is let go of."""
    async with _watching(home) as (parts, reload):

        async def unreadable() -> None:
            raise StoreUnavailable("the disk is gone")

        monkeypatch.setattr(type(parts.store), "load", lambda _self: unreadable())
        portal, api = {"portal": probe(target.url)}, {"api": probe(target.url, "api")}
        loops = parts.loops
        write(home, Written({"payments": portal, "ledger": api}))
        with pytest.raises(StoreUnavailable, match="the disk is gone"):
            await reload()
        assert list(parts.board.keepers) == ["payments"]
        assert parts.loops == loops
        assert parts.board.late == [loop.late for loop in loops]
        write(home, Written({"payments": {**portal, **api}}))
        assert (await reload()).lines == ("probe payments/api added",)
        assert [loop for loop in parts.loops if loop in loops] == list(loops)
        assert len(loops) == 1
        assert parts.board.late == [loop.late for loop in parts.loops]


async def test_another_calendar_of_drills_holds_from_then_on(home: Home, target: Receiver) -> None:
    """A scenario that came is known from then on; the key that signs receipts needs a restart."""
    async with _watching(home) as (parts, reload):
        write(home, Written({"payments": {"portal": probe(target.url)}}))
        line = "{platform: payments, cadence: yearly}"
        with home.config.open("a") as file:
            file.write(f"drills: {{calendar: {{restore: {line}}}}}\n")
        assert "drills changed" in (await reload()).lines
        assert [each.line.scenario for each in await parts.drills.calendar()] == ["restore"]
        text = home.config.read_text().replace("drills: {", "drills: {evidence_key: {env: KEY}, ")
        home.config.write_text(text)
        with pytest.raises(ReloadRefused, match=r"drills\.evidence_key changed"):
            await reload()


async def test_a_status_page_that_left_says_nothing_any_more(home: Home, target: Receiver) -> None:
    """From the reload that took its probe away on; else its last word would hold for ever in every account."""
    async with _watching(home) as (parts, reload):
        now = parts.clock.now()
        outcome = Outcome(OutcomeKind.GOOD, Reason.OK, "", now, 0.1)
        parts.store.record([OutcomeRow("payments", "vendor", "status", outcome, word=Word.WELL)])
        day = timedelta(days=1)

        async def until_said(*words: Word) -> None:
            asked = PastQuery("payments", now - day, now + day)
            async with asyncio.timeout(30):
                while [each.word for each in (await parts.store.past(asked)).said] != list(words):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)  # the store's thread writes it

        await until_said(Word.WELL)
        write(home, Written({"payments": {"portal": probe(target.url), "api": probe(target.url, "api")}}))
        await reload()
        await until_said(Word.WELL, Word.NOT_TOLD)


async def test_who_asks_while_one_is_under_way_gets_the_next(home: Home, target: Receiver) -> None:
    """One reload does for all who wait; a file that was written after the first began is seen by the second."""
    async with _watching(home) as (_, reload):
        first = asyncio.create_task(_result(reload()))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        write(home, Written({"payments": {"portal": probe(target.url), "api": probe(target.url, "api")}}))
        others = [asyncio.create_task(_result(reload())) for _ in range(5)]
        results = [await each for each in (first, *others)]
        assert sum(bool(each.lines) for each in results) in {1, 5, 6}  # one of the two made the change
        assert {type(each).__name__ for each in results} == {"Reloaded"}


async def _result(asked: Awaitable[Any]) -> Any:
    return await asked


async def test_requests_are_joined_and_refused_at_the_end() -> None:
    """A signal that comes with them needs no reload of its own."""
    requests = ReloadRequests()
    asked = [asyncio.create_task(requests.ask(name)) for name in ("anna", "ben", "anna")]
    await asyncio.sleep(0)
    requests.signal()
    requests.signal()
    by, waiting = await requests.next()
    assert by == "anna, ben"
    assert len(waiting) == 3
    requests.signal()
    assert (await requests.next())[0] == "signal"
    for answer in waiting:
        answer.set_exception(SettingsFault([]))
    assert all(isinstance(each, GlasswatchError) for each in await asyncio.gather(*asked, return_exceptions=True))
    late = asyncio.create_task(requests.ask("late"))
    await asyncio.sleep(0)
    requests.close()
    with pytest.raises(ReloadRefused, match="ending"):
        await late
    with pytest.raises(ReloadRefused, match="ending"):
        await requests.ask("later")


async def test_a_fault_in_the_swap_ends_the_monitor(
    home: Home, target: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of one file and half of another must not go on; it is whole again by the file, at the next start."""

    def broken(_self: Swap) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(Swap, "_helpers", broken)
    settings = load(home.config, MonitorSettings)
    running = asyncio.create_task(Daemon(settings, config=home.config).run())
    await until(lambda: home.flag.exists() or running.done())
    write(home, Written({"payments": {"portal": probe(target.url), "api": probe(target.url, "api")}}))
    os.kill(os.getpid(), signal.SIGHUP)
    with pytest.raises(ExceptionGroup) as caught:
        async with asyncio.timeout(40):
            await running
    assert caught.group_contains(ZeroDivisionError)
    parts = await assemble(load(home.config, MonitorSettings), SystemClock())
    assert len(parts.loops) == 2
    await parts.close()


async def test_a_fault_before_the_swap_is_refused(
    home: Home, target: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was touched yet: the monitor goes on, and says that the fault is its own."""
    monkeypatch.setattr("monitor.reload.plan.Planner._build", _broken)
    async with _watching(home) as (parts, reload):
        write(home, Written({"payments": {"portal": probe(target.url), "api": probe(target.url, "api")}}))
        with pytest.raises(ReloadRefused) as caught:
            await reload()
        assert caught.value.code == "own_fault"
        assert len(parts.loops) == 1


async def _broken(*_: object) -> None:
    raise ZeroDivisionError("a bug")


async def test_stopped_in_the_midst_it_ends_in_order(home: Home, target: Receiver) -> None:
    """Told to end while it reloads: by one file or the other, never by half of each."""
    for delay in (0.0, 0.01, 0.05):
        settings = load(home.config, MonitorSettings)
        daemon = Daemon(settings, config=home.config)
        running = asyncio.create_task(daemon.run())
        home.flag.unlink(missing_ok=True)
        await until(lambda: home.flag.exists() or running.done())  # noqa: B023 - of this turn
        names = {f"p{delay}".replace(".", "-"): probe(target.url, "api")}
        write(home, Written({"payments": {"portal": probe(target.url), **names}, "ledger": names}))
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.sleep(delay)
        daemon.stop(signal.SIGTERM)
        async with asyncio.timeout(40):
            assert await running is ExitCode.GOOD


def test_every_part_of_the_settings_has_its_place_in_the_outline(home: Home) -> None:
    """Whatever section changes, the outline does: no change can go unseen."""
    settings = load(home.config, MonitorSettings)
    procedures = dict.fromkeys(settings.platforms, "text")
    before = outline_of(settings, procedures)
    assert before == outline_of(load(home.config, MonitorSettings), procedures)
    for name in type(settings).model_fields:
        other = settings.model_copy(update={name: _other(settings, name)})
        after = outline_of(other, dict.fromkeys(other.platforms, "text"))
        assert after != before, name
    assert outline_of(settings, dict.fromkeys(settings.platforms, "other text")) != before
    assert isinstance(before, Outline)


def _other(settings: MonitorSettings, name: str) -> Any:
    held = getattr(settings, name)
    changes: dict[str, Any] = {
        "platforms": {**settings.platforms, "more": settings.platforms["payments"]},
        "controls": (ControlSettings(url="https://www.example.org/"),),
        "flag": held.model_copy(update={"lower_after": held.lower_after * 2}) if name == "flag" else None,
        "uses": held.model_copy(update={"grace": settings.flag.ttl}) if name == "uses" else None,
        "drills": held.model_copy(update={"calendar": {"other": "line"}}) if name == "drills" else None,
        "paging": held.model_copy(update={"routes": ("other",)}) if name == "paging" else None,
        "dead_man": {"other": "switch"},
        "tokens": (),
    }
    return changes.get(name, "other")
