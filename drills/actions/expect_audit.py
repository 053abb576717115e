"""The action `expect_audit`: looks for this very use in a log or SIEM, by the run's id and never by time alone.

What can't be read is not measured; an entry that does not come in time fails. That none comes passes only when it was
looked for to the end of its time, and every look was whole.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from drills.actions.undoing import NOTHING_TO_TAKE_BACK
from drills.audits.databases import DatabaseSource
from drills.audits.files import FileSource, PostgresqlLogSource
from drills.audits.journal import JournalSource
from drills.audits.searches import Searches
from drills.model.found import Attempt, Found, Output
from drills.model.step import Status
from drills.ports import Tools
from drills.rules import fill
from drills.rules.audit import Decision, Place, Reading, Sought, Times, began_of, judge, judge_absence
from drills.settings.actions.expect_audit import ExpectAuditStep
from glasswatch.durations import render
from glasswatch.errors import NotMeasured
from glasswatch.patterns import compiled
from glasswatch.settings.json_path import parse

_PAUSE: Final = timedelta(seconds=2)
_MOST_KEPT: Final = 100

Look = Callable[[Attempt], Awaitable[Reading]]


def make(step: ExpectAuditStep, tools: Tools) -> "ExpectAuditAction":
    """Return the action. Of a file it is noted where it ends; nobody is asked, no secret is read."""
    return ExpectAuditAction(step, tools)


class ExpectAuditAction:
    """A `drills.ports.Action`."""

    def __init__(self, step: ExpectAuditStep, tools: Tools) -> None:
        self._step = step
        self._clock = tools.clock
        self._look = _look(step, tools)

    async def act(self, attempt: Attempt) -> Found:
        """Look once; for what must be absent again and again, to the end of its time."""
        sought = self._sought(attempt)
        if self._step.expect.absent_for is not None:
            return await self._absent(attempt, sought, self._step.expect.absent_for.total_seconds())
        reading = await self._look(attempt)
        is_by_entry = self._step.what.timed_by == "entry"
        judged = judge(reading, sought, Times(began_of(attempt.run.id), self._clock.now(), is_by_entry))
        return Found(judged.status, judged.detail, outputs=_kept(reading), at=judged.at)

    async def undo(self, attempt: Attempt) -> Found:
        """Nothing."""
        del attempt
        return NOTHING_TO_TAKE_BACK

    async def _absent(self, attempt: Attempt, sought: Sought, seconds: float) -> Found:
        began = self._clock.monotonic()
        pause = (self._step.every or _PAUSE).total_seconds()
        while True:
            passed = self._clock.monotonic() - began
            try:
                reading = await self._look(replace(attempt, seconds=attempt.seconds - passed))
            except NotMeasured as fault:
                return Found(Status.NOT_MEASURED, str(fault), can_still=False)
            judged = judge_absence(reading, sought)
            if judged.status is not Status.PASSED:
                return Found(judged.status, judged.detail, outputs=_kept(reading), can_still=False)
            if passed >= seconds:
                detail = f"{judged.detail} within {render(timedelta(seconds=seconds))}"
                return Found(Status.PASSED, detail, outputs=_kept(reading))
            await asyncio.sleep(min(pause, seconds - passed))

    def _sought(self, attempt: Attempt) -> Sought:
        what, values = self._step.what, attempt.values
        named = {"principal": what.principal, "target": what.target}
        return Sought(
            named={name: fill.put(text, values) for name, text in named.items() if text is not None},
            places=[Place(path, parse(path), fill.json_body(value, values)) for path, value in what.match.items()],
            decision=_decision(self._step),
            is_statement=what.postgresql_log is not None and what.postgresql_log.statement,
        )


def _look(step: ExpectAuditStep, tools: Tools) -> Look:
    """Return what looks into the log that a step names."""
    what = step.what
    if what.file is not None:
        file = FileSource(what.file)
        return lambda attempt: file.look(attempt.run.id)
    if what.postgresql_log is not None:
        server = PostgresqlLogSource(what.postgresql_log)
        return lambda attempt: server.look(attempt.run.id)
    if what.journald is not None:
        journal = JournalSource(what.journald, tools.clock.now())
        return lambda attempt: journal.look(attempt.run.id, attempt.seconds)
    if what.sql is not None:
        return DatabaseSource(what.sql, tools).look
    return _search(step, Searches(tools))


def _search(step: ExpectAuditStep, searches: Searches) -> Look:
    loki, elasticsearch, http_json = step.what.loki, step.what.elasticsearch, step.what.http_json
    if loki is not None:
        return lambda attempt: searches.loki(loki, attempt)
    if elasticsearch is not None:
        return lambda attempt: searches.elasticsearch(elasticsearch, attempt)
    if http_json is not None:
        return lambda attempt: searches.http_json(http_json, attempt)
    raise TypeError("settings that were checked name a log")


def _decision(step: ExpectAuditStep) -> Decision | None:
    what = step.what
    if what.decision is None or what.decisions is None:
        return None
    allowed, refused = compiled(what.decisions.allowed), compiled(what.decisions.refused)
    pair = (allowed, refused) if what.decision == "allowed" else (refused, allowed)
    return Decision(what.decision, *pair)


def _kept(reading: Reading) -> tuple[Output, ...]:
    """Return what is kept: the entries of this run, and nothing else that stands in the log."""
    if not reading.entries:
        return ()
    lines = (entry.text for entry in reading.entries[:_MOST_KEPT])
    return (Output("entries.txt", "\n".join(lines).encode("utf-8", "replace")),)
