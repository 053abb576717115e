"""The register of runs: on record before it is answered, told all the same where it can't be, and nobody twice."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from glasswatch.flag import jws
from monitor.drilling.ports import Receipted
from monitor.errors import StoreUnavailable
from monitor.model.drill import DrillQuery, RunRefusal, RunStanding, RunVerdict
from tests.support.clock import START
from tests.support.drill_register import RUN, DrillLife, closing, hash_of, head, opening
from tests.support.waiting import until

BY = "drills-1"
FAILED = RunVerdict.CLEAN_UP_FAILED


async def started(life: DrillLife | None = None) -> DrillLife:
    """Return a desk that was started."""
    made = life or DrillLife()
    await made.desk.start()
    return made


@asynccontextmanager
async def watching(life: DrillLife) -> AsyncIterator[None]:
    """Have the gate look at the store again and again."""
    task = asyncio.create_task(life.gate.watch())
    try:
        yield
    finally:
        task.cancel()


def claims(receipt: str, life: DrillLife) -> dict[str, object]:
    """Return what a receipt says, once its signature was seen to be the monitor's."""
    taken = jws.open_(receipt, jws.EVIDENCE_TYP)
    assert taken.kid == life.key.kid
    assert jws.is_signed(taken, life.key.public)
    said = json.loads(taken.payload)
    assert isinstance(said, dict)
    return said


def receipt(answer: Receipted | RunRefusal | None) -> str:
    """Return the receipt that something was answered with."""
    assert isinstance(answer, Receipted), answer
    return answer.receipt


def standings(life: DrillLife) -> list[RunStanding]:
    """Return where the runs stand that something has to become of."""
    return [each.standing for each in life.desk.watched()]


async def test_each_thing_told_is_answered_with_a_signed_receipt() -> None:
    """Opened, heard of, closed: what each says is what was told; the heads are all on record with their receipts."""
    life = await started()
    opened = receipt(await life.desk.open(opening(), BY))
    life.clock.advance(5)
    told = receipt(await life.desk.tell(RUN, head(4), BY))
    closed = receipt(await life.desk.close(RUN, closing(seq=9), BY))
    same = {"v": 1, "iss": "prod/main", "sub": RUN}
    at = int(START.timestamp())
    assert claims(opened, life) == {
        **same,
        "iat": at,
        "act": "open",
        "seq": 3,
        "hash": hash_of(3),
        "scenario": "restore",
        "scenario_sha256": "5" * 64,
        "operator": "anna",
    }
    assert claims(told, life) == {**same, "iat": at + 5, "act": "head", "seq": 4, "hash": hash_of(4)}
    assert claims(closed, life) == {
        **same,
        "iat": at + 5,
        "act": "close",
        "seq": 9,
        "hash": hash_of(9),
        "verdict": "passed",
    }
    heads = await life.desk.heads(RUN)
    assert [(each.head, each.act.value) for each in heads] == [(head(3), "open"), (head(4), "head"), (head(9), "close")]
    assert [each.receipt for each in heads] == [opened, told, closed]
    assert [entry.kind for entry in life.disk.audit] == ["drill_opened", "drill_head", "drill_closed"]
    assert life.pages == []


async def test_the_same_again_is_answered_with_the_same_receipt() -> None:
    """Also after a restart, when nothing of it is in memory."""
    life = await started()
    first = [receipt(await life.desk.open(opening(), BY)), receipt(await life.desk.tell(RUN, head(4), BY))]
    life.clock.advance(7)
    again = await life.desk.open(opening(), BY)
    assert again == Receipted(RUN, first[0], is_new=False)
    assert receipt(await life.desk.tell(RUN, head(4), BY)) == first[1]
    closed = receipt(await life.desk.close(RUN, closing(), BY))
    later = await started(life.again(3600))
    assert receipt(await later.desk.open(opening(), BY)) == first[0]
    assert receipt(await later.desk.close(RUN, closing(), BY)) == closed
    assert receipt(await later.desk.tell(RUN, head(9), BY)) == closed
    assert [entry.kind for entry in life.disk.audit] == ["drill_opened", "drill_head", "drill_closed"]


async def test_without_a_key_receipts_are_empty() -> None:
    """What is told is on record all the same."""
    life = await started()
    life.desk.sign_with(None)
    assert receipt(await life.desk.open(opening(), BY)) == ""
    assert list(life.disk.drill_runs) == [RUN]


async def test_of_a_run_that_was_never_opened_nothing_is_taken() -> None:
    """Nobody knows what it is."""
    life = await started()
    assert await life.desk.tell(RUN, head(4), BY) is None
    assert await life.desk.close(RUN, closing(), BY) is None


async def test_one_run_at_a_time_on_a_platform_while_it_is_heard_of() -> None:
    """Told at once, one of them is refused. When the other is silent, or closed, the next one may begin."""
    life = await started()
    both = await asyncio.gather(life.desk.open(opening(), BY), life.desk.open(opening("second"), BY))
    assert [isinstance(each, RunRefusal) for each in both] == [False, True]
    assert not isinstance(await life.desk.open(opening("other", platform="ledger"), BY), RunRefusal)
    life.clock.advance(120)
    await life.desk.look()
    assert not isinstance(await life.desk.open(opening("second"), BY), RunRefusal)
    await life.desk.close("second", closing(), BY)
    assert not isinstance(await life.desk.open(opening("third"), BY), RunRefusal)


async def test_equivocation_is_noted_and_changes_nothing() -> None:
    """The refusal has a line of its own, with both hashes; an older entry is compared by the record."""
    life = await started()
    await life.desk.open(opening(), BY)
    await life.desk.tell(RUN, head(4), BY)
    await life.desk.tell(RUN, head(5), BY)
    for seq in (4, 5):
        assert isinstance(await life.desk.tell(RUN, head(seq, "b"), BY), RunRefusal)
    assert [(entry.kind, platform) for entry, platform in life.noted] == [("drill_equivocation", "payments")] * 2
    assert [entry.body["known_hash"] for entry, _ in life.noted] == [hash_of(4), hash_of(5)]
    assert life.disk.drill_runs[RUN].head == head(5)


async def test_a_silent_run_is_paged_once_and_taken_back() -> None:
    """After two minutes, and when it is heard of again; being refused is no sign of life, the same head is one."""
    life = await started()
    await life.desk.open(opening(), BY)
    life.clock.advance(100)
    assert receipt(await life.desk.tell(RUN, head(3), BY))
    life.clock.advance(100)
    assert isinstance(await life.desk.tell(RUN, head(2), BY), RunRefusal)
    await life.desk.look()
    assert (life.told, standings(life)) == ([], [RunStanding.OPEN])
    life.clock.advance(20)
    for _ in range(2):
        await life.desk.look()
    assert (life.told, standings(life)) == ([("drill_residue", "firing")], [RunStanding.SILENT])
    assert life.lines("jit_drill_runs")[1] == 'jit_drill_runs{standing="silent"} 1'
    await life.desk.tell(RUN, head(3), BY)
    assert life.told[1:] == [("drill_residue", "resolved")]
    assert standings(life) == [RunStanding.OPEN]
    assert len(life.disk.pages) == 2


def quiet(life: DrillLife) -> list[float]:
    """Return for how many seconds nothing was heard of each run."""
    return [each.quiet_for.total_seconds() for each in life.desk.watched()]


async def test_it_is_known_for_how_long_nothing_was_heard_of_a_run() -> None:
    """Whoever would go on with it asks. Being called silent is no word of it; a start begins to listen anew."""
    life = await started()
    await life.desk.open(opening(), BY)
    life.clock.advance(50)
    before = quiet(life)
    await life.desk.tell(RUN, head(3), BY)
    at_its_word = quiet(life)
    life.clock.advance(130)
    await life.desk.look()
    assert (before, at_its_word, quiet(life)) == ([50.0], [0.0], [130.0])
    later = await started(life.again(600))
    later.clock.advance(119)
    before = quiet(later)
    later.clock.advance(11)
    await later.desk.look()
    assert (before, quiet(later)) == ([119.0], [130.0])


async def test_a_run_past_its_end_counts_as_failed_until_it_is_closed() -> None:
    """It is paged although it is heard of, once; a late result takes it back."""
    life = await started()
    await life.desk.open(opening(), BY)
    for _ in range(61):
        life.clock.advance(60)
        await life.desk.tell(RUN, head(3), BY)
        await life.desk.look()
    assert (life.told, standings(life)) == ([("drill_residue", "firing")], [RunStanding.OVERDUE])
    await life.desk.close(RUN, closing(), BY)
    assert (life.told[1:], standings(life)) == ([("drill_residue", "resolved")], [])


async def test_by_a_clock_that_is_wrong_nothing_is_overdue() -> None:
    """Silence is counted by another clock."""
    life = await started()
    await life.desk.open(opening(), BY)
    life.is_trusted = False
    life.clock.advance(3700)
    await life.desk.tell(RUN, head(3), BY)
    await life.desk.look()
    assert standings(life) == [RunStanding.OPEN]
    life.clock.advance(120)
    await life.desk.look()
    assert [page.summary.endswith("nobody hears of it any more") for page in life.pages] == [True]


async def test_what_was_left_behind_is_paged_until_it_is_gone() -> None:
    """Through a restart: by whoever runs then."""
    life = await started()
    await life.desk.open(opening(), BY)
    await life.desk.close(RUN, closing(FAILED, "user drill-7", "rule fw-2"), BY)
    later = await started(life.again(7200))
    await later.desk.look()
    assert (later.told, standings(later)) == ([], [RunStanding.CLOSED])
    assert later.lines("jit_drill_runs")[3] == 'jit_drill_runs{standing="residue"} 1'
    await later.desk.tell(RUN, head(12), BY)
    await later.desk.close(RUN, closing(FAILED, "rule fw-2", seq=13), BY)
    await later.desk.close(RUN, closing(FAILED, seq=15), BY)
    assert later.told == [("drill_residue", "firing"), ("drill_residue", "resolved")]
    assert len({page.dedup_key for page in life.pages + later.pages}) == 1
    assert standings(later) == []
    (run,) = await later.desk.runs(DrillQuery())
    assert (run.standing, run.run.verdict, run.run.residue) == (RunStanding.CLOSED, FAILED, ())


async def test_while_the_monitor_was_away_nobody_could_be_heard() -> None:
    """A run has two minutes from the start, unless it was silent before; one past its end is told of at once."""
    life = await started()
    await life.desk.open(opening(), BY)
    later = await started(life.again(600))
    await later.desk.look()
    assert (later.told, standings(later)) == ([], [RunStanding.OPEN])
    later.clock.advance(120)
    await later.desk.look()
    assert later.told == [("drill_residue", "firing")]
    again = await started(later.again(10))
    await again.desk.look()
    assert (again.told, standings(again)) == ([], [RunStanding.SILENT])
    assert not isinstance(await again.desk.open(opening("second"), BY), RunRefusal)


async def test_what_can_not_be_written_was_not_taken() -> None:
    """It is said so; told again when the store is back, it is on record, once."""
    life = await started()
    async with watching(life):
        life.store.fail("drill_run")
        life.gate.register(lambda: life.store.alive(START))
        life.store.fail("alive")
        with pytest.raises(StoreUnavailable):
            await life.desk.open(opening(), BY)
        assert (life.store_changes, standings(life)) == ([False], [])
        life.store.heal()
        await until(lambda: life.gate.is_open)
        assert receipt(await life.desk.open(opening(), BY))
        assert [entry.kind for entry in life.disk.audit] == ["drill_opened"]


async def test_an_answer_that_was_lost_is_found_on_record() -> None:
    """The run is known and watched, whether it is told again or not; the head told again is the same."""
    life = await started()
    async with watching(life):
        life.store.fail_after("drill_run", times=1)
        with pytest.raises(StoreUnavailable):
            await life.desk.open(opening(), BY)
        await until(lambda: life.gate.is_open)
        assert standings(life) == [RunStanding.OPEN]
        life.store.fail_after("drill_run", times=1)
        with pytest.raises(StoreUnavailable):
            await life.desk.tell(RUN, head(4), BY)
        await until(lambda: life.gate.is_open)
        told = receipt(await life.desk.tell(RUN, head(4), BY))
        assert claims(told, life)["seq"] == 4
    assert [entry.kind for entry in life.disk.audit] == ["drill_opened", "drill_head"]


async def test_a_run_is_not_silent_for_our_store() -> None:
    """What it tells can't be taken, and it is heard of all the same."""
    life = await started()
    await life.desk.open(opening(), BY)
    life.store.fail("drill_run")
    for _ in range(3):
        life.clock.advance(100)
        with pytest.raises(StoreUnavailable):
            await life.desk.tell(RUN, head(4), BY)
        await life.desk.look()
    assert life.told == []


async def test_silence_is_paged_at_once_and_written_later() -> None:
    """Marked unrecorded where the store can't be written; once."""
    life = await started()
    await life.desk.open(opening(), BY)
    life.store.fail("drill_run")
    life.clock.advance(120)
    for _ in range(2):
        await life.desk.look()
    assert [(page.status.value, page.unrecorded) for page in life.pages] == [("firing", True)]
    life.store.heal()
    async with watching(life):
        await until(lambda: life.gate.is_open)
    assert len(life.disk.pages) == 1
    assert [entry.kind for entry in life.disk.audit] == ["drill_opened", "drill_silent", "page"]


async def test_what_was_left_behind_is_paged_though_it_can_not_be_written() -> None:
    """Once, however often it is sent; when the store takes it, it is on record."""
    life = await started()
    await life.desk.open(opening(), BY)
    async with watching(life):
        life.store.fail("drill_run")
        for _ in range(3):
            with pytest.raises(StoreUnavailable):
                await life.desk.close(RUN, closing(FAILED, "user drill-7"), BY)
        assert [(page.status.value, page.unrecorded) for page in life.pages] == [("firing", True)]
        life.store.heal()
        await until(lambda: life.gate.is_open)
        assert receipt(await life.desk.close(RUN, closing(FAILED, "user drill-7"), BY))
    assert life.disk.drill_runs[RUN].residue == ("user drill-7",)
