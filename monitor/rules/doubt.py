"""Statuses that nobody expected, and that are not the platform's to answer for.

Rules:
1. 400, 495 or 496 where a client certificate of ours was shown: not measured, credentials refused. That is how nginx
   refuses one, after a handshake in which nothing was wrong.
2. 403, 407 or any 5xx in clear through a proxy: not measured, own fault. Proxies say these for themselves as well (403
   for what they don't allow; 500, 502, 503 or 504, by make, for a server they can't reach), and in clear nobody can
   tell who spoke.
"""

from typing import Final

from monitor.model.outcome import OutcomeKind, Reason
from monitor.rules.expect import Judgement

_OF_CERTIFICATES: Final = frozenset({400, 495, 496})
_OF_PROXIES: Final = frozenset({403, 407, *range(500, 600)})


def doubted(status: int, *, saw_certificate: bool, is_relayed: bool) -> Judgement | None:
    """Return what an answer is worth that can't be held against the platform; None where it can.

    `saw_certificate`: the server that answered had been shown a client certificate of ours. `is_relayed`: the answer
    came in clear through a proxy.
    """
    if is_relayed and status in _OF_PROXIES:
        detail = f"status {status} came through the proxy: whether it is the proxy's own can't be told"
        return Judgement(OutcomeKind.NOT_MEASURED, Reason.OWN_FAULT, detail)
    if saw_certificate and status in _OF_CERTIFICATES:
        detail = f"status {status}, as servers refuse a client certificate"
        return Judgement(OutcomeKind.NOT_MEASURED, Reason.CREDENTIALS_REFUSED, detail)
    return None
