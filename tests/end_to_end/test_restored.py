"""A store restored from an old backup: versions go on rising, nothing is paged wrongly, and what is lost shows."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from glasswatch.flag.document import FlagState
from tests.support.monitors import ROOT, Home, Wanted, make_home, monitor_in
from tests.support.receiver import Answer, Received, receiving
from tests.support.siege import witnessing
from tests.support.waiting import until

PARTS = ("database", "audit", "records", "hours")


async def _store(home: Home, *arguments: str) -> tuple[int, dict[str, object]]:
    """Call `monitor store …`; return its exit code and what it found."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "monitor", "store", *arguments, "--json", "--config", str(home.config)),
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    async with asyncio.timeout(60):
        out, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, json.loads(out or b"{}")


@pytest.mark.timeout(300)  # a minute of it are starts of processes, on a machine that tests
async def test_a_backup_from_before_an_outage(tmp_path: Path) -> None:
    """Made while the monitor ran, restored while the outage it doesn't know is on."""
    async with receiving() as target, receiving() as pages:
        home = make_home(tmp_path / "home", Wanted(target.url, receiver=pages.url))
        copy = tmp_path / "copy.db"
        async with monitor_in(home) as monitor, witnessing(home) as witness:
            await monitor.start()
            await monitor.verdict_is("up")
            await until(lambda: witness.state is FlagState.STANDBY, 30, every=0.01)
            assert (await _store(home, "backup", str(copy)))[0] == 0
            target.default = Answer(503)
            await until(lambda: witness.state is FlagState.READY, 30, every=0.01)
            target.default = Answer(200)
            await until(lambda: witness.state is FlagState.STANDBY, 30, every=0.01)
            kept = tmp_path / "kept.jws"
            kept.write_bytes(home.flag.read_bytes())
            target.default = Answer(503)
            await until(lambda: witness.state is FlagState.READY, 30, every=0.01)
            assert await monitor.end() == 0
            told = _outages(pages.accepted)
            for suffix in ("", "-wal", "-shm"):
                home.store.with_name(home.store.name + suffix).unlink(missing_ok=True)
            copy.rename(home.store)
            assert (await _store(home, "check"))[1]["flaws"] == {part: [] for part in PARTS}

            await monitor.start()
            await monitor.verdict_is("down")
            await until(lambda: len(_outages(pages.accepted)) > len(told), 30, every=0.05)
            target.default = Answer(200)
            await until(lambda: witness.state is FlagState.STANDBY, 30, every=0.01)
            # Two outages, each under its own key; the second is told again, under the name that the flag has for it.
            over = ["resolved", "resolved"]
            await until(lambda: list(dict(_outages(pages.accepted)).values()) == over, 30, every=0.05)
            assert await monitor.end() == 0
            # That the audit lost its end is what every reader who looks can see; nothing else went back.
            assert [what for what in witness.wrong if "log.seq went back" not in what] == []
        code, found = await _store(home, "verify", str(kept))
        assert code == 1, found  # what the copy did not hold is missed
        code, found = await _store(home, "check")
        # The flag as it was published was taken up: it names an entry that is lost. All else fits together.
        assert isinstance(found["flaws"], dict)
        assert {part: lines for part, lines in found["flaws"].items() if lines}.keys() == {"audit"}, found
        versions = [int(str(row["ver"])) for row in home.rows("SELECT ver FROM flag_documents ORDER BY change")]
        assert versions == sorted(set(versions))


def _outages(accepted: list[Received]) -> list[tuple[str, str]]:
    """Return key and status of each page about an outage."""
    found = [page.json() for page in accepted]
    return [(page["dedup_key"], page["status"]) for page in found if page["kind"] == "outage"]
