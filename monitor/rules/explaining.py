"""What an attempt is expected to do before anything that was answered is judged: by reason, for probes of any type.

A probe that tells its own checks (`monitor.rules.expect`) is explained by those. Where its attempt ended before, or
where it tells none, the reason says which rule decided.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from monitor.model.explanation import Check
from monitor.model.outcome import Outcome, Reason

WARNING: Final = "warn."
"""How the rules begin that mark an outcome and never decide it."""

_RULES: Final[Mapping[Reason, tuple[str, str]]] = {
    Reason.OK: ("the attempt", "what the settings expect"),
    Reason.RESOLVE_FAILED: ("name", "the name has an address that may be tried"),
    Reason.CONNECT_REFUSED: ("connection", "something listens there"),
    Reason.CONNECT_FAILED: ("connection", "the host answers"),
    Reason.TLS_FAILED: ("TLS", "a handshake, and a certificate that is accepted"),
    Reason.TIMEOUT: ("time", "all of it within its time"),
    Reason.CONNECTION_LOST: ("connection", "it lasts until the answer is whole"),
    Reason.PROTOCOL: ("protocol", "an answer that is valid"),
    Reason.TOO_LARGE: ("size", "an answer within the bounds"),
    Reason.REDIRECT: ("redirects", "redirects that may be followed"),
    Reason.STATUS: ("status", "a status that is expected"),
    Reason.HEADER: ("headers", "headers that are expected"),
    Reason.BODY: ("body", "a body that is expected"),
    Reason.JSON: ("json", "values that are expected"),
    Reason.ANSWER: ("answer", "the answer that is expected"),
    Reason.SILENT: ("silence", "a heartbeat within its time"),
    Reason.NOT_REFUSED: ("refusal", "what is revoked is refused"),
    Reason.CREDENTIALS_REFUSED: ("our credential", "the server accepts it; else nothing is learnt"),
    Reason.RATE_LIMITED: ("rate", "we are not asked to wait; else nothing is learnt"),
    Reason.DENIED: ("our request", "the platform grants it; else nothing is learnt"),
    Reason.NOT_TOLD: ("page", "it tells how what it was asked for is; else nothing is learnt"),
    Reason.NOT_LISTENED: ("this monitor", "it listened long enough; else nothing is learnt"),
    Reason.RESIDUE: ("residue", "what was opened is known closed"),
    Reason.SECRET_UNAVAILABLE: ("our secrets", "each can be had; else nothing is sent"),
    Reason.OWN_FAULT: ("this machine", "it can make the attempt; else nothing is learnt"),
    Reason.BUDGET: ("our requests", "max_requests_per_minute is not spent"),
}


def completed(checks: Sequence[Check], outcome: Outcome) -> tuple[Check, ...]:
    """Return the checks with one that decided: the probe's own, or by the reason."""
    told = tuple(checks)
    if any(not check.holds for check in told if not check.rule.startswith(WARNING)):
        return told
    if outcome.is_good and told:
        return told
    rule, expected = _RULES.get(outcome.reason, _RULES[Reason.OK])
    return (*told, Check(rule, expected, outcome.detail, outcome.is_good))
