"""What all shapes on the wire have in common.

1. Values are frozen; names are snake_case, here and in JSON.
2. Times are RFC 3339 in UTC; durations are seconds.
3. A reader ignores members that it does not know, so that it can read a newer monitor's answers.
"""

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")


def _only_rfc3339(value: object) -> object:
    """Read text from outside; turn away what pydantic would take besides, such as a count of seconds.

    Read here, because a body's members must have their very types and JSON has none for times.
    """
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        raise ValueError("not a time as RFC 3339 writes it")
    return datetime.fromisoformat(value.upper())


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time at the end of times, which has none in UTC") from None


Instant = Annotated[AwareDatetime, BeforeValidator(_only_rfc3339), AfterValidator(_in_utc)]


class Shape(BaseModel):
    """One shape on the wire."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True, hide_input_in_errors=True)
