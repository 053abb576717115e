"""Who may do what: one token against what an endpoint needs.

1. A token holds each scope that it may be used for; none includes another.
2. `flag:*` needs a person, whatever the token says.
3. A token limited to platforms can't touch another; what concerns all platforms at once is beyond it. What names no
   platform (reading, reloading) is not limited.
4. An expired token is nobody's, as an unknown one is: nothing tells which.
5. Digests are compared in constant time, each of them every time: how long it takes tells nothing.
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from monitor.model.caller import HEARTBEAT, PERSONS_ONLY, Caller, Token

ALL_PLATFORMS: Final = "*"
"""Stands for what concerns every platform; no platform can have this name."""


@dataclass(frozen=True, slots=True)
class Denial:
    """Why not: a code of the interface's refusals, and one line that repeats nothing of the request."""

    code: str
    message: str


def recognised(tokens: Iterable[Token], digest: bytes, now: datetime) -> Caller | None:
    """Return whom the SHA-256 of what was presented stands for; None for an unknown or expired token."""
    found: Token | None = None
    for token in tokens:
        if hmac.compare_digest(token.sha256, digest):
            found = token
    return found.caller if found is not None and now < found.expires_at else None


def may(caller: Caller, scope: str, platform: str | None) -> Denial | None:
    """Return None if the caller may use this scope on this platform, else why not.

    `platform` None: what is asked for names none; `ALL_PLATFORMS`: it concerns all of them.
    """
    if scope not in caller.scopes:
        wanted = "of this heartbeat" if scope.startswith(HEARTBEAT) else scope  # a name from the path is not repeated
        return Denial("forbidden", f"this token lacks the scope {wanted}")
    if scope.startswith(PERSONS_ONLY) and caller.person is None:
        return Denial("forbidden", f"{scope} needs a person's token; this one is a machine's")
    if platform is not None and caller.platforms is not None and platform not in caller.platforms:
        return Denial("forbidden", "this token is limited to other platforms")
    return None
