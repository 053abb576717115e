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
    Reason.OK: ("the attempt", "what the settings ask for"),
    Reason.RESOLVE_FAILED: ("name", "a name that has an address which may be tried"),
    Reason.CONNECT_REFUSED: ("connection", "something that listens at the port"),
    Reason.CONNECT_FAILED: ("connection", "a host that can be reached"),
    Reason.TLS_FAILED: ("TLS", "a handshake, with a certificate that is accepted and lasts"),
    Reason.TIMEOUT: ("time", "the whole attempt within its timeout"),
    Reason.CONNECTION_LOST: ("connection", "one that lasts until the answer is whole"),
    Reason.PROTOCOL: ("protocol", "an answer that keeps to the protocol"),
    Reason.TOO_LARGE: ("size", "an answer within the bounds"),
    Reason.REDIRECT: ("redirects", "redirects that may be followed"),
    Reason.STATUS: ("status", "a status that the settings list"),
    Reason.HEADER: ("headers", "headers as in expect.headers"),
    Reason.BODY: ("body", "a body as in expect"),
    Reason.JSON: ("json", "the values in expect.json"),
    Reason.ANSWER: ("answer", "what the settings ask for"),
    Reason.SILENT: ("silence", "a sign of life within the time that may pass"),
    Reason.NOT_REFUSED: ("refusal", "that what was given back can't be used any more"),
    Reason.CREDENTIALS_REFUSED: ("our credential", "that it is accepted; refused, it says nothing of the platform"),
    Reason.RATE_LIMITED: ("rate", "that we are let ask; told to wait, we learn nothing of the platform"),
    Reason.DENIED: ("our request", "that it is granted; a denial says nothing of the platform's health"),
    Reason.NOT_TOLD: ("page", "a page that says how the service is; else it says nothing"),
    Reason.NOT_LISTENED: ("this monitor", "that it has listened for long enough to call it silence"),
    Reason.RESIDUE: ("residue", "that all that was opened is known to be closed"),
    Reason.SECRET_UNAVAILABLE: ("our secrets", "that each can be read; else nothing is sent"),
    Reason.OWN_FAULT: ("this machine", "that it can make the attempt; else it says nothing of the platform"),
    Reason.BUDGET: ("our requests", "that max_requests_per_minute is not spent yet"),
}


def completed(checks: Sequence[Check], outcome: Outcome) -> tuple[Check, ...]:
    """Return the checks with one that decided: the probe's own, or by the reason."""
    told = tuple(checks)
    if any(not check.holds for check in told if not check.rule.startswith(WARNING)):
        return told
    if outcome.is_good and told:
        return told
    return (*told, decided(outcome.reason, outcome.detail, holds=outcome.is_good))


def decided(reason: Reason, found: str, *, holds: bool = False) -> Check:
    """Return the rule that a reason stands for, with what was found in our own words."""
    rule, expected = _RULES.get(reason, _RULES[Reason.OK])
    return Check(rule, expected, found, holds, is_ours=True)
