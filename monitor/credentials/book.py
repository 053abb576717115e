"""What was seen last of the credentials, for whoever shows it."""

from collections.abc import Callable, Mapping, Sequence

from glasswatch.clock import Clock
from monitor.model.credential import Concern, Held, ToRenew
from monitor.rules.credentialpages import concerns


class CredentialBook:
    """Holds it in memory; `count` has the metrics show it."""

    def __init__(self, clock: Clock, count: Callable[[Sequence[Held]], None]) -> None:
        self._clock = clock
        self._count = count
        self._held: Sequence[Held] = ()
        self._told: Mapping[str, ToRenew] = {}

    def take(self, held: Sequence[Held]) -> None:
        """Take these in place of those before."""
        self._held = held
        self._count(held)

    def tell(self, told: Mapping[str, ToRenew]) -> None:
        """Take what the tickets that fire say."""
        self._told = told

    def concerns(self) -> Sequence[Concern]:
        """Return those to look after now."""
        return concerns(self._held, self._told, self._clock.now())
