"""What takes the place of the platform, of credentials and of records, where an exercise's probes would meet them.

1. The probes are the platform's own: same types, same settings, same timeouts, made by the same builder. Their network
   leads nowhere (`platforms.transport.dead_end`), so that nothing of them can leave this machine.
2. No secret is read and no token is asked for. What would be sent never is, so that any word does. A client
   certificate is left away for the same reason, and a proxy because it is ours, and not away.
3. What they open stands in a book of their own, which stays empty. Nothing they find is recorded or counted.
4. The controls are the real ones. That none answers is not taken for blindness: who really watches finds that out.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from glasswatch.secrets import Secret, SecretReference
from glasswatch.settings.tls import IdentifiedTlsSettings
from monitor.model.exercise import Sees
from monitor.model.outcome import Outcome
from monitor.model.record import OutcomeRow
from monitor.ports import Probe, RequestBudget
from monitor.probes.build import maker
from monitor.probes.context import ProbeContext
from monitor.probes.tokens import Wanted
from monitor.scheduler import Sighted
from monitor.settings.probe import ProbeSettings
from platforms.transport.dead_end import DeadEnd
from platforms.transport.reach import Network

WORD: Final = "exercise"

_ENDS: Final[Mapping[Sees, DeadEnd]] = {Sees.HANG: DeadEnd.HANG, Sees.REFUSE: DeadEnd.REFUSE}


class StandInSecrets:
    """A `SecretSource` that reads nothing."""

    async def get(self, reference: SecretReference) -> Secret:  # noqa: ARG002 - the port's signature
        """See `SecretSource`."""
        return Secret(WORD)

    def refused(self, reference: SecretReference) -> None:
        """See `SecretSource`."""


class StandInTokens:
    """`Tokens` that asks nobody."""

    async def get(self, wanted: Wanted) -> str:  # noqa: ARG002 - the port's signature
        """See `Tokens`."""
        return WORD

    def refused(self, wanted: Wanted) -> None:
        """See `Tokens`."""


class Nowhere:
    """`Recording` and `Counting` that take everything and keep nothing."""

    def record(self, rows: Iterable[OutcomeRow]) -> None:
        """See `Recording`."""

    def lag(self, seconds: float) -> None:
        """See `Counting`."""

    def outcome(self, platform: str, probe: str, found: Outcome) -> None:
        """See `Counting`."""


class BorrowedSight:
    """`Sighted` by who really watches, without a say in it."""

    def __init__(self, sight: Sighted) -> None:
        self._sight = sight

    @property
    def is_blind(self) -> bool:
        """See `Sighted`."""
        return self._sight.is_blind

    def ask(self, *, afresh: bool = False) -> asyncio.Task[bool]:
        """See `Sighted`."""
        return self._sight.ask(afresh=afresh)

    def lost(self) -> None:
        """See `Sighted`."""


def context_of(network: Network, sees: Sees, requests: RequestBudget) -> ProbeContext:
    """Return what an exercise's probes are made with."""
    nowhere = replace(network, dead_end=_ENDS[sees], trace=None)
    return ProbeContext(nowhere, StandInSecrets(), requests=requests, kept=StandInTokens())


def probe_of(settings: ProbeSettings, context: ProbeContext) -> Probe:
    """Return one of an exercise's probes. Nothing is sent, no secret is read."""
    return maker(settings)(_bare(settings), context)


def _bare(settings: ProbeSettings) -> ProbeSettings:
    """Return the settings without what would be read, or gone through, before anything is sent."""
    update: dict[str, object] = {}
    if getattr(settings, "proxy", None) is not None:
        update["proxy"] = None
    tls = getattr(settings, "tls", None)
    if isinstance(tls, IdentifiedTlsSettings) and tls.identity is not None:
        update["tls"] = tls.model_copy(update={"certificate": None, "key": None})
    return settings.model_copy(update=update) if update else settings
