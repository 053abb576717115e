"""What it means when an HTTP/2 server breaks off: by RST_STREAM or GOAWAY, with a code (RFC 9113, 7).

1. HTTP_1_1_REQUIRED and INADEQUATE_SECURITY: it won't have this over HTTP/2 as we speak it: PROTOCOL.
2. The codes by which it says that we broke the protocol: PROTOCOL. Who is wrong can't be told from here.
3. Every other code, and one nobody knows: LOST. REFUSED_STREAM says that the request was not begun.

Of what a server writes beside the code nothing is repeated.
"""

from typing import Final

from platforms.errors import FaultKind, TransportFault

_NAMES: Final = (
    "NO_ERROR",
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT",
    "STREAM_CLOSED",
    "FRAME_SIZE_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "COMPRESSION_ERROR",
    "CONNECT_ERROR",
    "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY",
    "HTTP_1_1_REQUIRED",
)
_BLAMED: Final = frozenset(
    {
        "PROTOCOL_ERROR",
        "FLOW_CONTROL_ERROR",
        "SETTINGS_TIMEOUT",
        "STREAM_CLOSED",
        "FRAME_SIZE_ERROR",
        "COMPRESSION_ERROR",
    }
)
_WORDS: Final = {
    "REFUSED_STREAM": (FaultKind.LOST, "the server refused the request before it began with it"),
    "INADEQUATE_SECURITY": (FaultKind.PROTOCOL, "the server finds the TLS connection too weak for HTTP/2"),
    "HTTP_1_1_REQUIRED": (FaultKind.PROTOCOL, "the server wants HTTP/1.1 for this request"),
    "ENHANCE_YOUR_CALM": (FaultKind.LOST, "the server says that we ask too much of it"),
}


def broken_off(code: int, how: str) -> TransportFault:
    """Return what it means that the server broke off with this code; `how` says in which way."""
    name = _NAMES[code] if code < len(_NAMES) else "a code that nobody knows"
    if name in _BLAMED:
        return TransportFault(FaultKind.PROTOCOL, f"the server {how} and says that we are to blame: {name}")
    kind, words = _WORDS.get(name, (FaultKind.LOST, f"the server {how}"))
    return TransportFault(kind, f"{words}: {name}")
