"""Durations as people write them: `15s`, `5m`, `1h30m`, `500ms`, `2d`.

Rules:
- Whole numbers with a unit: d, h, m, s, ms; the largest unit first, each at most once, nothing between them.
- A duration is longer than nothing and at most ten years.
- A bare number is refused: nobody can tell whether it means seconds or minutes.
"""

import re
from datetime import timedelta
from functools import lru_cache

LONGEST = timedelta(days=3653)
EXAMPLE = "a duration such as 15s, 5m or 1h30m"
TOO_LONG = "expected a duration of ten years at most"

_UNITS = (
    ("d", timedelta(days=1)),
    ("h", timedelta(hours=1)),
    ("m", timedelta(minutes=1)),
    ("s", timedelta(seconds=1)),
    ("ms", timedelta(milliseconds=1)),
)
_PATTERN = re.compile("".join(f"(?:([0-9]{{1,9}}){unit})?" for unit, _ in _UNITS))
# The same for JSON Schema, which has no way to say "not empty" but a look-ahead.
JSON_PATTERN = "^(?=[0-9])" + "".join(f"([0-9]{{1,9}}{unit})?" for unit, _ in _UNITS) + "$"


@lru_cache(maxsize=1024)
def parse(text: str) -> timedelta:
    """Return the duration that was written.

    Raises:
        ValueError: it isn't one; the message does not repeat the text.
    """
    found = _PATTERN.fullmatch(text)
    if found is None:
        raise ValueError(f"expected {EXAMPLE}")
    parts = zip(found.groups(), _UNITS, strict=True)
    amounts = [(int(number), size) for number, (_, size) in parts if number is not None]
    # First one by one: nine digits of days are more than a timedelta holds.
    if any(number > LONGEST / size for number, size in amounts):
        raise ValueError(TOO_LONG)
    duration = sum((number * size for number, size in amounts), timedelta())
    if duration == timedelta():
        raise ValueError(f"expected {EXAMPLE}, longer than nothing")
    if duration > LONGEST:
        raise ValueError(TOO_LONG)
    return duration


def render(duration: timedelta) -> str:
    """Return how people write a duration; what is finer than a millisecond is cut off, nothing is `0s`.

    Raises:
        ValueError: it is negative.
    """
    if duration < timedelta():
        raise ValueError("a duration is never negative")
    rest = duration
    text = ""
    for unit, size in _UNITS:
        number, rest = divmod(rest, size)
        if number:
            text += f"{number}{unit}"
    return text or "0s"
