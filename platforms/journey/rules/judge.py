"""What one answer of a journey is worth, and what is captured from it.

Rules:
1. A status that `expect` lists is judged by `expect` alone.
2. 429 is rate limited. So is nothing else.
3. 401 and 403 say that our credential is wrong where the step shows it, and so does a 400 whose JSON says
   `{"error": "invalid_grant"}` (or `invalid_client`): not measured.
4. 403 to a step that opens something, shown a session that the platform itself gave us, is a denial: the platform
   works and says no to this principal. Whether it would to an engineer nobody knows.
5. Any other status is bad. So is JSON that does not hold what is expected.
6. A value is captured as JSON's text, number, true, false or null, at most `LONGEST_VALUE` bytes of text that is
   Unicode; a list, an object, or nothing at all is bad.

Of what a server sent nothing is repeated but the status.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from glasswatch.strict_json import NOTHING, find, is_same, parse
from platforms.errors import FaultKind
from platforms.journey.model import Answer, Capture, Ending, Failed, JsonValue, Scalar, Step, Why

LONGEST_VALUE: Final = 16 * 1024
_BAD_REQUEST: Final = 400
_RATE_LIMITED: Final = 429
_REFUSED: Final = frozenset({401, 403})
_FORBIDDEN: Final = 403
_GRANT_REFUSED: Final = frozenset({"invalid_grant", "invalid_client"})
_SUCCESS: Final = range(200, 300)


class Unusable(Exception):
    """An answer does not hold a value that is needed. The message names what was looked for."""

    def __init__(self, message: str, fault: FaultKind | None = None) -> None:
        super().__init__(message)
        self.fault = fault


def judge(step: Step, seen: Answer | Failed) -> Ending | None:
    """Return how a step ended the journey; None: it holds, as far as its answer says."""
    if isinstance(seen, Failed):
        return Ending(seen.why, step.id, seen.detail, seen.fault)
    if seen.status not in step.expect.status:
        return _unexpected(step, seen)
    for objection in objections(step.expect.json, seen.body):
        return Ending(Why.JSON, step.id, objection)
    return None


def is_accepted(step: Step, seen: Answer | Failed) -> bool:
    """Return whether a step that had to be refused was let in."""
    return isinstance(seen, Answer) and seen.status in _SUCCESS and seen.status not in step.expect.status


def holds(expected: Sequence[JsonValue], answer: Answer) -> bool:
    """Return whether an answer holds all of it; nothing expected never holds."""
    return bool(expected) and next(objections(expected, answer.body), None) is None


def objections(expected: Sequence[JsonValue], body: bytes) -> Iterator[str]:
    """Yield what a body lacks of what is expected."""
    if not expected:
        return
    try:
        document = parse(body)
    except ValueError as error:
        yield f"the body is not JSON: {error}"
        return
    for wanted in expected:
        found = find(document, wanted.steps)
        if found is NOTHING:
            yield f"json {wanted.path} is missing"
        elif wanted.pattern is not None:
            if not isinstance(found, str) or not wanted.pattern.search(found.encode("utf-8", "surrogatepass")):
                yield f"json {wanted.path} does not match"
        elif not is_same(wanted.value, found):
            yield f"json {wanted.path} is not as expected"


def captured(captures: Sequence[Capture], answer: Answer) -> Mapping[str, Scalar]:
    """Return the values by name.

    Raises:
        Unusable: one of them can't be had.
    """
    document = _document(captures, answer)
    return {capture.name: _captured(capture, answer, document) for capture in captures}


def captured_if_there(captures: Sequence[Capture], answer: Answer) -> Mapping[str, Scalar]:
    """Return what can be had of the values, for an answer that was not what was expected."""
    found: dict[str, Scalar] = {}
    for capture in captures:
        try:
            found |= captured((capture,), answer)
        except Unusable:
            continue
    return found


def _document(captures: Sequence[Capture], answer: Answer) -> object:
    if not any(capture.json is not None for capture in captures):
        return NOTHING
    try:
        return parse(answer.body)
    except ValueError as error:
        raise Unusable(f"the body is not JSON: {error}") from None


def _captured(capture: Capture, answer: Answer, document: object) -> Scalar:
    if capture.json is not None:
        found = find(document, capture.json)
    elif capture.header is not None:
        wanted = capture.header.lower()
        found = next((value for name, value in answer.headers if name == wanted), NOTHING)
    else:
        return answer.status
    if found is NOTHING or not (found is None or isinstance(found, str | int | float | bool)):
        raise Unusable(f"{capture.name} is not in the answer")
    return _sound(capture.name, found)


def _sound(name: str, value: Scalar) -> Scalar:
    if isinstance(value, float) and not math.isfinite(value):  # 1e999 is a number to the grammar
        raise Unusable(f"{name} is not a number", FaultKind.PROTOCOL)
    try:
        length = len(value.encode()) if isinstance(value, str) else len(json.dumps(value))
    except UnicodeEncodeError:
        raise Unusable(f"{name} is not text", FaultKind.PROTOCOL) from None
    if length > LONGEST_VALUE:
        raise Unusable(f"{name} is longer than 16 KiB", FaultKind.TOO_LARGE)
    return value


def _unexpected(step: Step, answer: Answer) -> Ending:
    status = answer.status
    if status == _RATE_LIMITED:
        return Ending(Why.RATE_LIMITED, step.id, "status 429: too many requests")
    if step.sends_secret and (status in _REFUSED or (status == _BAD_REQUEST and _is_grant_refused(answer.body))):
        return Ending(Why.CREDENTIALS, step.id, f"status {status}: our own credential was refused")
    if step.undo is not None and status == _FORBIDDEN:
        return Ending(Why.DENIED, step.id, f"status {status}: the platform says no to our request")
    if step.is_refused and status in _SUCCESS:
        return Ending(Why.NOT_REFUSED, step.id, f"status {status}: it had to be refused")
    wanted = " or ".join(str(each) for each in step.expect.status)
    return Ending(Why.STATUS, step.id, f"status {status}, expected {wanted}")


def _is_grant_refused(body: bytes) -> bool:
    try:
        return find(parse(body), ("error",)) in _GRANT_REFUSED
    except (ValueError, TypeError):  # TypeError: what stands there can't be compared
        return False
