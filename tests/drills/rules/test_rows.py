"""What rows and answers of a cloud are worth. Real ones are tried with the actions."""

from typing import Any

import pytest

from drills.model.step import Status
from drills.rules import call
from drills.rules.rows import Rows, judge, of_first_row


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
        ({"refused": "28P01"}, Rows(), Status.FAILED),
        ({"failed": "42P01"}, Rows(), Status.FAILED),
    ],
)
def test_what_an_access_is_worth(answer: dict[str, Any], expected: Rows, status: Status) -> None:
    """Values are exact, in kind too."""
    assert judge(answer, expected, is_refused=False)[0] is status


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (_rows([1], is_more=True), Status.FAILED),
        ({"refused": "42501"}, Status.PASSED),
        ({"failed": "42P01"}, Status.NOT_MEASURED),
        ({"unknown": "it hangs"}, Status.NOT_MEASURED),
    ],
)
def test_what_a_refusal_is_worth(answer: dict[str, Any], status: Status) -> None:
    """Being let in fails it, however much came of it."""
    assert judge(answer, Rows(), is_refused=True)[0] is status


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
