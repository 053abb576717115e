"""Settings taken over by a running monitor: by SIGHUP and over HTTP, good, bad and unchanged ones."""

import asyncio
import json
import signal
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from glasswatch.cli import run
from glasswatch.errors import ExitCode
from monitor.cli import command
from tests.support.monitors import Home, MonitorProcess, Wanted, make_home, monitor_in
from tests.support.receiver import Answer, Received, Receiver, receiving
from tests.support.reloading import TOKEN, Written, ask_reload, hup, platforms, probe, samples, verdict_of, write
from tests.support.waiting import until

LAST = "jit_monitor_config_last_reload_successful"
RUNS = "jit_probe_runs_total"


@pytest.fixture
async def target() -> AsyncIterator[Receiver]:
    """A target that answers."""
    async with receiving() as server:
        yield server


@pytest.fixture
async def pages() -> AsyncIterator[Receiver]:
    """A receiver of pages."""
    async with receiving() as server:
        yield server


@asynccontextmanager
async def _started(root: Path, written: Written) -> AsyncIterator[tuple[Home, MonitorProcess]]:
    home = make_home(root / "home", Wanted("http://127.0.0.1:1/"))
    write(home, written)
    async with monitor_in(home) as monitor:
        await monitor.start()
        for platform in written.probes:
            await verdict_of(monitor, platform, "up")
        yield home, monitor
        assert await monitor.end() == 0
        assert "Traceback" not in monitor.log


async def test_probes_come_go_and_change_and_the_others_go_on(tmp_path: Path, target: Receiver) -> None:
    """Series and states of what stays are kept; what went is shown no more; what changed begins unproven."""
    stays, went = probe(f"{target.url}/stays"), probe(f"{target.url}/went", "request")
    written = Written({"payments": {"stays": stays, "went": went, "changed": probe(f"{target.url}/one", "connect")}})
    async with _started(tmp_path, written) as (home, monitor):
        runs = await samples(monitor, RUNS)
        probes = {"stays": stays, "changed": probe(f"{target.url}/two", "connect"), "came": probe(target.url, "api")}
        write(home, Written({"payments": probes}))
        line = await hup(monitor)
        for part in ("probe payments/came added", "probe payments/went removed", "probe payments/changed changed"):
            assert part in line
        await verdict_of(monitor, "payments", "up")
        after = await samples(monitor, RUNS)
        assert not any('probe="went"' in labels for labels in after)
        kept = next(labels for labels in after if 'probe="stays"' in labels)
        assert after[kept] >= runs[kept] > 0
        assert any('probe="came"' in labels for labels in after)
        await target.wait_until(lambda target: any(each.target == "/two" for each in target.received))
        ready, _ = await monitor.ask("/-/ready")
        assert ready == 200
        before = len(target.received)
        await target.wait_for(before + 20)
        assert not any(each.target in {"/went", "/one"} for each in target.received[before + 3 :])


async def test_a_bad_file_changes_nothing_and_says_so(tmp_path: Path, target: Receiver) -> None:
    """Over HTTP as by signal: every mistake with its place, as `monitor check` has it; the metric says so."""
    written = Written({"payments": {"portal": probe(target.url)}})
    async with _started(tmp_path, written) as (home, monitor):
        assert await samples(monitor, LAST) == {"": 1.0}
        was = await samples(monitor, "jit_monitor_config_last_reload_success_timestamp_seconds")
        home.config.write_text(written.text().replace("interval: 250ms", "interval: soon").replace("flag:", "flagg:"))
        await hup(monitor, "settings_not_reloaded")
        assert await samples(monitor, LAST) == {"": 0.0}
        assert await samples(monitor, "jit_monitor_config_last_reload_success_timestamp_seconds") == was
        code, answer = await ask_reload(monitor)
        assert code == 422
        assert answer["error"]["code"] == "invalid_settings"
        paths = [mistake["path"] for mistake in answer["mistakes"]]
        assert "platforms.payments.probes.portal.interval" in paths
        assert "flagg" in paths
        assert all(mistake["line"] for mistake in answer["mistakes"])
        assert "soon" not in str(answer)
        runs = sum((await samples(monitor, RUNS)).values())
        async with asyncio.timeout(20):
            while sum((await samples(monitor, RUNS)).values()) <= runs:  # noqa: ASYNC110 - another process's
                await asyncio.sleep(0.05)
        write(home, written)
        assert await ask_reload(monitor) == (200, {"changed": False, "changes": []})
        assert await samples(monitor, LAST) == {"": 1.0}


async def test_what_cannot_change_is_refused_by_name(tmp_path: Path, target: Receiver) -> None:
    """Store, address and names need a restart; whatever else the file changes is not taken over either."""
    written = Written({"payments": {"portal": probe(target.url)}})
    async with _started(tmp_path, written) as (home, monitor):
        other = Written(
            {"payments": {"portal": probe(target.url), "more": probe(target.url, "api")}}, listen="127.0.0.1:1"
        )
        home.config.write_text(other.text().replace("store: sqlite:///store", "store: sqlite:///other"))
        code, answer = await ask_reload(monitor)
        assert code == 409
        assert answer["error"]["code"] == "restart_needed"
        assert "restart needed: listen, store" in answer["error"]["message"]
        assert not any('probe="more"' in labels for labels in await samples(monitor, RUNS))


async def test_who_may_not_is_refused(tmp_path: Path, target: Receiver) -> None:
    """No token, no reload; and a token that went out of the settings lets nobody in any more."""
    written = Written({"payments": {"portal": probe(target.url)}})
    async with _started(tmp_path, written) as (home, monitor):
        assert (await ask_reload(monitor, None))[0] == 401
        write(home, replace(written, more="uses: {grace: 3m}\n"))
        assert (await ask_reload(monitor))[1]["changes"] == ["uses changed"]
        home.config.write_text(home.config.read_text().replace("name: ops-cli", "name: other-cli"))
        assert (await ask_reload(monitor, TOKEN))[0] == 200
        text = "".join(line for line in home.config.read_text().splitlines(keepends=True) if "tokens:" not in line)
        home.config.write_text(text)
        await hup(monitor)
        assert (await ask_reload(monitor, TOKEN))[0] == 401


async def test_a_platform_comes_goes_and_comes_back(tmp_path: Path, target: Receiver) -> None:
    """Its flag is signed and published when it is there; gone, nothing of it is shown; back, it goes on from then."""
    payments, ledger = {"portal": probe(target.url)}, {"api": probe(target.url, "api")}
    async with _started(tmp_path, Written({"payments": payments})) as (home, monitor):
        published = home.flag.parent / "ledger.flag.jws"
        write(home, Written({"ledger": ledger, "payments": payments}))
        assert "platform ledger added" in await hup(monitor)
        await verdict_of(monitor, "ledger", "up")
        await until(published.exists)
        assert list(await platforms(monitor)) == ["ledger", "payments"]
        assert (await monitor.ask("/api/v1/flag/ledger"))[0] == 200

        write(home, Written({"payments": payments}))
        assert "platform ledger removed" in await hup(monitor)
        assert list(await platforms(monitor)) == ["payments"]
        assert (await monitor.ask("/api/v1/flag/ledger"))[0] == 404
        await until(lambda: home.rows("SELECT 1 FROM audit WHERE kind = 'platform_unwatched'"))
        async with asyncio.timeout(20):
            while b'platform="ledger"' in (await monitor.ask("/metrics"))[1]:  # noqa: ASYNC110 - another process's
                await asyncio.sleep(0.05)
        last = published.read_bytes()

        write(home, Written({"payments": payments, "ledger": ledger}))
        assert "platform ledger added" in await hup(monitor)
        await verdict_of(monitor, "ledger", "up")
        await until(lambda: published.read_bytes() != last)
        assert await monitor.end() == 0
        await monitor.start()
        await verdict_of(monitor, "ledger", "up")


async def test_an_outage_is_found_and_paged_through_a_reload(tmp_path: Path, target: Receiver, pages: Receiver) -> None:
    """A round under way goes on and is paged once, also to a channel that came; one that went is told nothing more."""
    slow = "{attempts: 3, every: 1s}"
    channels = {"ops": f"{{type: webhook, url: {pages.url}/ops, timeout: 2s}}"}
    written = Written({"payments": {"portal": probe(target.url, confirm=slow)}}, channels)
    async with _started(tmp_path, written) as (home, monitor):
        target.default = Answer(503)
        await until(lambda: any(each.behaviour == target.default for each in target.received))
        more = {**channels, "boss": f"{{type: webhook, url: {pages.url}/boss, timeout: 2s}}"}
        fresh = {"portal": probe(target.url, confirm=slow), "other": probe(f"{target.url}/other", "api")}
        write(home, Written({"payments": fresh}, more))
        await hup(monitor)
        await pages.wait_until(lambda pages: {"/ops", "/boss"} <= {page.target for page in _outages(pages)}, 30)
        # "other" was never good, so that its function can't be down: one outage, of one function.
        assert {page.json()["dedup_key"] for page in _outages(pages)} == {_outages(pages)[0].json()["dedup_key"]}

        target.default = Answer()
        write(home, Written({"payments": fresh}, {"boss": more["boss"]}))
        await hup(monitor)
        await pages.wait_until(
            lambda pages: any(p.json()["status"] == "resolved" for p in _outages(pages, "/boss")), 30
        )
        assert not any(page.json()["status"] == "resolved" for page in _outages(pages, "/ops"))


async def test_targets_of_the_flag_come_and_go(tmp_path: Path, target: Receiver, pages: Receiver) -> None:
    """A new one has the flag before the reload is answered as done, or soon after; one that went is left alone."""
    written = Written({"payments": {"portal": probe(target.url)}})
    async with _started(tmp_path, written) as (home, monitor):
        (home.root / "second").mkdir()
        second = home.root / "second" / "payments.jws"
        targets = (*written.targets, "{file: 'second/{platform}.jws'}")
        write(home, replace(written, targets=targets))
        assert (await ask_reload(monitor))[0] == 200
        await until(second.exists)
        assert second.read_bytes() == home.flag.read_bytes()
        write(home, written)
        assert (await ask_reload(monitor))[1]["changes"]
        found = await samples(monitor, "jit_break_glass_flag_publish_behind")
        assert len(found) == 1


async def test_many_reloads_at_once_are_one_after_another(tmp_path: Path, target: Receiver) -> None:
    """However many want it, by signal and over HTTP, each is answered; what is in force is the file's."""
    written = Written({"payments": {"portal": probe(target.url)}})
    async with _started(tmp_path, written) as (home, monitor):
        write(home, Written({"payments": {"portal": probe(target.url), "more": probe(target.url, "api")}}))
        answers, _ = await asyncio.gather(
            asyncio.gather(*(ask_reload(monitor) for _ in range(8))), hup(monitor, "settings_")
        )
        assert [code for code, _ in answers] == [200] * 8
        assert await samples(monitor, LAST) == {"": 1.0}
        assert any('probe="more"' in labels for labels in await samples(monitor, RUNS))


def _outages(pages: Receiver, path: str = "") -> list[Received]:
    return [page for page in pages.accepted if page.json()["kind"] == "outage" and page.target.endswith(path)]


async def test_killed_around_a_reload_it_starts_by_the_new_file(tmp_path: Path, target: Receiver) -> None:
    """At any instant of it: versions go on, the audit is whole, and what the file says is watched."""
    home = make_home(tmp_path / "home", Wanted("http://127.0.0.1:1/"))
    seen = 0
    async with monitor_in(home) as monitor:
        for turn, delay in enumerate((0.0, 0.03, 0.1, 0.3)):
            names = {f"p{turn}": probe(target.url), "stays": probe(target.url, "api")}
            if turn == 0:
                write(home, Written({"payments": names}))
                await monitor.start()
            await verdict_of(monitor, "payments", "up")
            before = seen
            await until(lambda: _version(home) > before)  # noqa: B023 - of this turn
            seen = _version(home)
            other = {f"p{turn + 1}": probe(target.url), "stays": probe(target.url, "api")}
            write(home, Written({"payments": other, f"more-{turn}": other}))
            monitor.send(signal.SIGHUP)
            await asyncio.sleep(delay)
            assert await monitor.end(signal.SIGKILL) == -signal.SIGKILL
            await monitor.start()
            await verdict_of(monitor, f"more-{turn}", "up")
            assert {f"p{turn + 1}", "stays"} == _probes(await platforms(monitor))
        assert await monitor.end() == 0
        assert "Traceback" not in monitor.log
    arguments = ["store", "verify", "--config", str(home.config)]
    assert await asyncio.to_thread(run, command, "monitor", arguments) == ExitCode.GOOD


async def test_a_second_monitor_is_kept_out_also_after_a_reload(tmp_path: Path, target: Receiver) -> None:
    """The store's lock is not touched by a reload; who comes second says whose it is, and ends with 4."""
    written = Written({"payments": {"portal": probe(target.url)}})
    async with _started(tmp_path, written) as (home, monitor):
        write(home, Written({"payments": {"portal": probe(target.url), "api": probe(target.url, "api")}}))
        await hup(monitor)
        async with monitor_in(home) as second:
            await second.launch()
            assert await second.ended() == ExitCode.NOT_MEASURED
            assert f"another monitor (process {monitor.pid}) has the store" in second.said
        await verdict_of(monitor, "payments", "up")


def _version(home: Home) -> int:
    """Return the version of the flag as published; 0 before there is one."""
    if not home.flag.exists():
        return 0
    payload = home.flag.read_text().split(".")[1]
    return int(json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["ver"])


def _probes(shown: dict[str, Any]) -> set[str]:
    return {probe["probe"] for function in shown["payments"]["functions"] for probe in function["probes"]}
