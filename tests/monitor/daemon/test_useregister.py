"""The register of uses: written, then told; told all the same when it can't be written, and nobody twice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from monitor.errors import StoreUnavailable
from monitor.model.record import ChainHead
from monitor.model.state import Cause, FlagHead, PlatformState
from monitor.model.use import Decision, Happening, Judgement, NotPossible, Use, UseClass, UseQuery
from monitor.model.verdict import CauseKind, FlagState
from monitor.storegate import StoreGate
from monitor.useregister import RegisterContext, UseRegister, UseTold
from tests.support.clock import ManualClock
from tests.support.commits import CHANNELS, at
from tests.support.memory_store import Disk, MemoryStore
from tests.support.uses import POLICY, READY, finding, report, saying
from tests.support.waiting import until

PAYMENTS = PlatformState(
    "payments",
    causes=(Cause(CauseKind.OUTAGE, "outage-1", at(0)),),
    flag=FlagHead(FlagState.READY, at(0), 1),
)


@dataclass
class Life:
    """A register over a disk, and what it told."""

    store: MemoryStore
    clock: ManualClock
    gate: StoreGate
    states: dict[str, PlatformState] = field(default_factory=lambda: {"payments": PAYMENTS})
    told: list[UseTold] = field(default_factory=list)
    heads: list[ChainHead] = field(default_factory=list)
    store_changes: list[bool] = field(default_factory=list)
    patience: float = 2.0

    def __post_init__(self) -> None:
        """Join the parts."""
        context = RegisterContext(
            store=self.store,
            gate=self.gate,
            clock=self.clock,
            route=lambda _: CHANNELS,
            state=self.states.get,
            moved=self.heads.append,
            tell=self.told.append,
            taken_up=lambda _: None,
            ready_ttl=timedelta(minutes=15),
            patience_seconds=self.patience,
        )
        self.register = UseRegister(POLICY, context)

    @property
    def pages(self) -> list[tuple[str, bool]]:
        """The pages that went out: key's last part, and whether unrecorded."""
        return [
            (routed.page.dedup_key.rpartition("/")[2], routed.page.unrecorded)
            for told in self.told
            for routed in told.pages
        ]


@asynccontextmanager
async def alive(disk: Disk | None = None, seconds: float = 101, patience: float = 2.0) -> AsyncIterator[Life]:
    """Give a register that was started."""
    store = MemoryStore(disk)
    await store.open()
    clock = ManualClock(at(seconds))
    store.disk.last_alive_at = clock.now()
    store.disk.causes.setdefault("payments", list(READY.spans))
    changes: list[bool] = []
    life = Life(store, clock, StoreGate(lambda is_writable, _: changes.append(is_writable), 0.01), patience=patience)
    life.store_changes = changes
    await life.register.start()
    watching = asyncio.create_task(life.gate.watch())
    try:
        yield life
    finally:
        watching.cancel()
        store.crash()


async def test_a_use_is_on_record_before_anybody_is_told() -> None:
    """Use, page, deliveries and audit; then the page goes out, and the chain's head moves on."""
    async with alive() as life:
        hold = life.store.hold("use")
        taking = asyncio.create_task(life.register.report(report(), "bastion"))
        await hold.reached.wait()
        assert life.told == []
        life.store.heal("use")
        taken = await taking
        assert (taken.is_new, taken.use.judgement) == (True, Judgement.EXPECTED)
        assert life.pages == [("r-1", False)]
        assert list(life.store.disk.uses) == ["r-1"]
        assert len(life.store.disk.deliveries) == len(CHANNELS)
        assert [entry.kind for entry in life.store.disk.audit] == ["use_reported", "page"]
        assert life.heads == [life.store.disk.chain]
        assert [use.id for use in life.register.open_uses()] == ["r-1"]


async def test_told_again_it_is_known() -> None:
    """Also after a restart; nobody is paged again."""
    async with alive() as life:
        await life.register.report(report(), "bastion")
        again = await life.register.report(report(), "bastion")
        assert (again.is_new, again.use.id, len(life.pages)) == (False, "r-1", 1)
        disk = life.store.disk
    async with alive(disk) as life:
        again = await life.register.report(report(), "bastion")
        assert (again.is_new, life.pages) == (False, [])
        assert [use.id for use in life.register.open_uses()] == ["r-1"]


async def test_two_sides_of_one_access_told_at_once_are_joined() -> None:
    """They are taken in one after another, whichever comes first."""
    async with alive() as life:
        await asyncio.gather(
            life.register.report(report(), "bastion"),
            life.register.find(finding()),
            life.register.report(report(), "bastion"),
        )
        (use,) = life.store.disk.uses.values()
        assert use.report is not None
        assert use.finding is not None
        assert len(life.pages) == 1


async def test_what_cannot_be_written_pages_at_once_and_once() -> None:
    """The reader is told to come again; when it does, nobody is paged again; then it is on record."""
    async with alive() as life:
        life.store.fail("use", "alive")
        life.gate.register(lambda: life.store.alive(at(0)))
        for _ in range(3):
            with pytest.raises(StoreUnavailable, match="not on record"):
                await life.register.report(report(), "bastion")
        assert life.pages == [("r-1", True)]
        assert life.store_changes == [False]
        life.store.heal()
        await until(lambda: life.gate.is_open)
        taken = await life.register.report(report(), "bastion")
        assert (taken.is_new, taken.use.id, life.pages) == (False, "r-1", [("r-1", True)])
        assert list(life.store.disk.uses) == ["r-1"]
        assert [entry.kind for entry in life.store.disk.audit] == ["use_reported", "page"]


async def test_a_store_that_hangs_delays_a_page_by_its_patience_only() -> None:
    """What it does later, it does on its own."""
    async with alive(patience=0.05) as life:
        life.store.hold("uses")
        with pytest.raises(StoreUnavailable):
            await life.register.report(report(), "bastion")
        assert life.pages == [("r-1", True)]


async def test_told_again_while_the_store_is_away_what_people_said_stays() -> None:
    """Memory doesn't hold closed uses: it pages once more, but the record is not opened again."""
    async with alive() as life:
        await life.register.report(report(), "bastion")
        await life.register.say("r-1", saying())
        closed = life.store.disk.uses["r-1"]
        life.store.fail("uses")
        life.clock.advance(10)
        with pytest.raises(StoreUnavailable):
            await life.register.report(report(), "bastion")
        life.store.heal()
        await until(lambda: life.gate.is_open)
        assert life.store.disk.uses == {"r-1": closed}
        assert life.register.open_uses() == []


async def test_while_the_store_showed_no_signs_of_life_we_were_there() -> None:
    """A store that could not be written for an hour makes no use of that hour critical."""
    async with alive() as life:
        life.clock.advance(3600)
        taken = await life.register.report(report(seconds=2000), "bastion")
        assert taken.use.judgement is Judgement.EXPECTED


async def test_without_the_store_what_is_held_closed_is_not_ready() -> None:
    """Two persons hold an outage closed: who gets in all the same should not have; who is refused is not locked out."""
    (outage,) = PAYMENTS.causes
    closed = replace(PAYMENTS, causes=(replace(outage, inhibited=True),), flag=FlagHead(FlagState.STANDBY, at(50), 2))
    async with alive() as life:
        life.states["payments"] = closed
        life.store.fail("uses", "use")
        for asked in (report(), report("r-2", decision=Decision.REFUSED, state=None)):
            with pytest.raises(StoreUnavailable):
                await life.register.report(asked, "bastion")
        assert [told.step.use.judgement for told in life.told] == [Judgement.UNEXPECTED, Judgement.REFUSED]


async def test_without_the_store_memory_judges() -> None:
    """By the flag as it stands; what lies before it, nobody knows."""
    async with alive() as life:
        life.store.fail("uses", "use")
        life.states["payments"] = replace(PAYMENTS, flag=FlagHead(FlagState.READY, at(50), 1))
        for name, seconds in (("r-1", 100), ("r-2", 40)):
            with pytest.raises(StoreUnavailable):
                await life.register.report(report(name, seconds), "bastion")
        assert [told.step.use.judgement for told in life.told] == [Judgement.EXPECTED, Judgement.UNEXPECTED]


async def test_after_a_crash_a_use_that_was_never_written_pages_once_more() -> None:
    """Under the same key, so that the other side joins it."""
    async with alive() as life:
        life.store.fail()
        with pytest.raises(StoreUnavailable):
            await life.register.report(report(), "bastion")
        disk = life.store.disk
    async with alive(disk, seconds=200) as life:
        assert (await life.register.report(report(), "bastion")).is_new
        assert life.pages == [("r-1", False)]


async def test_a_use_written_although_the_answer_was_lost_is_written_once() -> None:
    """It pages unrecorded, is recognised when it is written again, and the chain holds it once."""
    async with alive() as life:
        life.store.fail_after("use", times=1)
        with pytest.raises(StoreUnavailable):
            await life.register.report(report(), "bastion")
        await until(lambda: life.gate.is_open)
        assert [entry.kind for entry in life.store.disk.audit] == ["use_reported", "page"]
        assert not (await life.register.report(report(), "bastion")).is_new


async def test_a_finding_nobody_reports_turns_critical() -> None:
    """The look once a second does it; a report that comes in time prevents it."""
    async with alive() as life:
        await life.register.find(finding())
        await life.register.find(finding("log-2", target="db-2"))
        await life.register.report(report(target="db-2"), "bastion")
        life.clock.advance(POLICY.grace)
        await life.register.look()
        await life.register.look()
        happened = [(told.step.happening, told.step.use.id) for told in life.told]
        assert happened[-1] == (Happening.UNREPORTED, "log-1")
        assert len(happened) == 4
        assert life.store.disk.uses["log-1"].is_critical
        assert not life.store.disk.uses["log-2"].is_critical


async def test_a_finding_that_cannot_be_written_is_kept_and_written_later() -> None:
    """The watcher goes on; found again after a crash, it is told again."""
    async with alive() as life:
        life.store.fail("use", times=1)
        await life.register.find(finding())
        assert life.pages == [("log-1", True)]
        await until(lambda: life.gate.is_open)
        assert list(life.store.disk.uses) == ["log-1"]


async def test_people_close_a_use_by_either_of_its_ids() -> None:
    """What was found in a log and reported under another id is one use."""
    async with alive() as life:
        await life.register.find(finding())
        await life.register.report(report(), "bastion")
        use = await life.register.say("r-1", saying())
        assert isinstance(use, Use)
        assert (use.id, use.is_open) == ("log-1", False)
        assert life.register.open_uses() == []
        assert [told.step.happening for told in life.told][-1] is Happening.CLOSED
        again = await life.register.say("log-1", saying())
        assert again == use
        assert [entry.actor for entry in life.store.disk.audit if entry.kind == "use_closed"] == ["ben"]


async def test_what_cannot_be_said_is_refused_and_nothing_changes() -> None:
    """By themselves, or of a use that is not there."""
    async with alive() as life:
        await life.register.report(report(), "bastion")
        assert isinstance(await life.register.say("r-1", saying("anna")), NotPossible)
        assert await life.register.say("r-9", saying()) is None
        assert life.store.disk.uses["r-1"].is_open


async def test_what_a_person_says_counts_only_on_record() -> None:
    """If it can't be written the use stays open, and saying it again works."""
    async with alive() as life:
        await life.register.report(report(), "bastion")
        life.store.fail("use", times=1)
        with pytest.raises(StoreUnavailable):
            await life.register.say("r-1", saying())
        assert [use.id for use in life.register.open_uses()] == ["r-1"]
        assert len(life.told) == 1
        use = await life.register.say("r-1", saying(kind=UseClass.DRILL))
        assert isinstance(use, Use)
        assert not use.is_open


async def test_what_a_person_said_before_the_answer_was_lost_counts() -> None:
    """Said again it is known, and the register knows it too."""
    async with alive() as life:
        await life.register.report(report(), "bastion")
        life.store.fail_after("use", times=1)
        with pytest.raises(StoreUnavailable):
            await life.register.say("r-1", saying())
        use = await life.register.say("r-1", saying())
        assert isinstance(use, Use)
        assert life.register.open_uses() == []


async def test_times_at_the_ends_of_time_are_taken() -> None:
    """A reader's clock may say anything; what nobody can vouch for is critical."""
    async with alive() as life:
        for name, when in (("r-1", at(0).replace(year=1)), ("r-2", at(0).replace(year=9999))):
            taken = await life.register.report(replace(report(name), at=when), "bastion")
            assert taken.use.is_critical


async def test_refusals_are_on_record_and_open_only_where_somebody_is_locked_out() -> None:
    """While ready one pages; those after it at the same reader join it."""
    async with alive() as life:
        for name in ("r-1", "r-2"):
            await life.register.report(report(name, decision=Decision.REFUSED), "bastion")
        assert life.pages == [("ssh:bastion-1", False)]
        assert [use.id for use in life.register.open_uses()] == ["r-1"]
        assert len(await life.register.uses(UseQuery())) == 2
