"""Scenarios and runs as rows: for people in columns, and as JSON for programs."""

from datetime import datetime
from typing import Final

import click

from drills.model.calendar import DueState, PastRun
from drills.standing import Standing

_COLOURS: Final = {DueState.NOT_DUE: "green", DueState.DUE: "yellow", DueState.OVERDUE: "red"}


def due_cell(row: Standing) -> str:
    """Return in a word or two whether a scenario is due, and when it will be."""
    due = row.due
    word = click.style(due.state.replace("_", " "), fg=_COLOURS[due.state])
    if due.state is DueState.NOT_DUE and due.due is not None:
        return f"{word} before {due.due:%Y-%m-%d}"
    if due.state is DueState.DUE and due.overdue is not None:
        return f"{word}, overdue on {due.overdue:%Y-%m-%d}"
    return word


def as_data(row: Standing) -> dict[str, object]:
    """Return where a scenario stands, as JSON."""
    found = row.scenario.settings
    return {
        "id": found.id,
        "title": found.title,
        "owner": found.owner,
        "platform": found.platform,
        "cadence": found.cadence.value,
        "after_change": found.after_change,
        "file": str(row.scenario.path),
        "sha256": row.scenario.sha256,
        "last": run_data(row.last) if row.last else None,
        "last_passed": run_data(row.passed) if row.passed else None,
        "state": row.due.state.value,
        "why": row.due.why,
        "due": instant(row.due.due),
        "overdue": instant(row.due.overdue),
        "for_people": row.due.is_for_people,
    }


def instant(at: datetime | None) -> str | None:
    """Return a time as JSON has it."""
    return None if at is None else f"{at:%Y-%m-%dT%H:%M:%SZ}"


def run_data(run: PastRun) -> dict[str, object]:
    """Return a run, as JSON."""
    return {
        "run": run.run,
        "scenario": run.scenario,
        "verdict": run.verdict.value,
        "why": run.why,
        "at": instant(run.at),
        "where": run.where,
        "real": run.is_real,
    }
