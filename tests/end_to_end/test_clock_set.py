"""The clock of a monitor that runs is set, an hour ahead and back again: told, on record, and nothing breaks by it."""

from pathlib import Path

import pytest

from tests.support.monitors import Wanted, make_home, monitor_in
from tests.support.programs import require_library
from tests.support.receiver import receiving
from tests.support.waiting import until


@pytest.mark.timeout(300)
async def test_an_hour_ahead_and_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is paged once; probing goes on, no version goes back, the flag is refused only while that is told."""
    library = require_library("faketime/libfaketime.so.1", package="libfaketime")
    shift = tmp_path / "shift"
    shift.write_text("+0s")
    monkeypatch.setenv("LD_PRELOAD", str(library))
    monkeypatch.setenv("FAKETIME_TIMESTAMP_FILE", str(shift))
    monkeypatch.setenv("FAKETIME_CACHE_DURATION", "1")
    monkeypatch.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    async with receiving() as target, receiving() as pages:
        home = make_home(tmp_path / "home", Wanted(target.url, receiver=pages.url))
        async with monitor_in(home) as monitor:
            await monitor.start()
            await monitor.verdict_is("up")

            def told() -> list[str]:
                found = [page.json() for page in pages.accepted]
                return [page["summary"] for page in found if page["kind"] == "clock"]

            _set(shift, "+3600s")
            await until(lambda: len(told()) == 1, 30, every=0.05)
            assert "was set forward by 1h" in told()[0] or "was set forward by 59m" in told()[0]
            _set(shift, "+0s")
            await until(lambda: len(told()) == 3, 30, every=0.05)
            assert any("was set back by" in each for each in told())
            assert any("readers REFUSE every flag" in each for each in told())
            probed = len(target.received)
            await until(lambda: len(target.received) > probed + 3, 30, every=0.05)
            await monitor.verdict_is("up")
            _, metrics = await monitor.ask("/metrics")
            assert b'jit_monitor_clock_jumps_total{direction="forward"} 1.0' in metrics
            assert b'jit_monitor_clock_jumps_total{direction="back"} 1.0' in metrics
            assert await monitor.end() == 0
        kinds = home.rows("SELECT entry FROM audit WHERE kind = 'clock_shifted' ORDER BY seq")
        assert ["forward" in str(row["entry"]) for row in kinds] == [True, False]
        versions = [int(str(row["ver"])) for row in home.rows("SELECT ver FROM flag_documents ORDER BY change")]
        assert versions == sorted(versions)
        assert home.rows("SELECT * FROM outages") == []


def _set(shift: Path, to: str) -> None:
    """Set the clock, whole or not at all: the library reads it whenever it likes."""
    new = shift.with_name("new")
    new.write_text(to)
    new.replace(shift)
