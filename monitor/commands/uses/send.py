"""`monitor uses send`: brings what readers spooled to the monitor.

1. A file goes once the monitor has it on record, and not before. Until then everything stays.
2. What the monitor would never take (malformed, too large) is set aside, loudly: it must not hold up the rest.
3. A monitor that can't write its store pages all the same: the rest is sent too, and everything is kept.
4. Nobody there, or not let in: no use trying the rest now. A token that is limited to other platforms keeps what is of
   this one, and nothing else.
5. Many may run at once: whoever holds a file's lock sends it. It ends in time, whatever waits.
"""

import asyncio
from datetime import timedelta
from enum import Enum
from pathlib import Path

import click

from glasswatch import spool, visible
from glasswatch.clock import Clock, SystemClock
from glasswatch.errors import ExitCode, GlasswatchError, NotMeasured, UsageFault, worst
from monitor.commands import client, options
from monitor.commands.flag import values
from monitor.commands.uses.report import body_of
from monitor.errors import RequestRefused
from monitor.wire.endpoints import BY_NAME

WITHIN = timedelta(seconds=50)  # so that a timer may start it every minute


class _End(Enum):
    """What became of a file."""

    SENT = "sent"
    KEPT = "kept"
    SET_ASIDE = "set aside"
    ELSEWHERE = "sent by another"
    NOBODY = "nobody there"


_OF_THIS_ONE = frozenset(
    {"store_unavailable", "own_fault", "forbidden"}
)  # the next one may be taken, or paged at least
_CODES = {_End.KEPT: ExitCode.NOT_MEASURED, _End.NOBODY: ExitCode.NOT_MEASURED, _End.SET_ASIDE: ExitCode.FINDING}


@click.command("send")
@click.argument("directory", metavar="SPOOL", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--within", callback=values.duration, metavar="DURATION", help="How long it may take in all.  [default: 50s]"
)
@options.reaching
def command(  # noqa: PLR0913 - one parameter an option
    config: Path,
    url: str | None,
    token_file: Path | None,
    ca_file: Path | None,
    *,
    directory: Path,
    within: timedelta | None,
) -> int:
    """Send the attempts that wait in SPOOL to the monitor, and delete those that it has on record.

    Safe to run many at once; meant for a timer. Exits 0 when nothing waits any more, 1 if some were set aside because
    nobody takes them, 4 if some must wait: the monitor can't be reached, refuses the token, or can't write its store.
    """
    try:
        files = spool.waiting(directory)
    except FileNotFoundError:
        files = []  # nobody has spooled anything yet
    except OSError as fault:
        raise UsageFault(f"{directory}: can't be read: {fault.strerror}") from None
    if not files:
        return ExitCode.GOOD
    place = client.reach(client.Given(config, url, token_file, ca_file))
    ends = asyncio.run(_send_all(place, files, within or WITHIN, SystemClock()))
    waits = len(files) - sum(ends.count(end) for end in (_End.SENT, _End.SET_ASIDE, _End.ELSEWHERE))
    click.echo(f"{ends.count(_End.SENT)} sent, {waits} kept, {ends.count(_End.SET_ASIDE)} set aside")
    codes = [_CODES.get(end, ExitCode.GOOD) for end in ends]
    return worst([*codes, ExitCode.NOT_MEASURED if waits else ExitCode.GOOD])


async def _send_all(place: client.Reach, files: list[Path], within: timedelta, clock: Clock) -> list[_End]:
    ends: list[_End] = []
    ends_at = clock.monotonic() + within.total_seconds()
    for path in files:
        if clock.monotonic() >= ends_at:
            click.echo("time is up: the rest is left for the next run", err=True)
            break
        ends.append(await _send(place, path))
        if ends[-1] is _End.NOBODY:
            break
    return ends


async def _send(place: client.Reach, path: Path) -> _End:
    try:
        with spool.locked(path) as content:
            return _End.ELSEWHERE if content is None else await _send_content(place, path, content)
    except OSError as fault:
        click.echo(f"{path}: can't be read or removed: {fault.strerror or fault}", err=True)
        return _End.KEPT


async def _send_content(place: client.Reach, path: Path, content: bytes) -> _End:
    try:
        await client.ask(place, BY_NAME["use_report"], body=body_of(content))
    except UsageFault as fault:
        return _set_aside(path, str(fault))
    except RequestRefused as refusal:
        if refusal.exit_code is ExitCode.USAGE:
            return _set_aside(path, str(refusal))
        return _kept(refusal, is_worth_going_on=refusal.code in _OF_THIS_ONE)
    except NotMeasured as fault:
        return _kept(fault, is_worth_going_on=False)
    spool.remove(path)
    return _End.SENT


def _kept(fault: GlasswatchError, *, is_worth_going_on: bool) -> _End:
    click.echo(f"kept: {visible.line(str(fault))}", err=True)
    return _End.KEPT if is_worth_going_on else _End.NOBODY


def _set_aside(path: Path, why: str) -> _End:
    to = spool.set_aside(path)
    click.echo(f"SET ASIDE, nobody is told of this attempt: {to}: {visible.line(why)}", err=True)
    return _End.SET_ASIDE
