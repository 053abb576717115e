"""What an HTTP answer is worth."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.outcome import OutcomeKind, Reason, Warn
from monitor.rules.expect import Expectation, JsonExpectation, Received, judge

_NOW = datetime(2026, 3, 1, 3, tzinfo=UTC)
_GOOD = Received(200, (("content-type", "text/html"), ("server", "a"), ("server", "b")), b'{"status": "ok"}', 0.1)
_DAY = timedelta(days=1)
_ADDED = Expectation(
    headers={"content-type": re2.compile("^text/")},
    body_matches=re2.compile("status"),
    body_not_matches=re2.compile("error"),
    json=(JsonExpectation("status", ("status",), "ok"),),
)


def test_what_is_expected_is_good() -> None:
    """An answer that is all that was expected is good."""
    found = judge(_ADDED, _GOOD, _NOW)
    assert (found.kind, found.reason, found.detail, found.warnings) == (OutcomeKind.GOOD, Reason.OK, "status 200", ())


@pytest.mark.parametrize(
    ("expected", "received", "reason", "detail"),
    [
        pytest.param(
            Expectation(), replace(_GOOD, status=503), Reason.STATUS, "status 503, expected 200", id="another status"
        ),
        pytest.param(
            Expectation(status=(200, 204)),
            replace(_GOOD, status=500),
            Reason.STATUS,
            "status 500, expected 200 or 204",
            id="none of two statuses",
        ),
        pytest.param(
            Expectation(headers={"x-state": re2.compile("up")}),
            _GOOD,
            Reason.HEADER,
            "header x-state is missing",
            id="header missing",
        ),
        pytest.param(
            Expectation(headers={"content-type": re2.compile("json")}),
            _GOOD,
            Reason.HEADER,
            'header content-type does not match "json"',
            id="header differs",
        ),
        pytest.param(
            Expectation(body_matches=re2.compile("all (is )?well")),
            _GOOD,
            Reason.BODY,
            'the body does not match "all (is )?well"',
            id="body lacks",
        ),
        pytest.param(
            Expectation(body_not_matches=re2.compile("stat[aeiou]s")),
            _GOOD,
            Reason.BODY,
            'the body matches "stat[aeiou]s", which it must not',
            id="body has",
        ),
        pytest.param(
            Expectation(json=(JsonExpectation("a.b", ("a", "b"), 1),)),
            _GOOD,
            Reason.JSON,
            "json a.b is missing, expected 1",
            id="json missing",
        ),
        pytest.param(
            Expectation(json=(JsonExpectation("status", ("status",), "up"),)),
            _GOOD,
            Reason.JSON,
            'json status is not "up"',
            id="json differs",
        ),
        pytest.param(
            Expectation(json=(JsonExpectation("status", ("status",), "ok"),)),
            replace(_GOOD, body=b'{"status": "ok", "status": "ok"}'),
            Reason.JSON,
            "the body is not JSON: it holds a key twice",
            id="json not strict",
        ),
        pytest.param(
            Expectation(json=(JsonExpectation("status", ("status",), None),)),
            _GOOD,
            Reason.JSON,
            "json status is not null",
            id="json not null",
        ),
    ],
)
def test_what_differs_is_bad(expected: Expectation, received: Received, reason: Reason, detail: str) -> None:
    """What was expected, and where, is named; what came is not."""
    found = judge(expected, received, _NOW)
    assert (found.kind, found.reason, found.detail) == (OutcomeKind.BAD, reason, detail)


def test_the_first_objection_speaks() -> None:
    """Status before header before body before JSON."""
    wrong = replace(_GOOD, status=500, headers=(), body=b"error")
    betters = (wrong, replace(wrong, status=200), replace(wrong, status=200, headers=_GOOD.headers))
    assert [judge(_ADDED, better, _NOW).reason for better in betters] == [Reason.STATUS, Reason.HEADER, Reason.BODY]


def test_one_of_several_fields_is_enough() -> None:
    """A header that comes twice matches by either."""
    assert judge(Expectation(headers={"server": re2.compile("^b$")}), _GOOD, _NOW).kind is OutcomeKind.GOOD


def test_a_body_that_is_no_text_is_searched_all_the_same() -> None:
    """A pattern is looked for in bytes, whatever they are."""
    binary = replace(_GOOD, body=b"\xff\x00 all well \xfe")
    assert judge(Expectation(body_matches=re2.compile("all well")), binary, _NOW).kind is OutcomeKind.GOOD


@pytest.mark.parametrize("status", [401, 403])
def test_our_own_credential_refused(status: int) -> None:
    """A refusal of our own credential measures nothing."""
    found = judge(Expectation(), replace(_GOOD, status=status, saw_credential=True), _NOW)
    assert (found.kind, found.reason) == (OutcomeKind.NOT_MEASURED, Reason.CREDENTIALS_REFUSED)
    assert found.detail == f"status {status}: our own credential was refused"


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_without_our_credential_is_bad(status: int) -> None:
    """Where we sent none, a refusal is a status like any other."""
    found = judge(Expectation(), replace(_GOOD, status=status), _NOW)
    assert (found.kind, found.reason) == (OutcomeKind.BAD, Reason.STATUS)


@pytest.mark.parametrize("saw_credential", [True, False])
def test_too_many_requests(*, saw_credential: bool) -> None:
    """Being asked to wait measures nothing, with or without a credential."""
    found = judge(Expectation(), replace(_GOOD, status=429, saw_credential=saw_credential), _NOW)
    assert (found.kind, found.reason) == (OutcomeKind.NOT_MEASURED, Reason.RATE_LIMITED)


@pytest.mark.parametrize("status", [401, 403, 429])
def test_what_is_listed_is_judged_by_expect_alone(status: int) -> None:
    """A listed 401, 403 or 429 is good or bad, never unmeasured."""
    received = replace(_GOOD, status=status, saw_credential=True)
    good = judge(Expectation(status=(status,)), received, _NOW)
    bad = judge(Expectation(status=(status,), body_matches=re2.compile("never")), received, _NOW)
    assert (good.kind, bad.kind) == (OutcomeKind.GOOD, OutcomeKind.BAD)


@pytest.mark.parametrize(
    ("seconds", "warnings"), [(1.9, ()), (2.0, ()), (2.1, (Warn.DURATION,))], ids=["less", "as long", "longer"]
)
def test_a_slow_answer_is_marked(seconds: float, warnings: tuple[Warn, ...]) -> None:
    """Longer than the warning's duration stays good, and is marked."""
    expected = Expectation(warn_duration=timedelta(seconds=2))
    found = judge(expected, replace(_GOOD, duration_seconds=seconds), _NOW)
    assert (found.kind, found.warnings) == (OutcomeKind.GOOD, warnings)


@pytest.mark.parametrize(
    ("ends_at", "warnings"),
    [
        (_NOW + 14 * _DAY, ()),
        (_NOW + 14 * _DAY - timedelta(seconds=1), (Warn.TLS_DAYS_LEFT,)),
        (_NOW - _DAY, (Warn.TLS_DAYS_LEFT,)),
        (None, ()),
    ],
    ids=["enough days", "a second too few", "over", "no TLS"],
)
def test_a_certificate_near_its_end_is_marked(ends_at: datetime | None, warnings: tuple[Warn, ...]) -> None:
    """Fewer days left than wanted stays good, and is marked."""
    found = judge(Expectation(warn_tls_days_left=14), replace(_GOOD, tls_expiry_at=ends_at), _NOW)
    assert (found.kind, found.warnings) == (OutcomeKind.GOOD, warnings)


def test_a_bad_answer_keeps_its_warnings() -> None:
    """A certificate ends no later because the answer was bad."""
    received = replace(_GOOD, status=500, tls_expiry_at=_NOW + _DAY, duration_seconds=9)
    found = judge(Expectation(warn_tls_days_left=14, warn_duration=timedelta(seconds=1)), received, _NOW)
    assert (found.kind, found.warnings) == (OutcomeKind.BAD, (Warn.DURATION, Warn.TLS_DAYS_LEFT))


def test_long_expectations_are_cut() -> None:
    """A detail stays one short line."""
    found = judge(Expectation(body_matches=re2.compile("x" * 900)), _GOOD, _NOW)
    assert len(found.detail) < 120


@given(
    st.integers(100, 599),
    st.lists(st.tuples(st.sampled_from(["content-type", "x"]), st.text(max_size=20)), max_size=4),
    st.binary(max_size=60),
    st.booleans(),
)
def test_nothing_that_was_sent_is_repeated(
    status: int,
    headers: list[tuple[str, str]],
    body: bytes,
    saw_credential: bool,  # noqa: FBT001 - drawn by hypothesis
) -> None:
    """Any answer is judged, and the detail is made of the expectation and the status alone."""
    received = Received(status, headers, body, 0.1, None, saw_credential)
    found = judge(_ADDED, received, _NOW)
    allowed = {
        f"status {status}",
        f"status {status}, expected 200",
        f"status {status}: our own credential was refused",
        "status 429: too many requests",
        "header content-type is missing",
        'header content-type does not match "^text/"',
        'the body does not match "status"',
        'the body matches "error", which it must not',
        'json status is missing, expected "ok"',
        'json status is not "ok"',
    }
    assert found.detail in allowed or found.detail.startswith("the body is not JSON: it ")
