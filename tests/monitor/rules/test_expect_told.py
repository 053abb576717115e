"""Who asks why an answer is judged so is told each rule that was looked at, and the verdict stays the same."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import re2
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.explanation import Check
from monitor.model.outcome import Outcome, OutcomeKind, Reason
from monitor.rules.expect import Expectation, JsonExpectation, Received, judge
from monitor.rules.explaining import completed

NOW = datetime(2026, 3, 1, 3, tzinfo=UTC)
ALL = Expectation(
    headers={"content-type": re2.compile("json")},
    body_matches=re2.compile("status"),
    body_not_matches=re2.compile("error"),
    json=(JsonExpectation("status", ("status",), "ok"), JsonExpectation("checks", ("checks",), 1)),
    warn_duration=timedelta(seconds=1),
    warn_tls_days_left=14,
)
GOOD = Received(
    200, (("content-type", "application/json"),), b'{"status": "ok", "checks": 1}', 0.2, NOW + timedelta(days=90)
)


def told(expected: Expectation, received: Received) -> list[Check]:
    """Return what is told."""
    checks: list[Check] = []
    judge(expected, received, NOW, checks.append)
    return checks


def test_a_good_answer_is_told_rule_by_rule() -> None:
    """All of them, in their order, with what was found."""
    assert [(each.rule, each.found, each.holds) for each in told(ALL, GOOD)] == [
        ("status", "200", True),
        ("header content-type", '"application/json"', True),
        ("body_matches", "a match in 29 bytes", True),
        ("body_not_matches", "no match in 29 bytes", True),
        ("json status", '"ok"', True),
        ("json checks", "1", True),
        ("warn.duration", "0.200 s", True),
        ("warn.tls_days_left", "a certificate that ends 2026-05-30 03:00Z", True),
    ]


def test_the_first_that_does_not_hold_is_the_last_that_is_looked_at() -> None:
    """But for warnings, which are given for bad answers too."""
    bad = replace(GOOD, body=b'{"status": {"a": 1}, "checks": 1}', duration_seconds=2.0)
    assert [(each.rule, each.found, each.holds) for each in told(ALL, bad)][-3:] == [
        ("json status", "a mapping", False),
        ("warn.duration", "2.000 s", False),
        ("warn.tls_days_left", "a certificate that ends 2026-05-30 03:00Z", True),
    ]


def test_refusals_are_told_as_what_they_are() -> None:
    """Of our own credential, and of too many requests."""
    (check,) = told(ALL, replace(GOOD, status=401, saw_credential=True))
    assert (check.rule, check.found, check.holds) == ("our credential", "status 401", False)
    (check,) = told(ALL, replace(GOOD, status=429))
    assert (check.rule, check.holds) == ("rate", False)


def test_what_is_missing_or_no_json_is_said() -> None:
    """In words that name no value."""
    assert told(ALL, replace(GOOD, headers=()))[-3].found == "nothing: it is missing"
    assert [each.found for each in told(ALL, replace(GOOD, body=b'{"status": "ok"}')) if not each.holds] == [
        "nothing: it is missing"
    ]
    assert any("JSON" in each.expected for each in told(ALL, replace(GOOD, body=b"status")) if not each.holds)


def test_what_was_found_is_told_whole() -> None:
    """Whoever shows it takes secrets out first, and would not know half of one."""
    long = "x" * 500
    found = told(ALL, replace(GOOD, body=f'{{"status": "{long}", "checks": 1}}'.encode()))
    assert long in found[4].found


@given(
    st.sampled_from([200, 204, 401, 403, 429, 500]),
    st.sampled_from([b"", b"status", b'{"status": "ok"}', b'{"status": "ok", "checks": 1}', b"status error"]),
    st.booleans(),
    st.booleans(),
)
def test_telling_changes_no_verdict(status: int, body: bytes, has_headers: bool, saw: bool) -> None:  # noqa: FBT001
    """Whatever came; and what is told agrees with the verdict."""
    received = replace(GOOD, status=status, body=body, headers=GOOD.headers if has_headers else (), saw_credential=saw)
    checks: list[Check] = []
    verdict = judge(ALL, received, NOW, checks.append)
    assert verdict == judge(ALL, received, NOW)
    failed = [check for check in checks if not check.holds and not check.rule.startswith("warn.")]
    assert len(failed) == (verdict.kind is not OutcomeKind.GOOD)


def test_a_probe_that_tells_nothing_is_explained_by_its_reason() -> None:
    """Of every reason there is a rule; a good one held."""
    for reason in Reason:
        kind = OutcomeKind.GOOD if reason is Reason.OK else OutcomeKind.BAD
        (check,) = completed((), Outcome(kind, reason, "what it was", NOW, 0.1))
        assert (check.found, check.holds) == ("what it was", kind is OutcomeKind.GOOD)
        assert check.rule
    refused = Outcome(OutcomeKind.BAD, Reason.CONNECTION_LOST, "it broke", NOW, 0.1)
    held = Check("status", "200", "200", holds=True)
    assert [each.holds for each in completed([held], refused)] == [True, False]
