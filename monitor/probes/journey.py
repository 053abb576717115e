"""The `journey` probe: signs in, asks for access, waits for it, uses it, gives it back, and is refused.

Rules:
- What earlier attempts left open is closed first, whether they failed, were cut short or died with the machine.
- While `MOST_OPEN` things are open that should not be, nothing more is opened: the attempt goes as far as it can
  without, and is then worth what the latest try to close one of them is. A platform that can't close has a fault of
  its own, and an outage must not go unseen because its first victims can't be cleaned up.
- Where the record can't be written or read nothing is opened, and the attempt is not measured: own fault.
- Each request is counted. The first is paid for by the attempt itself; once under way the rest may use what is kept
  for confirmations, and closing is never refused.
- Secrets are read once for each attempt, before anything is sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import uuid4

from glasswatch.errors import SecretUnavailable
from monitor.model.outcome import Attempt, Outcome, Reason
from monitor.ports import Probe, RequestBudget
from monitor.probes.attempt import Attempting, Found
from monitor.probes.context import ProbeContext
from monitor.probes.journey_end import checks, judged, names
from monitor.settings.journey import JourneyProbeSettings
from platforms.errors import NotKept
from platforms.journey.engine import Engine, Left, Means
from platforms.journey.exchange import Exchange, Where, guarded
from platforms.journey.model import Answer, Ending, Planned, Scalar, Why
from platforms.journey.ports import Send
from platforms.journey.quiet import Quiet
from platforms.journey.rules.closing import countable
from platforms.journey.rules.course import Run
from platforms.transport.http import HttpTransport, Terms
from platforms.transport.stopwatch import Stopwatch
from platforms.transport.tls import TlsOptions

MOST_OPEN: Final = 3
# Attempts end by their own bounds; this one is for what breaks them, and is never read as the platform's slowness.
_SPARE: Final = timedelta(seconds=60)


def make(settings: JourneyProbeSettings, context: ProbeContext) -> Probe:
    """Return the probe."""
    return JourneyProbe(settings, context)


class JourneyProbe:
    """See the module's rules."""

    def __init__(self, settings: JourneyProbeSettings, context: ProbeContext) -> None:
        self._settings = settings
        self._context = context
        self._network = guarded(context.network)
        self._journey = settings.journey()
        self._where = Where(settings.url, settings.tls.server_name, settings.max_body)
        self._quiet = Quiet()
        tls = TlsOptions(settings.tls.ca_file, settings.tls.min_version)
        self._terms = Terms(settings.max_body, tls)
        if settings.url.startswith("https:"):
            context.network.tls.prepare(tls)

    async def attempt(self, why: Attempt) -> Outcome:
        """See `monitor.ports.Probe`."""
        attempting = Attempting(self._network.clock, self._settings.whole + _SPARE, why)
        return await attempting.make_prepared(self._prepare, self._measure)

    async def _prepare(self) -> Mapping[str, Scalar]:
        values: dict[str, Scalar] = {}
        for name, reference in self._settings.secrets.items():
            value = (await self._context.secrets.get(reference)).reveal()
            if not value.isprintable() or value != value.strip():
                raise SecretUnavailable(f"secret from {reference}: it is not one line of text")
            values[name] = value
        return values

    async def _measure(self, values: Mapping[str, Scalar], watch: Stopwatch) -> Found:
        clock = self._network.clock
        closing = Stopwatch(clock)
        back = self._send(closing)
        requests = _Paid(self._context.requests)
        means = Means(self._context.book, requests, clock, self._settings.timeout, self._settings.clean_up, self._quiet)
        engine = Engine(self._journey, means)
        earlier, blocked = await self._settled(engine, values, back)
        run = Run(uuid4().hex[:16], clock.now(), values, blocked)
        trip = await engine.go(run, self._send(watch), back)
        ours = closing.ours if blocked else watch.ours
        judgement = judged(trip, earlier, self._settings.timeout, ours)
        if self._context.notes is not None and self._context.notes.wants(judgement.kind):
            for check in checks(self._journey, trip):
                self._context.notes.tell(check)
        if judgement.reason is Reason.CREDENTIALS_REFUSED:
            for reference in self._settings.secrets.values():
                self._context.secrets.refused(reference)
        return Found(judgement, spans=trip.spans, residue=tuple(names(trip, earlier)))

    async def _settled(
        self, engine: Engine, values: Mapping[str, Scalar], back: Send
    ) -> tuple[Sequence[Left], Ending | None]:
        """Close what is left of earlier runs; return what is left still, and why nothing may be opened."""
        try:
            left = await engine.settle(values, back, most=MOST_OPEN)
        except NotKept as fault:
            return (), Ending(Why.RECORD, "", f"what is open can't be read: {fault}")
        if not self._is_full(left):
            return left, None
        latest = next(each.ending for each in left if each.ending.why is not Why.ENDED)
        count = sum(each.ending.why is not Why.ENDED for each in left)
        detail = f"{latest.detail}; nothing more is opened while {count} things are left open"
        return left, Ending(latest.why, latest.step, detail, latest.fault)

    def _is_full(self, left: Sequence[Left]) -> bool:
        still = [each.opening for each in left if each.ending.why is not Why.ENDED]
        return countable(still, self._journey) >= MOST_OPEN

    def _send(self, watch: Stopwatch) -> Send:
        exchange = Exchange(HttpTransport(self._network, self._terms, watch), self._where)
        notes = self._context.notes
        if notes is None:
            return exchange

        async def labelled(planned: Planned) -> Answer:
            notes.trace.label = planned.step
            return await exchange(planned)

        return labelled


@dataclass(slots=True)
class _Paid:
    """The requests of one attempt, the first of which the scheduler has taken already."""

    budget: RequestBudget
    is_paid: bool = True

    def may_send(self) -> bool:
        """See `platforms.journey.ports.Requests`."""
        if self.is_paid:
            self.is_paid = False
            return True
        return self.budget.take(Attempt.CONFIRMATION)

    def sent(self) -> None:
        """See `platforms.journey.ports.Requests`."""
        self.budget.count()
