"""The trust file: whose signature a reader believes, for what, and from when to when. Pinned, never fetched.

A JWKS (RFC 7517) with `version`, `order_persons`, and per key `kid`, `x`, `iss`, one `role`, `person`, `nbf`, `exp`,
`revoked`, `demo`:

- Only Ed25519 public keys. A private key in it, or a key that signs anybody's words (of small order), is a fault.
- A `kid` names one key, and a key has one `kid`: what is revoked under one name must not live on under another.
- A member we don't know is a fault: a misspelt `revoked` must not leave a key trusted. `alg`, `use` and `key_ops` may
  stand there as RFC 7517 has them.
- `iss`, `person`, `nbf` and `exp` may be missing or null; `revoked` may be missing, and is `false`, `true`, or since
  when in Unix seconds, never null: whoever writes it must say which. A key that is revoked is so for all times, because
  a thief chooses what date his documents bear.
- `order_persons` says how many different persons must sign an order to be ready: 2 where it is missing, 5 at most, and
  never 1.
- `demo: true` marks a key that `monitor demo` made: it counts for the deployment `demo` and for no other.
- A file that others than its owner can write is not trusted.

Faults are one line, with the place and what was expected. What a key's role and dates mean for a document is decided
in `authenticity`; changing a trust file is `trust_change`'s.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from glasswatch.clock import Clock
from glasswatch.flag import disk
from glasswatch.flag.digest import sha256
from glasswatch.flag.errors import Malformed, TrustFault, shown
from glasswatch.flag.persons import folded
from glasswatch.flag.strict import Members, decode_base64url, loads

MAX_BYTES = 256 * 1024
DEMO_DEPLOYMENT = "demo"  # the one deployment that a demo's key counts for
ORDER_PERSONS = 2  # where the trust file names no number
MAX_ORDER_PERSONS = 5
_KEY_BYTES = 32
_FILE_REQUIRED = frozenset({"version", "keys"})
_FILE_OPTIONAL = frozenset({"order_persons"})
_REQUIRED = frozenset({"kty", "crv", "x", "kid", "role"})
_OPTIONAL = frozenset({"iss", "person", "nbf", "exp", "revoked", "demo", "alg", "use", "key_ops"})

# Points whose order divides 8, in every encoding OpenSSL accepts, sign bit cleared: anyone can sign under them. They
# are what a placeholder of zeros decodes to. Same list as libsodium's ge25519_has_small_order.
_SMALL_ORDER = frozenset(
    bytes.fromhex(point)
    for point in (
        "00" * 32,
        "01" + "00" * 31,
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ec" + "ff" * 30 + "7f",
        "ed" + "ff" * 30 + "7f",
        "ee" + "ff" * 30 + "7f",
    )
)


class KeyRole(StrEnum):
    """What a key may sign."""

    FLAG = "flag"
    ORDER = "order"
    EVIDENCE = "evidence"


_ROLES = frozenset(role.value for role in KeyRole)


@dataclass(frozen=True, slots=True)
class TrustKey:
    """One public key: 32 bytes, what it may sign, and in whose name. `nbf` and `exp` are Unix seconds, half-open."""

    kid: str
    public: bytes
    role: KeyRole
    iss: str | None = None
    person: str | None = None
    nbf: int | None = None
    exp: int | None = None
    is_revoked: bool = False
    is_demo: bool = False

    @property
    def holder(self) -> str | None:
        """Whose key it is, the same for every spelling of a name: one person must not count as two."""
        return None if self.person is None else folded(self.person) or None


@dataclass(frozen=True, slots=True)
class Trust:
    """A trust file as read: its version, the keys by `kid`, how many persons must sign a ready order, and its hash."""

    version: int = 0
    keys: Mapping[str, TrustKey] = field(default_factory=dict)
    order_persons: int = ORDER_PERSONS
    sha256: str = "0" * 64

    def key(self, kid: str) -> TrustKey | None:
        """Return the key of that name, if there is one."""
        return self.keys.get(kid)


def load(path: Path, clock: Clock) -> Trust:
    """Read a trust file.

    Raises:
        TrustFault: it is missing, unreadable, malformed or can be written by others.
    """
    return parse_file(path, read(path, clock))


def read(path: Path, clock: Clock) -> bytes:
    """Return the bytes of a trust file, not parsed yet.

    Raises:
        TrustFault: it is missing, unreadable or can be written by others.
    """
    try:
        found = disk.read(path, MAX_BYTES, clock)
    except (OSError, ValueError) as error:
        raise TrustFault(f"{path}: can't be read: {getattr(error, 'strerror', None) or error}") from None
    if found.mode & disk.OTHERS_MAY_WRITE:
        raise TrustFault(f"{path}: others can write it, so it can't be trusted: chmod go-w {path}")
    return found.data


def parse_file(path: Path, raw: bytes) -> Trust:
    """Return what the bytes of the trust file at `path` say.

    Raises:
        TrustFault: something in it is not as described above; the message begins with the path.
    """
    try:
        return parse(raw)
    except TrustFault as error:
        raise TrustFault(f"{path}: {error}") from None


def parse(raw: bytes) -> Trust:
    """Return what a trust file's bytes say.

    Raises:
        TrustFault: something in it is not as described above.
    """
    if len(raw) > MAX_BYTES:
        raise TrustFault(f"more than {MAX_BYTES} bytes")
    try:
        return _trust(Members(loads(raw)), sha256(raw))
    except Malformed as error:
        raise TrustFault(str(error)) from None


def _trust(file: Members, digest: str) -> Trust:
    _refuse_unknown(file, _FILE_REQUIRED | _FILE_OPTIONAL)
    keys: dict[str, TrustKey] = {}
    publics: set[bytes] = set()
    for member in file.objects("keys"):
        key = _key(member)
        if key.kid in keys:
            raise Malformed(f"{member.path('kid')} names a key that stands there already")
        if key.public in publics:
            raise Malformed(f"{member.path('x')} is a key that stands there already under another kid")
        keys[key.kid] = key
        publics.add(key.public)
    return Trust(file.count("version"), keys, _order_persons(file), digest)


def _order_persons(file: Members) -> int:
    if not file.has("order_persons"):
        return ORDER_PERSONS
    if (persons := file.count("order_persons", MAX_ORDER_PERSONS)) < ORDER_PERSONS:
        raise Malformed(f"order_persons must be {ORDER_PERSONS} to {MAX_ORDER_PERSONS}: one person never opens alone")
    return persons


def _key(key: Members) -> TrustKey:
    if "d" in key.names():
        raise Malformed(f"{key.path('d')} is a private key: a trust file holds public ones only")
    _refuse_unknown(key, _REQUIRED | _OPTIONAL)
    key.one_of("kty", frozenset({"OKP"}))
    key.one_of("crv", frozenset({"Ed25519"}))
    return TrustKey(
        kid=key.text("kid"),
        public=_public(key),
        role=KeyRole(key.one_of("role", _ROLES)),
        iss=key.text("iss") if key.has("iss") else None,
        person=key.text("person") if key.has("person") else None,
        nbf=key.seconds("nbf") if key.has("nbf") else None,
        exp=key.seconds("exp") if key.has("exp") else None,
        is_revoked="revoked" in key.names() and _is_revoked(key),
        is_demo=key.has("demo") and key.boolean("demo"),
    )


def _public(key: Members) -> bytes:
    text = key.text("x")
    try:
        public = decode_base64url(text.encode("utf-8"))
    except Malformed as error:
        raise Malformed(f"{key.path('x')} is {error}") from None
    if len(public) != _KEY_BYTES:
        raise Malformed(f"{key.path('x')} must be {_KEY_BYTES} bytes in base64url")
    if public[:-1] + bytes([public[-1] & 0x7F]) in _SMALL_ORDER:
        raise Malformed(f"{key.path('x')} is a point under which anyone can sign")
    return public


def _is_revoked(key: Members) -> bool:
    if key.is_boolean("revoked"):
        return key.boolean("revoked")
    try:
        key.seconds("revoked")
    except Malformed:
        raise Malformed(f"{key.path('revoked')} must be true, false or a time in Unix seconds") from None
    return True


def _refuse_unknown(members: Members, known: frozenset[str]) -> None:
    for name in sorted(members.names() - known):
        place = members.path(shown(name))
        raise Malformed(f"{place} is not a member of a trust file: expected only {', '.join(sorted(known))}")
