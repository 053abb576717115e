"""Puts what raises a flag, what holds it closed and what waits for a second person into the shapes of the wire."""

from collections.abc import Sequence
from datetime import datetime

from monitor.model.act import Inhibition, Request
from monitor.model.policy import PlatformPolicy
from monitor.model.record import FlagDocument
from monitor.model.state import Cause, PlatformState
from monitor.model.use import Use
from monitor.rules.causes import unknown_ends_at
from monitor.rules.sealing import sealing
from monitor.wire.answers import BreakGlassAnswer, CauseAnswer, InhibitAnswer, RequestAnswer, SealingAnswer


def break_glass(
    state: PlatformState,
    policy: PlatformPolicy,
    document: FlagDocument | None,
    uses: Sequence[Use],
    now: datetime,
) -> BreakGlassAnswer:
    """Return where the flag stands. `document` is the flag last signed, `uses` are the platform's that are open."""
    held = state.acts.inhibition
    ends = sealing(state, policy.lower_after, now)
    return BreakGlassAnswer.model_validate(
        {
            "state": state.flag.state.value,
            "since": state.flag.since,
            "change": state.flag.change,
            "causes": tuple(_cause(cause) for cause in state.causes),
            "signed_state": document.state if document is not None else None,
            "signed_until": document.expires_at if document is not None else None,
            "signed_ver": document.ver if document is not None else None,
            "pending": tuple(_request(request) for request in state.acts.requests),
            "inhibit": None if held is None else _inhibit(held),
            "unknown_until": unknown_ends_at(state, policy),
            "sealed_again": SealingAnswer(at=ends.at, if_up=ends.is_if_up) if ends is not None else None,
            "open_uses": len(uses),
            "critical_uses": sum(use.is_critical for use in uses),
        }
    )


def _cause(cause: Cause) -> CauseAnswer:
    return CauseAnswer(
        kind=cause.kind.value,
        id=cause.id,
        since=cause.since,
        until=cause.until,
        by=cause.by,
        confirmed_by=cause.confirmed_by,
        ticket=cause.ticket,
        run=cause.run,
        principals=cause.principals,
        targets=cause.targets,
        suspended=cause.suspended,
        inhibited=cause.inhibited,
        reason=cause.reason,
        renewed_by=cause.renewed_by,
    )


def _request(request: Request) -> RequestAnswer:
    return RequestAnswer(
        id=request.id,
        act=request.kind.value,
        by=request.by,
        reason=request.reason,
        ticket=request.ticket,
        for_seconds=request.span.total_seconds(),
        asked_at=request.asked_at,
        expires_at=request.expires_at,
    )


def _inhibit(held: Inhibition) -> InhibitAnswer:
    return InhibitAnswer(
        id=held.id,
        by=held.by,
        confirmed_by=held.confirmed_by,
        reason=held.reason,
        since=held.since,
        until=held.until,
    )
