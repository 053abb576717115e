"""Durations in the settings, as `glasswatch.durations` reads them."""

from datetime import timedelta
from typing import Annotated

from glasswatch.durations import EXAMPLE, JSON_PATTERN, LONGEST, parse, render
from glasswatch.settings.shape import Shape, sentence


class DurationShape(Shape):
    """A duration within bounds, both included."""

    def __init__(self, *, at_least: timedelta | None = None, at_most: timedelta | None = None) -> None:
        self.at_least = at_least
        self.at_most = at_most
        bounds = [f"at least {render(at_least)}"] if at_least else []
        bounds += [f"at most {render(at_most)}"] if at_most else []
        self.expected = f"a duration of {' and '.join(bounds)}" if bounds else EXAMPLE

    def read(self, value: object) -> timedelta:
        """Return the duration; a `timedelta` is taken as it is, but not a number."""
        if isinstance(value, str):
            try:
                duration = parse(value)
            except ValueError as error:
                raise sentence(str(error)) from None
        elif isinstance(value, timedelta) and timedelta() < value <= LONGEST:
            duration = value
        else:
            raise self.wrong()
        if (self.at_least and duration < self.at_least) or (self.at_most and duration > self.at_most):
            raise self.wrong()
        return duration

    def schema(self) -> dict[str, object]:
        """Return the JSON Schema of a written duration."""
        return {"type": "string", "pattern": JSON_PATTERN, "examples": ["15s", "5m", "1h30m"]}


Duration = Annotated[timedelta, DurationShape()]
"""A positive duration, written as text."""
