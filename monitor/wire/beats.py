"""Heartbeats on the wire: what a program says of itself, and what it is told."""

from typing import Annotated

from pydantic import Field

from monitor.wire.bodies import Body
from monitor.wire.shape import Instant, Shape


class BeatBody(Body):
    """What a beat says. Without a body: all is well."""

    ok: Annotated[bool, Field(description="false where it failed")] = True


class BeatAnswer(Shape):
    """The beat was heard."""

    heartbeat: str
    platform: str
    ok: bool
    """What it said."""
    silent_at: Instant
    """When silence from here on is called so: `every` and `grace` after this beat."""
