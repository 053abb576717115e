"""What a probe's attempts are explained by: notes of the way, the checks that decided, the secrets that were sent.

Rules:
- The way takes its notes itself, and every probe's secrets pass here: a probe that does nothing for it is explained by
  what was said and heard. It may tell its checks, and label the parts of its way (`notes.trace.label`).
- Checks are told of attempts that are not good, and of all where somebody asked for it (`is_every`).
- A platform's secrets are known for all its probes: the last `LAST_VALUES` values of each, so that a server that
  answers late with one that was renewed meanwhile shows nothing.
- What an attempt showed as a credential, a session it was given by the platform for instance, is a secret too.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from glasswatch.secrets import Secret, SecretReference
from monitor.model.explanation import Check
from monitor.model.outcome import OutcomeKind
from monitor.probes.secrets import SecretSource
from platforms.transport.trace import Trace

LAST_VALUES: Final = 3


class NotedSecrets:
    """A `SecretSource` that remembers what it gave out."""

    def __init__(self, source: SecretSource) -> None:
        self._source = source
        self._given: dict[SecretReference, list[str]] = {}

    async def get(self, reference: SecretReference) -> Secret:
        """See `SecretSource`."""
        secret = await self._source.get(reference)
        given, value = self._given.setdefault(reference, []), secret.reveal()
        if value not in given:
            given.append(value)
            del given[:-LAST_VALUES]
        return secret

    def refused(self, reference: SecretReference) -> None:
        """See `SecretSource`."""
        self._source.refused(reference)

    def known(self) -> Iterator[str]:
        """Yield what was given out."""
        for given in self._given.values():
            yield from given

    def __repr__(self) -> str:
        return "NotedSecrets(hidden)"


@dataclass(slots=True)
class Notes:
    """The notes of one probe, of one attempt at a time."""

    secrets: NotedSecrets
    is_every: bool = False
    trace: Trace = field(default_factory=Trace)
    checks: list[Check] = field(default_factory=list)

    def begin(self) -> None:
        """Forget the attempt before."""
        self.trace.begin()
        self.checks = []

    def wants(self, kind: OutcomeKind) -> bool:
        """Return whether checks of such an outcome are to be told."""
        return self.is_every or kind is not OutcomeKind.GOOD

    def tell(self, check: Check) -> None:
        """Note a rule that was looked at. What it found may hold anything: it is cleared before it is shown."""
        self.checks.append(check)
