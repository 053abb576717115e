"""A run as its journal and its result, for the reports' tests."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from drills.model.event import (
    Approval,
    Began,
    CleaningUp,
    Closed,
    Confirmed,
    Ended,
    Entry,
    Event,
    Gated,
    Head,
    Interrupted,
    KeptOutput,
    NotTold,
    Opened,
    Receipted,
    UndoBegan,
    UndoEnded,
)
from drills.model.step import PlannedStep, Span, Status, Way
from drills.model.verdict import Finding, Measured, Result, Severity, StepResult, Verdict

START = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
RUN = "outage-20260301t030000z-abcdef"

STEPS = (
    PlannedStep(
        "begin", "exercise", "Platform out of reach", is_real=True, undo="ends the exercise", begins=(Span.DETECT,)
    ),
    PlannedStep(
        "flag", "expect_flag", "The flag says exercise", is_real=True, evidences=("D2", "D4"), ends=(Span.DETECT,)
    ),
    PlannedStep("enter", "http", "Entry by break-glass", is_real=True, evidences=("D5",), way=Way.BREAK_GLASS),
    PlannedStep("fake", "fault", "The demo's fault", is_real=False, evidences=("D1",)),
)
OPENED = Opened(
    scenario="outage",
    title="Platform outage",
    owner="anna",
    platform="payments",
    deployment="prod",
    operator="ben",
    scenario_sha256="a" * 64,
    version="0.1.0",
    steps=STEPS,
    targets={Span.DETECT: 60.0},
    parameters={"ticket": "INC-1"},
    approval=Approval("carla", "kid-1", START),
    host="bastion",
)
EVENTS: tuple[Event, ...] = (
    OPENED,
    Gated("window", Status.PASSED, "within working hours"),
    Receipted("monitor", 2, "b" * 64, "e.y.s"),
    Began("begin", has_undo=True),
    Ended("begin", Status.PASSED, "runs", outputs=(KeptOutput("begin.txt", 12, "c" * 64),)),
    Began("flag"),
    Ended("flag", Status.PASSED, "exercise, as expected", tries=3),
    Began("enter"),
    Confirmed("enter", "dora", is_yes=True, note="saw it"),
    Ended("enter", Status.FAILED, "expected 200, got 403"),
    NotTold("monitor", "no answer"),
    Interrupted("SIGINT"),
    CleaningUp("SIGINT", ("begin",)),
    UndoBegan("begin"),
    UndoEnded("begin", Status.FAILED, "no answer", residue="exercise outage-1 at the monitor"),
    Closed("clean_up_failed", "something is left behind", 6, ("exercise outage-1 at the monitor",)),
)
RESULT = Result(
    verdict=Verdict.CLEAN_UP_FAILED,
    why="something is left behind",
    exit_code=6,
    steps=(
        StepResult("begin", Status.PASSED, "runs", is_evidence=True, began_at=START, undo=Status.FAILED),
        StepResult("flag", Status.PASSED, "exercise, as expected", is_evidence=True, began_at=START, tries=3),
        StepResult("enter", Status.FAILED, "expected 200, got 403", is_evidence=False, began_at=START, tries=1),
        StepResult("fake", Status.SKIPPED, "what it needs did not pass", is_evidence=False),
    ),
    spans=(Measured(Span.DETECT, 12.5, 60.0), Measured(Span.ACCESS, None, 600.0, "no access was had")),
    findings=(Finding("residue", Severity.CRITICAL, "something is left behind", "begin"),),
    residue=("exercise outage-1 at the monitor",),
    evidence={"D2": ("flag",), "D4": ("flag",)},
)


def journal(events: Iterable[Event] = EVENTS, boot: str = "one") -> list[Entry]:
    """Return these events as a journal, a second and a half apart."""
    return [
        Entry(Head(seq, f"{seq:064x}"), RUN, START + timedelta(seconds=1.5 * (seq - 1)), 1500 * (seq - 1), boot, event)
        for seq, event in enumerate(events, 1)
    ]
