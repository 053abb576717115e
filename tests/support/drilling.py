"""Events of drills as they come, and any that may come."""

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from drills.model.event import Entry, Event, Head, KeptOutput, Opened
from drills.model.step import PlannedStep
from glasswatch.canonical import MOST
from tests.support.clock import START

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
NUMBERS = st.integers(-MOST, MOST)
FLOATS = st.floats(-1e15, 1e15)
TIMES = st.datetimes(timezones=st.just(UTC))


def of(annotation: Any) -> st.SearchStrategy[Any]:
    """Return any value of a type that events are made of."""
    plain = {str: TEXTS, int: NUMBERS, float: FLOATS, bool: st.booleans(), datetime: TIMES, NoneType: st.none()}
    if annotation in plain:
        return plain[annotation]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is tuple:
        return st.lists(of(arguments[0]), max_size=2).map(tuple)
    if arguments and NoneType not in arguments:
        return st.dictionaries(TEXTS, of(arguments[1]), max_size=2)
    if arguments:
        return st.one_of(*map(of, arguments))
    if isinstance(annotation, type) and is_dataclass(annotation):
        hints = get_type_hints(annotation)
        return st.builds(annotation, **{each.name: of(hints[each.name]) for each in fields(annotation)})
    return st.sampled_from(annotation)


EVENTS: st.SearchStrategy[Any] = st.one_of(*map(of, get_args(Event)))
KINDS: tuple[type[Any], ...] = get_args(Event)


def opened(steps: Sequence[PlannedStep] = (), **changes: Any) -> Opened:
    """Return the first entry of a run of these steps."""
    facts: dict[str, Any] = {
        "scenario": "quarterly",
        "title": "Break-glass works",
        "owner": "Platform team",
        "platform": "payments",
        "deployment": "prod",
        "operator": "anna",
        "scenario_sha256": "5" * 64,
        "version": "0.1.0",
        "steps": tuple(steps),
    }
    return Opened(**{**facts, **changes})


def step(id_: str, **changes: Any) -> PlannedStep:
    """Return a step that really acts."""
    return PlannedStep(**{"id": id_, "action": "http", "line": f"does {id_}", "is_real": True, **changes})


def kept(file: str = "0001-answer") -> KeptOutput:
    """Return an output that is nowhere."""
    return KeptOutput(file, 3, "0" * 64)


def journal(*events: Event, each: float = 1.0, begin: Opened | None = None) -> list[Entry]:
    """Return the entries of a run of these events, one every so many seconds, after what was to be run."""
    all_ = (*((begin,) if begin else ()), *events)
    return [
        Entry(
            Head(at + 1, f"{at + 1:064x}"),
            "quarterly-1",
            START + timedelta(seconds=at * each),
            int(at * each * 1000),
            "boot",
            event,
        )
        for at, event in enumerate(all_)
    ]
