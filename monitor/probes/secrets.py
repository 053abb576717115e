"""The secrets that probes send, read when they are needed.

Rules:
- Environment variables and files are read anew for each attempt, so that a rotated token is never sent in its old
  form. Files are read in a thread.
- A command may take seconds, so what it printed is kept. After `FRESH_SECONDS` the next attempt has it run again in
  the background, and goes on with what is kept; if the command fails, too.
- When the platform refuses a secret, what is kept of it is dropped: the next attempt reads it anew. So a command runs
  at most once for each attempt.
- One reading of a reference at a time, for however many probes: a command that hangs holds up one thread.
"""

import asyncio
from datetime import timedelta
from functools import partial
from typing import Final, Protocol

from glasswatch.clock import Clock
from glasswatch.errors import SecretUnavailable
from glasswatch.secrets import Secret, SecretReference, resolve
from glasswatch.sidethread import SideThread

FRESH_SECONDS: Final = 60.0
READING_WITHIN: Final = timedelta(seconds=11)  # a command has 10 s


class SecretSource(Protocol):
    """Where probes get the secrets they send."""

    async def get(self, reference: SecretReference) -> Secret:
        """Return the secret. The caller bounds the time by cancelling; a reading under way goes on.

        Raises:
            SecretUnavailable: it can't be had; the message names the reference.
        """
        ...

    def refused(self, reference: SecretReference) -> None:
        """Take note that the platform did not accept the secret."""
        ...


class KeptSecrets:
    """`SecretSource` by the rules above. Bound to the loop it is used in."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[SecretReference, tuple[Secret, float]] = {}
        self._readings: dict[SecretReference, asyncio.Task[Secret]] = {}

    async def get(self, reference: SecretReference) -> Secret:
        """See `SecretSource`."""
        if reference.env is not None:
            return resolve(reference)
        kept = self._kept.get(reference)
        if kept is None:
            return await asyncio.shield(self._reading(reference))
        secret, read_at = kept
        if self._clock.monotonic() - read_at >= FRESH_SECONDS:
            self._reading(reference)
        return secret

    def refused(self, reference: SecretReference) -> None:
        """See `SecretSource`."""
        self._kept.pop(reference, None)

    def renew(self) -> None:
        """Have every command run again, each when its secret is needed next; until then what is kept is sent."""
        self._kept = {reference: (secret, float("-inf")) for reference, (secret, _) in self._kept.items()}

    def _reading(self, reference: SecretReference) -> asyncio.Task[Secret]:
        reading = self._readings.get(reference)
        if reading is None:
            reading = asyncio.create_task(self._resolved(reference))
            self._readings[reference] = reading
            reading.add_done_callback(partial(self._read, reference))
        return reading

    async def _resolved(self, reference: SecretReference) -> Secret:
        # A thread of its own: a command or a disk that hangs must hold up neither other secrets nor the end of all.
        try:
            return await SideThread(f"secret {reference}").run(lambda: resolve(reference), READING_WITHIN)
        except TimeoutError:
            raise SecretUnavailable(f"secret from {reference}: it could not be read in time") from None
        except OSError as fault:
            raise SecretUnavailable(f"secret from {reference}: {fault.strerror or fault}") from None

    def _read(self, reference: SecretReference, reading: asyncio.Task[Secret]) -> None:
        del self._readings[reference]
        # Asking for the exception also keeps asyncio from complaining of one that nobody waited for.
        if reading.cancelled() or reading.exception() is not None:
            return
        if reference.command is not None:
            self._kept[reference] = reading.result(), self._clock.monotonic()
