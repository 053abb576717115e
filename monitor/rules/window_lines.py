"""What people are told of acts on maintenance. A refusal says why, and what to do instead; times are UTC."""

from collections.abc import Iterable
from datetime import UTC, datetime

from monitor.model.maintenance import Asked, Maintenance, Origin, Window
from monitor.rules import maintenance, reasons


def moment(at: datetime) -> str:
    """Return an instant with its day: windows lie days ahead."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"


def agreed(window: Window, now: datetime) -> str:
    """Say that a window counts."""
    here, then = maintenance.current(window, now), maintenance.coming(window, now)
    both = f", agreed by {window.by} and {window.confirmed_by}" if window.confirmed_by else ""
    if here is not None:
        return f"{window.id} is in force until {moment(here.end)}{both}"
    if then is not None:
        again = ", and comes back" if window.calendar is not None else ""
        return f"{window.id} will be in force from {moment(then.start)} to {moment(then.end)}{again}{both}"
    return f"{window.id} is on record, and over{both}"


def ended(window: Window, others: Iterable[Window], now: datetime) -> str:
    """Say that a window was ended, and which of the others is in force all the same."""
    still = next(iter(maintenance.in_force((each for each in others if each.id != window.id), now)), None)
    if window.since > now:
        line = f"{window.id} will not be"
    elif still is not None:
        line = f"{window.id} is over; {still.label} is in force until {moment(still.until)}"
    else:
        line = f"{window.id} is over: an outage pages again"
    if window.origin is Origin.SETTINGS:
        line += f"; {window.name} still stands in the settings, and comes back only if it is changed there"
    return line


def over_already(window: Window) -> str:
    """Say that there is nothing to end."""
    if window.ended is not None:
        return f"{window.id} was ended by {window.ended.by} at {moment(window.ended.at)}: there is nothing to end"
    return f"{window.id} is over: there is nothing to end"


def waits(asked: Asked) -> str:
    """Say that a second person is needed."""
    window = asked.window
    return (
        f"{window.id} starts in the past: another person confirms it by {reasons.clock(asked.expires_at)}, "
        f"monitor maintenance confirm {window.id}"
    )


def asked_already(asked: Asked) -> str:
    """Say that the same person asked for one already."""
    window = asked.window
    return (
        f"{window.id} of {window.by} waits already: another person confirms it by {reasons.clock(asked.expires_at)}, "
        f"monitor maintenance confirm {window.id}"
    )


def no_such_proposal(known: Iterable[str]) -> str:
    """Say which proposals there are."""
    names = ", ".join(known)
    return f"nothing of that id is proposed; {f'these are: {names}' if names else 'nothing is'}"


def no_such_request(waiting: Iterable[str]) -> str:
    """Say which windows wait."""
    names = ", ".join(waiting)
    return f"no window of that id waits for a second person; {f'these do: {names}' if names else 'none does'}"


def no_such_window(held: Maintenance, now: datetime) -> str:
    """Say which windows there are."""
    names = ", ".join(window.id for window in held.windows if not window.is_over(now))
    return f"there is no window of that id; {f'these are agreed: {names}' if names else 'none is agreed'}"
