"""`monitor backtest`: simulated and recorded time, as text, data and a page; and what it refuses."""

import asyncio
import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from glasswatch.cli import run
from glasswatch.clock import SystemClock
from monitor.cli import command
from monitor.model.record import OutcomeRow
from monitor.settings.policy import policies_of
from monitor.settings.root import MonitorSettings
from monitor.store.store import SqlStore, make_store
from tests.support.backtesting import SPELL, Fate, Recording, ready_to_go, recorded
from tests.support.clock import START
from tests.support.documents import ROOT
from tests.support.settings_files import GOOD, settings_of, write

QUICK = (
    "--cycles",
    "100",
    "--starts",
    "100",
    "--loss",
    "0.002",
    "--in-a-row",
    "2",
    "--outage",
    "15s",
    "--outage",
    "1m",
)
DEFAULTS = ("--defaults", *QUICK)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where the settings and the store are."""
    (tmp_path / "procedure.md").write_text("Break it.\n")
    return tmp_path


def _call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = run(command, "monitor", ["backtest", *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_rules_stand_beside_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    """Ours first, then failures in a row at the same cost; what is shown is what the data says."""
    code, out, _ = _call(capsys, *DEFAULTS, "--json")
    ours, rival = json.loads(out)["rules"]
    assert (code, ours["name"], rival["name"]) == (0, "ours", "2 in a row")
    assert ours["detection_seconds"]["median"] == pytest.approx(32.5, abs=0.2)
    assert ours["missed_ratio"] == {"15s": 1.0, "1m": 0.0}
    world = ours["false_ready_a_year"]["0.2 % lost"]
    assert world["low"] < 2.1e6 * 0.002**3 * 1.2
    assert world["high"] > 2.1e6 * 0.002**3 / 1.2
    assert rival["attempts_an_hour"] == pytest.approx(ours["attempts_an_hour"], rel=0.001)
    _, text, _ = _call(capsys, *DEFAULTS)
    for line in (f"{ours['detection_seconds']['median']:.1f} s", "2 in a row", "0.2 % lost", "seed 1, 100 cycles"):
        assert line in text


def test_the_same_call_gives_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    """And another seed doesn't."""
    first, again, other = (
        _call(capsys, *DEFAULTS, "--json", *more)[1] for more in ((), ("--seed", "1"), ("--seed", "2"))
    )
    assert first == again
    assert first != other


def test_rows_for_spreadsheets(capsys: pytest.CaptureFixture[str]) -> None:
    """One value a row, with its interval where it has one."""
    _, out, _ = _call(capsys, *DEFAULTS, "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert {row["measure"] for row in rows} == {
        "attempts_an_hour",
        "detection_seconds",
        "missed_ratio",
        "false_ready_a_year",
    }
    (rate,) = (row for row in rows if row["measure"] == "false_ready_a_year" and row["rule"] == "ours")
    assert float(rate["low"]) <= float(rate["value"]) <= float(rate["high"])


def _parsed(file: Path) -> ET.Element:
    """Return a page as a tree: it is XML but for what HTML leaves open."""
    text = file.read_text().removeprefix("<!DOCTYPE html>")
    return ET.fromstring(re.sub(r"(<meta [^>]*)>", r"\1/>", text))


def test_page_is_whole_by_itself(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Charts have a name and a description, figures stand in tables, and nothing comes from elsewhere."""
    file = tmp_path / "page.html"
    code, _, _ = _call(capsys, *DEFAULTS, "--html", str(file))
    text = file.read_text()
    tree = _parsed(file)
    charts = [each for each in tree.iter("svg") if each.get("role") == "img"]
    assert code == 0
    assert len(charts) == 3
    for chart in charts:
        described = chart.find("desc")
        assert chart.get("aria-label")
        assert described is not None
        assert "ours" in (described.text or "")
    assert len(list(tree.iter("table"))) == 3
    assert all(caption.text for caption in tree.iter("caption"))
    for outside in ("http://", "https://", "<script", "src=", "url("):
        assert outside not in text
    assert "prefers-color-scheme:dark" in text
    assert "@media print" in text


def test_a_proposal_is_tried_beside_the_settings(capsys: pytest.CaptureFixture[str], directory: Path) -> None:
    """By options, or by another file."""
    config = write(directory)
    other = write(
        directory, GOOD.replace("interval: 15s", "interval: 15s\n        confirm: {attempts: 2}"), "other.yaml"
    )
    by_option = _call(capsys, "--config", str(config), *QUICK, "--confirm", "2", "--json")[1]
    by_file = _call(capsys, "--config", str(config), *QUICK, "--proposed", str(other), "--json")[1]
    ours, proposed, _ = json.loads(by_option)["rules"]
    assert (ours["name"], proposed["name"]) == ("ours", "proposed")
    assert ours["detection_seconds"]["median"] - proposed["detection_seconds"]["median"] == pytest.approx(10, abs=0.2)
    assert json.loads(by_file)["rules"][1] == proposed


WRONG = {
    "a share beyond all": ("--loss", "1.5"),
    "no number": ("--loss", "nan"),
    "more than a platform that is up loses": ("--loss", "0.5"),
    "a negative share": ("--burst", "every=1h,lasting=1m,loss=-1"),
    "a burst without its length": ("--burst", "every=1h,loss=0.5"),
    "a key that doesn't exist": ("--burst", "every=1h,lasting=1m,loss=0.5,what=1"),
    "a key twice": ("--burst", "every=1h,lasting=1m,loss=0.5,loss=0.5"),
    "spells longer than what is between them": ("--brownout", "every=1h,lasting=50m,loss=0.5"),
    "a spell that loses no more than calm": ("--burst", "every=1h,lasting=1m,loss=0.1,else=0.1"),
    "no duration": ("--outage", "15"),
    "an outage of days": ("--outage", "3d"),
    "nothing fails": ("--outage-loss", "0"),
    "attempts beyond the settings": ("--confirm", "11"),
    "recovery beyond the settings": ("--recover", "0"),
    "a timeout beyond the interval": ("--timeout", "20s"),
    "an interval too short": ("--interval", "10ms"),
    "answers slower than the timeout": ("--answers-take", "6s"),
    "two forms at once": ("--json", "--csv"),
    "a platform of nothing": ("--platform", "payments"),
    "a period without a replay": ("--since", "2026-01-01T00:00:00Z"),
    "a time without its offset": ("--replay", "--since", "2026-01-01T00:00:00"),
    "a replay of nothing": ("--replay",),
    "too few cycles": ("--cycles", "1"),
    "nothing in a row": ("--in-a-row", "0"),
}


@pytest.mark.parametrize("arguments", WRONG.values(), ids=WRONG)
def test_what_cannot_be_is_wrong_usage(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> None:
    """Exit code 2, with the reason, before anything is played."""
    code, out, err = _call(capsys, "--defaults", *arguments)
    assert (code, out) == (2, "")
    assert err.strip()


def test_a_page_that_has_no_directory_is_told_before_anything_is_played(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Not after minutes of playing."""
    code, out, err = _call(capsys, *DEFAULTS, "--html", str(tmp_path / "nowhere" / "page.html"))
    assert (code, out) == (2, "")
    assert "there is no directory" in err


def test_what_is_on_record_is_played_in_no_world(capsys: pytest.CaptureFixture[str], directory: Path) -> None:
    """An option that would change nothing is refused, not passed over."""
    worlds = {
        "loss": "0.1",
        "burst": "every=6h,lasting=20s,loss=0.8",
        "brownout": "every=7d,lasting=20m,loss=0.3",
    }
    for name, given in worlds.items():
        code, out, err = _call(capsys, "--config", str(write(directory)), "--replay", f"--{name}", given)
        assert (code, out) == (2, "")
        assert f"--{name} makes a world" in err


def test_names_that_are_not_there_are_wrong_usage(capsys: pytest.CaptureFixture[str], directory: Path) -> None:
    """And say which there are."""
    config = str(write(directory))
    for name, known in (("--probe", "portal"), ("--platform", "payments")):
        code, _, err = _call(capsys, "--config", config, name, "nosuch", *QUICK)
        assert code == 2
        assert known in err


def test_settings_that_are_wrong_are_invalid(capsys: pytest.CaptureFixture[str], directory: Path) -> None:
    """Exit code 3, as everywhere, for the proposal as well."""
    config, broken = write(directory), write(directory, GOOD.replace("15s", "15"), "broken.yaml")
    for given in (("--config", str(broken)), ("--config", str(config), "--proposed", str(broken))):
        assert _call(capsys, *given, *QUICK)[0] == 3


def test_a_page_that_cannot_be_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Exit code 7; where its directory is not there that is seen before anything is played."""
    code, _, err = _call(capsys, *DEFAULTS, "--html", str(tmp_path / ("x" * 300)))
    assert code == 7
    assert "can't be written" in err
    code, out, _ = _call(capsys, *DEFAULTS, "--html", str(tmp_path / "no" / "page.html"))
    assert (code, out) == (2, "")


def test_ctrl_c_ends_it_with_5(tmp_path: Path) -> None:
    """In the middle of years, of which a terminal is told: nothing is printed as if it were a result."""
    arguments = [sys.executable, "-m", "monitor", "backtest", "--defaults", "--cycles", "1000000", "--loss", "0.001"]
    ours, theirs = os.openpty()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        arguments, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=theirs, text=True
    ) as process:
        told = b""
        while b"0.1 % lost" not in told:  # ends with the test's own deadline
            told += os.read(ours, 1024)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    os.close(theirs)
    told += os.read(ours, 65536)
    os.close(ours)
    assert (process.returncode, out) == (5, "")
    assert b"interrupted" in told
    assert b"Traceback" not in told


class Site:
    """Settings with a store in which an outage is on record, as a monitor left it, or holds it open."""

    def __init__(self, directory: Path) -> None:
        self.config = write(directory, f"{GOOD}store: sqlite:///record.db\n")
        self.settings: MonitorSettings = settings_of(directory, f"{GOOD}store: sqlite:///record.db\n")
        self.file = directory / "record.db"
        watched = policies_of(self.settings)["payments"]
        self.record: Recording = recorded(ready_to_go(watched), Fate(1, (0.0, 1.0, 0.0, 0.0)), START + 4 * SPELL)

    def store(self) -> SqlStore:
        """Return the store as a monitor has it."""
        return make_store(f"sqlite:///{self.file}", deployment="prod", vantage="main", clock=SystemClock())

    async def fill(self, store: SqlStore) -> None:
        """Write what was recorded."""
        rows = [OutcomeRow("payments", row.probe, "sign_in", row.outcome, row.is_believed) for row in self.record.rows]
        store.record(rows)
        await store.alive(START)


@contextmanager
def _running(site: Site) -> Iterator[None]:
    """Have the store held open by a monitor that wrote all there is to write."""
    with asyncio.Runner() as runner:
        store = site.store()
        runner.run(store.open())
        runner.run(site.fill(store))
        runner.run(store.close())
        again = site.store()
        runner.run(again.open())
        yield
        runner.run(again.close())


def _replayed(capsys: pytest.CaptureFixture[str], site: Site, *more: str) -> Mapping[str, Any]:
    code, out, err = _call(capsys, "--replay", "--config", str(site.config), "--json", *more)
    assert code == 0, err
    found: Mapping[str, Any] = json.loads(out)
    return found


def test_what_is_on_record_is_played_again(capsys: pytest.CaptureFixture[str], directory: Path) -> None:
    """The outage of the simulated monitor, with its time to detection; sooner by what is proposed."""
    site = Site(directory)
    with _running(site):
        pass
    before = site.file.read_bytes()
    found = _replayed(capsys, site, "--confirm", "2")
    (was,) = site.record.outages.values()
    (ours,) = found["played"]["ours"]["outages"]
    (proposed,) = found["played"]["proposed"]["outages"]
    assert (ours["opened_at"], ours["detection_seconds"]) == (was.opened_at.isoformat(), was.detection_seconds)
    assert proposed["detection_seconds"] == pytest.approx(was.detection_seconds - 10)
    assert found["recorded"] == []
    assert site.file.read_bytes() == before
    _, text, _ = _call(capsys, "--replay", "--config", str(site.config))
    assert "after 25.0 s" in text
    assert "outages not on record: 1, on record and not found: 0" in text


def test_a_page_of_the_record(capsys: pytest.CaptureFixture[str], directory: Path) -> None:
    """Outages on lines of their own, and the same as a table."""
    site = Site(directory)
    with _running(site):
        pass
    file = directory / "record.html"
    _replayed(capsys, site, "--confirm", "2", "--html", str(file))
    tree = _parsed(file)
    (shown,) = (each for each in tree.iter("svg") if each.get("role") == "img")
    assert len(list(shown.iter("rect"))) == 2  # ours and the proposal's; nothing is on record
    assert [cell.text for cell in tree.iter("th")][:4] == ["began", "on record", "ours", "proposed"]
    assert next(cell.text for cell in tree.iter("td")) == "not found"


def test_replay_beside_a_running_monitor(capsys: pytest.CaptureFixture[str], directory: Path) -> None:
    """It reads, and holds nobody up."""
    site = Site(directory)
    with _running(site):
        found = _replayed(capsys, site)
    assert len(found["played"]["ours"]["outages"]) == 1


def test_a_period_that_is_not_on_record(capsys: pytest.CaptureFixture[str], directory: Path) -> None:
    """Wrong usage, and it says from when to when there is something."""
    site = Site(directory)
    with _running(site):
        pass
    code, _, err = _call(capsys, "--replay", "--config", str(site.config), "--since", "2040-01-01T00:00:00Z")
    assert code == 2
    assert f"{START:%Y-%m-%d}" in err


def test_no_store_is_nothing_measured(capsys: pytest.CaptureFixture[str], directory: Path) -> None:
    """Exit code 4, and none is made."""
    site = Site(directory)
    assert _call(capsys, "--replay", "--config", str(site.config))[0] == 4
    assert not site.file.exists()


def test_part_of_a_record(capsys: pytest.CaptureFixture[str], directory: Path) -> None:
    """Only what began in the period is taken."""
    site = Site(directory)
    with _running(site):
        pass
    until = (START + SPELL).isoformat()
    found = _replayed(capsys, site, "--until", until)
    assert found["played"]["ours"]["outages"] == []
    assert found["played"]["ours"]["attempts"] < len(site.record.rows) / 2
