"""What a DNS answer is worth."""

import re
from typing import Any, cast

import pytest

from monitor.model.outcome import Warn
from monitor.rules.expect import Pattern
from monitor.rules.records import Answered, Wanted, judge

ONE, TWO = {b"1": "one"}, {b"2": "two"}


def _pattern(text: str) -> Pattern:
    return cast("Pattern", re.compile(text.encode()))


@pytest.mark.parametrize(
    ("wanted", "answered", "said"),
    [
        ({}, ("NOERROR", ONE, False), (True, "NOERROR, 1 A record")),
        ({}, ("NOERROR", ONE | TWO, True), (True, "NOERROR, 2 A records, authenticated")),
        ({}, ("NOERROR", {}, False), (False, "NOERROR, and no A record")),
        ({}, ("NXDOMAIN", {}, False), (False, "NXDOMAIN, expected NOERROR")),
        ({"rcode": "NXDOMAIN"}, ("NXDOMAIN", {}, False), (True, "NXDOMAIN, 0 A records")),
        ({"rcode": "NXDOMAIN"}, ("NOERROR", ONE, False), (False, "NOERROR, expected NXDOMAIN")),
        ({"answers": {}}, ("NOERROR", {}, False), (True, "NOERROR, 0 A records")),
        ({"answers": {}}, ("NOERROR", ONE, False), (False, "1 A record beside those expected")),
        ({"answers": ONE | TWO}, ("NOERROR", TWO | ONE, False), (True, "NOERROR, 2 A records")),
        ({"answers": ONE | TWO}, ("NOERROR", TWO, False), (False, "missing: one")),
        ({"answers": ONE}, ("NOERROR", TWO, False), (False, "missing: one")),
        ({"contains": ONE}, ("NOERROR", ONE | TWO, False), (True, "NOERROR, 2 A records")),
        ({"contains": ONE}, ("NOERROR", TWO, False), (False, "missing: one")),
        ({"matches": _pattern("w")}, ("NOERROR", ONE | TWO, False), (True, "NOERROR, 2 A records")),
        ({"matches": _pattern("x")}, ("NOERROR", ONE, False), (False, "no A record matches the pattern")),
        ({"is_authenticated": True}, ("NOERROR", ONE, True), (True, "NOERROR, 1 A record, authenticated")),
        ({"is_authenticated": True}, ("NOERROR", ONE, False), (False, "the resolver has not authenticated the answer")),
    ],
)
def test_each_expectation(wanted: dict[str, Any], answered: tuple[Any, Any, Any], said: tuple[bool, str]) -> None:
    """The first that does not hold is told."""
    judgement = judge(Wanted("A", **wanted), Answered(*answered), (Warn.DURATION,))
    assert (judgement.kind, judgement.reason) == (("good", "ok") if said[0] else ("bad", "answer"))
    assert (judgement.detail, judgement.warnings) == (said[1], (Warn.DURATION,))
