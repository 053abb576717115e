"""Tells everybody what was settled, in the order that matters at 3 a.m.: flag, pages, then what only shows it.

Each listener takes what concerns it and returns at once; what it does with it is its own affair.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from glasswatch.clock import Clock
from monitor.exercises.desk import ExerciseDesk
from monitor.metrics.book import MetricsBook
from monitor.model.exercise import ExerciseFact
from monitor.model.fact import (
    ActDone,
    EndsSoon,
    Fact,
    FlagChanged,
    FlagTakenUp,
    OutageEnded,
    OutageOpened,
    PlatformChanged,
)
from monitor.model.maintenance import WindowFact
from monitor.model.use import Happening, Use
from monitor.outbox import Outbox
from monitor.publish import Publisher
from monitor.rules import exercise_lines, window_audit
from monitor.settle import Settled
from monitor.useregister import UseTold
from monitor.web.face import WebFace

log = logging.getLogger("glasswatch.monitor")


@dataclass(frozen=True, slots=True)
class Announcer:
    """Who is told."""

    publisher: Publisher
    outbox: Outbox
    metrics: MetricsBook
    face: WebFace
    clock: Clock
    exercises: ExerciseDesk

    def listeners(self) -> tuple[Callable[[Settled], None], ...]:
        """Return the listeners, in order."""
        return (self.publish, self.page, self.count, self.show, self.exercises.settled, note)

    def publish(self, settled: Settled) -> None:
        """Have a signed flag published."""
        if settled.document is not None:
            self.publisher.submit(settled.document)

    def page(self, settled: Settled) -> None:
        """Have pages sent."""
        for routed in settled.pages:
            self.outbox.submit(routed)

    def count(self, settled: Settled) -> None:
        """Bring the metrics up to date."""
        if settled.document is not None:
            self.metrics.flag(settled.document)
        self.metrics.state(settled.state)
        for fact in settled.facts:
            if isinstance(fact, OutageOpened):
                self.metrics.outage_confirmed(fact.outage)
            elif isinstance(fact, ActDone):
                self.metrics.acted(settled.state.platform, fact.kind)

    def show(self, settled: Settled) -> None:
        """Bring pages and event streams up to date."""
        if settled.facts:
            self.face.changed(settled.state.platform, settled.facts, self.clock.now())
        else:
            self.face.renewed()


@dataclass(frozen=True, slots=True)
class UseAnnouncer:
    """Tells everybody what became of a use of break-glass: pages first."""

    outbox: Outbox
    metrics: MetricsBook
    face: WebFace
    open_uses: Callable[[], Sequence[Use]]

    def tell(self, told: UseTold) -> None:
        """Have pages sent, then show it."""
        for routed in told.pages:
            self.outbox.submit(routed)
        use, happening = told.step.use, told.step.happening
        fields = {"happening": happening, "id": use.id, "platform": use.platform, "target": use.target}
        level = logging.ERROR if use.is_critical else logging.INFO
        log.log(
            level,
            "use",
            extra={"fields": {**fields, "person": use.person or "", "judgement": use.judgement, "why": use.why}},
        )
        if happening in (Happening.REPORTED, Happening.FOUND):
            self.metrics.use_told(use)
        self.metrics.uses_open(self.open_uses())
        self.face.used(use, happening)


def note(settled: Settled) -> None:
    """Log what a person who reads the log would look for."""
    for fact in settled.facts:
        event, fields = _line(fact)
        if event:
            log.info(event, extra={"fields": {"platform": settled.state.platform, **fields}})


def _line(fact: Fact) -> tuple[str, dict[str, object]]:
    if isinstance(fact, ExerciseFact):
        return exercise_lines.line(fact)
    return window_audit.line(fact) if isinstance(fact, WindowFact) else _event(fact)


def _event(fact: Fact) -> tuple[str, dict[str, object]]:  # noqa: PLR0911 - one way out a kind of fact
    match fact:
        case PlatformChanged():
            return "verdict", {"was": fact.was, "now": fact.now, "why": fact.why}
        case FlagChanged():
            return "flag", {"was": fact.was.state, "now": fact.now.state, "change": fact.now.change, "why": fact.why}
        case FlagTakenUp():
            return "flag_taken_up", {"change": fact.published.change, "ver": fact.published.ver}
        case ActDone():
            return "act", {"act": fact.kind, "person": fact.person, "id": fact.subject}
        case EndsSoon():
            return "ends_soon", {"cause": fact.cause.id, "at": fact.ends_at.isoformat()}
        case OutageOpened():
            seconds = f"{fact.outage.detection_seconds:.1f}"
            return "outage", {"id": fact.outage.id, "detection_seconds": seconds, "why": fact.outage.reason}
        case OutageEnded():
            return "outage_ended", {"id": fact.outage.id}
        case _:
            return "", {}
