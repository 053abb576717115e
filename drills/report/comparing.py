"""A comparison of runs as JSON, and as an HTML page of its own."""

import json
from collections.abc import Sequence
from typing import Any

from drills.model.step import Status
from drills.model.verdict import Finding, Measured
from drills.report import words
from drills.report.formats import page
from drills.rules.comparison import Column, Comparison
from glasswatch.visible import line


def as_html(found: Comparison) -> str:
    """Return a page that needs nothing else, with the reports' style."""
    return page(
        "compare.html.j2",
        {
            "found": found,
            "headings": headings(found.columns),
            "words": words,
            "cell": cell,
            "change": change,
            "status": status,
            "line": line,
        },
    )


def as_json(found: Comparison) -> str:
    """Return it for programs: lengths in seconds."""
    data = {
        "runs": [_run(each) for each in found.columns],
        "spans": [
            {
                "span": row.span.value,
                "seconds": [None if each is None else each.seconds for each in row.cells],
                "targets": [None if each is None else each.target for each in row.cells],
                "met": [None if each is None else each.is_met for each in row.cells],
                "change": row.change,
            }
            for row in found.spans
        ],
        "steps": [{"step": row.id, "status": list(row.cells), "changed": row.is_changed} for row in found.steps],
        "findings": {
            name: [_finding(each) for each in getattr(found.findings, name)] for name in ("new", "gone", "stayed")
        },
        "scenario_changed": found.is_scenario_changed,
        "worse": [line(each) for each in found.worse],
    }
    return json.dumps(data, indent=2) + "\n"


def headings(columns: Sequence[Column]) -> tuple[str, ...]:
    """Return what each run is called at the head of its column: the day where that is enough, and no two alike."""
    for style in ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"):
        found = tuple(each.at.strftime(style) for each in columns)
        if len(set(found)) == len(found):
            return found
    return tuple(f"{each.at:%Y-%m-%d %H:%M:%S} {line(each.run.rpartition('-')[2])}" for each in columns)


def cell(each: Measured | None) -> str:
    """Return a span of one run, with how it stands to its target."""
    if each is None:
        return "-"
    if each.seconds is None:
        return "not measured"
    target = "" if each.target is None else f" of {words.seconds(each.target)}"
    return f"{words.seconds(each.seconds)}{target}{' MISSED' if each.is_met is False else ''}"


def change(seconds: float | None) -> str:
    """Return by how much more or less a span took."""
    if seconds is None:
        return "-"
    sign = "+" if seconds > 0 else "-" if seconds < 0 else "±"
    return f"{sign}{words.seconds(abs(seconds))}"


def status(each: Status | None) -> str:
    """Return how a step ended in one run."""
    return "not in the plan" if each is None else words.status(each)


def _run(each: Column) -> dict[str, Any]:
    return {
        "run": each.run,
        "scenario": each.scenario,
        "opened": f"{each.at:%Y-%m-%dT%H:%M:%SZ}",
        "scenario_sha256": each.scenario_sha256,
        "verdict": each.result.verdict.value,
        "why": line(each.result.why),
    }


def _finding(each: Finding) -> dict[str, str]:
    return {"code": each.code, "severity": each.severity.value, "step": line(each.step), "line": line(each.line)}
