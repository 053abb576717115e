"""What kubectl's end and an access review say. kubectl itself is tried with the action."""

import json

import pytest

from drills.model.refusal import Wanted
from drills.model.step import Status
from drills.rules.cluster import Reply, Told, judge, reviewed, told


@pytest.mark.parametrize(
    ("status", "stderr", "reply"),
    [
        (0, "Warning: v1 is old\n", Reply.LET_IN),
        (1, "error: You must be logged in to the server (Unauthorized)\n", Reply.REFUSED),
        (1, "Warning: x\nError from server (Forbidden): pods is forbidden\n", Reply.REFUSED),
        (1, "Error from server (NotFound): Error from server (Forbidden)\n", Reply.FAILED),
        (1, "Error from server (ServiceUnavailable): x\n", Reply.UNKNOWN),
        (1, "Unable to connect to the server: x509: certificate signed by unknown authority\n", Reply.UNKNOWN),
        (1, "", Reply.UNKNOWN),
    ],
)
def test_a_refusal_is_the_api_servers_own(status: int, stderr: str, reply: Reply) -> None:
    """In kubectl's words, at the beginning of a line."""
    assert told(status, stderr).reply is reply


@pytest.mark.parametrize(
    ("status", "reply"),
    [
        ({"allowed": True}, Reply.LET_IN),
        ({"allowed": True, "evaluationError": "x"}, Reply.LET_IN),
        ({"allowed": False, "evaluationError": ""}, Reply.REFUSED),
        ({"allowed": False, "evaluationError": "x"}, Reply.UNKNOWN),
        ({"allowed": "yes"}, Reply.UNKNOWN),
        ({}, Reply.UNKNOWN),
    ],
)
def test_a_review_says_whether_we_may(status: dict[str, object], reply: Reply) -> None:
    """Or nothing, where it could not be decided."""
    assert reviewed(json.dumps({"kind": "SelfSubjectAccessReview", "status": status}).encode()).reply is reply
    assert reviewed(json.dumps({"kind": "Pod", "status": status}).encode()).reply is Reply.UNKNOWN
    assert reviewed(b"nonsense").reply is Reply.UNKNOWN


@pytest.mark.parametrize(
    ("reply", "wanted", "refused"),
    [
        (Reply.LET_IN, Status.PASSED, Status.FAILED),
        (Reply.REFUSED, Status.FAILED, Status.PASSED),
        (Reply.FAILED, Status.FAILED, Status.NOT_MEASURED),
        (Reply.UNKNOWN, Status.NOT_MEASURED, Status.NOT_MEASURED),
    ],
)
def test_what_it_is_worth(reply: Reply, wanted: Status, refused: Status) -> None:
    """To a step that wants in, and to one that must not get in."""
    assert judge(Told(reply, "x"), is_refused=False)[0] is wanted
    assert judge(Told(reply, "x"), is_refused=True)[0] is refused


def test_another_refusal_than_the_one_that_counts_says_nothing() -> None:
    """A token that nobody knows may do nothing; what it may is not known by that."""
    stranger = told(1, "error: You must be logged in to the server (Unauthorized)")
    assert judge(stranger, Wanted(("Forbidden",)), is_refused=True)[0] is Status.NOT_MEASURED
    assert judge(stranger, Wanted(("Forbidden", "Unauthorized")), is_refused=True)[0] is Status.PASSED
    assert (
        judge(told(1, "Error from server (Forbidden): no"), Wanted(("Forbidden",)), is_refused=True)[0] is Status.PASSED
    )
