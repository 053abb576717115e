"""One commit: all of it or nothing, once, and only on top of what it was made from."""

import asyncio
from dataclasses import replace

import pytest

from glasswatch.chain import GENESIS
from monitor.errors import StoreConflict, StoreUnavailable
from monitor.model.fact import FlagTakenUp
from monitor.model.record import ChainHead, FlagLedger, OutageQuery
from monitor.model.state import PlatformState
from monitor.model.verdict import FlagState
from tests.support.commits import CHANNELS, at, document, published, story
from tests.support.stores import StorePlace

READY = document("payments", 11, state=FlagState.READY)


async def test_a_first_start_finds_nothing(place: StorePlace) -> None:
    """An empty store has no platforms, no sign of life and an empty chain."""
    loaded = await place.store().open()
    assert loaded.platforms == {}
    assert loaded.last_alive_at is None
    assert loaded.chain == ChainHead(0, GENESIS)


async def test_what_was_committed_is_loaded(place: StorePlace) -> None:
    """State, revision, ledger and chain come back as they were last written."""
    store = place.store()
    await store.open()
    head = [await store.commit(commit) for commit in story()][-1]
    await store.close()
    loaded = await place.store().open()
    found = loaded.platforms["payments"]
    assert found.state == story()[-1].after
    assert found.revision == 4
    assert found.ledger == FlagLedger(21, document("payments", 21).sha256, READY.sha256)
    assert loaded.chain == head
    assert head.seq == sum(len(commit.audit) for commit in story())


async def test_platforms_share_one_chain_and_nothing_else(place: StorePlace) -> None:
    """Two platforms count their own revisions and add to one audit chain."""
    store = place.store()
    await store.open()
    first, second = story("payments"), story("ledger")
    heads = [await store.commit(commit) for pair in zip(first, second, strict=True) for commit in pair]
    assert heads[-1].seq == 2 * sum(len(commit.audit) for commit in first)
    assert await store.verify_audit() is None
    await store.close()
    loaded = await place.store().open()
    assert {name: found.revision for name, found in loaded.platforms.items()} == {"payments": 4, "ledger": 4}
    assert loaded.platforms["ledger"].state == second[-1].after


@pytest.mark.parametrize("revision", [1, 3])
async def test_a_commit_on_another_revision_is_refused_whole(place: StorePlace, revision: int) -> None:
    """Behind or ahead of what is stored: refused, and not a row is written."""
    store = place.store()
    await store.open()
    for commit in story()[:2]:
        await store.commit(commit)
    tables = ("transitions", "audit", "pages", "deliveries", "flag_documents", "causes")
    before = {table: place.count(table) for table in tables}
    wrong = replace(story()[3], expected_revision=revision)
    with pytest.raises(StoreConflict, match=f"payments: the store no longer holds revision {revision}"):
        await store.commit(wrong)
    assert {table: place.count(table) for table in tables} == before
    await store.commit(story()[2])


async def test_a_first_commit_twice_is_refused(place: StorePlace) -> None:
    """A platform that is stored can't be stored for the first time again."""
    store = place.store()
    await store.open()
    await store.commit(story()[0])
    with pytest.raises(StoreConflict):
        await store.commit(replace(story()[0], at=at(99)))


async def test_of_two_commits_on_one_revision_one_wins(place: StorePlace) -> None:
    """Commits that race are compared and set: exactly one of them is written."""
    store = place.store()
    await store.open()
    await store.commit(story()[0])
    rivals = [replace(story()[1], at=at(100 + number)) for number in range(5)]
    answers = await asyncio.gather(*(store.commit(rival) for rival in rivals), return_exceptions=True)
    assert [type(answer) for answer in answers].count(ChainHead) == 1
    assert [type(answer) for answer in answers].count(StoreConflict) == 4
    assert place.count("pages") == 1
    assert await store.verify_audit() is None


async def test_facts_become_transitions_in_order(place: StorePlace) -> None:
    """Each fact is a row that says what changed, from what to what, when and why."""
    store = place.store()
    await store.open()
    for commit in story():
        await store.commit(commit)
    rows = place.sql("SELECT * FROM transitions WHERE vantage = :vantage ORDER BY id")
    assert [row["kind"] for row in rows[1:8]] == [
        "probe_changed",
        "function_changed",
        "platform_changed",
        "outage_opened",
        "cause_added",
        "flag_changed",
        "page_decided",
    ]
    changed = rows[3]
    assert (changed["was"], changed["now"], changed["why"], changed["revision"]) == ("up", "down", "sign_in", 2)
    assert rows[6]["subject"] == "1"
    assert rows[7]["subject"] == story()[1].pages[0].page.id


async def test_an_outage_is_one_row_that_tells_how_far_it_is(place: StorePlace) -> None:
    """Opened, widened and ended are the same outage, found by any method that asks for it."""
    store = place.store()
    await store.open()
    commits = story()
    await store.commit(commits[0])
    for commit in commits[1:]:
        await store.commit(commit)
        assert await store.outages(OutageQuery()) == [commit.after.outage]


async def test_an_outage_is_kept_that_the_state_no_longer_holds(place: StorePlace) -> None:
    """What a fact tells of an outage is written, also when nothing is held of it any more."""
    store = place.store()
    await store.open()
    commits = story()
    for commit in commits[:3]:
        await store.commit(commit)
    await store.commit(replace(commits[3], after=replace(commits[3].after, outage=None)))
    assert await store.outages(OutageQuery()) == [commits[3].after.outage]


async def test_an_outage_is_kept_as_it_is_held(place: StorePlace) -> None:
    """What is held of an outage is written, also when no fact tells of it."""
    store = place.store()
    await store.open()
    commits = story()
    for commit in commits[:2]:
        await store.commit(commit)
    await store.commit(replace(commits[2], facts=()))
    assert await store.outages(OutageQuery()) == [commits[2].after.outage]


async def test_outages_are_found_newest_first_within_bounds(place: StorePlace) -> None:
    """A query names a platform, a time they must not have been over before, and how many it wants."""
    store = place.store()
    await store.open()
    for name in ("payments", "ledger"):
        for commit in story(name):
            await store.commit(commit)
    last = await store.outages(OutageQuery(platform="ledger"))
    assert [outage.platform for outage in last] == ["ledger"]
    assert len(await store.outages(OutageQuery(since=at(59)))) == 2
    assert await store.outages(OutageQuery(since=at(60))) == []
    assert len(await store.outages(OutageQuery(limit=1))) == 1
    assert await store.outages(OutageQuery(limit=0)) == []


async def test_a_cause_has_a_beginning_and_an_end(place: StorePlace) -> None:
    """The history of causes tells when each was added, when and why it ended."""
    store = place.store()
    await store.open()
    for commit in story():
        await store.commit(commit)
    (row,) = place.sql("SELECT * FROM causes WHERE vantage = :vantage")
    assert (row["kind"], row["cause"], row["ended_why"]) == ("outage", "outage-1", "up again")
    assert row["ended_at"] - row["added_at"] == 20_000_000


async def test_change_documents_are_kept_and_renewals_only_counted(place: StorePlace) -> None:
    """A renewal moves the version; the documents of changes stay for ever."""
    store = place.store()
    await store.open()
    for commit in story()[:2]:
        await store.commit(commit)
    await store.reserve(document("payments", 15, is_change=False))
    kept = place.sql("SELECT ver, jws FROM flag_documents WHERE vantage = :vantage")
    assert [row["ver"] for row in kept] == [11]
    await store.close()
    ledger = (await place.store().open()).platforms["payments"].ledger
    assert ledger == FlagLedger(15, READY.sha256, None)


async def test_a_version_never_goes_back(place: StorePlace) -> None:
    """A version at or below the one reserved is refused, unless it is the same document again."""
    store = place.store()
    await store.open()
    await store.reserve(document("payments", 15, is_change=False))
    await store.reserve(document("payments", 15, is_change=False))
    for lower in (replace(document("payments", 15), sha256="0" * 64), document("payments", 14)):
        with pytest.raises(StoreConflict, match="check that no other monitor signs"):
            await store.reserve(lower)
    await store.close()
    found = (await place.store().open()).platforms["payments"]
    assert found.ledger.ver == 15
    assert (found.state, found.revision) == (PlatformState("payments"), 0)


async def test_a_change_written_late_does_not_take_the_version_back(place: StorePlace) -> None:
    """A change that had to wait for the store is kept below the renewals that went ahead of it."""
    store = place.store()
    await store.open()
    await store.commit(story()[0])
    await store.reserve(document("payments", 19, is_change=False))
    await store.commit(story()[1])
    await store.close()
    ledger = (await place.store().open()).platforms["payments"].ledger
    assert (ledger.ver, ledger.change_sha256) == (19, READY.sha256)


async def test_one_version_for_two_documents_is_refused(place: StorePlace) -> None:
    """Nothing of a commit is written whose flag uses a version that another document has."""
    store = place.store()
    await store.open()
    await store.commit(story()[0])
    await store.reserve(replace(document("payments", 11), sha256="0" * 64))
    with pytest.raises(StoreConflict, match="version 11 of the flag was reserved for another document"):
        await store.commit(story()[1])
    assert place.count("pages") == 0


async def test_only_the_named_probes_are_written(place: StorePlace) -> None:
    """A probe that isn't named keeps its row, so that one transition among a thousand probes costs one row."""
    store = place.store()
    await store.open()
    await store.commit(story()[0])
    changed = replace(story()[2].after, outage=None)
    await store.commit(replace(story()[2], expected_revision=1, after=changed, changed_probes=("api",)))
    await store.close()
    probes = (await place.store().open()).platforms["payments"].state.probes
    assert probes == {"api": changed.probes["api"], "portal": story()[0].after.probes["portal"]}


async def test_a_probe_no_longer_held_is_removed_and_a_new_one_written(place: StorePlace) -> None:
    """The stored probes are those of the state, named or not."""
    store = place.store()
    await store.open()
    await store.commit(story()[0])
    state = story()[0].after
    renamed = replace(state, probes={"portal": state.probes["portal"], "new": state.probes["api"]})
    await store.commit(replace(story()[0], expected_revision=1, after=renamed, changed_probes=()))
    await store.close()
    store = place.store()
    assert (await store.open()).platforms["payments"].state == renamed
    none = replace(renamed, probes={})
    await store.commit(replace(story()[0], expected_revision=2, after=none, changed_probes=()))
    await store.close()
    assert (await place.store().open()).platforms["payments"].state == none


async def test_probes_of_a_failed_commit_are_owed_to_the_next(place: StorePlace) -> None:
    """What a refused commit would have changed is written by the one that follows, though it doesn't name it."""
    store = place.store()
    await store.open()
    await store.commit(story()[0])
    with pytest.raises(StoreConflict):
        await store.commit(replace(story()[1], expected_revision=7))
    await store.commit(replace(story()[1], changed_probes=()))
    await store.close()
    assert (await place.store().open()).platforms["payments"].state == story()[1].after


async def test_pages_have_one_delivery_per_channel(place: StorePlace) -> None:
    """Each channel of a page waits for its own delivery; a page without channels is recorded all the same."""
    store = place.store()
    await store.open()
    commits = story()
    await store.commit(commits[0])
    silent = replace(commits[1], pages=(replace(commits[1].pages[0], channels=()),))
    await store.commit(silent)
    assert await store.unsent() == []
    await store.commit(commits[2])
    await store.commit(commits[3])
    assert [delivery.channel for delivery in await store.unsent()] == sorted(CHANNELS)
    assert place.count("pages") == 2


async def test_text_no_database_can_hold_does_not_fail_a_commit(place: StorePlace) -> None:
    """NUL and half a surrogate pair are replaced, in columns and in what is read back of records."""
    odd = "nul \0 and half \ud800 a pair"
    first = story()[0]
    state = replace(first.after, why=odd)
    fact = replace(first.facts[0], why=odd)  # type: ignore[arg-type]
    store = place.store()
    await store.open()
    await store.commit(replace(first, after=state, facts=(fact,)))
    await store.close()
    assert (await place.store().open()).platforms["payments"].state == state
    (row,) = place.sql("SELECT why FROM transitions WHERE vantage = :vantage")
    assert "\0" not in row["why"]


async def test_a_store_that_is_not_open_says_so(place: StorePlace) -> None:
    """Before opening and after closing every call is refused at once."""
    store = place.store()
    with pytest.raises(StoreUnavailable, match="is not open"):
        await store.alive(at(1))
    await store.open()
    with pytest.raises(RuntimeError):
        await store.open()
    await store.close()
    await store.close()
    with pytest.raises(StoreUnavailable, match="is closed"):
        await store.commit(story()[0])


async def test_what_was_signed_unrecorded_is_the_one_that_the_next_change_follows(place: StorePlace) -> None:
    """It is kept with the commit that takes it up, and so are its change and what it names as the one before."""
    store = place.store()
    await store.open()
    for commit in story()[:2]:
        await store.commit(commit)
    lost = published(ver=13, prev=READY.sha256)
    await store.commit(replace(story()[2], facts=(FlagTakenUp(lost), *story()[2].facts)))
    await store.close()
    store = place.store()
    ledger = (await store.open()).platforms["payments"].ledger
    assert ledger == FlagLedger(13, lost.sha256, READY.sha256)
    await store.reserve(document("payments", 14, is_change=False))
    await store.commit(replace(story()[3], flag=document("payments", 21, prev=lost.sha256)))
    await store.close()
    ledger = (await place.store().open()).platforms["payments"].ledger
    assert ledger == FlagLedger(21, document("payments", 21).sha256, lost.sha256)


async def test_a_run_that_did_not_say_that_it_ended_was_torn(place: StorePlace) -> None:
    """Before the first there was none; and one that wrote nothing at all has not said so either."""
    torn = []
    for says_so in (False, True, True, False, False):
        store = place.store()
        torn.append((await store.open()).is_torn)
        if says_so:
            await store.commit(replace(story()[0], expected_revision=len(torn) - 2))
            await store.ended(at(2))
            assert await store.verify_audit() is None
        await store.close()
    assert torn == [False, True, False, False, True]


async def test_an_open_store_tells_what_a_new_start_would_find(place: StorePlace) -> None:
    """So that a platform which comes while the monitor runs goes on where it was; nothing is settled by asking."""
    store = place.store()
    await store.open()
    for commit in story():
        await store.commit(commit)
    await store.alive(at(100))
    told = await store.load()
    await store.close()
    assert replace(await place.store().open(), is_torn=False) == told  # it didn't end in order
