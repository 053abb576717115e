"""What kubectl's way of ending is worth. Pure.

Rules:
1. An access review is answered with whether it is allowed. One that is not, and could not be decided whole
   (`evaluationError`), is not measured.
2. Unauthorized (401) and Forbidden (403) are the API server's own refusal, in kubectl's words.
3. What the API server says no to for another reason fails an access, and is no refusal.
4. Where the step says which refusal counts, another one says nothing, and is not measured.
5. All else is not measured: nobody answered, the server is another, or it is busy.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from drills.model.refusal import ANY, Wanted
from drills.model.step import Status
from glasswatch.strict_json import NOTHING, find, parse

_REFUSED: Final = re.compile(
    r"^error: You must be logged in to the server|^Error from server \(Forbidden\)", re.MULTILINE
)
_UNAUTHORIZED: Final = re.compile(r"^error: You must", re.MULTILINE)
_FAILED: Final = re.compile(
    r"^Error from server \((NotFound|AlreadyExists|BadRequest|Invalid|MethodNotAllowed|Conflict|Gone)\)", re.MULTILINE
)
_ANOTHER: Final = re.compile("x509: |tls: ")
_NOBODY: Final = re.compile(
    r"The connection to the server .* was refused|no such host|i/o timeout|no route to host|EOF"
)


UNAUTHORIZED, FORBIDDEN, NOT_ALLOWED = REASONS = ("Unauthorized", "Forbidden", "NotAllowed")


class Reply(StrEnum):
    """How the API server took it."""

    LET_IN = "let_in"
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Told:
    """What the API server said, and in words how."""

    reply: Reply
    how: str
    reason: str = ""
    """Of a refusal: which it is, one of `REASONS`."""


def told(status: int, stderr: str) -> Told:
    """Return what the API server said to a request, by how kubectl ended."""
    if status == 0:
        return Told(Reply.LET_IN, "answered")
    if _REFUSED.search(stderr):
        reason = UNAUTHORIZED if _UNAUTHORIZED.search(stderr) else FORBIDDEN
        return Told(Reply.REFUSED, f"refused: {reason}", reason)
    failed = _FAILED.search(stderr)
    if failed:
        return Told(Reply.FAILED, f"let in, but the API server says {failed[1]}")
    if _ANOTHER.search(stderr):
        return Told(Reply.UNKNOWN, "the server is not one that is trusted, or it speaks no TLS as it should")
    return Told(Reply.UNKNOWN, "nobody answered" if _NOBODY.search(stderr) else f"kubectl ended with status {status}")


def reviewed(answer: bytes) -> Told:
    """Return what an access review says."""
    try:
        document = parse(answer)
    except ValueError as error:
        return Told(Reply.UNKNOWN, f"the answer is no access review: {error}")
    kind, allowed = find(document, ("kind",)), find(document, ("status", "allowed"))
    if kind != "SelfSubjectAccessReview" or not isinstance(allowed, bool):
        return Told(Reply.UNKNOWN, "the answer is no access review")
    if allowed:
        return Told(Reply.LET_IN, "allowed")
    if find(document, ("status", "evaluationError")) not in (NOTHING, ""):
        return Told(Reply.UNKNOWN, "not allowed, but the API server could not decide it whole")
    return Told(Reply.REFUSED, "not allowed", NOT_ALLOWED)


def judge(said: Told, wanted: Wanted = ANY, *, is_refused: bool) -> tuple[Status, str]:
    """Return what it is worth to a step; `wanted`: the refusal that counts."""
    if said.reply is Reply.UNKNOWN:
        return Status.NOT_MEASURED, said.how
    if said.reply is Reply.FAILED:
        return (Status.NOT_MEASURED if is_refused else Status.FAILED), said.how
    if (said.reply is Reply.REFUSED) is not is_refused:
        return Status.FAILED, said.how
    return wanted.judge(said.reason, "", said.how) if is_refused else (Status.PASSED, said.how)
