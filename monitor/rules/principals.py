"""What it means when our own credential is refused, and a second principal was tried in its place (design 3.3).

Rules:
1. Both refused by the platform: bad. One credential may be wrong; that two are, which were issued separately, says that
   nobody gets in. Where a token endpoint refused one of them, the platform was not asked: not measured.
2. Two that hold the same secret are one: the second is not tried, and it is not measured.
3. The second is good: not measured. It is our credential that is wrong.
4. Anything else the second met (another status, no connection, no time, a secret that can't be had) was not a refusal:
   not measured. The detail says what it was.

In all but the first the reason stays that of the first, `credentials_refused`, which pages at once.
"""

from monitor.model.outcome import OutcomeKind, Reason
from monitor.rules.expect import Judgement


def both(first: Judgement, second: Judgement, *, was_asked: bool) -> Judgement:
    """Return what an attempt is worth whose first principal was refused, by what the second found.

    `was_asked`: the platform itself was, by both.
    """
    if second.reason is Reason.CREDENTIALS_REFUSED:
        detail = f"both principals are refused: {first.detail}; the second: {second.detail}"
        if not was_asked:
            return _refused(f"{detail}; the platform was not asked by both")
        return Judgement(OutcomeKind.BAD, Reason.STATUS, detail, second.warnings)
    if second.kind is OutcomeKind.GOOD:
        return _refused(f"{first.detail}; the second principal's works")
    return _refused(f"{first.detail}; the second principal could not tell: {second.detail}")


def one_twice(first: Judgement) -> Judgement:
    """Return what it is worth that the second principal holds a secret of the first's."""
    return _refused(f"{first.detail}; the second principal holds the same secret: it was not issued separately")


def in_doubt(first: Judgement, late: str) -> Judgement:
    """Return what it is worth when there was no answer to the second in time; `late` says within which."""
    return _refused(f"{first.detail}; the second principal had no answer {late}")


def _refused(detail: str) -> Judgement:
    return Judgement(OutcomeKind.NOT_MEASURED, Reason.CREDENTIALS_REFUSED, detail)
