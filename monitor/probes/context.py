"""What all probes are given: the network and the secrets. A probe adds its own settings, and nothing else."""

from dataclasses import dataclass, field

from monitor.model.outcome import Attempt
from monitor.ports import RequestBudget
from monitor.probes.books import MemoryBook
from monitor.probes.secrets import SecretSource
from platforms.journey.ports import Book
from platforms.transport.http import Network


class Unlimited:
    """`RequestBudget` without a limit."""

    def take(self, why: Attempt) -> bool:  # noqa: ARG002 - the port's signature
        """See `RequestBudget`."""
        return True

    def count(self) -> None:
        """See `RequestBudget`."""


@dataclass(frozen=True, slots=True)
class ProbeContext:
    """What a probe is made with besides its settings. `network` brings the clock.

    `book`: where what the probe opens is put on record. `requests`: what may be asked of the platform, by probes that
    send more than the one request their attempt stands for.
    """

    network: Network
    secrets: SecretSource
    book: Book = field(default_factory=MemoryBook)
    requests: RequestBudget = field(default_factory=Unlimited)
