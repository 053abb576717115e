"""Credentials of the monitor that it is time to renew, on the wire."""

from typing import Literal

from monitor.wire.shape import Instant, Shape


class CredentialAnswer(Shape):
    """One of them. Never what it is."""

    credential: str
    """Its place in the settings."""
    ends: Instant
    source: Literal["certificate", "token", "settings"]
    """Whose word that is."""
    ended: bool
    what: str
    """When it ends or ended and who says so, for a person."""
