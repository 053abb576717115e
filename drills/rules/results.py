"""How each step came out, by the journal alone.

1. A step that is in the plan and never began was skipped, whatever kept it from it. One that began and has no end was
   interrupted.
2. Where a step ended more than once, as no run of ours writes it, the worst of its ends counts.
3. A step is evidence if it is real, was begun before it ended, and passed. Nothing else is: neither what was simulated,
   skipped or waived, nor what met a fault.
4. Of what it says that it is evidence of, it is evidence only of what a step of its kind can show
   (`drills.rules.parts`), and only where it happened in this order:
   - That access was taken back is shown by what began after a step had passed that shows access: what was refused
     before any was had shows that nobody got in, and not that it was taken back.
   - That the old credential is refused is shown by what began after a rotation that shows it had passed: a password
     that nobody ever had is refused as well.
   - That the platform grants access again is shown by what began after every step that shows the outage had ended, and
     every exercise that a step was to end.
5. What began with something to take back is left behind until an undo of it passed, and is named.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import inf
from typing import Final

from drills.model.event import Began, Closed, Ended, Entry, Event, Interrupted, Opened, Resumed, UndoEnded
from drills.model.step import PlannedStep, Status
from drills.model.verdict import StepResult
from drills.rules.parts import ACCESS, OUTAGE, RESTORED, ROTATED, TAKEN_BACK, kind_of, unshown
from drills.rules.undo import residue_of, to_take_back

_WORST: Final = (
    Status.INTERRUPTED,
    Status.FAILED,
    Status.ERROR,
    Status.NOT_MEASURED,
    Status.SKIPPED,
    Status.WAIVED,
    Status.SIMULATED,
    Status.PASSED,
)


def opened_in(entries: Sequence[Entry]) -> Opened | None:
    """Return what was to be run; None where the journal does not begin with it."""
    first = entries[0].event if entries else None
    return first if isinstance(first, Opened) else None


def step_results(entries: Sequence[Entry]) -> tuple[StepResult, ...]:
    """Return how each planned step came out, in the plan's order."""
    opened = opened_in(entries)
    by_step: dict[str, list[Entry]] = {}
    for entry in entries:
        if isinstance(entry.event, Began | Ended | UndoEnded):
            by_step.setdefault(entry.event.step, []).append(entry)
    return tuple(_result(step, by_step.get(step.id, ())) for step in opened.steps) if opened else ()


def end_of(step: str, entries: Sequence[Entry]) -> Entry | None:
    """Return the entry that says how a step ended: the worst of them, and of those alike the first."""
    ends = [(entry, entry.event) for entry in entries if isinstance(entry.event, Ended) and entry.event.step == step]
    worst = min(ends, key=lambda end: _WORST.index(end[1].status), default=None)
    return worst[0] if worst else None


def is_whole(entries: Sequence[Entry]) -> bool:
    """Whether every step was done and came out well, and nothing cut the run short."""
    steps = step_results(entries)
    is_done = all(step.status in (Status.PASSED, Status.SIMULATED) for step in steps)
    return bool(steps) and is_done and not any(isinstance(entry.event, Interrupted | Resumed) for entry in entries)


def residue(entries: Sequence[Entry]) -> tuple[str, ...]:
    """Return what is left behind, each in a line, last in first out; `Closed` may name more."""
    opened = opened_in(entries)
    events = [entry.event for entry in entries]
    said = _said_at_its_end(events)
    left = zip(to_take_back(events), residue_of(opened.steps if opened else (), events), strict=True)
    named = [line for step, line in left if not any(each.startswith(f"{step}:") for each in said)]
    return tuple(dict.fromkeys((*named, *said)))


def _said_at_its_end(events: Sequence[Event]) -> list[str]:
    """Return what a run was closed with last, without what was taken back since."""
    at = max((number for number, event in enumerate(events) if isinstance(event, Closed)), default=-1)
    closed = events[at] if at >= 0 else None
    gone = {e.step for e in events[at + 1 :] if isinstance(e, UndoEnded) and e.status is Status.PASSED}
    lines = closed.residue if isinstance(closed, Closed) else ()
    return [line for line in lines if line.partition(":")[0] not in gone]


def evidence(steps: Sequence[PlannedStep], results: Iterable[StepResult]) -> Mapping[str, tuple[str, ...]]:
    """Return by id such as `D5` the steps that are evidence of it."""
    passed = {result.id: result for result in results if result.is_evidence}
    found: dict[str, tuple[str, ...]] = {}
    for step in steps:
        kind = kind_of(step)
        for id_ in dict.fromkeys(step.evidences) if step.id in passed else ():
            if not unshown(id_, kind):
                found[id_] = (*found.get(id_, ()), step.id)
    early = _too_early(steps, passed, found)
    return {id_: shown for id_, ids in found.items() if (shown := tuple(s for s in ids if (id_, s) not in early))}


def _too_early(
    steps: Sequence[PlannedStep], passed: Mapping[str, StepResult], found: Mapping[str, tuple[str, ...]]
) -> frozenset[tuple[str, str]]:
    """Return the parts, each with a step, that a step can show and that nothing had come before of what must."""
    kinds = {step.id: kind_of(step) for step in steps}
    refused = [id_ for id_ in found.get(ROTATED, ()) if kinds[id_].is_refusal]
    rotated = [id_ for id_ in found.get(ROTATED, ()) if not kinds[id_].is_refusal]
    outages = found.get(OUTAGE, ())
    ended = [step.id for step in steps if kinds[step.id].ends_exercise] if outages else []
    since = (
        (TAKEN_BACK, found.get(TAKEN_BACK, ()), _ends(found.get(ACCESS, ()), passed)[:1]),
        (ROTATED, refused, _ends(rotated, passed)[:1]),
        (RESTORED, found.get(RESTORED, ()), _ends((*outages, *ended), passed)[-1:]),
    )
    return frozenset(
        (part, id_) for part, ids, after in since for id_ in ids if not after or passed[id_].began_entry <= after[0]
    )


def _ends(steps: Iterable[str], passed: Mapping[str, StepResult]) -> list[float]:
    """Return after which entries the steps had ended, in order; one that did not pass never did."""
    return sorted(passed[step].ended_entry if step in passed else inf for step in steps)


def _result(step: PlannedStep, entries: Sequence[Entry]) -> StepResult:
    """Return how a step came out, by the entries of it."""
    began = next((e for e in entries if isinstance(e.event, Began)), None)
    end = end_of(step.id, entries)
    ended = end.event if end is not None and isinstance(end.event, Ended) else None
    undos = [e.event for e in entries if isinstance(e.event, UndoEnded)]
    status = ended.status if ended else Status.INTERRUPTED if began else Status.SKIPPED
    is_in_order = began is not None and end is not None and began.head.seq < end.head.seq
    return StepResult(
        id=step.id,
        status=status,
        detail=ended.detail if ended else "it has no end" if began else "it never began",
        is_evidence=step.is_real and is_in_order and status is Status.PASSED,
        began_at=began.at if began else None,
        ended_at=end.at if end else None,
        tries=ended.tries if ended and began else 0,
        undo=undos[-1].status if undos else None,
        residue=undos[-1].residue if undos and undos[-1].status is not Status.PASSED else "",
        began_entry=began.head.seq if began else 0,
        ended_entry=end.head.seq if end else 0,
    )
