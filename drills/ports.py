"""What the runner needs of the world.

Each port is small, and an implementation decides nothing. Every wait has an end: an action is given its seconds, and is
cancelled when they are over.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from drills.model.calendar import PastRun
from drills.model.event import Confirmed, Event, Head, KeptOutput
from drills.model.found import Attempt, Found, Output, RunFacts, Value
from glasswatch.clock import Clock
from glasswatch.flag.jws import Signer
from glasswatch.secrets import SecretReference


class Action(Protocol):
    """Does one step. Made from the step's settings by the maker that the registry names."""

    async def act(self, attempt: Attempt) -> Found:
        """Try it once.

        Raises:
            NotMeasured, SecretUnavailable: taken as `not_measured`, with the message.
            Anything else is a fault of ours: the step is `error`.
        """
        ...

    async def undo(self, attempt: Attempt) -> Found:
        """Take back what `act` did, or may have done. `passed`: nothing of it is left.

        Called also where it was cut short, was done by another process, was taken back already or never happened.
        """
        ...


class Journal(Protocol):
    """The record of a run, open for writing. Nothing is done that is not in it first."""

    @property
    def head(self) -> Head:
        """Where it ends."""
        ...

    async def append(self, event: Event) -> Head:
        """Write an entry, redacted and synced; return its number and hash. A `Checkpoint` is signed here.

        Raises:
            EvidenceUnwritable: it is not known to be written. The journal takes no more.
        """
        ...

    async def keep(self, output: Output) -> KeptOutput:
        """Keep an output beside the journal, redacted, readable by its owner alone.

        Raises:
            EvidenceUnwritable: it can't be written.
        """
        ...

    def hide(self, value: Value) -> None:
        """Have a secret taken out of everything that is written from now on."""
        ...


class Witness(Protocol):
    """Somebody elsewhere who holds heads of journals: the monitor, or a command.

    Each returns a signed receipt (compact JWS), or an empty text where the witness signs none.

    Raises (all of them):
        NotMeasured: it could not be told.
        RequestRefused: it says no.
    """

    @property
    def name(self) -> str:
        """`monitor` or `witness`."""
        ...

    async def open(self, facts: "OpeningFacts", head: Head) -> str:
        """Open a run, before its first step."""
        ...

    async def tell(self, run: str, head: Head) -> str:
        """Tell of a head. Also told without a new one: the run is alive."""
        ...

    async def close(self, run: str, closing: "Closing", head: Head) -> str:
        """Close a run."""
        ...


@dataclass(frozen=True, slots=True)
class OpeningFacts:
    """What a witness is told of a run that begins. `real`: whether any of its steps really acts."""

    run: RunFacts
    title: str
    owner: str
    scenario_sha256: str
    cadence: str
    real: bool
    until: datetime


@dataclass(frozen=True, slots=True)
class Closing:
    """What a witness is told of a run's end: the verdict's word, spans in seconds, findings by severity, residue."""

    verdict: str
    why: str
    spans: Sequence[tuple[str, float]]
    findings: Sequence[tuple[str, int]]
    residue: Sequence[str]


class Confirmations(Protocol):
    """Where people's answers to manual steps arrive: from this terminal, or from another with `drill confirm`."""

    async def answer(self, step: str, ask: str, within_seconds: float) -> Confirmed | None:
        """Return what a person says; None when the time is over."""
        ...


@dataclass(frozen=True, slots=True)
class Tools:
    """What actions are made with. `secret` reads a secret by its reference, within 10 s.

    `settings` is the section `drill` (`drills.settings.root.DrillSettings`); `directory` the run's own.
    """

    clock: Clock
    settings: Any
    directory: Path
    confirmations: Confirmations
    secret: Callable[[SecretReference], Value]
    signer: Signer | None = None


class PastRuns(Protocol):
    """Where runs are known from: the evidence directory, or the monitor."""

    async def runs(self) -> Sequence[PastRun]:
        """Return every run that was begun, closed or not.

        Raises:
            NotMeasured: it can't be told.
        """
        ...

    async def never_passed(self) -> Mapping[str, datetime]:
        """Return since when scenarios are known there that never passed; none where nobody keeps that.

        Raises:
            NotMeasured: it can't be told.
        """
        ...
