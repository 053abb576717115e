"""The `tls` probe: one verified handshake, and where that fails a second look that tells why.

Rules:
- Only the verified handshake can make an outcome good: the second look begins after it has failed, and what it sees
  goes into words and into when certificates end, nowhere else.
- The second look is a connection of its own, the one exception from a single one, and counts as a request of the
  platform's. It has what is left of the deadline; when that or the budget ends, or the look fails, the attempt is worth
  what it was.
- After a handshake that holds, the probe listens, and says goodbye: a server of TLS 1.3 asks for a client certificate,
  or breaks off for the lack of one, only then.
- When the first of the chain's certificates ends is told in any case, whether they were accepted or not.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Final

from cryptography.x509 import load_der_x509_certificate

from monitor.model.outcome import Attempt, Outcome, OutcomeKind, Reason
from monitor.ports import Probe
from monitor.probes.attempt import Attempting, Found, faulty
from monitor.probes.context import ProbeContext
from monitor.probes.securing import identity_of, securing_of
from monitor.rules.chain import first_to_end, is_too_short
from monitor.rules.expect import Judgement
from monitor.rules.marks import Limits, marks
from monitor.settings.tls_probe import TlsProbeSettings
from platforms.errors import CertificateAsked, FaultKind, TransportFault
from platforms.transport.conversation import Terms, opened, part
from platforms.transport.flaws import moment, named, told
from platforms.transport.look import Seen, look
from platforms.transport.reach import Place
from platforms.transport.stopwatch import Stopwatch
from platforms.transport.tls import Identity
from platforms.transport.welcome import shown
from platforms.transport.wire import Wire

SECOND_LOOK: Final = "second look, which decides nothing"


def make(settings: TlsProbeSettings, context: ProbeContext) -> Probe:
    """Return the probe."""
    return TlsProbe(settings, context)


class TlsProbe:
    """See the module's rules."""

    def __init__(self, settings: TlsProbeSettings, context: ProbeContext) -> None:
        self._settings = settings
        self._context = context
        self._network = context.network
        self._limits = Limits(settings.warn.duration, settings.warn.tls_days_left)
        securing = securing_of(settings.host, settings.tls, settings.starttls)
        self._name = securing.server_name
        self._terms = Terms(Place(settings.host, settings.port, settings.ip), securing)
        context.network.tls.prepare(securing.options)

    async def attempt(self, why: Attempt) -> Outcome:
        """See `monitor.ports.Probe`."""
        hearing = Hearing(why)
        attempting = Attempting(self._network.clock, self._settings.timeout, why, hearing.standing)
        prepare = partial(identity_of, self._settings.tls, self._context.secrets)
        return await attempting.make_prepared(prepare, partial(self._measure, hearing))

    async def _measure(self, hearing: "Hearing", identity: Identity | None, watch: Stopwatch) -> Found:
        try:
            with shown(identity):
                wire = await opened(self._network, self._terms, watch, identity)
                try:
                    return await self._held(hearing, wire, watch)
                finally:
                    wire.abort()
        except TransportFault as fault:
            if fault.kind is FaultKind.CREDENTIAL and self._settings.tls.identity is not None:
                self._context.secrets.refused(self._settings.tls.identity.key)
            if fault.kind is not FaultKind.TLS:
                return Found(faulty(fault), hearing.expiry_at)
            watch.stop()
            hearing.fault = failed = fault
        return await self._looked(failed, why=hearing.why)

    async def _held(self, hearing: "Hearing", wire: Wire, watch: Stopwatch) -> Found:
        """Judge a handshake that holds."""
        ends_at, version = _ends(wire), wire.tls_version
        first, now = first_to_end(ends_at), self._network.clock.now()
        end_at = hearing.expiry_at = ends_at[first] if first is not None else None
        await part(wire, watch, self._settings.timeout.total_seconds() - watch.elapsed)
        warnings = marks(self._limits, watch.elapsed, end_at, now)
        if first is None or end_at is None:
            return Found(Judgement(OutcomeKind.GOOD, Reason.OK, f"{version}", warnings))
        detail = f"{named(first)} ends first, on {moment(end_at)}"
        days = self._settings.expect.days_left
        if is_too_short(end_at, days, now):
            detail = f"{detail}: expected {days} days from now at least"
            return Found(Judgement(OutcomeKind.BAD, Reason.TLS_FAILED, detail, warnings), end_at)
        detail = f"{version}, {len(ends_at)} certificate{'s' if len(ends_at) > 1 else ''}; {detail}"
        return Found(Judgement(OutcomeKind.GOOD, Reason.OK, detail, warnings), end_at)

    async def _looked(self, fault: TransportFault, *, why: Attempt) -> Found:
        """Say why a handshake failed. Whatever is seen, it stays bad."""
        seen = Seen()
        if self._context.requests.take(why):
            if self._network.trace is not None:
                self._network.trace.label = SECOND_LOOK
            with suppress(TransportFault):
                seen = await look(self._network, self._terms, Stopwatch(self._network.clock))
        end_at = min(seen.ends_at, default=None)
        warnings = marks(Limits(None, self._limits.tls_days_left), 0.0, end_at, self._network.clock.now())
        return Found(Judgement(OutcomeKind.BAD, Reason.TLS_FAILED, _detail(fault, seen, self._name), warnings), end_at)


class Hearing:
    """What one attempt found out before its handshake was taken, or a second look."""

    def __init__(self, why: Attempt) -> None:
        self.why = why
        self.expiry_at: datetime | None = None
        self.fault: TransportFault | None = None

    def standing(self, _late: str) -> Judgement | None:
        """Return what the attempt is worth if the deadline passes now; None where nothing stands yet."""
        return faulty(self.fault) if self.fault is not None else None


def _detail(fault: TransportFault, seen: Seen, name: str) -> str:
    code = getattr(fault.__cause__, "verify_code", None)
    flaws = told(seen.flaws, code, name) if code is not None else ()
    parts = ["certificate not accepted: " + "; ".join(flaws) if flaws else str(fault)]
    is_asked = isinstance(fault, CertificateAsked)
    if code is None and seen.version is not None and not is_asked:
        parts.append(f"it speaks {seen.version}")
    if seen.asks_for_certificate and not is_asked:
        parts.append("it asks for a client certificate")
    return "; ".join(parts)


def _ends(wire: Wire) -> Sequence[datetime]:
    """Return when the certificates end, the server's own first; its own alone where the others can't be read."""
    try:
        return [load_der_x509_certificate(each).not_valid_after_utc for each in wire.tls_chain]
    except ValueError:
        own = wire.tls_expires_at
        return [] if own is None else [own]
