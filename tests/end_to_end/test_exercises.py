"""An exercise of a real monitor that is killed, and one of a monitor that is stopped: neither outlives it."""

import asyncio
import signal
from pathlib import Path

from glasswatch.clock import SystemClock
from monitor.store.store import make_store
from platforms.http import AsyncClient, Response
from tests.support.monitors import DEPLOYMENT, PLATFORM, MonitorProcess, Wanted, make_home, monitor_in
from tests.support.persons import presented, tokens, verify
from tests.support.receiver import Receiver, receiving
from tests.support.waiting import until

RUN = "quarterly-20260301t030000z-abcdef"


async def _begun(client: AsyncClient, monitor: MonitorProcess, body: dict[str, object]) -> Response:
    return await client.post(
        f"{monitor.url}/api/v1/exercises",
        json={**body, "probes_see": "refuse"},
        headers={"authorization": f"Bearer {presented('anna')}"},
    )


async def _exercised(monitor: MonitorProcess, pages: Receiver, name: str) -> None:
    """Have the platform exercised until that is detected, signed and paged."""
    body = {"id": name, "run": RUN, "platform": PLATFORM, "principals": ["drill-anna"], "for_seconds": 7200}
    before = len(pages.accepted)
    async with AsyncClient(trust_env=False, timeout=20) as client, asyncio.timeout(60):
        while (answer := await _begun(client, monitor, body)).status_code == 409:  # noqa: ASYNC110 - not ready yet
            await asyncio.sleep(0.2)
    assert answer.status_code == 201, answer.text
    await until(lambda: any("EXERCISE" in str(page.json()["summary"]) for page in pages.accepted[before:]), 30)


async def _told(pages: Receiver, what: str) -> None:
    """Wait until it was told that the exercise is over, and why."""

    def said() -> bool:
        found = [page.json() for page in pages.accepted]
        return any(page["status"] == "resolved" and what in page["summary"] for page in found)

    await until(said, 30)


async def test_it_ends_with_the_monitor(tmp_path: Path) -> None:
    """Killed, it is over at the next start; stopped, it is before the end: flag, pages and audit say so."""
    async with receiving() as target, receiving() as pages:
        more = tokens("anna", scopes=("exercise",))
        home = make_home(tmp_path / "home", Wanted(target.url, every="1s", receiver=pages.url, more=more))
        async with monitor_in(home) as monitor:
            await monitor.start()
            await monitor.verdict_is("up")
            await until(lambda: home.flag.exists() and target.received, 30)
            await _exercised(monitor, pages, "ex-killed")
            read = await verify(home, DEPLOYMENT)
            assert (read.code, "exercise" in read.err) == (4, True)
            await monitor.end(signal.SIGKILL)
            await monitor.start()
            await _told(pages, f"the exercise of run {RUN} is over: the monitor was not watching for a while")
            await monitor.verdict_is("up")
            assert (await monitor.status())["exercise"] is None
            assert (await verify(home, DEPLOYMENT)).code == 1
            await _exercised(monitor, pages, "ex-stopped")
            assert await monitor.end() == 0
            await _told(pages, f"the exercise of run {RUN} is over: the monitor stops")
            assert (await verify(home, DEPLOYMENT)).code == 1
            assert "Traceback" not in monitor.log
    store = make_store(f"sqlite:///{home.store}", deployment=DEPLOYMENT, vantage="main", clock=SystemClock())
    await store.open()
    assert await store.verify_audit() is None
    await store.close()
    kinds = [str(row["kind"]) for row in home.rows("SELECT kind FROM audit WHERE kind LIKE 'exercise%' ORDER BY seq")]
    assert kinds == ["exercise_began", "exercise_detected", "exercise_ended"] * 2
