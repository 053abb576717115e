"""Documents that break one rule of design 3.4 each, and what a reader is asked about them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from glasswatch.canonical import canonical
from glasswatch.flag import floor
from glasswatch.flag.document import Cause, Claims, payload
from glasswatch.flag.errors import Refusal
from glasswatch.flag.selection import sha256
from tests.support.flags import (
    AT,
    ISSUER,
    KEY,
    NOW,
    OUTAGE,
    READY_CLAIMS,
    jwk,
    key_number,
    signed,
    signed_payload,
)
from tests.support.floors import MARK, floor_of
from tests.support.mutants import Asking, Change

# Sentences of the design that several entries quote.
NUMBERS = "all numbers are integers"
MISSING = "a claim missing or of the wrong type"
TRUSTED = (
    "Readers pin a trust file: a JWKS with `version` and, per key, `iss`, one `role`, `person`, `nbf`, `exp`, `revoked`"
)
STATE = "a state that does not follow from the causes (a cause past its `until` doesn't count)"
SEVERAL = "Given several documents, the reader judges the one with the highest authentic `ver`, expired ones included"
DEMO = "demo keys are refused outside the demo"
HEADER_RULE = "a header other than exactly those three members"

GOOD = signed(READY_CLAIMS)
HALF, _, SIGNATURE = GOOD.rpartition(b".")
HEADER, PAYLOAD = HALF.split(b".")
STRAY = bytes([GOOD[-1] + 1])  # the same two bits of the signature, and a stray one
OTHER = "prod/fra-1"
OTHER_VANTAGE = key_number(3)


def trust_of(*entries: Mapping[str, object], **members: object) -> bytes:
    """Return a trust file of these entries."""
    return json.dumps({"version": 1, "keys": list(entries)} | members).encode()


def ask(*documents: bytes, **changes: object) -> Asking:
    """Return what a reader of a good flag is asked, or of other documents, with any member of it changed."""
    expect = {"audience": "prod", "platform": "payments"}
    extra = changes.pop("expect", {})
    assert isinstance(extra, dict)
    asking = Asking(documents or (GOOD,), trust_of(jwk()), NOW, expect=expect | extra)
    return replace(asking, **changes)  # type: ignore[arg-type]  # any member of it


def ready(**changes: object) -> bytes:
    """Return a flag that is ready, but for these claims."""
    return signed(replace(READY_CLAIMS, **changes))  # type: ignore[arg-type]  # any claim


def raw_with(old: bytes, new: bytes) -> bytes:
    """Return a signed flag whose canonical claims have one piece replaced."""
    raw = canonical(payload(READY_CLAIMS))
    assert raw.count(old) == 1
    return signed_payload(raw.replace(old, new))


def floor_with(ver: int = READY_CLAIMS.ver, **changes: object) -> bytes:
    """Return a floor that has accepted a good flag, but for these members of its mark."""
    mark = replace(MARK, ver=ver, sha256=sha256(GOOD), iat=READY_CLAIMS.iat)
    return floor.dump(floor_of(replace(mark, **changes)))  # type: ignore[arg-type]  # any member


def beside(cause: Cause, **changes: object) -> bytes:
    """Return a flag that is ready by an outage, with another cause beside it, some of its members changed."""
    claims = json.loads(canonical(payload(replace(READY_CLAIMS, causes=(OUTAGE, cause)))))
    members = claims["causes"][1] | changes
    claims["causes"][1] = {name: value for name, value in members.items() if value is not ...}
    return signed_payload(json.dumps(claims).encode())


def newer(claims: Claims, *, by_other: bool = False, **changes: object) -> bytes:
    """Return what was signed five seconds ago, by the other vantage where asked."""
    dates = {"iat": AT - 5, "exp": AT + 295, "ver": (AT - 5) * 1000, "iss": OTHER if by_other else ISSUER}
    said = replace(claims, **(dates | changes))  # type: ignore[arg-type]  # any claim
    return signed(said, OTHER_VANTAGE if by_other else KEY)


BOTH = trust_of(jwk(), jwk(OTHER_VANTAGE, iss=OTHER))
NEUTRAL = bytes([1]) + bytes(31)  # the neutral point: whatever is signed, it and 0 fit


@dataclass(frozen=True)
class Rule:
    """A rule of the design: what refuses, which line holds it (or lines, any of which), and what breaks it alone."""

    quoted: str
    code: Refusal | str
    held_by: Change
    cases: Sequence[Asking]
    then: str = "ready"


def off(module: str, condition: str) -> Change:
    """Return the change that makes a condition of one line never hold."""
    return Change(module, f"if {condition}:", "if False:")


def without(module: str, line: str) -> Change:
    """Return the change that takes a line away."""
    return Change(module, line)
