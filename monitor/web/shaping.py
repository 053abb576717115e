"""Puts what the monitor holds into the shapes of the wire. No decision is made here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from monitor.model.exercise import Listed
from monitor.model.policy import PlatformPolicy
from monitor.model.record import FlagDocument
from monitor.model.state import FunctionState, Outage, PlatformState, ProbeState
from monitor.model.told import Acknowledgement
from monitor.model.use import Use
from monitor.rules import exercise
from monitor.web import exerciseshaping, windowshaping
from monitor.web.glass import break_glass
from monitor.web.site import Site
from monitor.wire.answers import (
    AcknowledgedAnswer,
    FlagAnswer,
    FunctionAnswer,
    OutageAnswer,
    PlatformAnswer,
    ProbeAnswer,
    SpanAnswer,
    StatusAnswer,
)


@dataclass(frozen=True, slots=True)
class Shown:
    """What is held true at an instant: platforms, the flags last signed by platform, and the uses that are open.

    `acknowledged`: by platform, who deals with its outage.
    """

    states: Sequence[PlatformState]
    documents: Mapping[str, FlagDocument]
    open_uses: Sequence[Use]
    at: datetime
    acknowledged: Mapping[str, Acknowledgement | None] = field(default_factory=dict)


def status(site: Site, shown: Shown, waiting_for: Sequence[str]) -> StatusAnswer:
    """Return everything held true."""
    return StatusAnswer(
        deployment=site.deployment,
        vantage=site.vantage,
        version=site.version,
        at=shown.at,
        waiting_for=tuple(waiting_for),
        platforms=tuple(_platform(state, site, shown) for state in shown.states if state.platform in site.platforms),
    )


def flag(document: FlagDocument, now: datetime) -> FlagAnswer:
    """Return a signed flag as JSON; `now` tells whether it has expired."""
    return FlagAnswer.model_validate(
        {
            "platform": document.platform,
            "state": document.state,
            "ver": document.ver,
            "change": document.change,
            "issued_at": document.issued_at,
            "expires_at": document.expires_at,
            "is_expired": document.expires_at <= now,
            "sha256": document.sha256,
            "jws": document.jws,
        }
    )


def outage(found: Outage) -> OutageAnswer:
    """Return one outage."""
    return OutageAnswer(
        id=found.id,
        platform=found.platform,
        opened_at=found.opened_at,
        confirmed_at=found.confirmed_at,
        detection_seconds=found.detection_seconds,
        ended_at=found.ended_at,
        cleared_at=found.cleared_at,
        functions=found.functions,
        openers=found.openers,
        reason=found.reason,
        interruptions=tuple(SpanAnswer(start=start, end=end) for start, end in found.interruptions),
    )


def functions_of(policy: PlatformPolicy) -> dict[str, list[str]]:
    """Return the probes of each function, both in the order of the settings."""
    probes: dict[str, list[str]] = {}
    for probe in policy.probes.values():
        probes.setdefault(probe.function, []).append(probe.name)
    return probes


def _platform(state: PlatformState, site: Site, shown: Shown) -> PlatformAnswer:
    watched = site.platforms[state.platform]
    document = shown.documents.get(state.platform)
    uses = [use for use in shown.open_uses if use.platform == state.platform]
    running = exercise.running(state)
    return PlatformAnswer.model_validate(
        {
            "platform": state.platform,
            "verdict": state.verdict.value,
            "since": state.verdict_since,
            "why": state.why,
            "vote": state.vote.value,
            "blind": state.blind,
            "break_glass": break_glass(state, watched.policy, document, uses, shown.at),
            "outage": outage(state.outage) if state.outage is not None else None,
            "functions": tuple(
                _function(name, probes, state, watched.policy) for name, probes in functions_of(watched.policy).items()
            ),
            "procedure_url": watched.procedure_url,
            "acknowledged": _acknowledged(shown.acknowledged.get(state.platform)),
            "maintenance": windowshaping.status(state.maintenance),
            "exercise": exerciseshaping.exercise(Listed(state.platform, running)) if running is not None else None,
        }
    )


def _acknowledged(found: Acknowledgement | None) -> AcknowledgedAnswer | None:
    return None if found is None else AcknowledgedAnswer(by=found.by, at=found.at, channel=found.channel)


def _function(name: str, probes: Sequence[str], state: PlatformState, policy: PlatformPolicy) -> FunctionAnswer:
    held = state.functions.get(name, FunctionState(critical=any(policy.probes[probe].critical for probe in probes)))
    return FunctionAnswer(
        function=name,
        critical=held.critical,
        verdict=held.verdict.value,
        since=held.since,
        why=held.why,
        probes=tuple(probe(each, state.probes.get(each), policy) for each in probes),
    )


def probe(name: str, held: ProbeState | None, policy: PlatformPolicy) -> ProbeAnswer:
    """Return what is believed of one probe; `held` None: nothing yet."""
    state = held or ProbeState(fingerprint="")
    return ProbeAnswer(
        probe=name,
        critical=policy.probes[name].critical,
        phase=state.phase.value,
        confirming=state.round_bad > 0,
        bad_since=state.bad_since,
        last_reason=state.last_reason.value if state.last_reason is not None else None,
        last_detail=state.last_detail,
        last_at=state.last_at,
        warnings=tuple(warning.value for warning in state.warnings),
    )
