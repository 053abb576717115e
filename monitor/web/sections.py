"""Decides which platforms' parts of the status page are made anew, and which stand as they were made.

1. What all parts cost together is known from the last time each was made. Where that is little, all are made anew for
   each page.
2. Else a part stands for as long as making all of them keeps the processor for a fiftieth of the time; a minute at
   most.
3. Whatever its age, a part is made anew if it would say something else than when it was made: verdict, functions,
   flag (each renewal is another), causes, people's acts, maintenance, outages, targets, or any probe's mark. Only how
   long something lasts, when a probe ran last and the words of what it found may be of an earlier time.
4. So is one in which time alone made something untrue: a flag past its expiry, a probe not measured lately.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Final

from markupsafe import Markup

from monitor.model.state import PlatformState, ProbeState
from monitor.web.probeview import is_overdue
from monitor.web.view import Material, glass_mark

ALWAYS_ANEW_SECONDS: Final = 0.1  # of the processor, for all parts
_KEPT_TIMES_COST: Final = 50
OLDEST: Final = timedelta(minutes=1)

_OF_TIME = {"probes", "wake_at"}
_SAID_OF_PLATFORM = tuple(each.name for each in fields(PlatformState) if each.name not in _OF_TIME)


@dataclass(frozen=True, slots=True)
class Section:
    """A platform's part as it was made: from what, as of when, for how many seconds of the processor."""

    material: Material
    at: datetime
    cost: float
    html: Markup


def kept_for(sections: Iterable[Section]) -> timedelta:
    """Return for how long parts stand where nothing changes; zero: not at all."""
    cost = sum(section.cost for section in sections)
    if cost < ALWAYS_ANEW_SECONDS:
        return timedelta(0)
    return min(timedelta(seconds=cost * _KEPT_TIMES_COST), OLDEST)


def still_stands(section: Section | None, material: Material, now: datetime, keep: timedelta) -> bool:
    """Whether a part that was made says what would be said now, but for what may be as old as `keep`."""
    if section is None or not section.at <= now < section.at + keep:  # made later than now: the clock was set back
        return False
    before = section.material
    return (
        _is_same(before, material)
        and glass_mark(material.document, section.at) == glass_mark(material.document, now)
        and _probes_alike(before, material, section.at, now)
    )


def _is_same(before: Material, now: Material) -> bool:
    """Whether all but the probes is the same."""
    return (
        before.watched is now.watched
        and before.anchor == now.anchor
        and before.document == now.document
        and before.outages == now.outages
        and before.unpublished == now.unpublished
        and before.acknowledged == now.acknowledged
        and all(getattr(before.state, name) == getattr(now.state, name) for name in _SAID_OF_PLATFORM)
    )


def _probes_alike(before: Material, material: Material, then: datetime, now: datetime) -> bool:
    """Whether each probe would be marked as it was."""
    was: Mapping[str, ProbeState] = before.state.probes
    for name, policy in material.watched.policy.probes.items():
        old, new = was.get(name), material.state.probes.get(name)
        if old is None or new is None:
            if old is not new:
                return False
        elif _mark(old) != _mark(new) or is_overdue(policy, old, then) != is_overdue(policy, new, now):
            return False
    return True


def _mark(probe: ProbeState) -> tuple[object, ...]:
    """Return what decides how a probe is marked, and its notes."""
    return (
        probe.phase,
        probe.last_reason,
        probe.needs_reconfirm,
        probe.round_bad,
        probe.good_run,
        probe.warnings,
    )
