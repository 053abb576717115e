"""How the commands show maintenance windows."""

from collections.abc import Iterator
from datetime import timedelta

import click

from glasswatch import visible
from glasswatch.durations import render
from monitor.wire.answers import SpanAnswer
from monitor.wire.maintenance import CalendarAnswer, WindowAnswer

WORDS = {
    "in_force": ("IN FORCE", "yellow"),
    "coming": ("coming", "green"),
    "over": ("over", "white"),
    "asked": ("WAITS", "magenta"),
    "proposed": ("proposed", "magenta"),
}


def show(window: WindowAnswer) -> None:
    """Print one window."""
    word, colour = WORDS[window.state]
    name = f"  {visible.line(window.name)}" if window.name else ""
    click.echo(f"{visible.line(window.id)}  {click.style(word, fg=colour)}{name}")
    for line in _lines(window):
        click.echo(f"  {visible.line(line)}")


def _lines(window: WindowAnswer) -> Iterator[str]:
    yield f"{window.platform}: {_range(window)}"
    yield from _when(window)
    if window.by is not None:
        both = f", confirmed by {window.confirmed_by}" if window.confirmed_by else ""
        verb = "asked for" if window.state == "asked" else "agreed"
        yield f"{verb} by {window.by}{both}: {window.reason}"
    if window.ended is not None:
        yield f"ended by {window.ended.by} at {window.ended.at:%Y-%m-%d %H:%M:%SZ}: {window.ended.why}"
    if window.expires_at is not None:
        yield f"another person confirms by {window.expires_at:%H:%M:%SZ}: monitor maintenance confirm {window.id}"
    if window.state == "proposed":
        yield f"told by {window.probe}; it has no effect until: monitor maintenance accept {window.id} --reason WHY"


def _when(window: WindowAnswer) -> Iterator[str]:
    if window.calendar is None:
        until = f" to {window.until:%Y-%m-%d %H:%M:%SZ}" if window.until is not None else ""
        yield f"{window.since:%Y-%m-%d %H:%M:%SZ}{until}"
        return
    until = f", until {window.until:%Y-%m-%d %H:%M:%SZ}" if window.until is not None else ""
    yield f"{_calendar(window.calendar)}{until}"
    if window.now is not None:
        yield f"now: {_span(window.now)}"
    if window.next is not None:
        yield f"next: {_span(window.next)}"


def _calendar(calendar: CalendarAnswer) -> str:
    lasts = render(timedelta(seconds=max(calendar.lasts_seconds, 0)))
    return f"{', '.join(calendar.days)} at {calendar.at} {calendar.timezone}, for {lasts}"


def _span(span: SpanAnswer) -> str:
    return f"{span.start:%Y-%m-%d %H:%M:%SZ} to {span.end:%Y-%m-%d %H:%M:%SZ}"


def _range(window: WindowAnswer) -> str:
    parts = [f"functions {', '.join(window.functions)}"] if window.functions else []
    parts += [f"probes {', '.join(window.probes)}"] if window.probes else []
    return " and ".join(parts) or "the whole platform"
