"""Decides what the status page shows of a platform's maintenance: what is in force, what comes next, what waits."""

from collections.abc import Iterator
from typing import Final

from glasswatch import visible
from monitor.model.maintenance import InForce, Maintenance
from monitor.web.pageview import MaintenanceView, Mark, Tone
from monitor.web.seen import Seen

SHOWN: Final = 5  # of what waits


def windows_view(held: Maintenance, seen: Seen) -> tuple[MaintenanceView, ...]:
    """Return what is shown, what holds now first."""
    return tuple(_views(held, seen))


def _views(held: Maintenance, seen: Seen) -> Iterator[MaintenanceView]:
    for each in held.in_force:
        yield _view(each, Mark(Tone.WARN, "in force"), seen)
    if held.coming is not None:
        yield _view(held.coming, Mark(Tone.SEALED, "comes next"), seen)
    for asked in held.asked[:SHOWN]:
        window = asked.window
        yield MaintenanceView(
            mark=Mark(Tone.UNKNOWN, "waits"),
            title=visible.line(f"{window.by} asks for {window.id}: {window.reason}"),
            since=seen.moment(window.since),
            until=seen.moment(window.until or asked.expires_at),
            command=visible.line(f"monitor maintenance confirm {window.id}"),
        )
    for proposal in held.proposals[:SHOWN]:
        yield MaintenanceView(
            mark=Mark(Tone.UNKNOWN, "proposed"),
            title=visible.line(f"{proposal.probe} tells: {proposal.planned.name or proposal.planned.id}"),
            since=seen.moment(proposal.planned.since),
            until=seen.moment(proposal.planned.until),
            command=visible.line(f"monitor maintenance accept {proposal.id} --reason WHY"),
        )


def _view(each: InForce, mark: Mark, seen: Seen) -> MaintenanceView:
    return MaintenanceView(mark, visible.line(each.label), seen.moment(each.since), seen.moment(each.until))
