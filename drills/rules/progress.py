"""What people are shown of a run while it goes on: a line for each entry that matters, and how everything stands.

- Each step stands in one line: not begun, going on with the time that is left, ended, being taken back, taken back.
- Each span that has a target and has begun shows the time that is left of it, until it ends. `total` runs from the
  first step.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from drills.model.event import (
    Began,
    CleaningUp,
    Closed,
    Confirmed,
    Ended,
    Entry,
    Event,
    Gated,
    Interrupted,
    NotTold,
    Opened,
    Resumed,
    UndoBegan,
    UndoEnded,
)
from drills.model.step import PlannedStep, Span, Status
from drills.rules.course import WELL


def line(event: Event) -> str:
    """Return an entry as a line for people; empty where it tells them nothing."""
    return _of_a_step(event) or _of_the_start(event) or _of_the_run(event)


def _of_the_start(event: Event) -> str:
    match event:
        case Opened():
            return f"{event.title} ({event.scenario}) on {event.platform}, run by {event.operator}"
        case Gated() if event.status is not Status.PASSED:
            return f"gate {event.gate}: {_word(event.status)}: {event.detail}"
        case NotTold():
            return f"{event.by} could not be told: {event.detail}"
    return ""


def _of_a_step(event: Event) -> str:
    match event:
        case Ended():
            return f"{_word(event.status):<12} {event.step}: {event.detail}"
        case Confirmed():
            return f"{event.person} says {'yes' if event.is_yes else 'no'} to {event.step}"
        case UndoEnded():
            is_gone = event.status is Status.PASSED
            return f"{'taken back' if is_gone else 'LEFT BEHIND':<12} {event.step}: {event.detail}"
    return ""


def standing(entries: Sequence[Entry], now: datetime) -> tuple[str, ...]:
    """Return how every step and every span stands, a line each; nothing before the run was opened."""
    opened = entries[0].event if entries else None
    if not isinstance(opened, Opened):
        return ()
    states = _states(entries)
    steps = [f"  {_state(step, states.get(step.id), now):<22} {step.id}  {step.line}" for step in opened.steps]
    return (*steps, *_spans(opened, entries, now))


def _of_the_run(event: Event) -> str:
    match event:
        case CleaningUp():
            return f"cleaning up: {event.why}"
        case Interrupted():
            return f"interrupted by {event.by}{f': {event.detail}' if event.detail else ''}"
        case Resumed():
            return f"resumed by {event.operator} on {event.host}{' to clean up only' if event.clean_up_only else ''}"
        case Closed():
            return f"{_word(event.verdict)}: {event.detail}"
    return ""


def _states(entries: Sequence[Entry]) -> Mapping[str, Entry]:
    """Return the last thing that happened to each step."""
    return {
        entry.event.step: entry for entry in entries if isinstance(entry.event, Began | Ended | UndoBegan | UndoEnded)
    }


def _state(step: PlannedStep, last: Entry | None, now: datetime) -> str:
    match last.event if last else None:
        case Began():
            gone = (now - last.at).total_seconds() if last else 0.0
            return f"now, {_left(step.within_seconds - gone)}"
        case Ended() as ended:
            return _word(ended.status)
        case UndoBegan():
            return "is taken back"
        case UndoEnded() as ended:
            return "taken back" if ended.status is Status.PASSED else "LEFT BEHIND"
    return "-"


def _spans(opened: Opened, entries: Sequence[Entry], now: datetime) -> Iterator[str]:
    began = _began(opened, entries)
    done = {
        span
        for step in opened.steps
        for span in step.ends
        if any(isinstance(e.event, Ended) and e.event.step == step.id and e.event.status in WELL for e in entries)
    }
    for name, seconds in opened.targets.items():
        if name in began and name not in done:
            yield f"  {name}: {_left(seconds - (now - began[name]).total_seconds())} of {seconds:g} s"


def _began(opened: Opened, entries: Sequence[Entry]) -> Mapping[str, datetime]:
    begins = {step.id: step.begins for step in opened.steps}
    found: dict[str, datetime] = {}
    for entry in entries:
        event = entry.event
        if isinstance(event, Began):
            found.setdefault(Span.TOTAL, entry.at)
        elif isinstance(event, Ended) and event.status in WELL:
            for span in begins.get(event.step, ()):
                found.setdefault(span, event.happened_at or entry.at)
    return found


def _left(seconds: float) -> str:
    return f"{seconds:.0f} s left" if seconds >= 0 else f"{-seconds:.0f} s over"


def _word(status: str) -> str:
    return str(status).replace("_", " ")
