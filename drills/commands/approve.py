"""`drill approve`: a second person signs a scenario as it stands."""

from datetime import timedelta
from pathlib import Path

import click

from drills import approvals
from drills.commands import broken, plan_page
from drills.planning import plan
from drills.rules.approval import LONGEST, USUAL
from drills.scenarios import find
from drills.settings.root import DrillFile
from glasswatch import options
from glasswatch.clock import SystemClock
from glasswatch.errors import ExitCode, UsageFault
from glasswatch.flag.errors import plain, shown
from glasswatch.settings.load import load


@click.command("approve")
@click.argument("scenario", metavar="SCENARIO")
@options.config
@click.option(
    "--key",
    "key_file",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    metavar="FILE",
    help="Your key of role evidence.",
)
@click.option("--person", required=True, metavar="PERSON", help="Who you are; the trust file says the same of the key.")
@click.option(
    "--days",
    type=click.IntRange(1, LONGEST.days),
    default=USUAL.days,
    show_default=True,
    help="How long it counts.",
)
@options.sure
def command(  # noqa: PLR0913 - one parameter an option
    scenario: str, *, config: Path, key_file: Path, person: str, days: int, is_sure: bool
) -> int:
    """Sign a scenario as it stands, as somebody else than who runs it.

    Shows the plan, asks, and writes the approval beside the scenario. What was shown is what is signed:
    one changed byte of the scenario voids it.
    """
    settings = load(config, DrillFile)
    chosen = broken.picked(find(settings.drill), scenario)
    if settings.drill.trust is None:
        raise UsageFault("drill.trust is not set: without a trust file nobody's approval counts")
    clock = SystemClock()
    pen = approvals.Pen(key_file, person, settings.drill.trust, clock)
    # Whom the settings name as operator, that person's approval would never count.
    whose = approvals.Whose(settings.deployment, settings.drill.trust, settings.drill.operator)
    for line in plan_page.lines(plan(chosen, settings, settings.drill.operator, {}, clock)):
        click.echo(line)
    click.echo()
    if not is_sure and not click.confirm(f"Approve it as {shown(person)} for {days} days?"):
        click.echo("not approved, and nothing was written", err=True)
        return ExitCode.INTERRUPTED
    found = approvals.approve(chosen, whose, pen, timedelta(days=days))
    click.echo(f"{plain(chosen.approval_file)}  approved by {found.person} for {days} days")
    return ExitCode.GOOD
