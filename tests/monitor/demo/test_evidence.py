"""A demo's evidence of drills outlives it, and the next demo too; and can be checked as it is said."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from drills.cli import command
from glasswatch.cli import run
from monitor.demo import evidence
from monitor.demo.evidence import KEPT, set_aside
from monitor.demo.settings import Places, clear, held, left_by
from monitor.model.drill import HeadAct, JournalHead, KnownHead, RunCommit
from monitor.store.identity import Identity, Limits
from monitor.store.store import SqlStore
from tests.support.clock import START, ManualClock
from tests.support.drill_register import begun
from tests.support.proving import CONTENT, RUN, closed_run, trust_file


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """A state directory that does not exist yet."""
    return Places(tmp_path / "demo")


async def drilled(places: Places) -> None:
    """Leave in it what a drill left, and the monitor that was told of it."""
    directory = left_by(places).evidence / RUN
    (directory / "outputs").mkdir(parents=True)
    run = closed_run()
    (directory / "journal.jsonl").write_bytes(run.raw)
    (directory / "outputs" / "0001-answer").write_bytes(CONTENT)
    places.trust.write_text(trust_file())
    places.trust.chmod(0o600)
    clock = ManualClock()
    store = SqlStore(f"sqlite:///{places.store}", Identity("demo", "main", "1"), clock, Limits())
    await store.open()
    for told in run.told:
        known = KnownHead(JournalHead(told.head.seq, told.head.hash), START, HeadAct(told.act), told.receipt)
        await store.drill_run(RunCommit(replace(begun(START, run=RUN), head=known.head), known, (), ()))
    await store.close()


def checked(line: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Do what a line says, and return what comes of it."""
    program, *words = line.partition(": ")[2].split()
    assert Path(program).name == "drill"
    capsys.readouterr()
    assert run(command, "drill", words) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("is_killed", [False, True], ids=["ended", "killed"])
async def test_a_demo_keeps_the_evidence_of_an_earlier_one(
    places: Places, capsys: pytest.CaptureFixture[str], *, is_killed: bool
) -> None:
    """With the heads and the trust file, though store and trust file are gone: each drill can be checked for good."""
    said: list[str] = []
    with held(places, said.append, ManualClock()):
        await drilled(places)
        if not is_killed:
            clear(places)
            assert not places.store.exists()
            (line,) = evidence.how_to_check(left_by(places))
            assert "whole: it was closed" in checked(line, capsys)
    assert said == []
    with held(places, said.append, ManualClock()):
        kept = left_by(places).earlier / f"{START:%Y%m%dT%H%M%SZ}"
        assert not left_by(places).evidence.exists()
        assert not places.trust.exists()
        assert said[0] == f"An earlier demo's drills are kept in {kept}"
        assert "whole: it was closed" in checked(said[1], capsys)
        clear(places)
    assert sorted(path.name for path in places.root.iterdir()) == ["demo.lock", "drills-earlier"]


def test_the_last_run_is_the_one_that_was_begun_last(places: Places) -> None:
    """Whatever was done in the directory of an earlier one since, such as a report that is made anew."""
    left = left_by(places)
    for name in ("door-20260302t080000z-abcdef", "audit-20260302t080001z-abcdef", "door-20260301t090000z-abcdef"):
        _journal(left.evidence, name)
        (left.evidence / name / evidence.HEADS).touch()
    (line,) = evidence.how_to_check(left)
    assert f" verify {left.evidence}/audit-20260302t080001z-abcdef " in line


def test_the_last_of_them_are_kept(places: Places) -> None:
    """What is removed is said; a directory without a run, and what is not ours, is nobody's evidence."""
    left, told = left_by(places), [""]
    for number in range(KEPT + 2):
        (left.evidence / "quarterly-1").mkdir(parents=True)
        none: list[str] = []
        set_aside(left, START, none.append)
        assert none == []
        _journal(left.evidence)
        (left.earlier / "mine").mkdir(parents=True, exist_ok=True)
        set_aside(left, START + timedelta(days=number // 2), told.append)
    assert told[-1].startswith(f"Removed, for {KEPT} are kept: ")
    days = sorted(path.name.partition("T")[0] for path in left.earlier.iterdir() if path.name != "mine")
    assert days == ["20260302", "20260302", "20260303", "20260303", "20260304"]
    assert (left.earlier / "mine").is_dir()


def _journal(place: Path, run: str = "quarterly-1") -> None:
    (place / run).mkdir(parents=True)
    (place / run / "journal.jsonl").touch()
