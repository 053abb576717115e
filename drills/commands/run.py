"""`drill run`: a scenario, or what is due, from its gates to its verdict. Clean-up always runs."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import click

from drills import parameters
from drills.commands import broken
from drills.commands.options import operator as operator_option
from drills.commands.options import parameters as set_option
from drills.errors import RunBusy
from drills.model.calendar import PastRun
from drills.operators import operator
from drills.scenarios import Scenario, find
from drills.settings.root import DrillFile
from glasswatch import options
from glasswatch.clock import SystemClock
from glasswatch.ending import complain
from glasswatch.errors import ExitCode, GlasswatchError, UsageFault, worst
from glasswatch.interrupt import Loading
from glasswatch.settings.load import load
from glasswatch.visible import line

_ENOUGH: Final = (ExitCode.INTERRUPTED, ExitCode.RESIDUE, ExitCode.EVIDENCE_UNWRITABLE, ExitCode.BUG)
"""Exit codes after which no further scenario is begun."""


@click.command("run")
@click.argument("scenario", metavar="SCENARIO", required=False)
@options.config
@set_option
@operator_option
@click.option("--when-due", is_flag=True, help="Run it only if it is due, in its window; exit 0 if it is not.")
@click.option("--unattended", is_flag=True, help="Ask nobody here; refuse scenarios with manual steps.")
@click.option(
    "--confirm-elsewhere", is_flag=True, help="With --unattended: manual steps are confirmed with `drill confirm`."
)
@options.as_json
def command(  # noqa: PLR0913 - one parameter an option
    scenario: str | None,
    *,
    config: Path,
    given: tuple[str, ...],
    person: str | None,
    when_due: bool,
    unattended: bool,
    confirm_elsewhere: bool,
    as_json: bool,
) -> int:
    """Run a drill: gates first, then step after step, then clean-up, which always runs.

    Without SCENARIO what is due is run, one after the other; one that can't be used (exits 3) or begun is told, and
    keeps none of the others from it. What ran last and did not pass is due at once; it is left to people where the
    calendar chooses and nobody is there (--unattended), which exits 1. Ctrl-C, SIGTERM and a closed terminal stop a
    run, and it cleans up; a second signal does not cut that short. On a terminal it shows how everything stands,
    elsewhere a line for each step; --json prints the journal's entries as they come. Its reports are written into its
    directory, as `drill report` does.
    """
    settings = load(config, DrillFile)
    who = operator(person, settings.drill)
    found = find(settings.drill)
    chosen = [broken.picked(found, scenario)] if scenario else list(found.usable)
    codes: list[ExitCode] = [] if scenario else [*broken.tell(found)]
    tried: Mapping[str, PastRun] = {}
    is_due = True
    if not scenario or when_due:
        from drills.commands.due import chosen_by_calendar  # noqa: PLC0415 - only where the calendar is asked

        by_calendar = chosen_by_calendar(chosen, settings, is_unattended=unattended)
        chosen, tried, is_due = list(by_calendar.scenarios), by_calendar.tried, by_calendar.is_any
        codes += [ExitCode.FINDING] if by_calendar.left else []
    is_alone = unattended and not confirm_elsewhere
    if when_due:
        chosen = _that_can_begin(chosen, settings, is_alone=is_alone and not scenario)
    if is_alone:
        _refuse_manual(chosen)
    values = parameters.parse(given)
    if len(chosen) > 1 and values:
        raise UsageFault("--set is for one scenario: name it")
    if not chosen:
        click.echo("nothing that is due can begin now" if is_due else "nothing is due", err=as_json)
    # Imported here: what acts need not be loaded before it is known that anything will.
    with Loading():
        from drills.commands.running import kept_from_beginning, run  # noqa: PLC0415
        from drills.runner.session import Wanted  # noqa: PLC0415

    def one(each: Scenario) -> ExitCode:
        wanted = Wanted(each, settings, who, values)
        # A timer tries again every hour: one run a day that could not begin is evidence enough.
        last = tried.get(each.settings.id) if when_due and unattended else None
        shut = kept_from_beginning(wanted, last) if last else None
        return run(wanted, as_json=as_json, is_attended=not unattended) if shut is None else shut

    for each in chosen:
        codes.append(one(each) if scenario and not when_due else _by_calendar(one, each, is_named=scenario is not None))
        if codes[-1] in _ENOUGH:
            break
    return worst(codes)


def _by_calendar(one: Callable[[Scenario], ExitCode], scenario: Scenario, *, is_named: bool) -> ExitCode:
    """Run a scenario that the calendar chose; one that can't begin is said, and keeps none of the others from it.

    What is wrong with it is no wrong usage then: nobody named it, and that code would hide what others left behind.
    """
    try:
        return one(scenario)
    except GlasswatchError as fault:
        is_busy = isinstance(fault, RunBusy)
        if is_named and not is_busy:
            raise
        complain(line(f"{scenario.settings.id} is due, and can't begin: {fault}"))
        if is_busy:
            return ExitCode.FINDING
        return ExitCode.INVALID if isinstance(fault, UsageFault) else fault.exit_code


def _that_can_begin(scenarios: Sequence[Scenario], settings: DrillFile, *, is_alone: bool) -> list[Scenario]:
    """Return what a timer may try now: a window that is shut is no failed run, and a person's drill holds up no other.

    What is left out is said, and stays due: `drill status` and the monitor's tickets remind of it.
    """
    from drills.planning import let_go  # noqa: PLC0415 - only where a timer asks
    from drills.rules.window import is_within, told  # noqa: PLC0415 - as above

    now, chosen = SystemClock().now(), []
    for scenario in scenarios:
        found = scenario.settings
        window = found.gates.window.window() if found.gates.window else None
        if window and not is_within(window, now) and "window" not in let_go(found, settings.drill):
            complain(f"{found.id} is due, but not now: expected {told(window)}")
        elif is_alone and _manual(scenario):
            complain(f"{found.id} is due, and left to people: it has manual steps ({', '.join(_manual(scenario))})")
        else:
            chosen.append(scenario)
    return chosen


def _manual(scenario: Scenario) -> list[str]:
    return [step.id for step in scenario.settings.steps if step.action == "manual"]


def _refuse_manual(scenarios: Sequence[Scenario]) -> None:
    for scenario in scenarios:
        manual = _manual(scenario)
        if manual:
            raise UsageFault(
                f"{scenario.settings.id} has manual steps ({', '.join(manual)}), and --unattended asks nobody: "
                "add --confirm-elsewhere if somebody will answer with `drill confirm`"
            )
