"""What was seen last of the credentials, for whoever shows it."""

from collections.abc import Callable, Sequence

from glasswatch.clock import Clock
from monitor.model.credential import Held, ToRenew
from monitor.rules.credentials import to_renew


class CredentialBook:
    """Holds it in memory; `count` has the metrics show it."""

    def __init__(self, clock: Clock, count: Callable[[Sequence[Held]], None]) -> None:
        self._clock = clock
        self._count = count
        self._held: Sequence[Held] = ()

    def take(self, held: Sequence[Held]) -> None:
        """Take these in place of those before."""
        self._held = held
        self._count(held)

    def to_renew(self) -> Sequence[ToRenew]:
        """Return those that it is time to renew now, by when they end. What can't be read says nothing here."""
        now = self._clock.now()
        found = [due for each in self._held if (due := to_renew(each, now)) is not None]
        return sorted(found, key=lambda each: each.ends_at)
