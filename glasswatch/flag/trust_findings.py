"""What is wrong, or soon will be, with a trust file whose form is right. Pure.

A finding is one line that says what to do. Keys that are revoked or have ended are no finding by themselves.

1. No flag key is valid now: readers refuse every flag.
2. Order keys of too few persons are valid now: a ready order can't be signed.
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


def order_holders(trust: Trust, now: datetime) -> frozenset[str]:
    """Return the persons whose order keys count now."""
    return _holders([key for key in trust.keys.values() if standing(key, now) is Standing.VALID])


def _holders(valid: list[TrustKey]) -> frozenset[str]:
    orders = [key for key in valid if key.role is KeyRole.ORDER and not any(_never_counts(key))]
    return frozenset(key.holder for key in orders if key.holder is not None)


def _too_few_persons(valid: list[TrustKey], needed: int) -> Iterator[TrustFinding]:
    persons = _holders(valid)
    if len(persons) < needed:
        yield TrustFinding(
            None,
            f"a ready order needs {needed} persons, and the order keys that count now are of {len(persons)}: add keys "
            "of other persons",
        )


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
