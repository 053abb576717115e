"""What the answer to a statement is worth. Pure.

Rules of an access: it passes if the statement was carried out, and all that is expected of its rows holds.
Rules of one that has to be refused: only the target's own refusal passes, and where the step says which, only that; a
statement that was carried out fails it; one that failed for another reason, or was refused by another than the one that
counts, says nothing of who may, and is not measured.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from drills.model.refusal import ANY, Wanted
from drills.model.step import Status
from drills.rules import sqlstates
from drills.rules.answer import Pattern, scalar, shown
from glasswatch.strict_json import is_same

NOTHING = object()


@dataclass(frozen=True, slots=True)
class Rows:
    """What was expected of rows. `scalar` is the one value there is; NOTHING where none is expected."""

    exactly: int | None = None
    at_least: int | None = None
    at_most: int | None = None
    scalar: Any = field(default=NOTHING, repr=False)
    scalar_matches: Pattern | None = None
    refusal: Wanted = ANY


def judge(answer: Mapping[str, Any], expected: Rows, *, is_refused: bool) -> tuple[Status, str]:
    """Return what an answer of `drills.workers.sql` is worth."""
    if "unknown" in answer:
        return Status.NOT_MEASURED, str(answer["unknown"])
    if "refused" in answer:
        return _refused(answer, expected.refusal, is_refused=is_refused)
    if "failed" in answer:
        detail = f"let in, but the statement failed with {sqlstates.told(answer['failed'])}"
        return (Status.NOT_MEASURED if is_refused else Status.FAILED), detail
    how = f"the statement was carried out, {_counted(answer)}"
    if is_refused:
        return Status.FAILED, f"let in: {how}, expected to be refused"
    if answer["is_more"]:
        return Status.NOT_MEASURED, f"{how}, which is more than is read"
    objection = _objection(answer, expected)
    return (Status.FAILED, f"{how}, but {objection}") if objection else (Status.PASSED, how)


def _refused(answer: Mapping[str, Any], wanted: Wanted, *, is_refused: bool) -> tuple[Status, str]:
    detail = f"refused at the {answer['at']} with {sqlstates.told(answer['refused'])}"
    return wanted.judge(answer["refused"], answer["at"], detail) if is_refused else (Status.FAILED, detail)


def _counted(answer: Mapping[str, Any]) -> str:
    return f"{answer['count']} row{'' if answer['count'] == 1 else 's'}{' or more' if answer['is_more'] else ''}"


def _objection(answer: Mapping[str, Any], expected: Rows) -> str:
    count: int = answer["count"]
    if expected.exactly is not None and count != expected.exactly:
        return f"expected {expected.exactly}"
    if expected.at_least is not None and count < expected.at_least:
        return f"expected {expected.at_least} at least"
    if expected.at_most is not None and count > expected.at_most:
        return f"expected {expected.at_most} at most"
    if expected.scalar is NOTHING and expected.scalar_matches is None:
        return ""
    return _not_the_value(answer["rows"], expected)


def _not_the_value(rows: Sequence[Sequence[Any]], expected: Rows) -> str:
    if len(rows) != 1 or len(rows[0]) != 1:
        return "expected one row of one column"
    value = rows[0][0]
    if expected.scalar is not NOTHING and not is_same(expected.scalar, value):
        return "its value is not the one that is expected"
    if expected.scalar_matches is not None and not expected.scalar_matches.search((scalar(value) or "").encode()):
        return f"its value does not match {shown(expected.scalar_matches.pattern)}"
    return ""


def of_first_row(answer: Mapping[str, Any], column: str) -> str | None:
    """Return a column's value in the first row as text; None where there is none."""
    columns, rows = list(answer["columns"]), answer["rows"]
    return scalar(rows[0][columns.index(column)]) if rows and columns.count(column) == 1 else None
