"""The record of a run on a disk: synced, redacted, locked, and nothing after an entry that may be lost."""

import asyncio
import errno
import os
import shutil
import stat
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from drills.errors import JournalDamaged, JournalUnreadable, RunBusy, RunUnknown
from drills.journal import journal, reading
from drills.journal.journal import FileJournal, Making, create, reopen, salted
from drills.journal.reading import JOURNAL
from drills.model.event import Began, Checkpoint, Ended, Interrupted, Opened, Resumed
from drills.model.found import Output, Value
from drills.model.step import Status
from glasswatch.chain import GENESIS
from glasswatch.errors import EvidenceUnwritable
from glasswatch.flag.jws import EVIDENCE_TYP, is_signed, open_
from glasswatch.flag.keys import generate, thumbprint
from glasswatch.flag.strict import decode_base64url, loads
from tests.support.clock import ManualClock
from tests.support.drilling import opened
from tests.support.explaining import core, notations

RUN = "quarterly-1"
SECRET = 'Sw0rd/f+ish é"&<x>'


@asynccontextmanager
async def running(root: Path, **changes: Any) -> AsyncIterator[FileJournal]:
    """A journal of a run that was opened."""
    made = await create(root, RUN, Making(ManualClock(), boot="boot", **changes))
    try:
        await made.append(opened())
        yield made
    finally:
        await made.close()


async def test_what_was_appended_is_read_back(tmp_path: Path) -> None:
    """In order, each with when it was and where it stands."""
    clock = ManualClock()
    made = await create(tmp_path / "evidence", RUN, Making(clock, boot="boot"))
    assert (made.head.seq, made.head.hash) == (0, GENESIS)
    await made.append(opened())
    clock.advance(1.5)
    head = await made.append(Began("login"))
    found = await made.read()
    assert found.problem is None
    assert found.entries[1].head == head == made.head
    assert (found.entries[1].at, found.entries[1].mono) == (clock.now(), int(clock.monotonic() * 1000))
    assert {(entry.run, entry.boot) for entry in found.entries} == {(RUN, "boot")}
    await made.close()
    await made.close()


async def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    """Whatever the umask says."""
    old = os.umask(0)
    try:
        async with running(tmp_path / "evidence") as made:
            await made.keep(Output("answer.txt", b"abc"))
            everything = [made.directory, *made.directory.rglob("*")]
    finally:
        os.umask(old)
    modes = {stat.S_IMODE(each.stat().st_mode) for each in everything if each.is_file()}
    assert modes == {0o600}
    assert {stat.S_IMODE(each.stat().st_mode) for each in everything if each.is_dir()} == {0o700}


async def test_a_run_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    """Nor is anything in its place."""
    (tmp_path / RUN).write_text("somebody's")
    with pytest.raises(EvidenceUnwritable, match="File exists"):
        await create(tmp_path, RUN, Making(ManualClock()))
    assert (tmp_path / RUN).read_text() == "somebody's"


async def test_entries_stand_in_the_order_in_which_they_were_given(tmp_path: Path) -> None:
    """Also where many wait at once."""
    async with running(tmp_path) as made:
        heads = await asyncio.gather(*(made.append(Began(f"step-{at}")) for at in range(20)))
        found = await made.read()
    assert [head.seq for head in heads] == list(range(2, 22))
    assert [entry.event for entry in found.entries[1:]] == [Began(f"step-{at}") for at in range(20)]


async def test_the_run_s_own_key_signs_its_checkpoints(tmp_path: Path) -> None:
    """Its public half stands in the first entry; its private half nowhere."""
    async with running(tmp_path) as made:
        before = made.head
        await made.append(Checkpoint())
        first, last = (await made.read()).entries
    assert isinstance(first.event, Opened)
    assert isinstance(last.event, Checkpoint)
    key = first.event.checkpoint_key
    assert key is not None
    assert key.kid == thumbprint(decode_base64url(key.x.encode()))
    jws = open_(last.event.jws, EVIDENCE_TYP)
    assert (jws.kid, is_signed(jws, decode_base64url(key.x.encode()))) == (key.kid, True)
    assert loads(jws.payload) == {
        "v": 1,
        "act": "checkpoint",
        "sub": RUN,
        "iat": int(last.at.timestamp()),
        "seq": before.seq,
        "hash": before.hash,
    }
    assert not any(b"PRIVATE" in each.read_bytes() for each in made.directory.rglob("*") if each.is_file())


async def test_a_key_of_the_settings_signs_where_there_is_one(tmp_path: Path) -> None:
    """It stands in the first entry likewise."""
    key = generate()
    async with running(tmp_path, key=key) as made:
        await made.append(Checkpoint())
        first, last = (await made.read()).entries
    assert isinstance(first.event, Opened)
    assert isinstance(last.event, Checkpoint)
    assert first.event.checkpoint_key is not None
    assert first.event.checkpoint_key.kid == open_(last.event.jws, EVIDENCE_TYP).kid == key.kid


async def test_an_output_is_named_by_its_salted_hash(tmp_path: Path) -> None:
    """Two of one name stand beside one another."""
    async with running(tmp_path) as made:
        kept = [await made.keep(Output("../../etc/passwd", content)) for content in (b"abc", b"")]
        first = (await made.read()).entries[0].event
    assert isinstance(first, Opened)
    assert [each.file for each in kept] == ["0001-passwd", "0002-passwd"]
    for each, content in zip(kept, (b"abc", b""), strict=True):
        assert (made.directory / "outputs" / each.file).read_bytes() == content
        assert (each.size, each.sha256) == (len(content), salted(first.salt, content))


async def test_outputs_of_a_run_have_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond it they are cut to a line that says so; also after the run was resumed."""
    monkeypatch.setattr(journal, "MOST_KEPT", 1000)
    async with running(tmp_path) as made:
        sizes = [(await made.keep(Output("answer", b"x" * 600))).size for _ in range(3)]
    again, _ = await reopen(tmp_path / RUN, Making(ManualClock()))
    last = await again.keep(Output("answer", b"x" * 600))
    await again.close()
    assert sizes[0] == 600
    assert sizes[1] == 400
    assert max(sizes[2], last.size) == 200
    assert (tmp_path / RUN / "outputs" / last.file).read_bytes().endswith(b"have their bounds]\n")


@pytest.mark.parametrize("notation", notations(SECRET))
async def test_a_secret_is_in_no_file(tmp_path: Path, notation: str) -> None:
    """From when it is known, whichever way it comes: detail, captured value, output, address, fault."""
    written = notations(SECRET)[notation]
    async with running(tmp_path) as made:
        made.hide(Value(SECRET, is_secret=True))
        output = await made.keep(Output(f"{written}.txt", f"said {written}".encode()))
        await made.append(
            Ended(
                "login",
                Status.FAILED,
                f"GET https://payments.example.com/?q={written} said {written}",
                captured={"id": written},
                outputs=(output,),
            )
        )
        await made.append(Interrupted("ValueError", repr(ValueError(written))))
        names = [each.name for each in made.directory.rglob("*")]
        contents = [each.read_bytes() for each in made.directory.rglob("*") if each.is_file()]
    for way in notations(core(notation, written)) if notation == "raw" else ("raw",):
        found = core(way, notations(core(notation, written))[way])
        assert not any(found in name for name in names)
        assert not any(found.encode() in content for content in contents)


# What a disk does


def _short(real: Callable[[int, bytes], int]) -> Callable[[int, bytes], int]:
    return lambda descriptor, data: real(descriptor, data[: len(data) // 2])


def _up_to_a_line(real: Callable[[int, bytes], int]) -> Callable[[int, bytes], int]:
    return lambda descriptor, data: real(descriptor, data[: data.index(b"\n") + 1])


def _noted(done: list[str], name: str) -> Callable[..., Any]:
    real = getattr(os, name)

    def note(*given: object) -> Any:
        done.append(name)
        return real(*given)

    return note


def _failing(number: int) -> Callable[..., Any]:
    def fail(*_: object) -> Any:
        raise OSError(number, os.strerror(number))

    return fail


async def test_an_entry_is_sealed_with_one_write_and_one_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The checkpoint behind it signs it, and nothing comes between the two."""
    done: list[str] = []
    async with running(tmp_path) as made:
        with monkeypatch.context() as patch:
            for name in ("write", "fsync"):
                patch.setattr(os, name, _noted(done, name))
            entry, sealed = await made.seal(Ended("login", Status.PASSED, "HTTP 200"))
        assert made.head == sealed
        found = await made.read()
    assert done == ["write", "fsync"]
    assert found.problem is None
    assert [each.head for each in found.entries[1:]] == [entry, sealed]
    assert isinstance(found.entries[1].event, Ended)
    checkpoint = found.entries[2].event
    assert isinstance(checkpoint, Checkpoint)
    claims = loads(open_(checkpoint.jws, EVIDENCE_TYP).payload)
    assert isinstance(claims, dict)
    assert (claims["seq"], claims["hash"]) == (entry.seq, entry.hash)


async def test_of_a_sealed_entry_that_may_be_lost_nothing_follows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where only the first of both lines fits, it is there to be read, and the journal takes no more."""
    async with running(tmp_path) as made:
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", _up_to_a_line(os.write))
            with pytest.raises(EvidenceUnwritable, match="evidence can't be written"):
                await made.seal(Ended("login", Status.PASSED, "HTTP 200"))
        with pytest.raises(EvidenceUnwritable, match="evidence can't be written"):
            await made.seal(Ended("next", Status.PASSED, ""))
        found = reading.read(made.directory)
    assert found.problem is None
    assert [type(each.event) for each in found.entries] == [Opened, Ended]


@pytest.mark.parametrize(
    ("call", "fault"),
    [("write", errno.ENOSPC), ("write", errno.EROFS), ("write", errno.EDQUOT), ("fsync", errno.EIO), ("write", None)],
)
async def test_an_entry_that_may_be_lost_is_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, fault: int | None
) -> None:
    """A full disk, a read-only one, one that is broken, one that takes half: the journal takes no more, also after."""
    async with running(tmp_path) as made:
        with monkeypatch.context() as patch:
            patch.setattr(os, call, _failing(fault) if fault else _short(os.write))
            with pytest.raises(EvidenceUnwritable, match="evidence can't be written"):
                await made.append(Began("login"))
        with pytest.raises(EvidenceUnwritable, match="evidence can't be written"):
            await made.append(Began("login"))
        with pytest.raises(EvidenceUnwritable):
            await made.keep(Output("answer", b""))
        found = reading.read(made.directory)
    assert found.problem is None
    assert len(found.entries) <= 2


@pytest.mark.parametrize("how", ["removed", "moved", "replaced"])
async def test_a_directory_that_vanished_takes_no_entry(tmp_path: Path, how: str) -> None:
    """What is written then stands where nobody looks for it."""
    async with running(tmp_path) as made:
        if how == "removed":
            shutil.rmtree(made.directory)
        else:
            made.directory.rename(tmp_path / "elsewhere")
        if how == "replaced":
            made.directory.mkdir()
            (made.directory / JOURNAL).write_bytes(b"")
        with pytest.raises(EvidenceUnwritable):
            await made.append(Began("login"))


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Let every sync hang until the test is over."""
    over = threading.Event()
    real = os.fsync

    def hang(descriptor: int) -> None:
        over.wait(30)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", hang)
    yield over
    over.set()


async def test_a_disk_that_hangs_holds_up_nobody(tmp_path: Path, hanging: threading.Event) -> None:
    """The loop goes on, the entry is given up at its deadline, and no other is taken."""
    hanging.set()
    made = await create(tmp_path, RUN, Making(ManualClock(), seconds=0.2))
    await made.append(opened())
    hanging.clear()
    appending = asyncio.ensure_future(made.append(Began("login")))
    behind = asyncio.ensure_future(made.append(Began("next")))
    await asyncio.sleep(0)
    assert not appending.done()
    for each in (appending, behind):
        with pytest.raises(EvidenceUnwritable, match="no answer within"):
            await each
    hanging.set()
    with pytest.raises(EvidenceUnwritable, match="no answer within"):
        await made.append(Began("third"))
    await made.close()
    assert len(reading.read(tmp_path / RUN).entries) <= 2


async def test_who_is_cancelled_leaves_no_half_entry(tmp_path: Path, hanging: threading.Event) -> None:
    """One that was being written is written; the next one follows it."""
    hanging.set()
    async with running(tmp_path) as made:
        hanging.clear()
        appending = asyncio.ensure_future(made.append(Began("login")))
        await asyncio.sleep(0.05)
        appending.cancel()
        hanging.set()
        await made.append(Interrupted("SIGINT"))
        found = await made.read()
    assert found.problem is None
    assert found.entries[-1].event == Interrupted("SIGINT")


async def test_an_output_that_can_not_be_written_leaves_the_journal_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Why it stopped can still be put on record."""
    async with running(tmp_path) as made:
        shutil.rmtree(made.directory / "outputs")
        with pytest.raises(EvidenceUnwritable):
            await made.keep(Output("answer", b"abc"))
        await made.append(Interrupted("evidence"))


async def test_an_entry_that_is_none_harms_nothing(tmp_path: Path) -> None:
    """It is a fault of ours, and not of the disk."""
    async with running(tmp_path) as made:
        with pytest.raises(ValueError, match="form"):
            await made.append(Began("no id"))
        await made.append(Began("login"))
        assert (await made.read()).problem is None


async def test_an_entry_longer_than_a_line_may_be_is_not_written(tmp_path: Path) -> None:
    """It could not be read back."""
    async with running(tmp_path) as made:
        with pytest.raises(EvidenceUnwritable, match="longer than a journal can be"):
            await made.append(opened(title="\x01" * 16_000, parameters={f"p{at}": "\x01" * 16_000 for at in range(12)}))


# Going on


async def test_another_process_goes_on_with_a_key_of_its_own(tmp_path: Path) -> None:
    """What was torn is set aside, and how much it was is on record."""
    async with running(tmp_path) as made:
        await made.append(Began("login"))
    with (tmp_path / RUN / JOURNAL).open("ab") as file:
        file.write(b'{"body":{"at":"2026')
    again, found = await reopen(tmp_path / RUN, Making(ManualClock(), boot="another"))
    assert (found.problem, found.torn, len(found.entries)) == (None, 19, 2)
    await again.append(Resumed("berta", "host-2"))
    await again.append(Checkpoint())
    resumed, checkpoint = (await again.read()).entries[2:]
    await again.close()
    assert isinstance(resumed.event, Resumed)
    assert resumed.event.torn == 19
    assert resumed.event.checkpoint_key is not None
    assert isinstance(checkpoint.event, Checkpoint)
    assert open_(checkpoint.event.jws, EVIDENCE_TYP).kid == resumed.event.checkpoint_key.kid
    assert (tmp_path / RUN / "torn-1").read_bytes() == b'{"body":{"at":"2026'
    assert stat.S_IMODE((tmp_path / RUN / "torn-1").stat().st_mode) == 0o600
    assert resumed.run == RUN


async def test_one_process_works_on_a_run(tmp_path: Path) -> None:
    """The next one is told so, until the first has ended."""
    async with running(tmp_path) as made:
        with pytest.raises(RunBusy, match=f"another process works on {RUN}"):
            await reopen(made.directory, Making(ManualClock()))
    again, _ = await reopen(tmp_path / RUN, Making(ManualClock()))
    await again.close()


async def test_nobody_goes_on_by_a_journal_that_was_changed(tmp_path: Path) -> None:
    """It would undo what somebody else wrote there. Whoever tries holds nothing afterwards."""
    async with running(tmp_path) as made:
        await made.append(Began("login"))
    path = tmp_path / RUN / JOURNAL
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b'"login"', b'"other"'))
    with pytest.raises(JournalDamaged, match="line 2 of its journal: entry 2 is not what was written"):
        await reopen(tmp_path / RUN, Making(ManualClock()))
    path.write_bytes(b"")
    with pytest.raises(JournalUnreadable, match="does not begin"):
        await reopen(tmp_path / RUN, Making(ManualClock()))
    path.write_bytes(whole)
    again, _ = await reopen(tmp_path / RUN, Making(ManualClock()))
    await again.close()


async def test_a_run_that_is_not_there_is_unknown(tmp_path: Path) -> None:
    """And nothing is made in its place."""
    (tmp_path / "empty").mkdir()
    for name in ("empty", "none"):
        with pytest.raises(RunUnknown, match="no run is there"):
            await reopen(tmp_path / name, Making(ManualClock()))
    assert list((tmp_path / "empty").iterdir()) == []


async def test_no_link_is_followed(tmp_path: Path) -> None:
    """Neither to another's journal nor to another's lock."""
    async with running(tmp_path) as made:
        await made.append(Began("login"))
    path = tmp_path / RUN / JOURNAL
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(JournalUnreadable, match="can't be read"):
        await reopen(tmp_path / RUN, Making(ManualClock()))


def test_a_boot_is_told_from_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the kernel's word; where it has none, by one of our own."""
    assert journal.boot() == journal.boot()
    monkeypatch.setattr(journal, "_BOOT", tmp_path / "none")
    assert journal.boot() != journal.boot()
