"""A real monitor and a dead man's switch elsewhere: it beats while it is well, and no longer than that."""

import resource
import signal
from pathlib import Path

from tests.support.monitors import Wanted, make_home, monitor_in
from tests.support.receiver import receiving
from tests.support.waiting import until

FULL_BYTES = 64 * 1024  # the log is smaller, SQLite's is larger from the start


async def test_it_beats_while_it_is_well(tmp_path: Path) -> None:
    """Beats come; with a store that can't be written they stop; with the store they come back; a kill ends them."""
    async with receiving() as target, receiving() as watcher:
        more = f"dead_man: {{elsewhere: {{url: '{watcher.url}/ping/a', every: 1s}}}}\n"
        home = make_home(tmp_path / "home", Wanted(target.url, more=more))
        async with monitor_in(home) as monitor:
            await monitor.start()
            await until(lambda: len(watcher.received) >= 2, 30, every=0.05)
            resource.prlimit(monitor.pid, resource.RLIMIT_FSIZE, (FULL_BYTES, resource.RLIM_INFINITY))
            await monitor.says('why="the store can\'t be written"', 60)
            seen = len(watcher.received)
            await monitor.says("store_still_not_writable", 60)
            assert len(watcher.received) <= seen + 1
            resource.prlimit(monitor.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            await monitor.says("dead_man_fed", 60)
            await until(lambda: len(watcher.received) > seen + 1, 30, every=0.05)
            _, metrics = await monitor.ask("/metrics")
            assert b'\njit_monitor_dead_man_beats_failed_total{switch="elsewhere"} 0.0\n' in metrics
            await monitor.end(signal.SIGKILL)
        assert {(each.method, each.target) for each in watcher.received} == {("POST", "/ping/a")}


async def test_a_watcher_that_is_gone_holds_up_nothing(tmp_path: Path) -> None:
    """The monitor watches, signs, and ends in time."""
    async with receiving() as target:
        more = "dead_man: {elsewhere: {url: 'http://127.0.0.1:9/', every: 1s}}\n"
        home = make_home(tmp_path / "home", Wanted(target.url, more=more))
        async with monitor_in(home) as monitor:
            await monitor.start()
            await monitor.says("dead_man_failed", 30)
            await monitor.verdict_is("up")
            assert await monitor.end() == 0
