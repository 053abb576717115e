"""Residue on the wire: a person says that what a journey left open is gone."""

from typing import Annotated

from pydantic import Field

from monitor.wire.acts import Reason
from monitor.wire.bodies import Body
from monitor.wire.shape import Shape

Run = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="the id of a run, as it is named")]
_STEP = "the id of a step, or null for all of the run's"
Step = Annotated[str | None, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", description=_STEP)]


class GoneBody(Body):
    """Say that what a run left open is gone."""

    run: Run
    step: Step = None
    because: Reason


class GoneAnswer(Shape):
    """It is forgotten."""

    platform: str
    probe: str
    run: str
    steps: tuple[str, ...]
    """The steps whose openings were on record."""
