"""`monitor probe`: one attempt of each probe, now, and what it found. Nothing is stored, nobody is told."""

import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click

from glasswatch import logs, visible
from glasswatch.clock import SystemClock
from glasswatch.ending import let_go_of_output
from glasswatch.errors import EvidenceUnwritable, ExitCode, UsageFault, worst
from glasswatch.settings.load import load
from monitor import stopping
from monitor.commands import client, explain, options, response
from monitor.commands import residue as forgetting
from monitor.errors import Interrupted, LeftOpen
from monitor.loop import new_loop
from monitor.model.explanation import Explanation
from monitor.model.outcome import Attempt, Outcome, OutcomeKind
from monitor.ports import Probe
from monitor.probes.books import MemoryBook
from monitor.probes.build import Onlookers, new_network, probes_of
from monitor.probes.context import Own
from monitor.settings.controls import tell_of_names
from monitor.settings.probe import ProbeSettings
from monitor.settings.root import MonitorSettings
from platforms.transport.tape import Tape

AT_ONCE = 50  # more would measure this machine rather than the platforms

_CODES = {
    OutcomeKind.GOOD: ExitCode.GOOD,
    OutcomeKind.BAD: ExitCode.FINDING,
    OutcomeKind.NOT_MEASURED: ExitCode.NOT_MEASURED,
    OutcomeKind.SKIPPED: ExitCode.NOT_MEASURED,
}
_COLOURS = {OutcomeKind.GOOD: "green", OutcomeKind.BAD: "red"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A probe as the settings name it."""

    platform: str
    probe: str
    function: str
    is_journey: bool = False


@dataclass(frozen=True, slots=True)
class Why:
    """What an outcome is explained by."""

    settings: ProbeSettings
    explanation: Explanation
    last: explain.Failures


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of one probe. `left`: what it left open, as a person finds it; `why`: where somebody asked."""

    probe: Wanted
    outcome: Outcome
    left: tuple[str, ...] = ()
    why: Why | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """Who looks on as the attempts are made."""

    tape: Tape | None = None
    explaining: explain.Explaining | None = None

    def of(self, platform: str) -> Onlookers:
        """Return who looks on at one platform's."""
        listen = None if self.explaining is None else partial(self.explaining.listener, platform)
        return Onlookers(self.tape, listen)


@click.command("probe")
@click.argument("names", nargs=-1, metavar="[PROBE]...")
@options.reaching
@click.option("--platform", help="Only this platform's probes.")
@click.option(
    "--response",
    "into",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write what the servers said, as it was received, into FILE, for you alone (0600). One http probe only.",
)
@click.option(
    "--explain",
    "is_explained",
    is_flag=True,
    help="Show why: the settings as they hold, each phase, what was said and heard, each rule, the last failures.",
)
@click.option(
    "--forget-residue",
    "residue",
    metavar="RUN[/STEP]",
    help="Make no attempt: tell the running monitor that what this run left open is gone, with a person's token.",
)
@click.option("--because", metavar="TEXT", help="With --forget-residue: why you know; kept on the audit.")
@options.as_json
def command(  # noqa: PLR0913, PLR0917 - one parameter an option
    names: tuple[str, ...],
    config: Path,
    url: str | None,
    token_file: Path | None,
    ca_file: Path | None,
    platform: str | None,
    into: Path | None,
    residue: str | None,
    because: str | None,
    *,
    is_explained: bool,
    as_json: bool,
) -> int:
    """Make one attempt of each PROBE (all of them by default), now, and show what it found.

    Nothing is confirmed, stored or told to anybody. Exits 0 when all are good, 1 when one is bad, 4 when one could
    not be measured, 6 when a journey left something open.
    """
    if residue is not None:
        given = client.Given(config, url, token_file, ca_file)
        forgetting.forget(given, forgetting.Saying(names, platform, residue, because), as_json=as_json)
        return ExitCode.GOOD
    if because is not None or url or token_file or ca_file:
        raise UsageFault("--because, --url, --token-file and --ca-file belong to --forget-residue")
    settings = load(config, MonitorSettings)
    wanted = _wanted(settings, frozenset(names), platform)
    explaining = explain.Explaining() if is_explained else None
    tape = None if into is None else response.tape_for([_settings_of(settings, each) for each in wanted])
    with logs.on_stderr(), _naming_what_is_left() as books, asyncio.Runner(loop_factory=new_loop) as runner:
        attempts = _attempt(settings, wanted, books, Seen(tape, explaining))
        found = runner.run(stopping.interruptible(attempts))
        told = [Told(*each, _left(*each, books), _explanation(config, settings, each[0], explaining)) for each in found]
        _show(told, as_json=as_json)
        if into is not None and tape is not None:
            response.write(into, tape)
        left = (ExitCode.RESIDUE for _, outcome in found if outcome.residue)
        code = worst((*(_CODES[outcome.kind] for _, outcome in found), *left))
        if code is not ExitCode.RESIDUE:
            _name("not known closed", books)
    return code


@contextmanager
def _naming_what_is_left() -> Iterator[dict[str, MemoryBook]]:
    """Yield the books of a block; whatever ends it early, what is open then is named: nobody else knows of it."""
    books: dict[str, MemoryBook] = {}
    try:
        with stopping.as_ctrl_c():
            yield books
    except (KeyboardInterrupt, Interrupted):
        _name("interrupted, and left open", books)
        raise
    except (EvidenceUnwritable, OSError) as fault:
        if isinstance(fault, OSError) and any(book.found for book in books.values()):
            let_go_of_output()
        _name(f"{visible.line(str(fault))}, and left open", books)
        raise


def _name(what: str, books: Mapping[str, MemoryBook]) -> None:
    """Name what is open, if anything is."""
    left = [f"{probe}: {name}" for probe, book in books.items() for name in book.found.values()]
    if left:
        raise LeftOpen(f"{what}: {visible.line(', '.join(left))}; close it by hand") from None


def _left(probe: Wanted, outcome: Outcome, books: Mapping[str, MemoryBook]) -> tuple[str, ...]:
    """Return what an outcome calls left open, with the names that the platform gave it."""
    book = books.get(f"{probe.platform}/{probe.probe}")
    found = {} if book is None else book.found
    return tuple(found.get(name, name) for name in outcome.residue)


def _explanation(
    config: Path, settings: MonitorSettings, probe: Wanted, explaining: explain.Explaining | None
) -> Why | None:
    if explaining is None:
        return None
    explanation = explaining.explanation(probe.platform, probe.probe)
    last = explain.failures(config, settings.deployment, probe.platform, probe.probe)
    return Why(_settings_of(settings, probe), explanation, last)


def _show(told: list[Told], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([_row(each) for each in told], indent=2))
        return
    width = max(len(f"{each.probe.platform}/{each.probe.probe}") for each in told)
    for each in told:
        click.echo(_line(each.probe, each.outcome, width))
        for name in each.left:
            click.echo(f"{'':<{width}}  left open: {visible.line(name)}; close it by hand")
        if each.why is not None:
            click.echo(explain.as_text(each.why.settings, each.outcome, each.why.explanation, each.why.last) + "\n")


def _wanted(settings: MonitorSettings, names: frozenset[str], platform: str | None) -> list[Wanted]:
    every = [
        Wanted(name, probe, probe_settings.function, probe_settings.type == "journey")
        for name, platform_settings in settings.platforms.items()
        for probe, probe_settings in platform_settings.probes.items()
        if platform in (None, name)
    ]
    if not every:
        raise UsageFault(f"no platform is called {visible.line(platform or '')}: expected {_list(settings.platforms)}")
    unknown = names - {each.probe for each in every}
    if unknown:
        known = _list(sorted({each.probe for each in every}))
        raise UsageFault(f"no probe is called {visible.line(', '.join(sorted(unknown)))}: expected {known}")
    return [each for each in every if not names or each.probe in names]


def _settings_of(settings: MonitorSettings, probe: Wanted) -> ProbeSettings:
    return settings.platforms[probe.platform].probes[probe.probe]


def _list(names: Iterable[str]) -> str:
    return "one of " + ", ".join(names)


async def _attempt(
    settings: MonitorSettings, wanted: list[Wanted], books: dict[str, MemoryBook], seen: Seen
) -> list[tuple[Wanted, Outcome]]:
    """Make the attempts. `books` is filled with the record of each probe, by `platform/probe`."""
    network = new_network(SystemClock(), has_witness=tell_of_names(settings.controls))
    try:
        made: dict[tuple[str, str], Probe] = {
            (name, probe): made
            for name, platform in settings.platforms.items()
            for probe, made in probes_of(
                platform, network, own=partial(_own, books, name), onlookers=seen.of(name)
            ).items()
        }
        places = asyncio.Semaphore(AT_ONCE)

        async def attempt(each: Wanted) -> Outcome:
            async with places:
                return await made[each.platform, each.probe].attempt(Attempt.SCHEDULED)

        outcomes = await asyncio.gather(*(attempt(each) for each in wanted))
        return list(zip(wanted, outcomes, strict=True))
    finally:
        await network.resolver.aclose()


def _own(books: dict[str, MemoryBook], platform: str, probe: str) -> Own:
    return Own(books.setdefault(f"{platform}/{probe}", MemoryBook()))


def _row(told: Told) -> dict[str, object]:
    probe, outcome, why = told.probe, told.outcome, told.why
    more = {"spans": dict(outcome.spans), "residue": list(told.left)} if probe.is_journey else {}
    if why is not None:
        more |= explain.as_data(why.settings, why.explanation, why.last)
    return {
        "platform": probe.platform,
        "probe": probe.probe,
        "function": probe.function,
        "outcome": outcome.kind,
        "reason": outcome.reason,
        "detail": outcome.detail,
        "warnings": list(outcome.warnings),
        "duration_seconds": outcome.duration_seconds,
        "phases": dict(outcome.phases),
        **more,
    }


def _line(probe: Wanted, outcome: Outcome, width: int) -> str:
    kind = click.style(f"{outcome.kind.replace('_', ' '):<12}", fg=_COLOURS.get(outcome.kind, "yellow"))
    spans = " ".join(f"{name} {seconds:.1f}" for name, seconds in outcome.spans.items())
    spans = f"  ({spans} s)" if spans else ""
    phases = " ".join(f"{name} {seconds * 1000:.1f}" for name, seconds in outcome.phases.items())
    phases = f"  ({phases} ms)" if phases else ""
    warnings = f"  warning: {', '.join(outcome.warnings)}" if outcome.warnings else ""
    name = f"{probe.platform}/{probe.probe}"
    return (
        f"{name:<{width}}  {kind} {outcome.duration_seconds * 1000:7.1f} ms  {outcome.detail}{warnings}{phases}{spans}"
    )
