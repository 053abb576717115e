"""Exercises in a monitor that runs in the test's own loop, with real servers: a target, and a pager."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from glasswatch.clock import SystemClock
from glasswatch.settings.load import load
from monitor.assembly import assemble
from monitor.model.state import PlatformState
from monitor.model.verdict import FlagState, Verdict
from monitor.parts import Assembly
from monitor.reload.crew import Crew
from monitor.reload.reloader import Reloader
from monitor.reload.swap import Crews
from monitor.servicemanager import ServiceManager
from monitor.settings.root import MonitorSettings
from platforms.http import AsyncClient
from tests.support.desk import bearer
from tests.support.face import asking
from tests.support.monitors import DEPLOYMENT, Home, Wanted, make_home
from tests.support.receiver import Answer, Receiver, receiving
from tests.support.reloading import Written, probe
from tests.support.waiting import until

PATH = "/api/v1/exercises"
RUN = "quarterly-20260301t030000z-abcdef"
_TOKEN = (
    f"tokens: [{{name: drills, machine: drill-runner, sha256: {hashlib.sha256(b'drill').hexdigest()}, "
    "scopes: [exercise], expires: 2099-01-01}]\n"
)


@dataclass
class Scene:
    """A monitor that watches `target`, pages `pages` and falls back on `phone`, and a client of it."""

    parts: Assembly
    home: Home
    target: Receiver
    pages: Receiver
    phone: Receiver
    client: AsyncClient
    reload: Callable[[], Any]

    @property
    def state(self) -> PlatformState:
        """What is held of the platform."""
        return self.parts.board.keepers["payments"].state

    async def begin(self, name: str, sees: str = "hang") -> dict[str, Any]:
        """Begin an exercise."""
        body = {
            "id": name,
            "run": RUN,
            "platform": "payments",
            "principals": ["drill-anna"],
            "targets": ["db-1"],
            "for_seconds": 600,
            "probes_see": sees,
        }
        answer = await self.client.post(PATH, json=body, headers=bearer("drill"))
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def shown(self, name: str) -> dict[str, Any]:
        """Return an exercise as it stands."""
        answer = await self.client.get(f"{PATH}/{name}")
        assert answer.status_code == 200
        return dict(answer.json())

    async def detected(self, name: str) -> dict[str, Any]:
        """Wait until it was detected, signed and paged."""
        await until(lambda: self.state.flag.state is FlagState.EXERCISE, 30)
        await until(lambda: any(name in str(page) and page["status"] == "firing" for page in self.flags()), 30)
        return await self.shown(name)

    async def over(self, name: str) -> dict[str, Any]:
        """Wait until it is over, and its own probes have ended."""
        desk = self.parts.builder.exercises
        await until(lambda: not any(each.is_running for each in self.state.exercises), 30)
        await until(lambda: not desk._shadows, 30)
        return await self.shown(name)

    def told(self) -> list[dict[str, Any]]:
        """Return what was paged."""
        return [page.json() for page in self.pages.accepted]

    def flags(self) -> list[dict[str, Any]]:
        """Return what was paged about the flag."""
        return [page for page in self.told() if page["kind"] == "flag"]


def _configure(home: Home, target: str, pages: str, phone: str, every: str = "2s") -> None:
    # As long as this loop, which plays the target too, may stand still; confirmed soon all the same.
    portal = probe(target, confirm="{attempts: 3, every: 100ms}", recover="1").replace("250ms", every)
    channels = {
        name: f"{{type: webhook, url: {url}/page, timeout: 2s}}" for name, url in (("ops", pages), ("phone", phone))
    }
    routes = "  routes: [{to: [ops], fallback: [phone], fallback_after: 1s}]\n"
    text = Written({"payments": {"portal": portal}}, channels, flag=", lower_after: 1s").text()
    text = text.replace("tokens:", f"{routes}tokens:", 1)
    fresh = home.config.with_suffix(".new")
    fresh.write_text(text[: text.index("tokens:")] + _TOKEN)
    fresh.chmod(0o600)
    fresh.replace(home.config)


@asynccontextmanager
async def _scene(root: Path) -> AsyncIterator[Scene]:
    async with receiving() as target, receiving() as pages, receiving() as phone:
        home = make_home(root, Wanted(target.url))
        _configure(home, target.url, pages.url, phone.url)
        parts = await assemble(load(home.config, MonitorSettings), SystemClock())
        await parts.outbox.start()
        try:
            async with asyncio.TaskGroup() as group, asking(parts.face) as client:
                crews = Crews(Crew(group), Crew(group))
                for settler in parts.settlers:
                    crews.watching.start(settler)
                for loop in parts.loops:
                    crews.watching.start(loop)
                reloader = Reloader(parts, crews, home.config, ServiceManager({}, parts.clock))
                jobs = (reloader.run(), parts.builder.exercises.run(), parts.auditor.run(), _ticking(parts))
                running = [group.create_task(job) for job in jobs]
                ask = parts.builder.requests.ask
                scene = Scene(parts, home, target, pages, phone, client, lambda: ask("anna"))
                await until(lambda: not parts.board.waiting_for() and scene.state.verdict is Verdict.UP, 30)
                yield scene
                for task in running:
                    task.cancel()
                crews.watching.dismiss_all()
                crews.helping.dismiss_all()
        finally:
            await parts.close()


async def _ticking(parts: Assembly) -> None:
    while True:
        for keeper in parts.board.keepers.values():
            keeper.tick()
        await asyncio.sleep(0.1)


def _asked(scene: Scene) -> int:
    """Return how many attempts the real probes made, as their own series have it."""
    text = scene.parts.metrics.render().decode()
    lines = [line for line in text.splitlines() if line.startswith("jit_probe_runs_total")]
    return int(sum(float(line.rsplit(" ", 1)[1]) for line in lines))


@pytest.mark.parametrize("sees", ["hang", "refuse"])
async def test_an_exercise_is_detected_signed_paged_and_ended(tmp_path: Path, sees: str) -> None:
    """While the real probes go on: nothing of it reaches the target, the record or any other page."""
    async with _scene(tmp_path / "home") as scene:
        begun = await scene.begin("ex-1", sees)
        assert (begun["state"], begun["by"], begun["why"]) == ("running", "drill-runner", "")
        found = await scene.detected("ex-1")
        assert found["state"] == "detected"
        assert found["detection_seconds"] > (6.2 if sees == "hang" else 0.2)  # three timeouts, two pauses
        (page,) = scene.flags()
        until_clock = found["until"][11:19]
        assert page["summary"].startswith("payments: EXERCISE, not an outage, the platform is up; only drill-anna may ")
        assert f"break the glass until {until_clock}Z, for drill {RUN} of drill-runner" in page["summary"]
        assert page["break_glass"]["permitted"] is False
        assert page["break_glass"]["advice"].startswith("No: this is an exercise, and only drill-anna may")
        assert (page["exercise"]["run"], page["exercise"]["principals"]) == (RUN, ["drill-anna"])
        status = (await scene.client.get("/api/v1/status")).json()["platforms"][0]
        assert (status["verdict"], status["outage"], status["exercise"]["id"]) == ("up", None, "ex-1")
        assert f"drills run {RUN}" in (await scene.client.get("/")).text
        made = _asked(scene)
        await until(lambda: _asked(scene) > made, 30)  # the real ones go on
        ended = await scene.client.post(f"{PATH}/ex-1/end", headers=bearer("drill"))
        assert (ended.status_code, ended.json()["state"]) == (200, "ended")
        await until(lambda: scene.flags()[-1]["status"] == "resolved", 30)
        assert "the exercise of run" in scene.flags()[-1]["summary"]
        # A request for each attempt of the real probes, and no other: one may be under way.
        await until(lambda: 0 <= len(scene.target.received) - _asked(scene) <= 1, 30)
        await until(lambda: len(scene.told()) == 4, 30)  # and as much of what an outage would page, and nothing else
        others = [page for page in scene.told() if page["kind"] != "flag"]
        key = f"{DEPLOYMENT}/payments/outage/exercise/ex-1"
        said = [(each["status"], each["dedup_key"], each["outage"]) for each in others]
        assert said == [("firing", key, None), ("resolved", key, None)]
        assert (await scene.client.get("/api/v1/outages")).json()["outages"] == []
        series = scene.parts.metrics.render().decode()
        assert 'jit_exercise_active{platform="payments"} 0.0' in series
        assert 'jit_outages_total{platform="payments"} 0.0' in series
        bad_series = [line for line in series.splitlines() if line.startswith("jit_probe_bad_total{")]
        assert [float(line.rsplit(" ", 1)[1]) for line in bad_series] == [0.0]
    kinds = [str(row["kind"]) for row in scene.home.rows("SELECT kind FROM audit WHERE kind LIKE 'exercise%'")]
    assert kinds == ["exercise_began", "exercise_detected", "exercise_ended"]
    bad = scene.home.rows("SELECT count(*) AS count FROM outcomes WHERE kind = 'bad'")
    assert bad[0]["count"] == 0


async def test_what_is_real_ends_it_and_so_do_a_reload_and_a_stop(tmp_path: Path) -> None:
    """One after another on one monitor; each says why, where people read it."""
    async with _scene(tmp_path / "home") as scene:
        await scene.begin("ex-reload")
        _configure(scene.home, scene.target.url, scene.pages.url, scene.phone.url, "1500ms")
        await scene.reload()
        assert (await scene.over("ex-reload"))["why"] == "the probes of payments changed"
        await until(lambda: scene.state.verdict is Verdict.UP and not scene.parts.board.waiting_for(), 30)
        await scene.begin("ex-real", "refuse")
        await scene.detected("ex-real")
        scene.target.default = Answer(503)
        assert (await scene.over("ex-real"))["why"].startswith("a real outage began (payments-")
        real = f"this is REAL, and ended the exercise of run {RUN}"
        await until(lambda: sum(real in page["summary"] for page in scene.told()) == 2, 30)
        assert {page["kind"] for page in scene.told() if real in page["summary"]} == {"outage", "flag"}
        assert scene.state.flag.state is FlagState.READY
        body = {"id": "ex-no", "run": RUN, "platform": "payments", "principals": ["drill-anna"], "for_seconds": 60}
        refused = await scene.client.post(PATH, json=body, headers=bearer("drill"))
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "not_possible")
        scene.target.default = Answer(200)
        await until(lambda: scene.state.flag.state is FlagState.STANDBY, 60)
        await _falls_back(scene)
        await scene.begin("ex-stop", "refuse")
        await scene.detected("ex-stop")
        scene.parts.builder.exercises.stop()
        assert (await scene.over("ex-stop"))["why"] == "the monitor stops"
        await until(lambda: "the monitor stops" in scene.flags()[-1]["summary"], 30)
        listed = (await scene.client.get(PATH, params={"platform": "payments", "run": RUN})).json()["exercises"]
        assert [each["id"] for each in listed] == ["ex-stop", "ex-phone", "ex-real", "ex-reload"]
        assert timedelta(0) < timedelta(seconds=listed[0]["detection_seconds"]) < timedelta(minutes=1)


async def _falls_back(scene: Scene) -> None:
    """Have the pager be out of order in an exercise: as with an outage, its page goes to the phone, after a while."""

    def own(pages: Receiver) -> list[dict[str, Any]]:
        told = [page.json() for page in pages.accepted]
        return [page for page in told if page["dedup_key"].endswith("/outage/exercise/ex-phone")]

    scene.pages.decide = lambda _target, body: Answer(503) if b"/outage/exercise/ex-phone" in body else None
    await scene.begin("ex-phone", "refuse")
    await until(lambda: own(scene.phone), 30)
    (page,) = own(scene.phone)
    assert (page["kind"], page["outage"], page["exercise"]["run"]) == ("outage", None, RUN)
    assert [(each["channel"], each["is_fallback"]) for each in page["told"]] == [("ops", False), ("phone", True)]
    assert page["summary"].startswith("payments: EXERCISE, not an outage, the platform is up; this is how one would ")
    await scene.client.post(f"{PATH}/ex-phone/end", headers=bearer("drill"))
    await until(lambda: [each["status"] for each in own(scene.phone)] == ["firing", "resolved"], 30)
    assert own(scene.pages) == []


async def test_a_fault_of_ours_ends_the_exercise_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its probes may break; the monitor goes on, and says what became of it."""

    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("monitor.exercises.shadow.probe_of", broken)
    async with _scene(tmp_path / "home") as scene:
        await scene.begin("ex-1")
        assert (await scene.over("ex-1"))["why"] == "a fault of glasswatch: its log has it"
        made = _asked(scene)
        await until(lambda: _asked(scene) > made, 30)
