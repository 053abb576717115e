"""What is wrong, or soon will be, with a trust file whose form is right. Pure.

A finding is one line that says what to do. Keys that are revoked or have ended are no finding by themselves.

1. No flag key is valid now: readers refuse every flag.
2. Order keys of too few persons are valid now: a ready order can't be signed. It is asked of each deployment that a
   flag key speaks for: another deployment's order keys open nothing there.
3. A key ends soon, and no other of its kind is valid then: same role, same issuer or, of an order key, person.
4. Between the end of one key and the beginning of the next of its kind there is a gap.
5. A key lacks what it needs: a flag or order key its issuer, an order key its person; or its dates or issuer are such
   that it never counts.
6. A demo made a key.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from glasswatch.flag.authenticity import rfc3339
from glasswatch.flag.document import unix_ms
from glasswatch.flag.errors import shown
from glasswatch.flag.trust import KeyRole, Trust, TrustKey

SOON = timedelta(days=30)


class Standing(StrEnum):
    """Whether a key is believed at an instant, and if not, why not."""

    VALID = "valid"
    NOT_YET = "not_yet"
    ENDED = "ended"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class TrustFinding:
    """One thing to mend; `kid` is the key that it is about, None where it is about the file."""

    kid: str | None
    what: str


def standing(key: TrustKey, now: datetime) -> Standing:
    """Return whether a key is believed at an aware instant."""
    now_ms = unix_ms(now)
    if key.is_revoked:
        return Standing.REVOKED
    if key.nbf is not None and now_ms < key.nbf * 1000:
        return Standing.NOT_YET
    if key.exp is not None and now_ms >= key.exp * 1000:
        return Standing.ENDED
    return Standing.VALID


def findings(trust: Trust, now: datetime, soon: timedelta = SOON) -> tuple[TrustFinding, ...]:
    """Return everything to mend in a trust file as of an aware instant."""
    living = [key for key in trust.keys.values() if standing(key, now) in {Standing.VALID, Standing.NOT_YET}]
    valid = [key for key in living if standing(key, now) is Standing.VALID]
    found = [*_no_flag_key(valid), *_too_few_persons(valid, trust.order_persons)]
    for key in living:
        found += [*_lacks(key), *_never_counts(key), *_ends(key, living, unix_ms(now + soon))]
    return tuple(found)


def _no_flag_key(valid: list[TrustKey]) -> Iterator[TrustFinding]:
    if not any(key.role is KeyRole.FLAG and not key.is_demo for key in valid):
        yield TrustFinding(None, "no flag key is valid now, so readers refuse every flag: add one")


def order_holders(trust: Trust, deployment: str, now: datetime) -> frozenset[str]:
    """Return the persons whose order keys count for a deployment now."""
    return _holders([key for key in trust.keys.values() if standing(key, now) is Standing.VALID], deployment)


def _holders(valid: list[TrustKey], deployment: str) -> frozenset[str]:
    orders = [key for key in valid if key.role is KeyRole.ORDER and not any(_never_counts(key))]
    counting = [key for key in orders if key.iss is None or key.iss == deployment]
    return frozenset(key.holder for key in counting if key.holder is not None)


def _too_few_persons(valid: list[TrustKey], needed: int) -> Iterator[TrustFinding]:
    speaking, ordering = _deployments(valid, KeyRole.FLAG), _deployments(valid, KeyRole.ORDER)
    is_shared = len(speaking | ordering) > 1
    for deployment in sorted(speaking or ordering) or [""]:  # none is named: keys without iss count for any
        persons = _holders(valid, deployment)
        if len(persons) < needed:
            whose = f" for {shown(deployment)}" if is_shared else ""
            yield TrustFinding(
                None,
                f"a ready order{whose} needs {needed} persons, and the order keys that count{whose} now are of "
                f"{len(persons)}: add keys of other persons",
            )


def _deployments(valid: list[TrustKey], role: KeyRole) -> frozenset[str]:
    issuers = [key.iss for key in valid if key.role is role and not any(_never_counts(key))]
    return frozenset(iss.partition("/")[0] for iss in issuers if iss is not None)


def _lacks(key: TrustKey) -> Iterator[TrustFinding]:
    if key.iss is None and key.role is KeyRole.FLAG:
        yield TrustFinding(
            key.kid, "a flag key without iss speaks for vantage main of whatever deployment is asked for"
        )
    if key.iss is None and key.role is KeyRole.ORDER:
        yield TrustFinding(key.kid, "an order key without iss counts for whatever deployment is asked for")
    if key.person is None and key.role is KeyRole.ORDER:
        yield TrustFinding(key.kid, "an order key without person never counts: say whose it is")


def _never_counts(key: TrustKey) -> Iterator[TrustFinding]:
    if key.is_demo:
        yield TrustFinding(key.kid, "a demo made it, and it counts for nothing else: this may be a demo's trust file")
    if key.nbf is not None and key.exp is not None and key.exp <= key.nbf:
        yield TrustFinding(key.kid, "it ends before it begins, so it is never valid")
    if key.role is KeyRole.ORDER and key.iss is not None and "/" in key.iss:
        yield TrustFinding(
            key.kid, f"an order key's iss is the deployment alone, so with {shown(key.iss)} it never counts"
        )


def _ends(key: TrustKey, living: list[TrustKey], soon_ms: int) -> Iterator[TrustFinding]:
    if key.exp is None:
        return
    heirs = [other for other in living if _kind(other) == _kind(key) and (other.exp is None or other.exp > key.exp)]
    if any((heir.nbf or 0) <= key.exp for heir in heirs):
        return
    end = f"it ends at {rfc3339(key.exp)}"
    if heirs:
        begin = rfc3339(min(heir.nbf or 0 for heir in heirs))
        yield TrustFinding(key.kid, f"{end}, and the next of its kind begins at {begin}: in between there is none")
    elif key.exp * 1000 <= soon_ms:
        yield TrustFinding(
            key.kid, f"{end}, and no other of its kind is valid then: make one, and hand it to all readers"
        )


def _kind(key: TrustKey) -> tuple[KeyRole, str | None]:
    """Return what one key can take over from another: the same role, for the same issuer or person."""
    return key.role, key.holder if key.role is KeyRole.ORDER else key.iss
