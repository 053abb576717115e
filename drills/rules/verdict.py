"""What a run comes to, by its journal alone.

A drill passed only if nothing speaks against it:

1. It begins with what was to be run, and was closed; after that nothing came but what witnesses said, and checkpoints.
   What is not closed is `open`, and counts as failed.
2. It was closed as passed: who ran it may have known of something that no entry says.
3. Nothing is left behind: what began with something to take back was taken back. Else `clean_up_failed`.
4. Every undo passed at once. One that passed only later, when the run was resumed, is a failure all the same.
5. Nothing interrupted it: no signal, no stop, no fault, no process that ended before its time and another that went on.
   Else `aborted`.
6. Every gate was open, or was let go, which is a finding. A gate that was shut, or a witness who could not be told,
   before the first step: `aborted`.
7. Every step of the plan, and no other, was begun and passed, or was simulated; and at least one that is real passed.
   One that failed: `failed`. One that met a fault, was not measured, skipped or let go: `not_measured`.
8. Every target was met. One that was missed: `failed`; one that was not measured: `not_measured`.
9. A way in that does not lead through the platform was shown, if any was. Else `failed`.
10. Somebody got in by break-glass, if the plan has a step of that way, and be it a refusal. Else `not_measured`: what
    lets nobody in is no way in, and its refusals show nothing.
11. Whoever approved it, if somebody did, is not who ran it. Else `failed`.

The verdict is the worst of what speaks against it, in the order open, clean_up_failed, aborted, failed, not_measured;
the exit code is that of all of it (`glasswatch.errors.worst`). So whatever is added to a journal that speaks against a
run makes no verdict better, but for the end of a step that had none.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from drills.model.event import (
    Began,
    Checkpoint,
    Closed,
    Ended,
    Entry,
    Gated,
    Interrupted,
    NotTold,
    Receipted,
    Resumed,
    UndoEnded,
)
from drills.model.step import Span, Status
from drills.model.verdict import Measured, Result, Verdict
from drills.rules.findings import (
    APPROVED_BY_OPERATOR,
    NOBODY_IN,
    NOT_CLOSED,
    NOT_OPENED,
    ONLY_THROUGH_PLATFORM,
    Facts,
    all_findings,
)
from drills.rules.results import evidence, residue, step_results
from drills.rules.spans import measured
from glasswatch.errors import ExitCode, worst

BADNESS: Final = (
    Verdict.PASSED,
    Verdict.NOT_MEASURED,
    Verdict.FAILED,
    Verdict.ABORTED,
    Verdict.CLEAN_UP_FAILED,
    Verdict.OPEN,
)
_CODES: Final[Mapping[Verdict, ExitCode]] = {
    Verdict.PASSED: ExitCode.GOOD,
    Verdict.NOT_MEASURED: ExitCode.NOT_MEASURED,
    Verdict.FAILED: ExitCode.FINDING,
    Verdict.ABORTED: ExitCode.INTERRUPTED,
    Verdict.CLEAN_UP_FAILED: ExitCode.RESIDUE,
    Verdict.OPEN: ExitCode.FINDING,
}
_STEPS: Final[Mapping[Status, tuple[Verdict, str]]] = {
    Status.FAILED: (Verdict.FAILED, "failed"),
    Status.INTERRUPTED: (Verdict.ABORTED, "was cut short"),
    Status.ERROR: (Verdict.NOT_MEASURED, "met a fault"),
    Status.NOT_MEASURED: (Verdict.NOT_MEASURED, "was not measured"),
    Status.SKIPPED: (Verdict.NOT_MEASURED, "was not done"),
    Status.WAIVED: (Verdict.NOT_MEASURED, "was let go"),
}


_AFTER_ITS_END: Final = (Receipted, NotTold, Checkpoint)
_CLOSED_AS: Final[Mapping[str, Verdict]] = {
    verdict.value: verdict
    for verdict in (Verdict.NOT_MEASURED, Verdict.FAILED, Verdict.ABORTED, Verdict.CLEAN_UP_FAILED)
}


class Against(NamedTuple):
    """One thing that speaks against a run."""

    verdict: Verdict
    why: str
    code: ExitCode


def judge(
    entries: Sequence[Entry], previous: Sequence[Mapping[Span, float]] = (), *, is_closing: bool = False
) -> Result:
    """Return what a run comes to. `previous`: the spans of the last runs, the newest last, to compare with.

    `is_closing`: as if it were closed with this very result after these entries.
    """
    facts = Facts(entries, step_results(entries), measured(entries), residue(entries), is_closing)
    against = [*_of_its_end(facts), *_of_the_run(facts), *_of_steps(facts), *_of_spans(facts.spans)]
    against += _closed_as_worse(facts, against)
    against.sort(key=lambda each: -BADNESS.index(each.verdict))
    shown = sum(step.is_evidence for step in facts.steps)
    return Result(
        verdict=against[0].verdict if against else Verdict.PASSED,
        why=against[0].why if against else f"{shown} of {len(facts.steps)} steps are evidence",
        exit_code=worst(each.code for each in against),
        steps=facts.steps,
        spans=facts.spans,
        findings=all_findings(facts, previous),
        residue=facts.residue,
        evidence=evidence(facts.opened.steps if facts.opened else (), facts.steps),
    )


def _against(verdict: Verdict, why: str, code: ExitCode | None = None) -> Against:
    return Against(verdict, why, _CODES[verdict] if code is None else code)


def _of_its_end(facts: Facts) -> Iterator[Against]:
    if facts.residue:
        yield _against(Verdict.CLEAN_UP_FAILED, f"left behind: {facts.residue[0]}")
    if facts.is_closing:
        return
    ends = [at for at, entry in enumerate(facts.entries) if isinstance(entry.event, Closed)]
    if not ends:
        yield _against(Verdict.OPEN, NOT_CLOSED)
        return
    if not all(isinstance(entry.event, _AFTER_ITS_END) for entry in facts.entries[ends[0] + 1 :]):
        yield _against(Verdict.ABORTED, "it went on after it was closed")


def _closed_as_worse(facts: Facts, known: Sequence[Against]) -> Iterator[Against]:
    """Yield that who ran it closed it with a worse word than all that is known of it."""
    words = dict.fromkeys(e.event.verdict for e in facts.entries if isinstance(e.event, Closed))
    for word in words:
        verdict = _CLOSED_AS.get(word, Verdict.FAILED)
        if word != Verdict.PASSED and all(BADNESS.index(each.verdict) < BADNESS.index(verdict) for each in known):
            # What was left behind then is gone; that it was left stays.
            is_gone = verdict is Verdict.CLEAN_UP_FAILED and any(isinstance(e.event, Resumed) for e in facts.entries)
            yield _against(verdict, f"it was closed as {word}", ExitCode.INTERRUPTED if is_gone else None)


def _of_the_run(facts: Facts) -> Iterator[Against]:
    if facts.opened is None:
        yield _against(Verdict.ABORTED, NOT_OPENED, ExitCode.FINDING)
    events = [entry.event for entry in facts.entries]
    is_begun = any(isinstance(event, Began) for event in events)
    for event in events:
        match event:
            case Interrupted(by=by):
                yield _against(Verdict.ABORTED, f"interrupted by {by}")
            case Resumed():
                yield _against(Verdict.ABORTED, "its process ended before it did, and another went on")
            case Gated(gate=gate, status=status) if status not in (Status.PASSED, Status.WAIVED):
                code = ExitCode.FINDING if status is Status.FAILED else ExitCode.NOT_MEASURED
                yield _against(Verdict.ABORTED, f"gate {gate} was shut", code)
            case NotTold(by=by) if not is_begun:
                yield _against(Verdict.ABORTED, f"it could not be opened at {by}", ExitCode.NOT_MEASURED)
            case UndoEnded(step=step, status=status) if status is not Status.PASSED:
                yield _against(Verdict.FAILED, f"{step} could not be taken back at once")
    if facts.is_approved_by_its_operator:
        yield _against(Verdict.FAILED, APPROVED_BY_OPERATOR)


def _of_steps(facts: Facts) -> Iterator[Against]:
    real = {step.id: step.is_real for step in facts.opened.steps} if facts.opened else {}
    for step in facts.steps:
        if step.status in _STEPS:
            verdict, what = _STEPS[step.status]
            yield _against(verdict, f"{step.id} {what}: {step.detail}")
        elif step.status is Status.PASSED and real[step.id] and not step.is_evidence:
            yield _against(Verdict.NOT_MEASURED, f"{step.id} ended before it began")
    for entry in facts.entries:
        if isinstance(entry.event, Began | Ended) and entry.event.step not in real:
            yield _against(Verdict.FAILED, f"{entry.event.step} is not in the plan")
    if not any(step.is_evidence for step in facts.steps):
        yield _against(Verdict.NOT_MEASURED, "no real step passed")
    if facts.is_only_through_the_platform:
        yield _against(Verdict.FAILED, ONLY_THROUGH_PLATFORM)
    if facts.is_nobody_in:
        yield _against(Verdict.NOT_MEASURED, NOBODY_IN)


def _of_spans(spans: Sequence[Measured]) -> Iterator[Against]:
    for span in spans:
        if span.is_met is False:
            yield _against(Verdict.FAILED, f"{span.span} took {span.seconds:g} s, and may take {span.target:g} s")
        elif span.seconds is None:
            yield _against(Verdict.NOT_MEASURED, f"{span.span} was not measured: {span.why}")
