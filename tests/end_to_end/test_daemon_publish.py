"""A monitor that publishes to several places, of which some fail: the others don't notice, and people are told."""

import base64
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.monitors import PLATFORM, Home, MonitorProcess, Wanted, make_home, monitor_in
from tests.support.receiver import Answer, Hang, Receiver, receiving
from tests.support.waiting import until

FLAG = {"lower_after": "1s", "ttl": "4s", "ready_ttl": "20s"}


def claims(jws: str) -> dict[str, Any]:
    """Return what a document says. Whether it is genuine is for others to test."""
    payload = jws.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return found


@dataclass
class Scene:
    """A monitor with a file, an address and a program as its targets."""

    home: Home
    monitor: MonitorProcess
    watched: Receiver
    flags: Receiver
    pages: Receiver

    @property
    def by_program(self) -> Path:
        """Where the program writes."""
        return self.home.root / "by-program.jws"

    def flag_put(self) -> dict[str, Any]:
        """Return what the document says that was put last."""
        return claims(self.flags.received[-1].body.decode())

    def told(self) -> list[tuple[str, str]]:
        """Return the status and key of every page of publishing, in order."""
        pages = [page.json() for page in self.pages.accepted]
        return [(page["status"], page["dedup_key"]) for page in pages if page["kind"] == "publish_behind"]

    async def says(self, what: str) -> None:
        """Wait until the file says this state."""
        await until(lambda: self.home.flag.exists() and claims(self.home.flag.read_text())["state"] == what, 20)

    async def metric(self, name: str) -> float:
        """Return the one sample of a metric whose name and labels begin so."""
        _, body = await self.monitor.ask("/metrics")
        (line,) = [line for line in body.decode().splitlines() if line.startswith(name)]
        return float(line.rpartition(" ")[2])


@asynccontextmanager
async def _publishing(root: Path) -> AsyncIterator[Scene]:
    async with receiving() as watched, receiving(default=Answer(201)) as flags, receiving() as pages:
        home = Home(root / "home")
        made = home.root / "by-program.jws"
        targets = (
            f"{{put: '{flags.url}/{{platform}}', name: bucket, timeout: 4s}}",
            f"{{command: [/bin/sh, -c, 'cat >{made}.new && mv {made}.new {made}'], name: program}}",
        )
        make_home(home.root, Wanted(watched.url, receiver=pages.url, flag=FLAG, targets=targets))
        async with monitor_in(home) as monitor:
            yield Scene(home, monitor, watched, flags, pages)
            assert "Traceback" not in monitor.log


async def test_every_copy_is_the_same_document(tmp_path: Path) -> None:
    """File, address and program have it, byte for byte, at once after a start and after a change."""
    async with _publishing(tmp_path) as scene:
        await scene.monitor.start()
        for verdict, state in (("up", "standby"), ("down", "ready")):
            scene.watched.default = Answer(200 if verdict == "up" else 503)
            await scene.monitor.verdict_is(verdict)
            await scene.says(state)
            jws = scene.home.flag.read_text()
            await until(lambda jws=jws: scene.flags.received and scene.flags.received[-1].body.decode() == jws)  # type: ignore[misc]  # bound at once
            await until(lambda jws=jws: scene.by_program.exists() and scene.by_program.read_text() == jws)  # type: ignore[misc]  # as above
        assert await scene.monitor.end() == 0


async def test_a_target_that_fails_is_told_of_and_resolved_after_a_crash(tmp_path: Path) -> None:
    """The others show the change meanwhile. The page fires, and a restart after a crash resolves it."""
    async with _publishing(tmp_path) as scene:
        await scene.monitor.start()
        await scene.monitor.verdict_is("up")
        await until(lambda: scene.flags.accepted)
        scene.flags.default = Hang()
        scene.watched.default = Answer(503)
        await scene.says("ready")
        await until(lambda: claims(scene.by_program.read_text())["state"] == "ready")

        key = f"test/{PLATFORM}/publish_behind/bucket"
        await until(lambda: ("firing", key) in scene.told(), 40)
        assert await scene.metric('jit_break_glass_flag_publish_behind{target="bucket"}') == 1
        assert await scene.metric('jit_break_glass_flag_publish_failed_total{target="bucket"}') > 0
        assert await scene.metric('jit_break_glass_flag_publish_behind{target="program"}') == 0
        code, body = await scene.monitor.ask("/-/ready")
        assert (code, b"the flag of payments is not published to bucket" in body) == (503, True)
        assert b"Not published to <bdi>bucket</bdi>" in (await scene.monitor.ask("/"))[1]

        await scene.monitor.end(signal.SIGKILL)
        scene.flags.default = Answer(201)
        await scene.monitor.start()
        await until(lambda: ("resolved", key) in scene.told(), 40)
        assert {each[1] for each in scene.told()} == {key}
        assert [each[0] for each in scene.told()].count("resolved") == 1
        versions = [int(got.headers["glasswatch-flag-ver"]) for got in scene.flags.received]
        assert versions == sorted(versions)
        assert await scene.monitor.end() == 0


async def test_versions_go_on_rising_over_restarts(tmp_path: Path) -> None:
    """However it ends, the next run never puts an older document where a newer one is."""
    async with _publishing(tmp_path) as scene:
        for ending in (signal.SIGTERM, signal.SIGKILL, signal.SIGTERM):
            before = len(scene.flags.accepted)
            await scene.monitor.start()
            await until(lambda before=before: len(scene.flags.accepted) > before, 20)  # type: ignore[misc]  # bound at once
            await scene.monitor.end(ending)
        versions = [claims(got.body.decode())["ver"] for got in scene.flags.accepted]
        assert versions == sorted(set(versions))


async def test_a_file_that_can_not_be_written_holds_up_no_other_target(tmp_path: Path) -> None:
    """Address and program show the change; the file does as soon as its directory is there again."""
    async with _publishing(tmp_path) as scene:
        await scene.monitor.start()
        await scene.monitor.verdict_is("up")
        await scene.says("standby")
        gone = scene.home.flag.parent.rename(tmp_path / "gone")
        scene.watched.default = Answer(503)
        await until(lambda: scene.flags.accepted and scene.flag_put()["state"] == "ready", 20)
        await until(lambda: claims(scene.by_program.read_text())["state"] == "ready")
        assert claims((gone / scene.home.flag.name).read_text())["state"] == "standby"
        gone.rename(scene.home.flag.parent)
        await scene.says("ready")
        assert "No such file or directory" in scene.monitor.log
        assert await scene.monitor.end() == 0
