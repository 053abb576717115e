"""Is it us? A monitor that can't see says so: it finds nothing, opens nothing, and wakes somebody."""

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from glasswatch.flag.document import FlagState
from tests.support.monitors import Home, MonitorProcess, Wanted, make_home, monitor_in
from tests.support.receiver import Answer, Receiver, receiving
from tests.support.siege import Controls, Witness, moment, witnessing
from tests.support.tls import Authority, authority
from tests.support.waiting import until

__all__ = ["authority"]


@dataclass
class Scene:
    """A monitor with a target, two controls and somebody to page."""

    home: Home
    monitor: MonitorProcess
    target: Receiver
    controls: Controls
    pages: Receiver
    witness: Witness

    async def go_blind(self) -> None:
        """Cut everything at once, as a broken uplink does; wait until the monitor knows."""
        self.controls.turn(silent=True)
        self.target.default = Answer(503)
        await self.monitor.verdict_is("unknown")
        assert (await self.monitor.status())["blind"] is True

    async def see_the_outage(self) -> None:
        """Have the controls answer again; the target is still down, and now that is found."""
        self.controls.turn(silent=False)
        await self.monitor.verdict_is("down")
        await until(lambda: self.witness.state is FlagState.READY, 20, every=0.01)

    def was_silent(self) -> bool:
        """Return whether nothing was found of what broke while nobody could see."""
        return not self.home.rows("SELECT * FROM outages") and not self.witness.ready_for()


@asynccontextmanager
async def _watching(root: Path, authority: Authority) -> AsyncIterator[Scene]:
    controls = Controls()
    async with receiving() as target, receiving() as pages:
        try:
            await controls.server.start(authority.issue().context())
            flag = {"lower_after": "1s", "unknown_pages_after": "500ms"}
            asked = controls.settings(authority.ca_file)
            home = make_home(root / "home", Wanted(target.url, receiver=pages.url, controls=asked, flag=flag))
            async with monitor_in(home) as monitor, witnessing(home) as witness:
                await monitor.start()
                await monitor.verdict_is("up")
                yield Scene(home, monitor, target, controls, pages, witness)
                assert witness.wrong == []
        finally:
            await controls.server.stop()


async def test_what_breaks_while_it_cannot_see_is_not_believed(tmp_path: Path, authority: Authority) -> None:
    """Unknown, no outage, no ready, and a page that says so; once a control answers the outage is found."""
    async with _watching(tmp_path, authority) as scene:
        await scene.go_blind()
        await scene.pages.wait_until(
            lambda pages: any(page.json()["kind"] == "unknown" for page in pages.accepted), within=20
        )
        assert scene.was_silent()
        assert scene.witness.state is FlagState.STANDBY
        await scene.see_the_outage()
        assert await scene.monitor.end() == 0
        (span,) = scene.home.rows("SELECT * FROM blind_spans")
        assert moment(span["since"]) < moment(span["until"])
        (outage,) = scene.home.rows("SELECT * FROM outages")
        assert moment(outage["opened_at"]) >= scene.controls.silent[-1].start
        believed = scene.home.rows("SELECT started_at FROM outcomes WHERE kind = 'bad' AND is_believed ORDER BY 1")
        unseen = scene.home.rows("SELECT started_at FROM outcomes WHERE NOT is_believed")
        assert unseen
        assert all(moment(row["started_at"]) < moment(span["until"]) for row in unseen)
        assert believed


async def test_a_monitor_that_was_killed_while_blind_sees_again(tmp_path: Path, authority: Authority) -> None:
    """It begins blind, asks the controls at once, and finds what is down; the blind span before has an end."""
    async with _watching(tmp_path, authority) as scene:
        await scene.go_blind()
        await until(lambda: '"blind":true' in str(scene.home.rows("SELECT state FROM platforms")[0]["state"]))
        assert await scene.monitor.end(signal.SIGKILL) == -signal.SIGKILL

        await scene.monitor.start()
        await scene.monitor.verdict_is("unknown")
        assert (await scene.monitor.status())["blind"] is True
        assert scene.was_silent()
        await scene.see_the_outage()
        assert await scene.monitor.end() == 0
        spans = scene.home.rows("SELECT * FROM blind_spans ORDER BY since")
        assert len(spans) == 2
        assert all(span["until"] is not None for span in spans)
        assert moment(spans[0]["until"]) <= moment(spans[1]["since"])
