"""`monitor uses spool`: what a reader calls for every attempt. Nothing here touches the network or waits for anybody.

Nobody listening on stderr changes nothing: the attempt is kept all the same.
"""

from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from glasswatch import authlog, spool
from glasswatch.clock import SystemClock
from glasswatch.errors import ExitCode
from monitor.commands.uses import attempt


@click.command("spool")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@attempt.described
@click.option(
    "--syslog",
    type=click.Path(path_type=Path),
    default=authlog.SOCKET,
    show_default=True,
    help="Socket of the system's log.",
)
def command(directory: Path, syslog: Path, **given: Any) -> int:  # noqa: ANN401 - the options of `attempt`
    """Log one attempt at break-glass and keep it in DIRECTORY, to be sent by `monitor uses send`.

    The system's log (authpriv) comes first, then the file; the network is never touched. Exits 0 once it is kept, 7 if
    it can't be: then it stands in the system's log alone.
    """
    clock = SystemClock()
    told = attempt.attempt_of(given, clock)
    is_loud = told["decision"] == "refused" or told["via"] in ("override", "unknown")
    try:
        authlog.write(told, is_loud=is_loud, at=syslog)
    except OSError as fault:
        _say(f"warning: the attempt is not in the system's log: {fault.strerror or fault}")
    try:
        spool.keep(directory, told, clock)
        if spool.is_open_to_others(directory):
            _say(f"warning: {directory} is open to everybody: chmod 0700, or 3770 for a group")
    except (OSError, ValueError) as fault:
        _say(f"{directory}: the attempt can't be kept: {getattr(fault, 'strerror', None) or fault}")
        return ExitCode.EVIDENCE_UNWRITABLE
    return ExitCode.GOOD


def _say(text: str) -> None:
    with suppress(OSError):
        click.echo(text, err=True)
