"""A plan for people: steps with their undo beside them, what they touch, and whether the run could begin.

Colours tell what words tell as well: without a terminal nothing is lost. All that files hold is made visible.
"""

import textwrap
from collections.abc import Iterator, Mapping
from datetime import timedelta
from shutil import get_terminal_size
from typing import Final

import click

from drills.commands import laid
from drills.model.plan import ApprovalState, GateState, Plan, PlannedParameter
from drills.model.step import PlannedStep, Way
from glasswatch.durations import render
from glasswatch.visible import line

_WIDEST: Final = 120
_LABEL: Final = 10
_PLANNED: Final = "PLANNED"
_NOTHING_DONE: Final = "Nothing was done, and nobody was asked: this is a plan, and shows nothing about break-glass."
_GATES: Final = {
    GateState.HOLDS: ("holds", "green"),
    GateState.SHUT: ("SHUT", "red"),
    GateState.ASKED_LATER: ("later", "cyan"),
    GateState.LET_GO: ("LET GO", "yellow"),
}
_APPROVALS: Final = {
    ApprovalState.APPROVED: ("approved", "green"),
    ApprovalState.MISSING: ("NOT APPROVED", "red"),
    ApprovalState.NOT_NEEDED: ("not needed", None),
    ApprovalState.WAIVED: ("WAIVED", "yellow"),
}
_WAYS: Final = {Way.BREAK_GLASS: "by break-glass", Way.PLATFORM: "through the platform itself"}


def lines(plan: Plan) -> Iterator[str]:
    """Yield the plan line by line."""
    width = max(laid.NARROWEST, min(_WIDEST, get_terminal_size().columns))
    first, *more = laid.lines(f"{_PLANNED}  ", line(plan.title), width)
    title = first.removeprefix(_PLANNED).lstrip()
    yield f"{click.style(_PLANNED, fg='cyan', bold=True)}  {click.style(title, bold=True)}"
    yield from (click.style(each, bold=True) for each in more)
    yield from _head(plan, width)
    yield from _section("steps")
    for number, step in enumerate(plan.steps, 1):
        if number > 1:
            yield ""
        yield from _step(number, step, width)
        yield from _settings(plan.settings.get(step.id, {}), width)
    if plan.targets:
        yield from _section("targets")
        targets = ", ".join(f"{span} within {_time(seconds)}" for span, seconds in plan.targets.items())
        yield from _wrapped(targets, "  ", width)
    if plan.parameters:
        yield from _section("parameters")
        for parameter in plan.parameters:
            yield from _parameter(parameter, width)
    yield from _section("gates")
    longest = max(len(gate.gate) for gate in plan.gates)
    for gate in plan.gates:
        word, colour = _GATES[gate.state]
        yield from _lines(f"  {gate.gate:<{longest}}  {click.style(f'{word:<6}', fg=colour)}  ", gate.detail, width)
    yield ""
    yield from _wrapped(_NOTHING_DONE, "", width)


def _head(plan: Plan, width: int) -> Iterator[str]:
    after = ", and after each change" if plan.after_change else ""
    real = sum(step.is_real for step in plan.steps)
    word, colour = _APPROVALS[plan.approval.state]
    yield from _row("scenario", plan.scenario, width)
    yield from _row("owner", plan.owner, width)
    yield from _row("platform", f"{plan.platform} ({plan.deployment})", width)
    yield from _row("cadence", f"{plan.cadence}{after}", width)
    if plan.principals:
        yield from _row("who", ", ".join(plan.principals), width)
    yield from _row("longest", f"{_time(plan.longest_seconds)}, with everything taken back", width)
    yield from _row("steps", f"{real} real, {len(plan.steps) - real} simulated", width)
    mark = click.style(word, fg=colour, bold=True)
    yield from _lines(f"  {'approval':<{_LABEL}}{mark}  ", plan.approval.detail, width)
    yield from _row("file", plan.file, width)
    yield from _row("sha256", plan.scenario_sha256, width)
    if plan.description:
        yield ""
        for paragraph in plan.description.strip().splitlines():
            yield from _wrapped(line(paragraph), "  ", width)


def _section(title: str) -> Iterator[str]:
    yield ""
    yield click.style(title.upper(), bold=True)


def _row(label: str, text: str, width: int, indent: str = "  ") -> Iterator[str]:
    yield from _lines(f"{indent}{label:<{_LABEL}}", text, width)


def _lines(before: str, text: str, width: int) -> Iterator[str]:
    """Return the lines of a text that others wrote, or may have, behind what stands before it."""
    return laid.lines(before, line(text), width)


def _wrapped(text: str, indent: str, width: int) -> Iterator[str]:
    yield from textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=indent) or [""]


def _step(number: int, step: PlannedStep, width: int) -> Iterator[str]:
    mark = click.style("real", fg="yellow") if step.is_real else click.style("SIMULATED", fg="cyan")
    facts = [mark, f"within {_time(step.within_seconds)}"]
    if step.is_background:
        facts.append("in the background")
    if step.way is not None:
        way = _WAYS[step.way]
        facts.append(click.style(way, fg="red") if step.way is Way.PLATFORM else way)
    if step.expects_refusal:
        facts.append("must be REFUSED")
    indent = "    "
    yield from _facts(f" {number:>2} {click.style(line(step.id), bold=True)}  {line(step.action)}  (", facts, width)
    yield from _row("does", step.line, width, indent)
    yield from _undo(step, width, indent)
    for label, words in (
        ("touches", step.touches),
        ("rights", step.rights),
        ("shows", step.evidences),
        ("needs", step.needs),
        ("begins", step.begins),
        ("ends", step.ends),
    ):
        if words:
            yield from _row(label, "; ".join(words), width, indent)


def _settings(settings: Mapping[str, Mapping[str, str]], width: int) -> Iterator[str]:
    """Yield what a step's settings say, a line each, with the place it has in them."""
    for section, said in settings.items():
        label = section.replace("_", " ")
        for place, text in said.items():
            yield from _row(label, f"{place}: {text}" if place else text, width, "    ")
            label = ""


def _facts(row: str, facts: list[str], width: int) -> Iterator[str]:
    """Yield what is known of a step behind its name: on further lines where there is no room."""
    for number, fact in enumerate(facts, 1):
        piece = f"{fact}{',' if number < len(facts) else ')'}"
        if len(click.unstyle(f"{row}{piece}")) > width:
            yield row.rstrip()
            row = "    "
        row += f"{piece} "
    yield row.rstrip()


def _undo(step: PlannedStep, width: int, indent: str) -> Iterator[str]:
    if step.undo:
        yield from _row("undo", step.undo, width, indent)
    elif step.touches:
        yield f"{indent}{'undo':<{_LABEL}}{click.style('NOTHING TAKES IT BACK', fg='red', bold=True)}"
    else:
        yield from _row("undo", "nothing to take back", width, indent)


def _parameter(parameter: PlannedParameter, width: int) -> Iterator[str]:
    told = f"  ({parameter.description})" if parameter.description else ""
    if parameter.is_secret:
        yield from _wrapped(line(f"{parameter.name} = secret from {parameter.value}{told}"), "  ", width)
    elif parameter.value is None:
        before = f"  {line(parameter.name)} {click.style('must be given', fg='red')}: "
        yield from _lines(before, f"--set {parameter.name}=VALUE{told}", width)
    else:
        yield from _wrapped(line(f"{parameter.name} = {parameter.value}{told}"), "  ", width)


def _time(seconds: float) -> str:
    return render(timedelta(seconds=seconds))
