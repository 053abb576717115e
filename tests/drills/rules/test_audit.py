"""What the entries of a log are worth to a step that expects none of its own."""

import pytest

from drills.model.step import Status
from drills.rules.audit import Decision, Entry, Place, Reading, Sought, judge_absence
from glasswatch.patterns import compiled

PASSED, FAILED, NOT_MEASURED = Status.PASSED, Status.FAILED, Status.NOT_MEASURED
REFUSED = Decision("refused", compiled("Failed"), compiled("Accepted"))
SOUGHT = Sought(named={"principal": "drill"}, decision=REFUSED)
UNCLEAR = "1 entry of this run of which can't be told: refused and the contrary are said, or neither is"


@pytest.mark.parametrize(
    ("text", "status", "detail"),
    [
        pytest.param("Failed for drill", FAILED, "1 entry of this run, expected none", id="the one"),
        pytest.param("Failed, then Accepted, for drill", NOT_MEASURED, UNCLEAR, id="both"),
        pytest.param("drill was here", NOT_MEASURED, UNCLEAR, id="neither"),
        pytest.param(
            "Accepted for drill",
            PASSED,
            "1 entry of this run, none that names the principal and says refused",
            id="the contrary",
        ),
        pytest.param(
            "mallory was here",
            PASSED,
            "1 entry of this run, none that names the principal and says refused",
            id="somebody else",
        ),
    ],
)
def test_an_entry_of_the_run_is_none_only_where_that_is_told(text: str, status: Status, detail: str) -> None:
    """One that says both of what could have been decided, or neither, may be it."""
    found = judge_absence(Reading([Entry(text)]), SOUGHT)
    assert (found.status, found.detail) == (status, detail)


def test_what_was_there_is_told_beside_what_could_not_be_read() -> None:
    """By what it lacked, as the settings have it; of an empty log, that it was."""
    sought = Sought(places=[Place("result", ["result"], "ok")], is_statement=True)
    some, none = Reading([Entry("", {"result": "no"})], "2 lines could not be read"), Reading()
    found = judge_absence(some, sought)
    lacks = "1 entry of this run, none that is a statement and has result as expected, but 2 lines could not be read"
    assert (found.status, found.detail) == (NOT_MEASURED, lacks)
    assert judge_absence(none, sought).detail == "no entry of this run"
