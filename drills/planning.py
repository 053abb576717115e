"""From a scenario to its plan. Nothing is changed, no secret is read, and nobody is asked."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from drills import approvals, parameters
from drills.model.event import Approval
from drills.model.plan import ApprovalState, GateState, Plan, PlannedApproval, PlannedGate
from drills.model.step import PlannedStep
from drills.rules.gates import room
from drills.rules.window import is_within, told
from drills.scenarios import Scenario
from drills.settings import exposure, fitting
from drills.settings.gates import GateSettings
from drills.settings.identity import identity
from drills.settings.root import DrillFile, DrillSettings
from drills.settings.scenario import ScenarioFile
from drills.settings.shown import shown
from glasswatch.clock import Clock
from glasswatch.settings.straight import straight, straight_path


def planned_steps(scenario: ScenarioFile) -> tuple[PlannedStep, ...]:
    """Return the steps as the plan, and the journal's first entry, have them: with paths as people are shown them."""
    needs, secrets, through = scenario.needs(), scenario.secrets, fitting.through(scenario.steps)
    planned = (
        (step, step.planned("; then ".join(each.line for each in step.undo) or step.undo_line, needs[step.id]))
        for step in map(straight, scenario.steps)
    )
    return tuple(
        replace(
            each,
            rights=(*each.rights, *exposure.told(step, secrets)),
            through=through[step.id],
            identity=identity(step),
        )
        for step, each in planned
    )


def let_go(scenario: ScenarioFile, settings: DrillSettings) -> tuple[str, ...]:
    """Return the gates that are let go, by the scenario or by the settings."""
    waived = ("approval",) if settings.approval == "waived" else ()
    return tuple(dict.fromkeys((*scenario.gates.let_go(), *settings.waived_gates, *waived)))


def plan(scenario: Scenario, settings: DrillFile, operator: str | None, given: Mapping[str, str], clock: Clock) -> Plan:
    """Return what a run would do now. `operator`: who would run it; None where nobody would.

    Raises:
        UsageFault: a parameter was given as it can't be.
    """
    found = scenario.settings
    loose = let_go(found, settings.drill)
    approval = _approval(scenario, settings, operator, clock)
    return Plan(
        scenario=found.id,
        title=found.title,
        owner=found.owner,
        platform=found.platform,
        deployment=settings.deployment,
        cadence=found.cadence.value,
        after_change=found.after_change,
        description=found.description,
        file=str(straight_path(scenario.path)),
        scenario_sha256=scenario.sha256,
        is_real=found.is_real,
        longest_seconds=found.longest.total_seconds(),
        approval=approval,
        steps=planned_steps(found),
        gates=tuple(
            PlannedGate(name, GateState.LET_GO, f"let go; {detail}")
            if name in loose and state is not GateState.HOLDS
            else PlannedGate(name, state, detail)
            for name, state, detail in _gates(found.gates, settings.drill, approval, clock)
        ),
        parameters=parameters.planned(found, given),
        principals=found.principals,
        targets={span.value: length.total_seconds() for span, length in found.targets.items()},
        settings={step.id: shown(straight(step)) for step in found.steps},
    )


def _approval(scenario: Scenario, settings: DrillFile, operator: str | None, clock: Clock) -> PlannedApproval:
    if not scenario.settings.is_real:
        return PlannedApproval(ApprovalState.NOT_NEEDED, "no step of it is real")
    whose = approvals.Whose(settings.deployment, settings.drill.trust, operator)
    found = approvals.look(scenario, whose, clock)
    if isinstance(found, Approval):
        on = f" on {found.at:%Y-%m-%d}" if found.at else ""
        return PlannedApproval(ApprovalState.APPROVED, f"approved by {found.person}{on} (key {found.kid})")
    is_waived = "approval" in let_go(scenario.settings, settings.drill)
    return PlannedApproval(ApprovalState.WAIVED if is_waived else ApprovalState.MISSING, found.why)


def _gates(
    gates: GateSettings, settings: DrillSettings, approval: PlannedApproval, clock: Clock
) -> list[tuple[str, GateState, str]]:
    """Return each gate's name and how it stands; the run itself asks the monitor."""
    asked = "asked of the monitor when the run begins"
    later = (
        (GateState.ASKED_LATER, asked) if settings.monitor else (GateState.SHUT, "no monitor is set (drill.monitor)")
    )
    is_shut = approval.state is ApprovalState.MISSING or approval.state is ApprovalState.WAIVED
    return [
        ("window", *_window(gates, clock)),
        ("no_open_incident", *later),
        ("monitor_healthy", *later),
        ("approval", GateState.SHUT if is_shut else GateState.HOLDS, approval.detail),
        ("evidence", *_evidence(straight_path(settings.directory))),
        ("alone", GateState.ASKED_LATER, "asked when the run begins"),
        ("witness", *_witness(settings)),
    ]


def _witness(settings: DrillSettings) -> tuple[GateState, str]:
    """Return whether anybody elsewhere would hold the heads of the run's journal."""
    if settings.monitor is None and settings.witness is None:
        return GateState.SHUT, "neither drill.monitor nor drill.witness is set"
    who = "the monitor" if settings.monitor else "the witness"
    return GateState.HOLDS, f"{who} is told of every head of the journal"


def _window(gates: GateSettings, clock: Clock) -> tuple[GateState, str]:
    if gates.window is None:
        return GateState.HOLDS, "at any time"
    window = gates.window.window()
    if is_within(window, clock.now()):
        return GateState.HOLDS, told(window)
    return GateState.SHUT, f"not now: {told(window)}"


def _evidence(directory: Path) -> tuple[GateState, str]:
    """Return whether evidence could be kept, as far as that shows without writing anything."""
    there = next((each for each in (directory, *directory.parents) if each.exists()), directory)
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return GateState.SHUT, f"{directory} can't be written"
    free, mode = os.statvfs(there), there.stat().st_mode if there == directory else 0
    answer = room(free.f_bavail * free.f_frsize, mode=mode)
    if not answer.holds:
        return GateState.SHUT, f"{directory}: {answer.detail}"
    return GateState.HOLDS, f"kept in {directory}" if there == directory else f"{directory} is made by the first run"
