"""Credentials of the monitor to look after, on the wire."""

from typing import Literal

from monitor.wire.shape import Instant, Shape


class CredentialAnswer(Shape):
    """One of them. Never what it is."""

    credential: str
    """Its place in the settings."""
    ends: Instant | None
    """Null where it can't be read, and nobody knows that it is time to renew it."""
    source: Literal["certificate", "token", "settings"] | None
    """Whose word that is."""
    ended: bool
    readable: bool = True
    """False: it can't be read now; `ends` is what was known before, or what the settings say."""
    what: str
    """When it ends or ended and who says so, or that it can't be read, for a person."""
