"""What drills need of the store, and what whoever tells of runs and asks about them needs of drills."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from monitor.errors import StoreUnavailable
from monitor.model.drill import (
    DrillQuery,
    DrillRun,
    DueLine,
    JournalHead,
    KnownHead,
    RunClosing,
    RunCommit,
    RunOpening,
    RunRefusal,
    RunStanding,
)
from monitor.model.record import ChainHead


class RunStore(Protocol):
    """The part of the store that runs need. Every method may raise `StoreUnavailable`."""

    async def drill_run(self, commit: RunCommit) -> ChainHead:
        """Write a run with a head, its pages and its audit in one transaction, once; return where the audit ends."""
        ...

    async def drill_runs(self, query: DrillQuery) -> Sequence[DrillRun]:
        """Return runs, newest opened first."""
        ...

    async def drill_heads(self, run: str, seq: int | None = None) -> Sequence[KnownHead]:
        """Return the heads of a run that were told of, in the journal's order; with `seq`, those of one entry."""
        ...


@dataclass(frozen=True, slots=True)
class Receipted:
    """What was told is on record. `is_new`: it was not told before."""

    run: str
    receipt: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class StoodRun:
    """A run, and where it stands now. `quiet_for`: how long nothing was heard of it, or since the monitor's start."""

    run: DrillRun
    standing: RunStanding
    quiet_for: timedelta


class Drills(Protocol):
    """Runs of drills. What is answered is on record; each may raise `StoreUnavailable`, and nothing was taken then."""

    async def open(self, opening: RunOpening, by: str) -> Receipted | RunRefusal:
        """Open a run."""
        ...

    async def tell(self, run: str, head: JournalHead, by: str) -> Receipted | RunRefusal | None:
        """Take in where a run's journal ends; None: there is no such run."""
        ...

    async def close(self, run: str, closing: RunClosing, by: str) -> Receipted | RunRefusal | None:
        """Close a run; None: there is no such run."""
        ...

    async def runs(self, query: DrillQuery) -> Sequence[StoodRun]:
        """Return runs as they are on record, newest opened first."""
        ...

    async def heads(self, run: str) -> Sequence[KnownHead]:
        """Return every head of a run that was told of, in the journal's order."""
        ...

    async def calendar(self) -> Sequence[DueLine]:
        """Return where every scenario of the calendar stands, as far as it was read once."""
        ...

    def watched(self) -> Sequence[StoodRun]:
        """Return the runs that something has to become of still, newest opened first. From memory."""
        ...

    def due(self) -> Sequence[DueLine]:
        """Return the scenarios that are due or overdue. From memory."""
        ...

    def history(self) -> Mapping[str, Sequence[DrillRun]]:
        """Return by scenario its last runs that were closed, newest first. From memory."""
        ...


class NoDrills:
    """Where nobody keeps drills: there are none, and none can be opened."""

    async def open(self, opening: RunOpening, by: str) -> Receipted | RunRefusal:
        """Open none."""
        raise StoreUnavailable(f"no store holds {opening.run} for {by}")

    async def tell(self, run: str, head: JournalHead, by: str) -> Receipted | RunRefusal | None:  # noqa: ARG002
        """Know none."""
        return None

    async def close(self, run: str, closing: RunClosing, by: str) -> Receipted | RunRefusal | None:  # noqa: ARG002
        """Know none."""
        return None

    async def runs(self, query: DrillQuery) -> Sequence[StoodRun]:  # noqa: ARG002
        """Return none."""
        return ()

    async def heads(self, run: str) -> Sequence[KnownHead]:  # noqa: ARG002
        """Return none."""
        return ()

    async def calendar(self) -> Sequence[DueLine]:
        """Return none."""
        return ()

    def watched(self) -> Sequence[StoodRun]:
        """Return none."""
        return ()

    def due(self) -> Sequence[DueLine]:
        """Return none."""
        return ()

    def history(self) -> Mapping[str, Sequence[DrillRun]]:
        """Return none."""
        return {}
