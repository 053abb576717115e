"""Why nobody was let in or refused, in our own words, by what libpq says of a connection. They decide nothing.

libpq speaks English wherever nobody has set its language, which Python does not. A server's own words stand behind a
severity such as `FATAL:` and are never looked at.
"""

import re
from typing import Final

UNKNOWN: Final = "nobody was let in or refused, and no SQLSTATE says why"
_BEFORE: Final = re.compile(r"^connection to server .{0,400}? failed: ", re.DOTALL)
_WORDS: Final = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        ("Connection refused", "the connection was refused: nothing listens there"),
        ("No such file or directory", "its socket isn't there"),
        ("Permission denied", "its socket may not be used by us"),
        ("(?:No route to host|Network is unreachable|Host is down)", "no way leads there"),
        ("(?:Connection timed out|timeout expired)", "nobody took the connection in time"),
        (
            "(?:server closed the connection unexpectedly|could not receive data)",
            "it took the connection, and broke off without an answer",
        ),
        (
            "(?:received invalid|expected authentication|unexpected message|invalid |message contents|lost sync)",
            "what answers there does not speak PostgreSQL's protocol",
        ),
        ("server does not support SSL", "it does not speak TLS, which is asked for"),
        (r"SSL error: certificate verify failed", "TLS: its certificate is by nobody who is trusted, or not good now"),
        (r"server certificate for .* does not match", "TLS: its certificate is for another name"),
        ("(?:root certificate file|could not read root certificate)", "TLS: the authorities to trust can't be read"),
        ("SSL", "TLS with it failed"),
    )
)


def why(said: str) -> str:
    """Return why, by what libpq said of the last try."""
    words = _BEFORE.sub("", said)
    return next((ours for pattern, ours in _WORDS if pattern.match(words)), UNKNOWN)
