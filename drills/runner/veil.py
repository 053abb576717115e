"""Secrets of a run: read when they are needed, and hidden before anything can tell of them.

What the journal hides it hides by itself. What is shown on a screen is cleared here, by the same rules.
"""

import threading
from collections.abc import Callable

from drills.journal.hiding import Hiding
from drills.model.event import Event
from drills.model.found import Value
from glasswatch.clock import Clock
from glasswatch.secrets import SecretReference, resolve


class Veil:
    """Hides what is secret, for a journal (`hide` is the journal's) and for screens. Threads may use it."""

    def __init__(self, hide: Callable[[Value], None], clock: Clock) -> None:
        self._hide = hide
        self._clock = clock
        self._hiding = Hiding()
        self._lock = threading.Lock()

    def hide(self, value: Value) -> None:
        """Have a secret taken out of everything from now on."""
        with self._lock:
            self._hiding = self._hiding.with_secret(value.text)
            self._hide(value)

    def event(self, event: Event) -> Event:
        """Return an event as it may be shown.

        Raises:
            ValueError: it is none that could be written.
        """
        return self._hiding.event(event)

    def read(self, reference: SecretReference) -> Value:
        """Read a secret. Blocks, for a command up to 10 s.

        Raises:
            SecretUnavailable: it can't be had.
        """
        value = Value(resolve(reference, self._clock).reveal(), is_secret=True)
        self.hide(value)
        return value
