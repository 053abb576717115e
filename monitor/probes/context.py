"""What all probes are given: network, secrets and tokens. A probe adds its own settings, and nothing else."""

from collections.abc import Callable
from dataclasses import dataclass, field

from monitor.model.beat import Listening
from monitor.model.maintenance import Planned
from monitor.model.outcome import Attempt
from monitor.ports import RequestBudget
from monitor.probes.books import MemoryBook
from monitor.probes.notes import Notes
from monitor.probes.secrets import SecretSource
from monitor.probes.tokens import KeptTokens, Tokens
from platforms.journey.ports import Book
from platforms.transport.reach import Network
from platforms.transport.tape import Tape


class Unlimited:
    """`RequestBudget` without a limit."""

    def take(self, why: Attempt) -> bool:  # noqa: ARG002 - the port's signature
        """See `RequestBudget`."""
        return True

    def count(self) -> None:
        """See `RequestBudget`."""


@dataclass(frozen=True, slots=True)
class Own:
    """What is one probe's alone. `book`: where what it opens is put on record; `listening`: what is heard of it.

    `planned` takes the maintenances that it reads of.
    """

    book: Book = field(default_factory=MemoryBook)
    listening: Callable[[], Listening] | None = None
    planned: Callable[[tuple[Planned, ...]], object] = lambda _planned: None


@dataclass(frozen=True, slots=True)
class ProbeContext:
    """What a probe is made with besides its settings. `network` brings the clock.

    `book`: where what the probe opens is put on record. `requests`: what may be asked of the platform, by probes that
    send more than the one request their attempt stands for. `tape` takes what servers say, where somebody asked to see
    it. `listening` returns what is heard of the probe, where somebody listens. `planned` takes the maintenances that it
    reads of. `kept` are the tokens of all who share
    this; its own if left out. `notes`: what the probe may tell of why it judges so; None where nobody listens.
    """

    network: Network
    secrets: SecretSource
    book: Book = field(default_factory=MemoryBook)
    requests: RequestBudget = field(default_factory=Unlimited)
    tape: Tape | None = None
    listening: Callable[[], Listening] | None = None
    planned: Callable[[tuple[Planned, ...]], object] = lambda _planned: None
    kept: Tokens | None = None
    notes: Notes | None = None

    def __post_init__(self) -> None:
        """Begin to keep tokens, unless others do already."""
        if self.kept is None:
            object.__setattr__(self, "kept", KeptTokens(self.network, self.secrets, self.requests))

    @property
    def tokens(self) -> Tokens:
        """The tokens of all who share this."""
        if self.kept is None:
            raise TypeError("a context that was not made")
        return self.kept
