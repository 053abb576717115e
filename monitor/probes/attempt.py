"""One attempt of any probe: under its deadline, and whatever goes wrong becomes the outcome.

Rules:
- What an attempt needs (secrets) is fetched before its deadline starts, so that a slow command of ours can't make the
  platform look slow. What isn't there within `PREPARE_SECONDS` is not measured: secret unavailable.
- The deadline runs from the first look-up to the last byte. An attempt that hits it is bad: timeout, and the detail
  says what it was waiting for.
- Unless our own loop was late: a deadline that is noticed more than `bearable` after it passed says that this machine
  was too busy to measure. That is not measured: own fault. An answer that lies in the socket by then is not taken:
  whether it came in time nobody can tell any more.
- A deadline that passes while something of our own (a proxy) is waited for is not measured: own fault.
- A client certificate of ours that is refused is not measured: credentials refused.
- Where a first principal was refused already, running into the deadline with the second takes nothing back: `standing`
  says what the attempt is worth then.
- What this machine could not do (no descriptors, no memory, no local address, no DNS server) is not measured: own
  fault. So is a bug of ours; it is logged.
- Only cancellation gets out.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Final, TypeVar

from glasswatch.clock import Clock
from glasswatch.errors import SecretUnavailable
from monitor.model.outcome import Attempt, Outcome, OutcomeKind, Reason
from monitor.rules.expect import Judgement
from platforms.errors import FaultKind, TransportFault
from platforms.transport.stopwatch import Phase, Stopwatch

# How late a deadline may be noticed: a share of the timeout, within bounds.
LATE_SHARE: Final = 0.2
LATE_SECONDS: Final = 1.0
LEAST_LATE_SECONDS: Final = 0.02
# With it an attempt still ends within its timeout and 1 s.
PREPARE_SECONDS: Final = 0.8

REASONS: Final = {
    FaultKind.RESOLVE: Reason.RESOLVE_FAILED,
    FaultKind.REFUSED: Reason.CONNECT_REFUSED,
    FaultKind.UNREACHABLE: Reason.CONNECT_FAILED,
    FaultKind.TLS: Reason.TLS_FAILED,
    FaultKind.LOST: Reason.CONNECTION_LOST,
    FaultKind.PROTOCOL: Reason.PROTOCOL,
    FaultKind.TOO_LARGE: Reason.TOO_LARGE,
    FaultKind.REDIRECT: Reason.REDIRECT,
    FaultKind.ANSWER: Reason.ANSWER,
}
_WAITING_FOR: Final = {
    Phase.RESOLVE: "the name to resolve",
    Phase.CONNECT: "the connection",
    Phase.TLS: "the TLS handshake",
    Phase.PROCESSING: "the first byte of the answer",
    Phase.TRANSFER: "the rest of the answer",
}

_log = logging.getLogger("glasswatch.probe")


@dataclass(frozen=True, slots=True)
class Found:
    """What a measurement found: how it was judged, and when the earliest certificate seen ends.

    `spans` and `residue`: see `Outcome`.
    """

    judgement: Judgement
    tls_expiry_at: datetime | None = None
    spans: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    residue: tuple[str, ...] = ()


_T = TypeVar("_T")
Prepare = Callable[[], Awaitable[_T]]
Measure = Callable[[Stopwatch], Awaitable[Found]]
MeasureWith = Callable[[_T, Stopwatch], Awaitable[Found]]


def _nothing_stands(_late: str) -> Judgement | None:
    return None


@dataclass(frozen=True, slots=True)
class Attempting:
    """One attempt about to be made."""

    clock: Clock
    timeout: timedelta
    why: Attempt
    standing: Callable[[str], Judgement | None] = _nothing_stands

    async def make_prepared(self, prepare: Prepare[_T], measure: MeasureWith[_T]) -> Outcome:
        """Prepare, measure with what was prepared, and return what was found. Raises nothing but cancellation."""
        watch, started_at = Stopwatch(self.clock), self.clock.now()
        try:
            async with asyncio.timeout(PREPARE_SECONDS):
                prepared = await prepare()
        except SecretUnavailable as error:
            unprepared = unavailable(str(error))
        except TimeoutError:
            unprepared = unavailable("a secret or a token could not be had in time")
        except Exception:  # noqa: BLE001 - as below
            unprepared = _bug()
        else:
            return await self.make(partial(measure, prepared))
        return self._outcome(Found(unprepared), started_at, watch)

    async def make(self, measure: Measure) -> Outcome:
        """Measure under the deadline and return what was found. Raises nothing but cancellation."""
        watch, started_at = Stopwatch(self.clock), self.clock.now()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.timeout.total_seconds()
        try:
            async with asyncio.timeout_at(deadline):
                found = await measure(watch)
        except TimeoutError:
            found = Found(self._timed_out(loop.time() - deadline, watch))
        except TransportFault as fault:
            found = Found(faulty(fault))
        except Exception:  # noqa: BLE001 - a bug is logged, and never read as a finding about the platform
            found = Found(_bug())
        return self._outcome(found, started_at, watch)

    def _outcome(self, found: Found, started_at: datetime, watch: Stopwatch) -> Outcome:
        return Outcome(
            kind=found.judgement.kind,
            reason=found.judgement.reason,
            detail=found.judgement.detail,
            started_at=started_at,
            duration_seconds=watch.elapsed,
            phases=MappingProxyType(watch.phases()),
            warnings=found.judgement.warnings,
            tls_expiry_at=found.tls_expiry_at,
            attempt=self.why,
            spans=MappingProxyType(dict(found.spans)),
            residue=found.residue,
        )

    def _timed_out(self, late: float, watch: Stopwatch) -> Judgement:
        if late > bearable(self.timeout):
            return too_late(late)
        within = f"within {self.timeout.total_seconds():g} s"
        standing = self.standing(within)
        if standing is not None:
            return standing
        if watch.ours is not None:
            return own_fault(f"no answer {within}, waiting for {watch.ours}")
        awaited = watch.awaited or (_WAITING_FOR[watch.running] if watch.running is not None else None)
        waiting_for = f", waiting for {awaited}" if awaited is not None else ""
        return Judgement(OutcomeKind.BAD, Reason.TIMEOUT, f"no answer {within}{waiting_for}")


def bearable(timeout: timedelta) -> float:
    """Return by how many seconds a deadline may be noticed late, and still say something of the other side."""
    return min(LATE_SECONDS, max(LEAST_LATE_SECONDS, LATE_SHARE * timeout.total_seconds()))


def too_late(late: float) -> Judgement:
    """Return what an attempt is worth whose deadline was noticed later than is bearable."""
    return own_fault(f"this machine was busy: the deadline was noticed {late:.2g} s late")


def own_fault(detail: str) -> Judgement:
    """Return what an attempt is worth that this machine could not make."""
    return Judgement(OutcomeKind.NOT_MEASURED, Reason.OWN_FAULT, detail)


def _bug() -> Judgement:
    """Log the exception being handled."""
    _log.exception("probe_bug")
    return own_fault("a bug of ours; the log has it")


def unavailable(detail: str) -> Judgement:
    """Return what an attempt is worth for which a secret is missing."""
    return Judgement(OutcomeKind.NOT_MEASURED, Reason.SECRET_UNAVAILABLE, detail)


def faulty(fault: TransportFault) -> Judgement:
    """Return what an exchange is worth that failed."""
    if fault.kind is FaultKind.OWN:
        return own_fault(str(fault))
    if fault.kind is FaultKind.CREDENTIAL:
        return Judgement(OutcomeKind.NOT_MEASURED, Reason.CREDENTIALS_REFUSED, str(fault))
    return Judgement(OutcomeKind.BAD, REASONS[fault.kind], str(fault))
