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

Who wants to know why is told each rule that is looked at, with what was found (`Told`): that may hold anything.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, Protocol

from glasswatch.strict_json import NOTHING, find, is_same, parse
from monitor.model.explanation import Check
from monitor.model.outcome import OutcomeKind, Reason, Warn
from monitor.rules.explaining import decided
from monitor.rules.marks import Limits, marks

_REFUSED: Final = frozenset({401, 403})
_RATE_LIMITED: Final = 429
_SHOWN: Final = 80
_MISSING: Final = "nothing: it is missing"

JsonScalar = str | int | float | bool | None
Told = Callable[[Check], None]


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


def judge(expected: Expectation, received: Received, now: datetime, told: Told | None = None) -> Judgement:
    """Return what the answer is worth. `told` is told each rule that is looked at, in their order."""
    if told is not None:
        _tell_status(expected, received, told)
    if received.status not in expected.status:
        unmeasured = _unmeasured(received)
        if unmeasured is not None:
            return unmeasured
    warnings = _warnings(expected, received, now)
    judgement = Judgement(OutcomeKind.GOOD, Reason.OK, f"status {received.status}", warnings)
    for reason, detail in _objections(expected, received, told):
        judgement = Judgement(OutcomeKind.BAD, reason, detail, warnings)
        break
    if told is not None:
        _tell_warnings(expected, received, warnings, told)
    return judgement


def _unmeasured(received: Received) -> Judgement | None:
    if received.status == _RATE_LIMITED:
        return Judgement(OutcomeKind.NOT_MEASURED, Reason.RATE_LIMITED, "status 429: too many requests")
    if received.status in _REFUSED and received.saw_credential:
        detail = f"status {received.status}: our own credential was refused"
        return Judgement(OutcomeKind.NOT_MEASURED, Reason.CREDENTIALS_REFUSED, detail)
    return None


def _tell_status(expected: Expectation, received: Received, told: Told) -> None:
    """Tell of the status, and of the rules that speak where it isn't expected."""
    status = received.status
    is_expected = status in expected.status
    if not is_expected and status in _REFUSED and received.saw_credential:
        told(decided(Reason.CREDENTIALS_REFUSED, f"status {status}"))
    elif not is_expected and status == _RATE_LIMITED:
        told(decided(Reason.RATE_LIMITED, "status 429"))
    else:
        wanted = " or ".join(str(each) for each in expected.status)
        told(Check("status", wanted, str(status), is_expected, is_ours=True))


def _tell_warnings(expected: Expectation, received: Received, found: Sequence[Warn], told: Told) -> None:
    if expected.warn_duration is not None:
        most = f"at most {expected.warn_duration.total_seconds():g} s"
        took = f"{received.duration_seconds:.3f} s"
        told(Check("warn.duration", most, took, Warn.DURATION not in found, is_ours=True))
    if expected.warn_tls_days_left is not None and received.tls_expiry_at is not None:
        ends = f"a certificate that ends {received.tls_expiry_at:%Y-%m-%d %H:%MZ}"
        least = f"at least {expected.warn_tls_days_left} days left"
        told(Check("warn.tls_days_left", least, ends, Warn.TLS_DAYS_LEFT not in found, is_ours=True))


def _objections(expected: Expectation, received: Received, told: Told | None = None) -> Iterator[tuple[Reason, str]]:
    if received.status not in expected.status:
        wanted = " or ".join(str(status) for status in expected.status)
        yield Reason.STATUS, f"status {received.status}, expected {wanted}"
    for name, pattern in expected.headers.items():
        values = [value for key, value in received.headers if key == name]
        if told is not None:
            found = ", ".join(_whole(value) for value in values) or _MISSING
            holds = _matches_any(pattern, values)
            wanted = f"a value that matches {quoted(pattern.pattern)}"
            told(Check(f"header {name}", wanted, found, holds, is_ours=not values))
        if not values:
            yield Reason.HEADER, f"header {name} is missing"
        elif not _matches_any(pattern, values):
            yield Reason.HEADER, f"header {name} does not match {quoted(pattern.pattern)}"
    yield from _body_objections(expected, received.body, told)
    yield from _json_objections(expected.json, received.body, told)


def _body_objections(expected: Expectation, body: bytes, told: Told | None) -> Iterator[tuple[Reason, str]]:
    wanted, unwanted = expected.body_matches, expected.body_not_matches
    if wanted is not None:
        is_there = bool(wanted.search(body))
        if told is not None:
            told(_body_check("body_matches", wanted, body, holds=is_there, is_there=is_there))
        if not is_there:
            yield Reason.BODY, f"the body does not match {quoted(wanted.pattern)}"
    if unwanted is not None:
        is_there = bool(unwanted.search(body))
        if told is not None:
            told(_body_check("body_not_matches", unwanted, body, holds=not is_there, is_there=is_there))
        if is_there:
            yield Reason.BODY, f"the body matches {quoted(unwanted.pattern)}, which it must not"


def _json_objections(
    expected: Sequence[JsonExpectation], body: bytes, told: Told | None
) -> Iterator[tuple[Reason, str]]:
    if not expected:
        return
    try:
        document = parse(body)
    except ValueError as error:
        if told is not None:
            said = f"a body of {len(body)} bytes: {error}"
            told(Check("json", "a body that is JSON", said, holds=False, is_ours=True))
        yield Reason.JSON, f"the body is not JSON: {error}"
    else:
        for wanted in expected:
            found = find(document, wanted.steps)
            if told is not None:
                told(_json_check(wanted, found))
            if found is NOTHING:
                yield Reason.JSON, f"json {wanted.path} is missing, expected {quoted(wanted.value)}"
            elif not is_same(wanted.value, found):
                yield Reason.JSON, f"json {wanted.path} is not {quoted(wanted.value)}"


def _body_check(rule: str, pattern: Pattern, body: bytes, *, holds: bool, is_there: bool) -> Check:
    wanted = "a match of" if rule == "body_matches" else "no match of"
    found = f"{'a' if is_there else 'no'} match in {len(body)} bytes"
    return Check(rule, f"{wanted} {quoted(pattern.pattern)}", found, holds, is_ours=True)


def _json_check(wanted: JsonExpectation, found: object) -> Check:
    if found is NOTHING:
        return Check(f"json {wanted.path}", quoted(wanted.value), _MISSING, holds=False, is_ours=True)
    # Not what a list or a mapping holds: it may be endless, and none is ever what is expected.
    shown = "a list" if isinstance(found, list) else "a mapping" if isinstance(found, dict) else _whole(found)
    return Check(f"json {wanted.path}", quoted(wanted.value), shown, is_same(wanted.value, found))


def _warnings(expected: Expectation, received: Received, now: datetime) -> tuple[Warn, ...]:
    limits = Limits(expected.warn_duration, expected.warn_tls_days_left)
    return marks(limits, received.duration_seconds, received.tls_expiry_at, now)


def _matches_any(pattern: Pattern, values: Iterable[str]) -> bool:
    return any(pattern.search(value.encode("utf-8", "surrogatepass")) for value in values)


def _whole(value: object) -> str:
    """Return a value that was found, uncut: who shows it takes secrets out first, and would not know half of one."""
    return json.dumps(value, ensure_ascii=False)


def quoted(value: JsonScalar) -> str:
    """Return a value or a pattern of the settings, as it stands there, cut."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
