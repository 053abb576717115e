"""`monitor flag order sign`: the first signature under an order, or another one under one that somebody has shown."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import click

from glasswatch.clock import SystemClock
from glasswatch.durations import render
from glasswatch.errors import ExitCode
from glasswatch.flag.document import FlagState
from glasswatch.flag.errors import OrderFault, shown
from glasswatch.flag.order import MAX_LIFETIME
from glasswatch.flag.order_reader import Signature
from glasswatch.flag.order_signing import Draft, Wish, begin, check, draft_of, signers_of, summary
from monitor.commands.flag import values
from monitor.commands.flag.order import files
from monitor.commands.flag.order.signing import Pen, tell

_STATES = (FlagState.READY.value, FlagState.STANDBY.value)


def lifetime(_ctx: click.Context, param: click.Parameter, text: str | None) -> timedelta | None:
    """Return how long an order is to live; None where nothing was said."""
    length = values.duration(_ctx, param, text)
    if length is not None and not timedelta(seconds=1) <= length <= MAX_LIFETIME:
        raise click.BadParameter(f"expected 1s to {render(MAX_LIFETIME)}: nobody opens for longer at one go")
    return length


def deployment(ctx: click.Context, param: click.Parameter, text: str | None) -> str | None:
    """Return the name of a deployment; None where none was given."""
    return None if text is None else values.deployment(ctx, param, text)


@dataclass(frozen=True, slots=True)
class _Said:
    """What the command line says of a new order."""

    platform: str | None
    audience: str | None
    state: str | None
    lifetime: timedelta | None
    ticket: str | None
    by: str | None


@click.command("sign")
@click.option("--key", "key_file", type=values.FILE, required=True, help="Your order key.")
@click.option("--trust", "trust_file", type=values.FILE, required=True, help="The trust file that readers pin.")
@click.option("--platform", callback=values.name, metavar="NAME", help="The platform that it is about.")
@click.option("--audience", callback=deployment, metavar="DEPLOYMENT", help="The deployment, such as prod.")
@click.option("--state", type=click.Choice(_STATES), help="Ready permits break-glass, standby seals it.")
@click.option("--for", "length", callback=lifetime, metavar="DURATION", help="How long it is to live, 4h at most.")
@click.option("--ticket", callback=values.name, help="Where it is written down why.")
@click.option("--by", callback=values.name, metavar="PERSON", help="Who ordered it.  [default: whose key it is]")
@click.option("--out", type=values.FILE, metavar="FILE", help="Where to write it; never over another file.")
@click.option(
    "--add", "addition", type=values.FILE, metavar="FILE", help="Add a signature to the order in FILE instead."
)
@click.option("--yes", is_flag=True, help="With --add: sign what is shown without asking.")
@click.pass_context
def command(  # noqa: PLR0913 - one parameter an option
    ctx: click.Context,
    *,
    key_file: Path,
    trust_file: Path,
    platform: str | None,
    audience: str | None,
    state: str | None,
    length: timedelta | None,
    ticket: str | None,
    by: str | None,
    out: Path | None,
    addition: Path | None,
    yes: bool,
) -> None:
    """Sign an order, on any machine that has the key: no network, no settings.

    A ready order needs as many different persons as the trust file says. The first one says what it is and writes it
    to --out; the others look at it and sign the same with --add, which goes into that file, or to --out. Standby needs
    one signature.
    """
    clock = SystemClock()
    now = clock.now()
    said = _Said(platform, audience, state, length, ticket, by)
    if addition is None:
        wish, target = _wish(said, out)
        _start(Pen(key_file, trust_file, clock), wish, target, now)
        return
    if said != _Said(None, None, None, None, None, None):
        raise click.UsageError("--add signs what stands there: only --key, --trust, --out and --yes go with it")
    pen = Pen(key_file, trust_file, clock)
    draft = draft_of([files.load(addition, clock)])
    added, mine = _checked(pen, draft, now)
    if not yes and not click.confirm(f"Sign it as {shown(mine.person)}?"):
        click.echo("not signed, and nothing was written", err=True)
        ctx.exit(ExitCode.INTERRUPTED)
    if out is None:
        files.rewrite(addition, added.lines)
    else:
        files.write_new(out, added.lines)
    tell(out or addition, added, check(added, pen.trust, now))


def _wish(said: _Said, out: Path | None) -> tuple[Wish, Path]:
    needed = {
        "--platform": said.platform,
        "--audience": said.audience,
        "--state": said.state,
        "--for": said.lifetime,
        "--out": out,
    }
    missing = [name for name, given in needed.items() if given is None]
    if said.platform is None or said.audience is None or said.state is None or said.lifetime is None or out is None:
        raise click.UsageError(f"missing {', '.join(missing)}; or --add FILE, to add a signature to an order")
    wish = Wish(said.audience, said.platform, FlagState(said.state), said.lifetime, said.by or "", said.ticket)
    return wish, out


def _start(pen: Pen, wish: Wish, out: Path, now: datetime) -> None:
    wanted = begin(replace(wish, by=wish.by or pen.person), now)
    draft = pen.start(wanted, now)
    judgement = check(draft, pen.trust, now)
    files.write_new(out, draft.lines)
    _show(draft)
    tell(out, draft, judgement)


def _checked(pen: Pen, draft: Draft, now: datetime) -> tuple[Draft, Signature]:
    """Show an order that somebody else signed, and return it with this signature too."""
    so_far = signers_of(draft, pen.trust, now)
    added, mine = pen.add(draft, now)
    if mine.holder in {each.holder for each in so_far}:
        raise OrderFault(f"{shown(mine.person)} has signed it already: the next signature must be another person's")
    check(added, pen.trust, now)
    _show(draft)
    click.echo(f"signed by   {', '.join(shown(each.person) for each in so_far)}")
    return added, mine


def _show(draft: Draft) -> None:
    for line in summary(draft.order):
        click.echo(line)
