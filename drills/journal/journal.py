"""The record of a run, open for writing: `drills.ports.Journal` on a disk.

Rules:
- One entry is one line, one write and one sync, in a thread of its own: a disk that hangs holds up nobody longer than
  `Making.seconds`, and never the event loop. An entry that is sealed shares them with the checkpoint that signs it.
- The first entry that is not known to be written is the last: the journal takes no more. A line that was cut short
  stands at its end, is read as torn, and is set aside by who goes on.
- Entries are numbered in the order in which `append` was called, and their time is that of the call.
- What only the journal knows it fills in itself: the salt of outputs, the key of checkpoints, a checkpoint's signature,
  how much of a torn line was set aside.
- Nothing is written before secrets were taken out of it (`hiding`).
- Outputs are kept one after another, in another thread: clearing a long one takes seconds. One that can't be written is
  a fault, and the journal goes on.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Final, TypeVar

from drills.errors import JournalDamaged, JournalUnreadable
from drills.journal import checkpoints, codec, reading
from drills.journal.files import RunFiles
from drills.journal.hiding import Hiding
from drills.journal.reading import Reading
from drills.model.event import Checkpoint, Event, Head, KeptOutput, Opened, Resumed
from drills.model.found import Output, Value
from glasswatch.chain import GENESIS
from glasswatch.chainlines import write
from glasswatch.clock import Clock
from glasswatch.errors import EvidenceUnwritable
from glasswatch.flag.keys import SigningKey, generate
from glasswatch.sidethread import SideThread

T = TypeVar("T")

MOST_KEPT: Final = 64 * 2**20  # bytes of all outputs of a run
_KEEP_SECONDS: Final = 30.0  # beside the disk's, what clearing a megabyte takes that was made to be slow
_LINGERS: Final = timedelta(seconds=5)  # a run's entries follow one another
_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


def boot() -> str:
    """Return what tells this start of the machine from others; where nobody says, this start of the process."""
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return os.urandom(16).hex()


@dataclass(frozen=True, slots=True)
class Making:
    """What a journal is made with. `key` signs checkpoints; without one the journal makes its own."""

    clock: Clock
    key: SigningKey | None = None
    boot: str = field(default_factory=boot)
    seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class _Standing:
    """Whose journal it is, and where it ends."""

    run: str
    salt: str
    head: Head = field(default_factory=lambda: Head(0, GENESIS))
    torn: int = 0


class FileJournal:
    """A journal that is written. Made by `create` and `reopen`."""

    def __init__(self, files: RunFiles, making: Making, standing: _Standing, kept: int) -> None:
        self._files = files
        self._making = making
        self._standing = standing
        self._kept = kept
        self._head = standing.head
        self._key = making.key or generate()
        self._hiding = Hiding()
        self._lost = ""
        self._lines = SideThread("drill-journal", _LINGERS)
        self._outputs = SideThread("drill-outputs")

    @property
    def directory(self) -> Path:
        """The run's directory."""
        return self._files.directory

    @property
    def head(self) -> Head:
        """Where it ends: number 0 before the first entry."""
        return self._head

    def hide(self, value: Value) -> None:
        """Have a secret taken out of everything that is written from now on."""
        self._hiding = self._hiding.with_secret(value.text)

    async def append(self, event: Event) -> Head:
        """Write an entry, redacted and synced; return its number and hash. A `Checkpoint` is signed here.

        Raises:
            EvidenceUnwritable: it is not known to be written. The journal takes no more.
            TypeError, ValueError: it is no entry that could be read back. Nothing was written.
        """
        (head,) = await self._write((event,))
        return head

    async def seal(self, event: Event) -> tuple[Head, Head]:
        """Write an entry, and a checkpoint of it, with one write and one sync; return the numbers and hashes of both.

        Raises:
            EvidenceUnwritable: it is not known that both are written. The journal takes no more.
            TypeError, ValueError: it is no entry that could be read back. Nothing was written.
        """
        entry, checkpoint = await self._write((event, Checkpoint()))
        return entry, checkpoint

    async def _write(self, events: Sequence[Event]) -> Sequence[Head]:
        clock, hiding = self._making.clock, self._hiding
        stamp = codec.Stamp(self._standing.run, clock.now(), int(clock.monotonic() * 1000), self._making.boot)
        try:
            return await self._within(self._lines, self._making.seconds, lambda: self._append(stamp, events, hiding))
        except EvidenceUnwritable as fault:
            self._lost = self._lost or str(fault)
            raise

    async def keep(self, output: Output) -> KeptOutput:
        """Keep an output beside the journal, redacted, readable by its owner alone.

        Raises:
            EvidenceUnwritable: it can't be written.
        """
        hiding = self._hiding
        return await self._within(self._outputs, _KEEP_SECONDS, lambda: self._keep(output, hiding))

    async def read(self) -> Reading:
        """Read it back.

        Raises:
            EvidenceUnwritable: the disk gives no answer.
            JournalUnreadable, RunUnknown: it can't be read any more.
        """
        return await self._within(self._lines, self._making.seconds, lambda: reading.read(self.directory))

    async def close(self) -> None:
        """Let go of the run. Repeated calls do nothing."""
        try:
            await _within(self._lines, self._making.seconds, self.directory, self._files.close)
        except EvidenceUnwritable:  # what was written is synced, and the lock goes with the process
            return

    async def _within(self, thread: SideThread, seconds: float, work: Callable[[], T]) -> T:
        if self._lost:
            raise EvidenceUnwritable(self._lost)
        return await _within(thread, seconds, self.directory, work)

    def _append(self, stamp: codec.Stamp, events: Sequence[Event], hiding: Hiding) -> Sequence[Head]:
        if self._lost:  # while this one waited behind the one that was
            raise EvidenceUnwritable(self._lost)
        lines, heads = [], [self._head]
        for event in events:
            last = heads[-1]
            body = codec.encode(stamp, hiding.event(self._filled(stamp, event, last)))
            line, digest = write(last.hash, last.seq + 1, body)
            lines.append(line)
            heads.append(Head(last.seq + 1, digest))
        try:
            self._files.append(lines)
        except OSError as fault:
            self._lost = _unwritable(self.directory, fault)
            raise
        self._head = heads[-1]
        return heads[1:]

    def _filled(self, stamp: codec.Stamp, event: Event, last: Head) -> Event:
        key = checkpoints.public_half(self._key)
        if isinstance(event, Opened):
            return replace(event, salt=self._standing.salt, checkpoint_key=key)
        if isinstance(event, Resumed):
            return replace(event, torn=self._standing.torn, checkpoint_key=key)
        if isinstance(event, Checkpoint):
            return Checkpoint(checkpoints.signed(stamp.run, last, stamp.at, self._key))
        return event

    def _keep(self, output: Output, hiding: Hiding) -> KeptOutput:
        cleared = hiding.output(output, MOST_KEPT - self._kept)
        file = self._files.keep(cleared.name, cleared.content)
        self._kept += len(cleared.content)
        return KeptOutput(file, len(cleared.content), salted(self._standing.salt, cleared.content))


def salted(salt: str, content: bytes) -> str:
    """Return the hash by which a journal names an output."""
    return hashlib.sha256(bytes.fromhex(salt) + content).hexdigest()


async def create(root: Path, run: str, making: Making) -> FileJournal:
    """Make a new run's directory and its journal, below the evidence directory, and lock it.

    Raises:
        EvidenceUnwritable: it can't be made, or is there already.
    """
    files = await _within(SideThread("drill-journal"), making.seconds, root, lambda: RunFiles.create(root, run))
    return FileJournal(files, making, _Standing(run, os.urandom(16).hex()), 0)


async def reopen(directory: Path, making: Making) -> tuple[FileJournal, Reading]:
    """Open the journal of a run that another process worked on, and lock it; return it with what it holds.

    Raises:
        RunUnknown: no run is there.
        RunBusy: another process works on it.
        JournalUnreadable, JournalDamaged: nobody can go on by what it says.
        EvidenceUnwritable: it can't be written.
    """
    thread = SideThread("drill-journal")
    return await _within(thread, making.seconds, directory, lambda: _reopened(directory, making))


def _reopened(directory: Path, making: Making) -> tuple[FileJournal, Reading]:
    reading.read(directory)  # before anything is made in what may be no run's directory at all
    files = RunFiles.reopen(directory)
    try:
        found = reading.read(directory)  # under the lock
        opened = _opened(directory, found)
        files.go_on(found.whole)
        standing = _Standing(found.entries[0].run, opened.salt, found.entries[-1].head, found.torn)
        return FileJournal(files, making, standing, files.kept()), found
    except BaseException:
        files.close()
        raise


def _opened(directory: Path, found: Reading) -> Opened:
    if found.problem is not None:
        line, what = found.problem.line, found.problem.what
        raise JournalDamaged(f"{directory}: line {line} of its journal: {what}: `drill verify` says more")
    opened = found.entries[0].event if found.entries else None
    if not isinstance(opened, Opened):
        raise JournalUnreadable(f"{directory}: its journal does not begin with what was to be run")
    return opened


async def _within(thread: SideThread, seconds: float, place: Path, work: Callable[[], T]) -> T:
    try:
        return await thread.run(work, timedelta(seconds=seconds))
    except TimeoutError:
        raise EvidenceUnwritable(f"{place}: the disk gave no answer within {seconds:g} s") from None
    except OSError as fault:
        raise EvidenceUnwritable(_unwritable(place, fault)) from None


def _unwritable(place: Path, fault: OSError) -> str:
    return f"{place}: evidence can't be written: {fault.strerror or 'the system gave no reason'}"
