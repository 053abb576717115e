"""Decides what a probe's own page shows. Every word is settled here, none in the template.

1. What a server said is text like any other that comes from outside: all it holds is made visible, and nothing of it is
   markup.
2. Phases are shown with bars, in proportion to the whole attempt.
"""

import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import yaml

from glasswatch import visible
from glasswatch.durations import render
from monitor.model.explanation import Attempted, Check, Exchange, Explanation, Message
from monitor.model.outcome import Attempt, Outcome, OutcomeKind
from monitor.model.policy import ProbePolicy
from monitor.rules.explaining import WARNING
from monitor.web import phrases
from monitor.web.detail import Known
from monitor.web.pageview import Mark, Moment, ProbeView, Tone
from monitor.web.probeview import probe_view
from monitor.web.seen import Seen
from monitor.web.site import Site

_TONES = {OutcomeKind.GOOD: Tone.GOOD, OutcomeKind.BAD: Tone.BAD}
_WHY_MADE = {Attempt.SCHEDULED: "", Attempt.CONFIRMATION: "confirmation", Attempt.CALLED: "called at once"}


@dataclass(frozen=True, slots=True)
class PhaseView:
    """One phase: its time, and where it lies on a bar of 100 that stands for the whole attempt."""

    name: str
    took: str
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class SaidView:
    """What one side said, as one text, and what is not shown of it."""

    title: str
    text: str
    note: str


@dataclass(frozen=True, slots=True)
class ExchangeView:
    """One exchange."""

    title: str
    tls: str
    said: tuple[SaidView, ...]


@dataclass(frozen=True, slots=True)
class CheckView:
    """One rule that was looked at."""

    mark: Mark
    rule: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One attempt. `note` stands where why it was judged so is not known."""

    mark: Mark
    at: Moment
    took: str
    detail: str
    notes: tuple[str, ...]
    phases: tuple[PhaseView, ...]
    checks: tuple[CheckView, ...]
    exchanges: tuple[ExchangeView, ...]
    note: str


@dataclass(frozen=True, slots=True)
class DetailView:
    """The whole page."""

    title: str
    icon: Tone
    deployment: str
    vantage: str
    version: str
    at: Moment
    platform: str
    function: str
    probe: ProbeView
    policy: tuple[str, ...]
    settings: str
    last: AttemptView | None
    failures: tuple[AttemptView, ...]
    failures_note: str
    command: str


def detail_view(site: Site, platform: str, policy: ProbePolicy, known: Known, now: datetime) -> DetailView:
    """Return the page as of `now`."""
    seen = Seen(now, is_file=False)
    shown = probe_view(policy, known.held, seen, is_blind=known.is_blind)
    failures = known.failures
    note = "They can't be read now." if failures is None else "" if failures else "None on record."
    return DetailView(
        title=visible.line(f"{shown.mark.word}: {platform}/{policy.name}"),
        icon=shown.mark.tone,
        deployment=visible.line(site.deployment),
        vantage=visible.line(site.vantage),
        version=site.version,
        at=seen.moment(now),
        platform=visible.line(platform),
        function=visible.line(policy.function),
        probe=shown,
        policy=tuple(_policy(policy, has_controls=site.has_controls)),
        settings=settings_text(known.settings),
        last=None if known.last is None else _attempt(known.last, seen),
        failures=tuple(_attempt(each, seen) for each in failures or ()),
        failures_note=note,
        command=visible.line(f"monitor probe {policy.name} --platform {platform} --explain{_given(site)}"),
    )


def _given(site: Site) -> str:
    """Return how a command is given the monitor's own settings, where they are known."""
    return f" --config {shlex.quote(config)}" if (config := site.config()) else ""


def settings_text(settings: Mapping[str, Any]) -> str:
    """Return settings as they would stand in the file."""
    text = yaml.safe_dump(dict(settings), sort_keys=False, allow_unicode=True, default_flow_style=None, width=100)
    return visible.lines(text)


def _policy(policy: ProbePolicy, *, has_controls: bool) -> list[str]:
    confirm = f"{policy.confirm_attempts} bad in a row, {render(policy.confirm_every)} apart"
    recover = "once" if policy.recover == 1 else f"{policy.recover} times in a row"
    return [
        f"Runs every {render(policy.interval)}, for {render(policy.timeout)} at most",
        f"Confirmed bad by {confirm}{', while a control answers' if has_controls else '; no controls are asked'}",
        f"Recovers when it was good {recover}",
        "Critical: without its function the platform is down" if policy.critical else "Not critical",
    ]


def _attempt(attempted: Attempted, seen: Seen) -> AttemptView:
    outcome, explanation = attempted.outcome, attempted.explanation
    notes = [
        _WHY_MADE[outcome.attempt],
        "" if attempted.is_believed else "not believed: no control answered",
        *(f"warning: {warning.value.replace('_', ' ')}" for warning in outcome.warnings),
    ]
    is_forgotten = explanation is None and not outcome.is_good
    return AttemptView(
        mark=Mark(_TONES.get(outcome.kind, Tone.UNKNOWN), phrases.reason(outcome.reason)),
        at=seen.moment(outcome.started_at),
        took=_took(outcome.duration_seconds),
        detail=visible.line(outcome.detail),
        notes=tuple(note for note in notes if note),
        phases=_phases(outcome),
        checks=_checks(explanation),
        exchanges=_exchanges(explanation),
        note="What was said in it is not kept any more." if is_forgotten else "",
    )


def _phases(outcome: Outcome) -> tuple[PhaseView, ...]:
    whole = max(outcome.duration_seconds, sum(outcome.phases.values())) or 1.0
    shown, at = [], 0.0
    for name, seconds in outcome.phases.items():
        width = 100 * seconds / whole
        shown.append(PhaseView(visible.line(name), _took(seconds), round(at, 2), round(max(width, 0.5), 2)))
        at += width
    return tuple(shown)


def _took(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"


def _checks(explanation: Explanation | None) -> tuple[CheckView, ...]:
    return tuple(_check(each) for each in (explanation.checks if explanation is not None else ()))


def _check(check: Check) -> CheckView:
    is_warning = check.rule.startswith(WARNING)
    mark = Mark(Tone.WARN, "warns") if is_warning else Mark(Tone.BAD, "does not hold")
    if check.holds:
        mark = Mark(Tone.GOOD, "holds")
    return CheckView(mark, *(visible.line(text) for text in (check.rule, check.expected, check.found)))


def _exchanges(explanation: Explanation | None) -> tuple[ExchangeView, ...]:
    return tuple(_exchange(each) for each in (explanation.exchanges if explanation is not None else ()))


def _exchange(exchange: Exchange) -> ExchangeView:
    label = f"{exchange.label}: " if exchange.label else ""
    at = f" at {exchange.address}" if exchange.address != exchange.place else ""
    sides = (("Sent", exchange.sent), ("Heard", exchange.heard))
    return ExchangeView(
        title=visible.line(f"{label}{exchange.place}{at}"),
        tls=_tls(exchange),
        said=tuple(_said(title, message) for title, message in sides if message is not None),
    )


def _tls(exchange: Exchange) -> str:
    tls = exchange.tls
    if tls is None:
        return ""
    ends = f", ends {phrases.moment(tls.ends_at)}" if tls.ends_at else ""
    agreed = ", ".join(each for each in (tls.version, tls.cipher) if each)
    first = agreed or "the session broke off"
    if not tls.is_accepted:
        first = f"{agreed if tls.version else 'the handshake failed'}; shown, not accepted"
    return visible.line(f"{first}; {tls.subject or 'no subject'}, issued by {tls.issuer}{ends}")


def _said(title: str, message: Message) -> SaidView:
    return SaidView(title, message_text(message), visible.line(message.note))


def message_text(message: Message) -> str:
    """Return what was said as it would stand on the wire, all it holds made visible."""
    head = [each for each in (visible.line(message.line), *_fields(message.fields)) if each]
    body = [visible.lines(message.body)] if message.body else []
    trailers = [*_fields(message.trailers)]
    return "\n\n".join("\n".join(part) for part in (head, body, trailers) if part)


def _fields(fields: Iterable[tuple[str, str]]) -> Iterator[str]:
    return (visible.line(f"{name}: {value}" if value else name) for name, value in fields)
