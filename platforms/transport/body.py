"""Undoes an answer's content coding within a bound.

Rules:
- gzip and deflate only: that is what the probe asks for, because the clients engineers use do, and a service may
  break for compressed answers alone. Any other coding was not asked for and is wrong.
- Never more than the bound is held, however small what was transferred: the decoder is told where to stop.
- A deflate body may come with or without zlib's header; both are in use. Several gzip members are one body. A body
  that ends early is wrong; what follows the end is ignored, as other clients do.
- Codings may be stacked, three at most.
"""

import zlib
from collections.abc import Iterable
from typing import Final

from platforms.errors import FaultKind, TransportFault

MAX_CODINGS: Final = 3
_GZIP_NAMES: Final = frozenset({b"gzip", b"x-gzip"})
_KNOWN: Final = _GZIP_NAMES | {b"deflate", b"identity"}
_GZIP: Final = 16 + zlib.MAX_WBITS
_GZIP_MAGIC: Final = b"\x1f\x8b"
# A member costs a decoder of some 10 KiB: an engineer's answer has one.
_MAX_MEMBERS: Final = 100


def decoded(body: bytes, codings: Iterable[bytes], limit: int) -> bytes:
    """Return the body without its codings (the values of Content-Encoding, in the order they were applied).

    Raises:
        TransportFault: PROTOCOL: unknown coding, or damaged; TOO_LARGE: more than `limit` bytes.
    """
    names = [name for value in codings for part in value.split(b",") if (name := part.strip().lower())]
    if len(names) > MAX_CODINGS:
        raise TransportFault(FaultKind.PROTOCOL, f"the body is encoded more than {MAX_CODINGS} times")
    for name in reversed(names):
        if not body and name in _KNOWN:
            continue  # an answer without a body may still name the coding it would have had
        if name in _GZIP_NAMES:
            body = _ungzipped(body, limit)
        elif name == b"deflate":
            body = _inflated(body, limit)
        elif name != b"identity":
            raise TransportFault(FaultKind.PROTOCOL, "the body has a content coding that nobody asked for")
    return body


def _ungzipped(body: bytes, limit: int) -> bytes:
    parts: list[bytes] = []
    left = limit
    for _ in range(_MAX_MEMBERS):
        part, body = _undone(body, _GZIP, left)
        parts.append(part)
        left -= len(part)
        if not body.startswith(_GZIP_MAGIC):
            return b"".join(parts)
    raise TransportFault(FaultKind.TOO_LARGE, f"the body has more than {_MAX_MEMBERS} gzip members")


def _inflated(body: bytes, limit: int) -> bytes:
    # RFC 1950: 8 in the low half of the first byte, and the first two a multiple of 31.
    has_header = len(body) > 1 and body[0] & 0x0F == zlib.DEFLATED and (body[0] << 8 | body[1]) % 31 == 0
    return _undone(body, zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS, limit)[0]


def _undone(body: bytes, window: int, limit: int) -> tuple[bytes, bytes]:
    """Return what was decoded, and what follows it."""
    decoder = zlib.decompressobj(window)
    try:
        # One more than allowed tells "exactly as much" from "more".
        plain = decoder.decompress(body, limit + 1)
    except zlib.error as error:
        raise TransportFault(FaultKind.PROTOCOL, "the compressed body is damaged") from error
    if len(plain) > limit:
        raise TransportFault(FaultKind.TOO_LARGE, "the decompressed body is larger than allowed")
    if not decoder.eof:
        raise TransportFault(FaultKind.PROTOCOL, "the compressed body ends early")
    return plain, decoder.unused_data
