"""What the answer to a call of a cloud's API is worth. Pure.

Rules:
1. An access passes if the call was carried out, and every place of its answer holds what is expected.
2. One that has to be refused passes by the target's own refusal alone, and where the step says which, only by that; a
   call that was carried out fails it; one that failed for another reason, or was refused by another than the one that
   counts, says nothing of who may, and is not measured.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from drills.model.refusal import ANY, Wanted
from drills.model.step import Status
from drills.rules.answer import JsonExpected, objections_to

REFUSALS: Final = (
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "UnauthorizedOperation",
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "UnrecognizedClientException",
    "ExpiredToken",
    "ExpiredTokenException",
)
HIDDEN: Final = "[hidden]"
_SECRET: Final = frozenset(
    {"Credentials", "SecretAccessKey", "SessionToken", "SecretString", "SecretBinary", "Plaintext", "Password"}
)


def judge(
    answer: Mapping[str, Any], expected: Sequence[JsonExpected], wanted: Wanted = ANY, *, is_refused: bool
) -> tuple[Status, str]:
    """Return what an answer of `drills.workers.aws` is worth; `wanted`: the refusal that counts."""
    if "unknown" in answer:
        return Status.NOT_MEASURED, str(answer["unknown"])
    if "refused" in answer:
        detail = f"{answer['at']} was refused: {answer['refused']}"
        return wanted.judge(answer["refused"], answer["part"], detail) if is_refused else (Status.FAILED, detail)
    if "failed" in answer:
        return (Status.NOT_MEASURED if is_refused else Status.FAILED), f"{answer['at']} failed: {answer['failed']}"
    how = f"carried out (request {answer['request']})"
    if is_refused:
        return Status.FAILED, f"let in: {how}, expected to be refused"
    for objection in objections_to(answer["answer"], expected):
        return Status.FAILED, f"{how}, but {objection}"
    return Status.PASSED, how


def kept(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return an answer as it may be kept: what is a credential by its name is left out."""
    if isinstance(value, Mapping):
        return {name: HIDDEN if name in _SECRET else kept(each) for name, each in value.items()}
    return [kept(each) for each in value] if isinstance(value, list) else value
