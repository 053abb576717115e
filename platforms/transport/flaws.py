"""What is wrong with a chain of certificates, in words: which certificate, and why.

Rules:
- A certificate is named by its place: the server's own is the first, the authority that issued it the second. Its names
  are the server's words, and are not repeated; its dates are.
- What follows from something said already (no issuer, so no signature to check) is not said again.
- All that was complained of is said, in the order of the chain, three things at most.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

_MOST: Final = 3
_STARTS, _ENDS = 9, 10
_NAME_MISMATCH: Final = frozenset({62, 64})  # X509_V_ERR_HOSTNAME_MISMATCH, IP_ADDRESS_MISMATCH
# X509_V_ERR_…: what the others follow from, and what follows from them.
_NO_ISSUER: Final = frozenset({2, 18, 19, 20})
_FOLLOWS: Final = frozenset({21, 27})
_WORDS: Final[Mapping[int, str]] = {
    2: "was issued by an authority that is not known here",
    7: "has a signature that is wrong",
    18: "is self-signed, and not trusted here",
    19: "is an authority's own, and not trusted here",
    20: "was issued by an authority that is not known here",
    21: "was issued by an authority that is not known here",
    22: "makes the chain too long",
    23: "was revoked",
    24: "issues others, and may not",
    25: "issues others that may not issue any",
    26: "is not meant for servers",
    27: "is not trusted here",
    28: "is rejected here",
    47: "was issued for a name that its authority may not vouch for",
    66: "has a key that is too weak",
    67: "has a key that is too weak",
    68: "has a signature that is too weak",
    79: "issues others, and may not",
}


@dataclass(frozen=True, slots=True)
class Flaw:
    """One complaint: `depth` in the chain (0 is the server's own), OpenSSL's `code`, and the certificate's dates."""

    depth: int
    code: int
    starts_at: datetime | None = None
    ends_at: datetime | None = None


def named(depth: int) -> str:
    """Return what a certificate is called by its place."""
    return "the server's own certificate" if depth == 0 else f"certificate {depth + 1} of the chain"


def moment(at: datetime) -> str:
    """Return a moment in UTC, to the second."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def told(flaws: Sequence[Flaw], code: int | None, name: str) -> tuple[str, ...]:
    """Return what is wrong; `code` is what verification ended with, which may be about the `name` asked for."""
    codes = {flaw.code for flaw in flaws}
    kept = [flaw for flaw in flaws if flaw.code not in _FOLLOWS or not codes & _NO_ISSUER]
    found = [_words(flaw) for flaw in sorted(kept, key=lambda flaw: flaw.depth)]
    if code in _NAME_MISMATCH:
        found.insert(0, f"{named(0)} is not for '{name}'")
    return tuple(dict.fromkeys(found))[:_MOST]


def _words(flaw: Flaw) -> str:
    if flaw.code == _ENDS and flaw.ends_at is not None:
        return f"{named(flaw.depth)} has expired, on {moment(flaw.ends_at)}"
    if flaw.code == _STARTS and flaw.starts_at is not None:
        return f"{named(flaw.depth)} is not valid before {moment(flaw.starts_at)}"
    return f"{named(flaw.depth)} {_WORDS.get(flaw.code, f'is not accepted, by code {flaw.code} of OpenSSL')}"
