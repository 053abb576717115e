"""What orders say, as a program reads it."""

from glasswatch.flag.order import payload
from glasswatch.flag.order_reader import OrderJudgement


def order_in_json(judgement: OrderJudgement) -> dict[str, object]:
    """Return the judgement; claims and persons are those of the latest order that counts, expired or not."""
    latest = judgement.latest
    return {
        "state": judgement.state,
        "refusal": judgement.refusal,
        "reason": judgement.reason,
        "claims": None if latest is None else payload(latest.order),
        "persons": None if latest is None else list(latest.persons),
    }
