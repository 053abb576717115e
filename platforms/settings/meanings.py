"""What an answer can't say, whatever the settings of a journey's step would have it say.

- An answer to HEAD has no body, so nothing in one can be waited for.
- A server that fails (5xx), is too busy (429, 408), doesn't know who we are (401) or sends us elsewhere (3xx) has not
  said that anything is closed. Believed, that would be access left open, and shown as given back.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from glasswatch.settings.model import Finding

if TYPE_CHECKING:
    from platforms.settings.steps import CaptureSettings, StepExpectSettings

_SAYING_CLOSED = frozenset(range(200, 300)) | (frozenset(range(400, 500)) - {401, 408, 429})
_NOT_CLOSED = "expected status codes that can say so: 2xx, or 4xx but for 401, 408 and 429"
NO_BODY = "expected another method than HEAD, whose answer has no body"
_Place = tuple[str | int, ...]


def unclosing(statuses: Iterable[int], at: _Place) -> Iterator[Finding]:
    """Find statuses that can't say that something is closed, or that nothing is there."""
    if not set(statuses) <= _SAYING_CLOSED:
        yield at, _NOT_CLOSED


def bodiless(method: str, expect: "StepExpectSettings", captures: Mapping[str, "CaptureSettings"]) -> Iterator[Finding]:
    """Find what is looked for in the body of an answer to HEAD."""
    if method != "HEAD":
        return
    for key, wanted in (("json", expect.json_values), ("matches", expect.matches)):
        if wanted:
            yield ("expect", key), NO_BODY
    for name, each in captures.items():
        if each.json_place is not None:
            yield ("capture", name, "json"), NO_BODY
