"""What an answer is worth to a step: as expected, not as expected, or nobody can tell.

Rules of an access:
1. The status must be one of those expected; each header, the body and each JSON path must hold what is expected.
2. 429 that isn't expected is not measured: we were asked to wait.

Rules of an access that has to be refused:
1. A refusal is a status that says so: those expected, 401 and 403 unless others are, and all else that is expected
   must hold as well, so that somebody else's refusal on the way is not taken for the target's.
2. Let in, by any 2xx that is not such a refusal, fails.
3. Any other status is not measured: who is broken, busy or elsewhere has refused nothing.

A detail repeats of an answer nothing but its status.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from drills.model.step import Status
from glasswatch.strict_json import NOTHING, find, is_same, parse

REFUSALS: Final = (401, 403)
_RATE_LIMITED: Final = 429
_GOOD: Final = range(200, 300)
_SHOWN: Final = 80

Decided = tuple[Status, str]


class Pattern(Protocol):
    """A compiled pattern that no input can slow down."""

    @property
    def pattern(self) -> str:
        """The pattern as it was written."""
        ...

    def search(self, text: bytes, /) -> object:
        """Return something true if it is found somewhere."""
        ...


class Answer(Protocol):
    """What came. `headers`: names in lower case."""

    @property
    def status(self) -> int:
        """Its status."""
        ...

    @property
    def headers(self) -> Sequence[tuple[str, str]]:
        """Its headers."""
        ...

    @property
    def body(self) -> bytes:
        """Its body, decoded."""
        ...


@dataclass(frozen=True, slots=True)
class JsonExpected:
    """A place in a document, as written and as steps, what it must hold, and how that is shown."""

    path: str
    steps: Sequence[str | int]
    value: Any = field(repr=False)
    shown: str


@dataclass(frozen=True, slots=True)
class Expected:
    """What an answer must look like. `headers`: names in lower case."""

    status: Sequence[int] = (200,)
    headers: Mapping[str, Pattern] = field(default_factory=dict)
    body_matches: Pattern | None = None
    body_not_matches: Pattern | None = None
    json: Sequence[JsonExpected] = ()


def access(expected: Expected, answer: Answer) -> Decided:
    """Return what an answer is worth to a step that wants to be let in."""
    if answer.status not in expected.status:
        if answer.status == _RATE_LIMITED:
            return Status.NOT_MEASURED, "status 429: asked to wait"
        return Status.FAILED, f"status {answer.status}, expected {_either(expected.status)}"
    for objection in _objections(expected, answer):
        return Status.FAILED, f"status {answer.status}, but {objection}"
    return Status.PASSED, f"status {answer.status}, as expected"


def refusal(expected: Expected, answer: Answer) -> Decided:
    """Return what an answer is worth to a step that has to be refused."""
    if answer.status in expected.status:
        for objection in _objections(expected, answer):
            if answer.status in _GOOD:
                return Status.FAILED, f"let in with status {answer.status}: {objection}"
            return Status.NOT_MEASURED, f"status {answer.status}, but {objection}: whose refusal it is can't be told"
        return Status.PASSED, f"refused with status {answer.status}"
    wanted = _either(expected.status)
    if answer.status in _GOOD:
        return Status.FAILED, f"let in with status {answer.status}, expected to be refused with {wanted}"
    return Status.NOT_MEASURED, f"status {answer.status} is neither a refusal ({wanted}) nor being let in"


def _objections(expected: Expected, answer: Answer) -> Iterator[str]:
    for name, pattern in expected.headers.items():
        values = [value for key, value in answer.headers if key == name]
        if not any(pattern.search(value.encode("utf-8", "surrogatepass")) for value in values):
            yield f"header {name} {'does not match' if values else 'is missing: expected'} {shown(pattern.pattern)}"
    if expected.body_matches is not None and not expected.body_matches.search(answer.body):
        yield f"the body does not match {shown(expected.body_matches.pattern)}"
    if expected.body_not_matches is not None and expected.body_not_matches.search(answer.body):
        yield f"the body matches {shown(expected.body_not_matches.pattern)}"
    yield from _json_objections(expected.json, answer.body)


def _json_objections(expected: Sequence[JsonExpected], body: bytes) -> Iterator[str]:
    if not expected:
        return
    try:
        document = parse(body)
    except ValueError as error:
        yield f"the body is not JSON: {error}"
        return
    yield from objections_to(document, expected)


def objections_to(document: object, expected: Sequence[JsonExpected]) -> Iterator[str]:
    """Yield what a document does not hold as it should."""
    for each in expected:
        found = find(document, each.steps)
        if found is NOTHING:
            yield f"json {each.path} is missing, expected {each.shown}"
        elif not is_same(each.value, found):
            yield f"json {each.path} is not {each.shown}"


def shown(value: object) -> str:
    """Return something of the settings as it stands there, cut."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def scalar(value: object) -> str | None:
    """Return a single JSON value as text; None for a list, an object or null."""
    if isinstance(value, str):
        return value
    return json.dumps(value) if isinstance(value, bool | int | float) else None


def _either(statuses: Sequence[int]) -> str:
    return " or ".join(str(each) for each in statuses)
