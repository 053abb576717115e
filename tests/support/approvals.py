"""People with keys that approve scenarios, and the trust file that says whose they are."""

from dataclasses import dataclass, replace
from pathlib import Path

from glasswatch.canonical import canonical
from glasswatch.clock import SystemClock
from glasswatch.flag import keys, trust, trust_change
from glasswatch.flag.jws import EVIDENCE_TYP, sign
from glasswatch.flag.keys import SigningKey
from glasswatch.flag.trust import KeyRole, Trust, TrustKey


def row(key: SigningKey, person: str | None = "bea", **more: object) -> TrustKey:
    """Return what a trust file says of somebody's key."""
    plain = TrustKey(key.kid, key.public, KeyRole.EVIDENCE, person=person)
    return replace(plain, **more)  # type: ignore[arg-type]  # what a test gives


def trusting(*rows: TrustKey) -> Trust:
    """Return a trust file that holds these keys."""
    return Trust(1, {each.kid: each for each in rows}, 2, "0" * 64)


def signed(claims: object, key: SigningKey, typ: str = EVIDENCE_TYP) -> bytes:
    """Return claims with a signature."""
    return sign(canonical(claims), key, typ).encode()


@dataclass(frozen=True)
class Desk:
    """A directory with somebody's key and a trust file."""

    key_file: Path
    trust_file: Path
    key: SigningKey


def desk(directory: Path, person: str = "bea", role: KeyRole = KeyRole.EVIDENCE) -> Desk:
    """Make a key of somebody's, and a trust file that has it."""
    key_file, trust_file = directory / f"{person}.key", directory / "trust.json"
    key = keys.create(key_file)
    clock = SystemClock()
    trust_change.add_key(trust_file, trust.TrustKey(key.kid, key.public, role, person=person), clock)
    return Desk(key_file, trust_file, key)
