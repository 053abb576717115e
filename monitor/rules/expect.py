"""What an HTTP answer is worth: good, bad or not measured, with the reason.

Rules, in this order; the first that speaks gives kind, reason and detail:
1. A status that `expect` lists is judged by `expect` alone (design 3.3).
2. 401 or 403 in answer to our own credential says that the credential is wrong, not that the platform is down:
   not measured. Where no credential of ours was sent it is a status like any other.
3. 429 is not measured: we were asked to wait.
4. Any other status is bad.
5. Each header that is named must be there, and one of its values must match.
6. The body must match `body_matches`, and not match `body_not_matches`.
7. Each JSON path must hold exactly the value expected, by JSON's types: text "1" is not the number 1.

Warnings never change good to bad. They are given for bad answers too, because a certificate ends no later for it.

A detail names what was expected and where. Of what the server sent it repeats nothing but the status code.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, Protocol

from glasswatch.strict_json import NOTHING, find, is_same, parse
from monitor.model.outcome import OutcomeKind, Reason, Warn
from monitor.rules.marks import Limits, marks

_REFUSED: Final = frozenset({401, 403})
_RATE_LIMITED: Final = 429
_SHOWN: Final = 80

JsonScalar = str | int | float | bool | None


class Pattern(Protocol):
    """A compiled pattern that no input can slow down."""

    @property
    def pattern(self) -> str:
        """The pattern as it was written."""
        ...

    def search(self, text: bytes, /) -> object:
        """Return something true if it is found somewhere."""
        ...


@dataclass(frozen=True, slots=True)
class JsonExpectation:
    """A place in a JSON document, as written and as steps, and the value it must hold."""

    path: str
    steps: Sequence[str | int]
    value: JsonScalar


@dataclass(frozen=True, slots=True)
class Expectation:
    """What an answer must look like, and what marks it. `headers`: names in lower case."""

    status: Sequence[int] = (200,)
    headers: Mapping[str, Pattern] = field(default_factory=lambda: MappingProxyType({}))
    body_matches: Pattern | None = None
    body_not_matches: Pattern | None = None
    json: Sequence[JsonExpectation] = ()
    warn_duration: timedelta | None = None
    warn_tls_days_left: int | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """What came. `headers`: names in lower case, in the order they came; `body` is decoded.

    `saw_credential`: the server that answered had been sent a credential of ours.
    """

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes
    duration_seconds: float
    tls_expiry_at: datetime | None = None
    saw_credential: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an answer is worth, and why."""

    kind: OutcomeKind
    reason: Reason
    detail: str
    warnings: tuple[Warn, ...] = ()


def judge(expected: Expectation, received: Received, now: datetime) -> Judgement:
    """Return what the answer is worth."""
    if received.status not in expected.status:
        unmeasured = _unmeasured(received)
        if unmeasured is not None:
            return unmeasured
    warnings = _warnings(expected, received, now)
    for reason, detail in _objections(expected, received):
        return Judgement(OutcomeKind.BAD, reason, detail, warnings)
    return Judgement(OutcomeKind.GOOD, Reason.OK, f"status {received.status}", warnings)


def _unmeasured(received: Received) -> Judgement | None:
    if received.status == _RATE_LIMITED:
        return Judgement(OutcomeKind.NOT_MEASURED, Reason.RATE_LIMITED, "status 429: too many requests")
    if received.status in _REFUSED and received.saw_credential:
        detail = f"status {received.status}: our own credential was refused"
        return Judgement(OutcomeKind.NOT_MEASURED, Reason.CREDENTIALS_REFUSED, detail)
    return None


def _objections(expected: Expectation, received: Received) -> Iterator[tuple[Reason, str]]:
    if received.status not in expected.status:
        wanted = " or ".join(str(status) for status in expected.status)
        yield Reason.STATUS, f"status {received.status}, expected {wanted}"
    for name, pattern in expected.headers.items():
        values = [value for key, value in received.headers if key == name]
        if not values:
            yield Reason.HEADER, f"header {name} is missing"
        elif not _matches_any(pattern, values):
            yield Reason.HEADER, f"header {name} does not match {_quoted(pattern.pattern)}"
    if expected.body_matches is not None and not expected.body_matches.search(received.body):
        yield Reason.BODY, f"the body does not match {_quoted(expected.body_matches.pattern)}"
    if expected.body_not_matches is not None and expected.body_not_matches.search(received.body):
        yield Reason.BODY, f"the body matches {_quoted(expected.body_not_matches.pattern)}, which it must not"
    yield from _json_objections(expected.json, received.body)


def _json_objections(expected: Sequence[JsonExpectation], body: bytes) -> Iterator[tuple[Reason, str]]:
    if not expected:
        return
    try:
        document = parse(body)
    except ValueError as error:
        yield Reason.JSON, f"the body is not JSON: {error}"
    else:
        for wanted in expected:
            found = find(document, wanted.steps)
            if found is NOTHING:
                yield Reason.JSON, f"json {wanted.path} is missing, expected {_quoted(wanted.value)}"
            elif not is_same(wanted.value, found):
                yield Reason.JSON, f"json {wanted.path} is not {_quoted(wanted.value)}"


def _warnings(expected: Expectation, received: Received, now: datetime) -> tuple[Warn, ...]:
    limits = Limits(expected.warn_duration, expected.warn_tls_days_left)
    return marks(limits, received.duration_seconds, received.tls_expiry_at, now)


def _matches_any(pattern: Pattern, values: Iterable[str]) -> bool:
    return any(pattern.search(value.encode("utf-8", "surrogatepass")) for value in values)


def _quoted(value: JsonScalar) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
