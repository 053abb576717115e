"""Puts all there is to know of one probe into its shape on the wire. No decision is made here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.model.explanation import Attempted
from monitor.model.policy import PlatformPolicy, ProbePolicy
from monitor.model.state import ProbeState
from monitor.web import shaping
from monitor.web.site import Site
from monitor.wire.probes import AttemptAnswer, ExplanationAnswer, PolicyAnswer, ProbeDetailAnswer


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a probe. `failures` None: the store can't be read now. `is_blind`: nothing is believed now."""

    held: ProbeState | None
    settings: Mapping[str, Any]
    last: Attempted | None
    failures: Sequence[Attempted] | None
    is_blind: bool = False


def detail(site: Site, platform: PlatformPolicy, probe: str, known: Known) -> ProbeDetailAnswer:
    """Return all of it."""
    policy = platform.probes[probe]
    failures = known.failures
    return ProbeDetailAnswer(
        deployment=site.deployment,
        vantage=site.vantage,
        platform=platform.platform,
        function=policy.function,
        state=shaping.probe(probe, known.held, platform),
        policy=_policy(policy),
        settings=known.settings,
        last=None if known.last is None else attempt(known.last),
        failures=None if failures is None else tuple(attempt(each) for each in failures),
    )


def attempt(attempted: Attempted) -> AttemptAnswer:
    """Return one attempt."""
    outcome, explanation = attempted.outcome, attempted.explanation
    return AttemptAnswer(
        at=outcome.started_at,
        outcome=outcome.kind.value,
        reason=outcome.reason.value,
        detail=outcome.detail,
        attempt=outcome.attempt.value,
        is_believed=attempted.is_believed,
        warnings=tuple(warning.value for warning in outcome.warnings),
        duration_seconds=outcome.duration_seconds,
        phases=dict(outcome.phases),
        explanation=None if explanation is None else ExplanationAnswer.model_validate(explanation),
    )


def _policy(policy: ProbePolicy) -> PolicyAnswer:
    return PolicyAnswer(
        interval_seconds=policy.interval.total_seconds(),
        timeout_seconds=policy.timeout.total_seconds(),
        confirm_attempts=policy.confirm_attempts,
        confirm_every_seconds=policy.confirm_every.total_seconds(),
        recover=policy.recover,
    )
