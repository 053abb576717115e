"""Runs of drills on record: written once with head, page and audit, and found by what one asks."""

from dataclasses import replace

import pytest

from monitor.model.drill import DrillQuery, DrillRun, HeadAct, KnownHead, RunCommit, RunVerdict
from monitor.model.record import AuditEntry, RoutedPage
from monitor.rules.drill_pages import left_behind
from tests.support.commits import CHANNELS, at
from tests.support.drill_register import RUN, begun, closing, ended, head
from tests.support.stores import StorePlace


def commit(run: DrillRun, act: HeadAct | None = HeadAct.OPEN, seconds: float = 1) -> RunCommit:
    """Return a transaction on a run, with a head that was told of and a line of the audit."""
    known = KnownHead(run.head, at(seconds), act, f"receipt-{run.head.seq}") if act is not None else None
    pages = (RoutedPage(left_behind(run, "prod", at(seconds)), CHANNELS),) if run.residue else ()
    return RunCommit(run, known, pages, (AuditEntry("drill_opened", "drills-1", {"run": run.id}, at(seconds)),))


async def test_a_run_is_there_with_its_head_page_and_audit(place: StorePlace) -> None:
    """As it was written, and after a restart; every head stays."""
    store = place.store()
    await store.open()
    run = begun(at(0))
    await store.drill_run(commit(run))
    on = replace(run, head=head(4), heard_at=at(2))
    await store.drill_run(commit(on, HeadAct.HEAD, 2))
    over = ended(on, at(3), closing(RunVerdict.CLEAN_UP_FAILED, "user drill-7", seq=4))
    await store.drill_run(commit(over, HeadAct.CLOSE, 3))
    await store.close()
    again = place.store()
    await again.open()
    assert await again.drill_runs(DrillQuery()) == [over]
    assert [(each.head, each.act, each.at, each.receipt) for each in await again.drill_heads(RUN)] == [
        (head(3), HeadAct.OPEN, at(1), "receipt-3"),
        (head(4), HeadAct.HEAD, at(2), "receipt-4"),
        (head(4), HeadAct.CLOSE, at(3), "receipt-4"),
    ]
    assert [each.act for each in await again.drill_heads(RUN, 4)] == [HeadAct.HEAD, HeadAct.CLOSE]
    assert await again.drill_heads("nobody's") == []
    assert len(await again.unsent()) == len(CHANNELS)
    assert await again.verify_audit() is None


async def test_the_same_step_again_is_written_once(place: StorePlace) -> None:
    """An answer that was lost costs nothing."""
    store = place.store()
    await store.open()
    made = commit(begun(at(0)))
    assert await store.drill_run(made) == await store.drill_run(made)
    assert (place.count("drill_heads"), place.count("audit")) == (1, 1)


async def test_runs_are_found_by_what_one_asks(place: StorePlace) -> None:
    """By name, scenario, platform, when, and what has become of them; newest opened first."""
    store = place.store()
    await store.open()
    runs = [
        ended(begun(at(0), run="passed"), at(1), closing()),
        ended(begun(at(10), run="rehearsed", is_real=False), at(11), closing()),
        ended(begun(at(20), run="left", scenario="rotate"), at(21), closing(RunVerdict.ABORTED, "x")),
        begun(at(30), run="open", platform="ledger"),
    ]
    for run in runs:
        await store.drill_run(commit(run))

    async def found(query: DrillQuery) -> list[str]:
        return [run.id for run in await store.drill_runs(query)]

    assert await found(DrillQuery()) == ["open", "left", "rehearsed", "passed"]
    assert await found(DrillQuery(limit=1)) == ["open"]
    assert await found(DrillQuery(run="left")) == ["left"]
    assert await found(DrillQuery(scenario="rotate")) == ["left"]
    assert await found(DrillQuery(platform="ledger")) == ["open"]
    assert await found(DrillQuery(since=at(20))) == ["open", "left"]
    assert await found(DrillQuery(is_watched=True)) == ["open", "left"]
    assert await found(DrillQuery(is_closed=False)) == ["open"]
    assert await found(DrillQuery(is_closed=True)) == ["left", "rehearsed", "passed"]
    assert await found(DrillQuery(is_passed=True)) == ["passed"]


async def test_a_damaged_run_hides_no_other(place: StorePlace) -> None:
    """One row that can't be read is left out, the rest is there."""
    store = place.store()
    await store.open()
    for name in ("a", "b"):
        await store.drill_run(commit(begun(at(0), run=name)))
    place.sql("UPDATE drill_runs SET record = '{}' WHERE run = 'a' AND vantage = :vantage")
    assert [run.id for run in await store.drill_runs(DrillQuery())] == ["b"]


async def test_runs_are_each_vantages_own(place: StorePlace) -> None:
    """Another vantage on the same database sees none of them."""
    if place.kind == "sqlite":
        pytest.skip("a file is one vantage's")
    store = place.store()
    await store.open()
    await store.drill_run(commit(begun(at(0))))
    other = place.store(vantage=f"{place.vantage}-b")
    await other.open()
    assert await other.drill_runs(DrillQuery()) == []
    assert await other.drill_heads(RUN) == []
