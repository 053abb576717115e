"""Settings that are taken up while it runs: bad ones change nothing, whatever else is going on."""

import signal
from pathlib import Path

import pytest

from monitor.wire.endpoints import ENDPOINTS
from tests.faults.stage import Setup, Stage, staged
from tests.faults.test_load import crowd
from tests.servers.http import answer, answering
from tests.servers.raw import serving

HAS_RELOAD = any(endpoint.path == "/-/reload" for endpoint in ENDPOINTS)
BAD = ("deployment: [", "deployment: test\nunknown: 1\n", "")


async def _reloads(stage: Stage, text: str, says: str = "settings_not_reloaded") -> None:
    """Have it reload, and wait until it has said what came of that."""
    stage.home.config.write_text(text)
    before = stage.monitor.said.count(says)
    stage.monitor.send(signal.SIGHUP)
    assert await stage.sees(lambda: stage.monitor.said.count(says) > before), stage.monitor.said


@pytest.mark.skipif(not HAS_RELOAD, reason="this version takes up no settings while it runs")
async def test_reload_with_a_bad_file(tmp_path: Path) -> None:
    """Before, in and after an outage, with a thousand other probes at work: nobody notices but who asked for it."""
    async with serving(answering(answer(200))) as others:
        setup = Setup(platforms=crowd(f"http://127.0.0.1:{others.port}/"))
        async with staged(tmp_path / "home", setup) as stage:
            good = stage.home.config.read_text()
            await stage.rises()
            for text in BAD:
                await _reloads(stage, text)
            stage.breaks()
            for text in BAD:
                await _reloads(stage, text)
            await stage.outage()
            await _reloads(stage, stage.chance.choice(BAD))
            await stage.recovers()
            await _reloads(stage, good, "settings_unchanged")
            await stage.settles()
