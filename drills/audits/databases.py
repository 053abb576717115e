"""Audits in a database: one statement of the scenario's, with the run's id bound, in a read-only transaction.

It is asked in a process apart, as the action `sql` is, and by another name than the run's: where statements are logged
by the application's name, our own question must not pass for the entry that is looked for.
"""

import json
from typing import Any, Final

from drills import apart, credentials
from drills.model.found import Attempt
from drills.ports import Tools
from drills.rules import fill, sqlstates
from drills.rules.audit import Entry, Reading, instant, is_named
from drills.settings.actions.expect_audit import SqlAuditSettings
from glasswatch.errors import NotMeasured

MOST_ROWS: Final = 200
_NAME: Final = "glasswatch-audit"
_SPARE_SECONDS: Final = 0.5


class DatabaseSource:
    """Looks into a database."""

    def __init__(self, settings: SqlAuditSettings, tools: Tools) -> None:
        self._settings = settings
        self._tools = tools

    async def look(self, attempt: Attempt) -> Reading:
        """Return the rows that name the run.

        Raises:
            NotMeasured, SecretUnavailable: it did not answer.
        """
        what = self._settings
        seconds = min(attempt.seconds, what.timeout.total_seconds())
        question = await self._question(attempt, seconds)
        try:
            answer = await apart.ask("sql", question, {}, seconds)
        except TimeoutError:
            raise NotMeasured(f"{what.url} did not answer within {seconds:g} s") from None
        if not isinstance(answer, dict) or not isinstance(answer.get("rows"), list):
            raise NotMeasured(f"{what.url}: {_why_not(answer)}")
        rows = [dict(zip(answer["columns"], row, strict=True)) for row in answer["rows"]]
        lacks = f"{what.url} has more than {MOST_ROWS} rows, and not all were read" if answer["is_more"] else ""
        return Reading([self._entry(row) for row in rows if is_named(row, attempt.run.id)], lacks)

    def _entry(self, row: dict[str, Any]) -> Entry:
        at = instant(row.get(self._settings.at)) if self._settings.at is not None else None
        return Entry(json.dumps(row, ensure_ascii=False), row, at)

    async def _question(self, attempt: Attempt, seconds: float) -> dict[str, Any]:
        what, values = self._settings, attempt.values
        return {
            "url": what.url,
            "user": fill.put(what.user, values) if what.user is not None else None,
            "password": await credentials.given(self._tools.secret, what.password, values),
            "ca_file": str(what.ca_file) if what.ca_file else None,
            "run": _NAME,
            "statement": what.statement,
            "values": {name: fill.json_body(value, values) for name, value in what.values.items()},
            "writes": False,
            "seconds": max(_SPARE_SECONDS, seconds - _SPARE_SECONDS),
            "most": MOST_ROWS,
        }


def _why_not(answer: object) -> str:
    if not isinstance(answer, dict):
        return "it answered nonsense"
    if "refused" in answer:
        return f"it refused us: {sqlstates.told(answer['refused'])}"
    if "failed" in answer:
        return f"the statement failed: {sqlstates.told(answer['failed'])}"
    return str(answer.get("unknown"))
