"""Private keys: making, storing and loading Ed25519 keys as PKCS#8 PEM, and naming them.

- A key's name (`kid`) is the RFC 7638 thumbprint of its public half.
- A key file that others can read is refused; a key file that exists is never overwritten.
- A demo's key says so in a line before the PEM block, and is loaded as such: whoever signs for anything but a demo must
  refuse it.
- No message, repr or error holds key material.

Readers need none of this: they know public keys from the trust file.
"""

import hashlib
import json
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from glasswatch.clock import Clock
from glasswatch.flag import disk
from glasswatch.flag.errors import KeyExists, KeyFault, NotWritten
from glasswatch.flag.strict import encode_base64url

MAX_BYTES = 16 * 1024
_PEM_HEADER = b"-----BEGIN PRIVATE KEY-----"
_DEMO_LINE = b"glasswatch demo key: it counts for the deployment demo and for no other\n"


class SigningKey:
    """An Ed25519 private key that signs and does not show itself."""

    __slots__ = ("_is_demo", "_kid", "_private", "_public")

    def __init__(self, private: Ed25519PrivateKey, *, is_demo: bool = False) -> None:
        self._private = private
        self._is_demo = is_demo
        self._public = private.public_key().public_bytes_raw()
        self._kid = thumbprint(self._public)

    @property
    def kid(self) -> str:
        """The key's name: the RFC 7638 thumbprint."""
        return self._kid

    @property
    def public(self) -> bytes:
        """The public half, 32 bytes."""
        return self._public

    @property
    def is_demo(self) -> bool:
        """Whether a demo made it, so that it may sign for the deployment `demo` alone."""
        return self._is_demo

    def sign(self, data: bytes) -> bytes:
        """Return the Ed25519 signature of `data`, 64 bytes."""
        return self._private.sign(data)

    def pem(self) -> bytes:
        """Return the private key in PKCS#8 PEM, for its file and nothing else."""
        # Imported where PEM is written or read: with it come all formats there are, and a drill's own key has none.
        from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
            Encoding,
            NoEncryption,
            PrivateFormat,
        )

        pem = self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return _DEMO_LINE + pem if self._is_demo else pem

    def __repr__(self) -> str:
        return f"SigningKey(kid={self._kid!r})"


def generate(*, is_demo: bool = False) -> SigningKey:
    """Return a new key from the system's randomness."""
    return SigningKey(Ed25519PrivateKey.generate(), is_demo=is_demo)


def thumbprint(public: bytes) -> str:
    """Return the RFC 7638 thumbprint of an Ed25519 public key of 32 bytes (members as RFC 8037, appendix A.3)."""
    members = {"crv": "Ed25519", "kty": "OKP", "x": encode_base64url(public)}
    canonical = json.dumps(members, separators=(",", ":"), sort_keys=True)
    return encode_base64url(hashlib.sha256(canonical.encode("ascii")).digest())


def parse(pem: bytes) -> SigningKey:
    """Return the key in a PEM text.

    Raises:
        KeyFault: it is not one Ed25519 private key in unencrypted PKCS#8 PEM.
    """
    if len(pem) > MAX_BYTES:
        raise KeyFault(f"expected a private key, found more than {MAX_BYTES} bytes")
    text = pem.lstrip()
    is_demo = text.startswith(_DEMO_LINE)
    text = text.removeprefix(_DEMO_LINE)
    if not text.startswith(_PEM_HEADER):
        raise KeyFault("expected an unencrypted private key in PKCS#8 PEM, as `monitor flag keygen` makes it")
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415 - see `pem`

    try:
        private = load_pem_private_key(text, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # The library's own words are left out: they may quote the input.
        raise KeyFault("expected a private key in PKCS#8 PEM: this one is damaged") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise KeyFault("expected an Ed25519 key: this one is of another kind")
    return SigningKey(private, is_demo=is_demo)


def load(path: Path, clock: Clock) -> SigningKey:
    """Read a key file.

    Raises:
        KeyFault: it is missing, unreadable, open to others or not a key of ours.
    """
    try:
        found = disk.read(path, MAX_BYTES, clock)
    except (OSError, ValueError) as error:
        raise KeyFault(f"{path}: can't be read: {getattr(error, 'strerror', None) or error}") from None
    if found.mode & disk.OTHERS_MAY_READ_OR_WRITE:
        raise KeyFault(f"{path}: others can read this key: chmod 600 {path}, and replace the key if anyone did")
    try:
        return parse(found.data)
    except KeyFault as error:
        raise KeyFault(f"{path}: {error}") from None


def create(path: Path, *, is_demo: bool = False) -> SigningKey:
    """Make a key and its file, mode 0600.

    Raises:
        KeyExists: there is something at that path.
        NotWritten: the file can't be written.
    """
    key = generate(is_demo=is_demo)
    try:
        disk.create(path, key.pem(), 0o600)
    except FileExistsError:
        raise KeyExists(f"{path} exists and is not overwritten: choose another directory, or move it away") from None
    except OSError as error:
        raise NotWritten(f"{path}: can't be written: {error.strerror or error}") from None
    return key
