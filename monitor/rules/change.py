"""Makes a changed copy of a frozen value, in less than half the time that `dataclasses.replace` takes.

Every outcome of every probe makes two such copies of wide values. What is copied is filled in slot by slot, before
anybody else sees it; the value given stays as it is. It decides nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from operator import attrgetter
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from monitor.model.state import PlatformState, ProbeState

State = TypeVar("State", PlatformState, ProbeState)


class _Slots(NamedTuple):
    setters: Mapping[str, Callable[[object, object], None]]
    values: Callable[[object], tuple[Any, ...]]


def changed(value: State, **changes: object) -> State:
    """Return the value with these fields replaced.

    Raises:
        KeyError: there is no such field; a bug.
    """
    slots = _SLOTS[type(value)]
    copy = object.__new__(type(value))
    for setter, held in zip(slots.setters.values(), slots.values(value), strict=True):
        setter(copy, held)
    for name, replacement in changes.items():
        slots.setters[name](copy, replacement)
    return copy


def _slots(kind: type[PlatformState | ProbeState]) -> _Slots:
    names = tuple(field.name for field in fields(kind))
    return _Slots({name: getattr(kind, name).__set__ for name in names}, attrgetter(*names))


_SLOTS: Mapping[type, _Slots] = MappingProxyType({kind: _slots(kind) for kind in (PlatformState, ProbeState)})
