"""SHA-256 for readers: cryptography's, which they load anyway; hashlib would map a second OpenSSL (4 MB)."""

from cryptography.hazmat.primitives.hashes import SHA256, Hash


def sha256(raw: bytes) -> str:
    """Return the SHA-256 of some bytes in lower-case hex."""
    digest = Hash(SHA256())
    digest.update(raw)
    return digest.finalize().hex()
