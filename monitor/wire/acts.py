"""What is sent to act on a flag.

1. Durations are whole seconds. What is long enough, and too long, is decided where the settings are known.
2. `key` is made by the client: the same act sent again under the same key is answered as before, and not done again.
"""

from datetime import timedelta
from typing import Annotated, Final

from pydantic import AfterValidator, Field, model_validator

from monitor.wire.bodies import Body

LONGEST_SPAN: Final = timedelta(days=7)


def _printable(value: str) -> str:
    if not value.isprintable() or not value.strip():
        raise ValueError("not a line that can be shown")
    return value


_REASON = "why, in one line of at most 500 printable characters"
_SPAN = "a whole number of seconds from 1 to 604800"
Reason = Annotated[str, Field(min_length=1, max_length=500, description=_REASON), AfterValidator(_printable)]
Span = Annotated[int, Field(ge=1, le=LONGEST_SPAN // timedelta(seconds=1), description=_SPAN)]
Key = Annotated[
    str | None,
    Field(
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z0-9._-]+$",
        description="a name of at most 64 letters, digits, dots, underscores and hyphens, or null",
    ),
]


class RaiseBody(Body):
    """Raise the flag by hand, or renew one of its causes."""

    reason: Reason
    for_seconds: Span
    ticket: Annotated[
        str | None,
        Field(min_length=1, max_length=64, description="one line of at most 64 printable characters, or null"),
        AfterValidator(lambda value: value if value is None else _printable(value)),
    ] = None
    renew: Annotated[
        str | None, Field(min_length=1, max_length=300, description="the id of a cause to renew, or null")
    ] = None
    key: Key = None


class LowerBody(Body):
    """End what people and drills raised."""

    reason: Reason
    key: Key = None


class InhibitBody(Body):
    """Hold closed what outages raise, or end that."""

    reason: Annotated[
        str | None,
        Field(min_length=1, max_length=500, description=f"{_REASON}; null only with end"),
        AfterValidator(lambda value: value if value is None else _printable(value)),
    ] = None
    for_seconds: Annotated[
        int | None, Field(ge=1, le=LONGEST_SPAN // timedelta(seconds=1), description=f"{_SPAN}; null with end")
    ] = None
    end: Annotated[bool, Field(description="true or false")] = False
    key: Key = None

    @model_validator(mode="after")
    def begins_or_ends(self) -> "InhibitBody":
        """Take a reason and a duration to begin, and no duration to end."""
        if self.end and self.for_seconds is not None:
            raise ValueError("for_seconds: expected none with end")
        if not self.end and (self.reason is None or self.for_seconds is None):
            raise ValueError("expected reason and for_seconds, or end")
        return self


class ConfirmBody(Body):
    """Be the second person of what another one asked for."""

    request: Annotated[str, Field(min_length=1, max_length=300, description="the id of a request that waits")]
    key: Key = None
