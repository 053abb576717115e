"""What may be asked in a query string. A field's description is what a mistake in it is answered with."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from monitor.wire.shape import Instant


class Query(BaseModel):
    """A query string: every parameter at most once, and none besides."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class NoQuery(Query):
    """An endpoint that takes no parameters."""


class OutagesQuery(Query):
    """Which outages are asked for."""

    platform: Annotated[str | None, Field(min_length=1, max_length=63, description="the name of a platform")] = None
    since: Annotated[
        Instant | None,
        Field(description="a time such as 2026-03-01T03:00:00Z"),
    ] = None
    until: Annotated[
        Instant | None,
        Field(description="a time such as 2026-03-01T03:00:00Z"),
    ] = None
    function: Annotated[str | None, Field(min_length=1, max_length=63, description="the name of a function")] = None
    open: Annotated[bool | None, Field(description="true or false")] = None
    limit: Annotated[int, Field(ge=1, le=1000, description="a whole number from 1 to 1000")] = 100
