"""`monitor backtest`: what settings would find, how soon, and how often they would be wrong."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import click

from glasswatch.arguments import instant
from glasswatch.durations import parse, render
from glasswatch.errors import EvidenceUnwritable, ExitCode, UsageFault
from glasswatch.files import replace
from glasswatch.settings.load import load
from monitor import stopping
from monitor.backtest.course import Pace
from monitor.backtest.study import Effort, Plan, Rules, study
from monitor.backtest.world import Stretch
from monitor.commands import options
from monitor.commands.backtest import page, replayed_page, replaying, showing
from monitor.commands.backtest.progress import Progress
from monitor.commands.backtest.settings import OURS, PROPOSED, Instead, defaults, platform_of, rules_of
from monitor.commands.backtest.worlds import Given, worlds_of
from monitor.settings.root import MonitorSettings

_LENGTHS: Final = ("15s", "30s", "45s", "1m", "2m", "5m")
_IN_A_ROW: Final = (1, 2, 3, 5)
_MOST_IN_A_ROW: Final = 100
_LONGEST_OUTAGE: Final = timedelta(days=1)


class _Duration(click.ParamType[timedelta]):
    """A duration as in the settings."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:  # noqa: ANN401 - click's own signature
        """See click."""
        if isinstance(value, timedelta):
            return value
        try:
            return parse(value)
        except ValueError as fault:
            self.fail(str(fault), param, ctx)


class _Instant(click.ParamType[datetime]):
    """A date and time with its offset."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:  # noqa: ANN401 - click's own signature
        """See click."""
        if isinstance(value, datetime):
            return value
        try:
            return instant(value)
        except ValueError as fault:
            self.fail(str(fault), param, ctx)


_DURATION = _Duration()
_INSTANT = _Instant()


@click.command("backtest")
@options.config
@click.option("--defaults", "is_default", is_flag=True, help="Try one http probe by our defaults; read no settings.")
@click.option(
    "--proposed",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Other settings, to be tried beside those of --config.",
)
@click.option("--platform", help="Which platform; needed where the settings have several.")
@click.option("--probe", "probes", multiple=True, metavar="PROBE", help="Only this probe; may be given several times.")
@click.option("--interval", type=_DURATION, help="Propose this interval.")
@click.option("--timeout", type=_DURATION, help="Propose this timeout.")
@click.option("--confirm", type=int, metavar="N", help="Propose so many confirming attempts.")
@click.option("--confirm-every", type=_DURATION, help="Propose this pause between them.")
@click.option("--recover", type=int, metavar="N", help="Propose so many good outcomes to recover.")
@click.option(
    "--loss",
    "losses",
    type=float,
    multiple=True,
    metavar="SHARE",
    help="A world in which so many attempts are lost, each by itself.",
)
@click.option(
    "--burst",
    "bursts",
    multiple=True,
    metavar="every=6h,lasting=20s,loss=0.8",
    help="A world with bursts of loss; else= is lost between them, controls= of the controls' answers in them.",
)
@click.option(
    "--brownout",
    "brownouts",
    multiple=True,
    metavar="every=7d,lasting=20m,loss=0.3",
    help="The same with spells that last as long as each other.",
)
@click.option("--unmeasured", type=float, default=0.0, metavar="SHARE", help="So many attempts can't be measured.")
@click.option(
    "--outage",
    "lengths",
    type=_DURATION,
    multiple=True,
    help=f"A length of outage to tell the missed ones of.  [default: {', '.join(_LENGTHS)}]",
)
@click.option(
    "--outage-loss", type=float, default=1.0, show_default=True, metavar="SHARE", help="So much fails in an outage."
)
@click.option("--answers-take", type=_DURATION, default="100ms", show_default=True, help="How long good attempts take.")
@click.option("--failures-take", type=_DURATION, help="How long lost attempts take.  [default: the probe's timeout]")
@click.option(
    "--in-a-row",
    "times",
    type=click.IntRange(1, _MOST_IN_A_ROW),
    multiple=True,
    metavar="N",
    help=f"Compare with N failures in a row.  [default: {', '.join(map(str, _IN_A_ROW))}]",
)
@click.option("--cycles", type=click.IntRange(100, 1_000_000), default=2000, show_default=True, help="Played a world.")
@click.option("--starts", type=click.IntRange(100, 1_000_000), default=1000, show_default=True, help="Outages played.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="What chance begins with.")
@click.option("--replay", "is_replay", is_flag=True, help="Play what the store has on record instead of simulating.")
@click.option("--since", type=_INSTANT, help="Replay from here on.  [default: all that is whole]")
@click.option("--until", type=_INSTANT, help="Replay up to here.")
@click.option("--csv", "as_csv", is_flag=True, help="Print rows of values, for spreadsheets.")
@click.option(
    "--html", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write a page with charts too."
)
@options.as_json
def command(**given: Any) -> int:  # noqa: ANN401 - one for each option
    """See what settings would find, how soon, and how often they would open production without an outage.

    Runs our own rules through simulated years, beside rules of N failures in a row that make as many attempts an hour.
    With --replay through what the store has on record: nothing is written, and the monitor may run meanwhile.

    What is proposed (--proposed, --interval … --recover) is tried beside the settings as they are.
    Without --loss, --burst and --brownout one world of each kind is tried. The same call gives the same figures.
    """
    if given["as_json"] and given["as_csv"]:
        raise UsageFault("--json or --csv, not both")
    if given["html"] is not None and not given["html"].absolute().parent.is_dir():
        raise UsageFault(f"--html: there is no directory {given['html'].absolute().parent}")
    with stopping.as_ctrl_c(), Progress() as progress:
        text = _replay(given, progress) if given["is_replay"] else _simulate(given, progress)
    click.echo(text.rstrip("\n"))
    return ExitCode.GOOD


def _simulate(given: dict[str, Any], progress: Progress) -> str:
    for name in ("since", "until"):
        if given[name] is not None:
            raise UsageFault(f"--{name} goes with --replay")
    plan = _plan(given)
    results = study(plan, progress.tell)
    if given["html"] is not None:
        _write(given["html"], page.page(plan, results))
    if given["as_json"]:
        return json.dumps(showing.as_data(plan, results), indent=2)
    return showing.as_csv(results) if given["as_csv"] else showing.as_text(plan, results)


def _replay(given: dict[str, Any], progress: Progress) -> str:
    if given["is_default"]:
        raise UsageFault("--replay reads the settings: it does not go with --defaults")
    for name, option in (("losses", "loss"), ("bursts", "burst"), ("brownouts", "brownout")):
        if given[name]:
            raise UsageFault(f"--{option} makes a world to simulate: it does not go with --replay")
    wanted = replaying.Wanted(
        given["config"], given["proposed"], given["platform"], given["since"], given["until"], _instead(given)
    )
    found = replaying.replay(wanted, progress.tell)
    if given["html"] is not None:
        _write(given["html"], replayed_page.page(found))
    if given["as_json"]:
        return json.dumps(replaying.as_data(found), indent=2)
    return replaying.as_csv(found) if given["as_csv"] else replaying.as_text(found)


def _plan(given: dict[str, Any]) -> Plan:
    rules = _rules(given)
    lengths = sorted(set(given["lengths"])) or [parse(each) for each in _LENGTHS]
    if lengths[-1] > _LONGEST_OUTAGE:
        raise UsageFault(f"--outage: {render(_LONGEST_OUTAGE)} at most")
    if not 0.0 < given["outage_loss"] <= 1.0:
        raise UsageFault("--outage-loss: expected a share more than 0, at most 1")
    worlds = worlds_of(Given(given["losses"], given["bursts"], given["brownouts"], given["unmeasured"]))
    return Plan(
        rules=rules,
        times_in_a_row=sorted(set(given["times"])) or _IN_A_ROW,
        worlds=worlds,
        outage=Stretch(given["outage_loss"], given["unmeasured"]),
        lengths=lengths,
        pace=_pace(given, rules),
        effort=Effort(given["cycles"], given["starts"], given["seed"]),
    )


def _rules(given: dict[str, Any]) -> list[Rules]:
    instead, probes = _instead(given), given["probes"]
    is_proposal = instead.is_proposal or given["proposed"] is not None
    if given["is_default"]:
        if probes or given["platform"] or given["proposed"]:
            raise UsageFault("--defaults goes with none of --platform, --probe, --proposed: no settings are read")
        return [defaults(OURS, Instead()), *([defaults(PROPOSED, instead)] if is_proposal else [])]
    settings = load(given["config"], MonitorSettings)
    platform = platform_of(settings, given["platform"])
    ours = rules_of(OURS, settings, platform, probes, Instead())
    if not is_proposal:
        return [ours]
    proposed = settings if given["proposed"] is None else load(given["proposed"], MonitorSettings)
    return [ours, rules_of(PROPOSED, proposed, platform_of(proposed, platform), probes, instead)]


def _instead(given: dict[str, Any]) -> Instead:
    names = ("interval", "timeout", "confirm", "confirm_every", "recover")
    return Instead(**{name: given[name] for name in names})


def _pace(given: dict[str, Any], rules: Sequence[Rules]) -> Pace:
    answered = given["answers_take"]
    for each in rules:
        for probe in each.policy.probes.values():
            if answered > probe.timeout or 2 * answered > probe.interval:
                raise UsageFault(f"--answers-take: longer than probe {probe.name} waits, or than half its interval")
    return Pace(answered, given["failures_take"])


def _write(path: Path, text: str) -> None:
    try:
        replace(path, text.encode())
    except OSError as fault:
        raise EvidenceUnwritable(f"{path}: can't be written: {fault.strerror or fault}") from None
