"""What rows and answers of a cloud are worth. Real ones are tried with the actions."""

from typing import Any

import pytest

from drills.model.refusal import Wanted
from drills.model.step import Status
from drills.rules import call
from drills.rules.rows import Rows, judge, of_first_row

_LOGIN_REFUSED = {"refused": "28P01", "at": "login"}
_RIGHT_MISSING = {"refused": "42501", "at": "statement"}


def _rows(*rows: list[Any], is_more: bool = False) -> dict[str, Any]:
    return {"columns": ["a"], "rows": list(rows), "count": len(rows), "is_more": is_more}


@pytest.mark.parametrize(
    ("answer", "expected", "status"),
    [
        (_rows(), Rows(), Status.PASSED),
        (_rows([1], is_more=True), Rows(), Status.NOT_MEASURED),
        (_rows(["1"]), Rows(scalar=1), Status.FAILED),
        (_rows([1]), Rows(scalar=True), Status.FAILED),
        (_rows([None]), Rows(scalar=None), Status.PASSED),
        (_rows(), Rows(scalar=None), Status.FAILED),
        ({"unknown": "it hangs"}, Rows(), Status.NOT_MEASURED),
        ({"refused": "28P01", "at": "login"}, Rows(), Status.FAILED),
        ({"failed": "42P01"}, Rows(), Status.FAILED),
    ],
)
def test_what_an_access_is_worth(answer: dict[str, Any], expected: Rows, status: Status) -> None:
    """Values are exact, in kind too."""
    assert judge(answer, expected, is_refused=False)[0] is status


@pytest.mark.parametrize(
    ("answer", "wanted", "status"),
    [
        (_rows([1], is_more=True), Wanted(), Status.FAILED),
        (_RIGHT_MISSING, Wanted(), Status.PASSED),
        (_LOGIN_REFUSED, Wanted(), Status.PASSED),
        (_RIGHT_MISSING, Wanted(("42501",)), Status.PASSED),
        (_LOGIN_REFUSED, Wanted(("42501",)), Status.NOT_MEASURED),
        (_LOGIN_REFUSED, Wanted(("42501", "28P01")), Status.PASSED),
        (_LOGIN_REFUSED, Wanted(at="statement"), Status.NOT_MEASURED),
        ({**_RIGHT_MISSING, "at": "login"}, Wanted(("42501",), "statement"), Status.NOT_MEASURED),
        ({"failed": "42P01"}, Wanted(), Status.NOT_MEASURED),
        ({"unknown": "it hangs"}, Wanted(), Status.NOT_MEASURED),
    ],
)
def test_what_a_refusal_is_worth(answer: dict[str, Any], wanted: Wanted, status: Status) -> None:
    """Being let in fails it, however much came of it. That a login failed says nothing of who may do what."""
    assert judge(answer, Rows(refusal=wanted), is_refused=True)[0] is status
    assert judge(answer, Rows(refusal=wanted), is_refused=False)[0] is not Status.PASSED


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        (Wanted(), Status.PASSED),
        (Wanted(("AccessDenied",)), Status.PASSED),
        (Wanted(("ExpiredToken",)), Status.NOT_MEASURED),
        (Wanted(at="role"), Status.PASSED),
        (Wanted(("AccessDenied",), "call"), Status.NOT_MEASURED),
    ],
)
def test_what_a_clouds_refusal_is_worth(wanted: Wanted, status: Status) -> None:
    """A role that could not be assumed says nothing of what its session may do."""
    answer = {"refused": "AccessDenied", "at": "sts:AssumeRole", "part": "role"}
    assert call.judge(answer, [], wanted, is_refused=True)[0] is status
    assert call.judge(answer, [], wanted, is_refused=False)[0] is Status.FAILED


@pytest.mark.parametrize(
    ("wanted", "line"),
    [
        (Wanted(), ", which must be refused; whichever refusal counts: any"),
        (Wanted(("42501",)), ", which must be refused with 42501"),
        (Wanted(("28000", "28P01"), "login"), ", which must be refused with 28000 or 28P01 at the login"),
        (Wanted(at="role"), ", which must be refused at the role"),
    ],
)
def test_a_plan_says_which_refusal_counts(wanted: Wanted, line: str) -> None:
    """And that whichever does, where nothing is said."""
    assert wanted.line("any") == line


def test_a_column_is_captured_by_its_only_name() -> None:
    """One that stands twice could be either."""
    assert of_first_row({"columns": ["a", "b"], "rows": [[1, None]]}, "a") == "1"
    assert of_first_row({"columns": ["a", "b"], "rows": [[1, None]]}, "b") is None
    assert of_first_row({"columns": ["a", "a"], "rows": [[1, 2]]}, "a") is None
    assert of_first_row({"columns": ["a"], "rows": []}, "a") is None


def test_credentials_are_not_kept_however_deep_they_stand() -> None:
    """By their names."""
    found = call.kept({"a": [{"Credentials": {"AccessKeyId": "x"}, "Name": "n"}], "SecretString": "s"})
    assert found == {"a": [{"Credentials": call.HIDDEN, "Name": "n"}], "SecretString": call.HIDDEN}
