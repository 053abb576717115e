"""Reads what a request asks for: its query string and the form of answer it takes.

1. All mistakes of a query string are named together, and nothing of what was sent is repeated.
2. A parameter given twice is a mistake: which of the two was meant?
3. `Accept` is honoured as far as choosing one of our media types: exact type, `type/*`, `*/*`, and q. Where two are
   wanted equally the endpoint's first is given.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.datastructures import QueryParams

from monitor.web.refused import Refused

Q = TypeVar("Q", bound=BaseModel)

_Q = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")


def query(shape: type[Q], given: QueryParams) -> Q:
    """Return the query string as its shape.

    Raises:
        Refused: `bad_query`, with every mistake.
    """
    counts = Counter(name for name, _ in given.multi_items())
    twice = {name for name, count in counts.items() if count > 1}
    wrong: set[str] = set()
    asked: Q | None = None
    try:
        asked = shape.model_validate(dict(given))
    except ValidationError as error:
        wrong = {str(part["loc"][0]) for part in error.errors(include_url=False, include_input=False)}
    mistakes = "; ".join(_mistakes(shape, wrong, twice))
    if asked is None or mistakes:
        raise Refused("bad_query", mistakes)
    return asked


def _mistakes(shape: type[BaseModel], wrong: set[str], twice: set[str]) -> Iterator[str]:
    """Name each mistake, in the order of the shape; parameters that it lacks come last, as one."""
    for name, field in shape.model_fields.items():
        if name in twice:
            yield f"{name}: expected once, not several times"
        elif name in wrong:
            yield f"{name}: expected {field.description}"
    if (wrong | twice) - set(shape.model_fields):
        known = ", ".join(shape.model_fields)
        yield f"unknown parameter: expected only {known}" if known else "unknown parameter: none are taken here"


def media(accept: Sequence[str], offered: Sequence[str]) -> str:
    """Return which of the media types we offer is wanted most, given the request's `Accept` headers.

    Raises:
        Refused: `not_acceptable`.
    """
    ranges = [part for header in accept for part in header.split(",") if part.strip()]
    if not ranges:
        return offered[0]
    best = max(offered, key=lambda media_type: _weight(ranges, media_type))  # the first of equals
    if _weight(ranges, best) == 0:
        raise Refused("not_acceptable", f"this answer comes as {' or '.join(offered)}")
    return best


def _weight(ranges: Sequence[str], media_type: str) -> float:
    """Return q of the most specific range that covers the media type; 0 for none."""
    covering = (media_type, media_type.partition("/")[0] + "/*", "*/*")
    found = (len(covering), 0.0)
    for part in ranges:
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if name in covering:
            found = min(found, (covering.index(name), _q(parameters)), key=lambda pair: pair[0])
    return found[1]


def _q(parameters: Sequence[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            return float(value) if _Q.fullmatch(value.strip()) else 0.0
    return 1.0
