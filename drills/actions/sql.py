"""The action `sql`: runs one statement in a process apart, and judges its rows (`drills.rules.rows`).

The run's id is PostgreSQL's `application_name`, and stands in a comment before the statement. What can't be reached,
answers too late or can't answer now is not measured: only the server's own word (SQLSTATE of class 28, or 42501) is a
refusal.
"""

import json
from typing import Any, Final

from drills import apart, credentials
from drills.actions.undoing import NOTHING_TO_TAKE_BACK, unknown
from drills.model.found import Attempt, Found, Output, Value
from drills.model.step import Status
from drills.ports import Tools
from drills.rules import fill, rows
from drills.settings.actions.sql import SqlStep
from glasswatch.errors import NotMeasured
from glasswatch.patterns import compiled

MOST_ROWS: Final = 200
_SPARE_SECONDS: Final = 0.5


def make(step: SqlStep, tools: Tools) -> "SqlAction":
    """Return the action. Nobody is asked, no secret is read, no driver is loaded."""
    return SqlAction(step, tools)


class SqlAction:
    """A `drills.ports.Action`. `ask` asks in a process apart, and stands in for that in tests."""

    def __init__(self, step: SqlStep, tools: Tools, ask: apart.Ask = apart.ask) -> None:
        self._step = step
        self._tools = tools
        self._ask = ask

    async def act(self, attempt: Attempt) -> Found:
        """Run the statement once."""
        what = self._step.what
        seconds = min(attempt.seconds, what.timeout.total_seconds())
        question = await self._question(attempt, seconds)
        try:
            answer = await self._ask("sql", question, {}, seconds)
        except TimeoutError:
            raise NotMeasured(f"{what.url} did not answer within {seconds:g} s") from None
        status, detail = rows.judge(answer, self._expected(attempt), is_refused=self._step.refused)
        outputs = (Output("rows.json", json.dumps(answer, ensure_ascii=False).encode()),)
        if status is not Status.PASSED or self._step.refused:
            return Found(status, f"{what.url}: {detail}", outputs=outputs)
        return self._captured(answer, f"{what.url}: {detail}", outputs)

    async def undo(self, attempt: Attempt) -> Found:
        """Say that nothing is taken back: how that is done, the scenario's own steps say."""
        del attempt
        return unknown("what the statement changed") if self._step.what.writes else NOTHING_TO_TAKE_BACK

    async def _question(self, attempt: Attempt, seconds: float) -> dict[str, Any]:
        what, values = self._step.what, attempt.values
        return {
            "url": what.url,
            "user": fill.put(what.user, values) if what.user is not None else None,
            "password": await credentials.given(self._tools.secret, what.password, values),
            "ca_file": str(what.ca_file) if what.ca_file else None,
            "run": attempt.run.id,
            "statement": what.statement,
            "values": {name: fill.json_body(value, values) for name, value in what.values.items()},
            "writes": what.writes,
            "seconds": max(_SPARE_SECONDS, seconds - _SPARE_SECONDS),
            "most": MOST_ROWS,
        }

    def _expected(self, attempt: Attempt) -> rows.Rows:
        expect = self._step.expect
        is_given = "scalar" in expect.model_fields_set
        return rows.Rows(
            exactly=expect.rows,
            at_least=expect.at_least,
            at_most=expect.at_most,
            scalar=fill.json_body(expect.scalar, attempt.values) if is_given else rows.NOTHING,
            scalar_matches=compiled(expect.scalar_matches) if expect.scalar_matches is not None else None,
            refusal=expect.refusal,
        )

    def _captured(self, answer: Any, detail: str, outputs: tuple[Output, ...]) -> Found:  # noqa: ANN401 - JSON
        found: dict[str, Value] = {}
        for name, place in self._step.capture.items():
            text = rows.of_first_row(answer, place.column)
            if text is None:
                detail = f"{detail}, but no row has a value of {place.column} to capture"
                return Found(Status.FAILED, detail, outputs=outputs)
            found[name] = Value(text, place.secret)
        return Found(Status.PASSED, detail, found, outputs)
