"""`monitor flag order end`: a standby order that is later than the one it ends."""

from datetime import timedelta
from pathlib import Path

import click

from glasswatch.clock import SystemClock
from glasswatch.flag.document import FlagState
from glasswatch.flag.order_signing import Wish, begin, check, latest_signed, left_of, summary
from monitor.commands.flag import values
from monitor.commands.flag.order import files
from monitor.commands.flag.order.sign import lifetime
from monitor.commands.flag.order.signing import Pen, tell


@click.command("end")
@click.argument("source", metavar="FILE", type=values.FILE)
@click.option("--key", "key_file", type=values.FILE, required=True, help="Your order key.")
@click.option("--trust", "trust_file", type=values.FILE, required=True, help="The trust file that readers pin.")
@click.option(
    "--for",
    "length",
    callback=lifetime,
    metavar="DURATION",
    help="How long it is to seal.  [default: as long as the order in FILE would have lived]",
)
@click.option(
    "--ticket", callback=values.name, help="Where it is written down why.  [default: that of the order in FILE]"
)
@click.option("--by", callback=values.name, metavar="PERSON", help="Who ordered it.  [default: whose key it is]")
@click.option(
    "--out", type=values.FILE, required=True, metavar="FILE", help="Where to write it; never over another file."
)
def command(  # noqa: PLR0913 - one parameter an option
    *,
    source: Path,
    key_file: Path,
    trust_file: Path,
    length: timedelta | None,
    ticket: str | None,
    by: str | None,
    out: Path,
) -> None:
    """End the order in FILE by a later one that says standby; one signature is enough.

    Until it expires break-glass is sealed, whatever the flag says; then the flag decides. Bring it to every reader: one
    that never saw it goes on by the order it ends.
    """
    clock = SystemClock()
    now = clock.now()
    pen = Pen(key_file, trust_file, clock)
    ended = latest_signed([files.load(source, clock)], pen.trust, now)
    left = length or left_of(ended, now)
    wish = Wish(ended.iss, ended.sub, FlagState.STANDBY, left, by or pen.person, ticket or ended.ticket)
    draft = pen.start(begin(wish, now, ended.ver), now)
    judgement = check(draft, pen.trust, now)
    files.write_new(out, draft.lines)
    for line in summary(draft.order):
        click.echo(line)
    tell(out, draft, judgement)
