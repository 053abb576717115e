"""`drill verify`: checks that a run's evidence is what was written while it ran."""

import asyncio
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Final

import click
from pydantic import ValidationError

from drills.journal.gathering import gather, heads_in, heads_of
from drills.model.found import Value
from drills.model.proof import Heads, Verification
from drills.monitor import Means, MonitorClient
from drills.rules.verification import verify
from drills.settings.root import DrillFile, MonitorReachSettings
from glasswatch import options
from glasswatch.clock import Clock, SystemClock
from glasswatch.errors import UsageFault
from glasswatch.flag import trust as trust_files
from glasswatch.secrets import SecretReference, resolve
from glasswatch.settings.load import load
from glasswatch.visible import line

TOKEN_VARIABLE: Final = "GLASSWATCH_TOKEN"  # noqa: S105 - its name, not its value
_PLACE: Final = re.compile(r"/api/v1/drills/([a-z0-9-]+)/heads$")


@click.command("verify")
@click.argument("run")
@click.option(
    "--heads",
    metavar="FILE|URL",
    help="Heads that are held elsewhere: a file with a monitor's answer, or the monitor's address.",
)
@click.option(
    "--trust",
    "trust",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Trust file: whose receipts are believed.  [default: drill.trust]",
)
@click.option(
    "--ca-file", "ca_file", type=click.Path(path_type=Path, dir_okay=False), help="Authorities, for --heads URL."
)
@options.config
@options.as_json
def command(  # noqa: PLR0913 - one parameter an option
    run: str, heads: str | None, trust: Path | None, ca_file: Path | None, config: Path, *, as_json: bool
) -> int:
    """Check a run's evidence: its chain, signatures, outputs, and that nothing was cut off or replaced.

    RUN is a run's name in the evidence directory, or a directory that holds a run, such as a copy. For a directory no
    settings file is needed.

    What heads that are held elsewhere don't show nobody can see: that the end was cut off after the last of them, or,
    without any, that all of it was written anew. For --heads URL the token is that of the settings, else of
    $GLASSWATCH_TOKEN.

    Exits 0 when the run was closed, all of it is as it was written, and whoever is said to have approved it did; 1 when
    something is wrong, 3 when it can't be read, 4 when nothing is wrong and it is not known to be whole: not anchored
    up to its end, not closed, or the approval can't be checked.
    """
    clock = SystemClock()
    is_directory = "/" in run or Path(run).is_dir()
    settings = None if is_directory and not config.exists() else load(config, DrillFile)
    directory = Path(run) if is_directory or settings is None else settings.drill.directory / run
    trust = trust or (settings.drill.trust if settings else None)
    trusted = trust_files.load(trust, clock) if trust else None
    evidence = gather(directory, trusted, "" if is_directory else run)
    if heads is not None:
        whose = evidence.run or (evidence.entries[0].run if evidence.entries else directory.resolve().name)
        known = settings.drill.monitor if settings else None
        evidence = replace(evidence, heads=_heads(heads, whose, (known, ca_file), clock))
    found = verify(evidence)
    if as_json:
        click.echo(json.dumps(_as_data(found), indent=2))
    else:
        _show(found)
    return found.exit_code


def _heads(place: str, run: str, reach: tuple[MonitorReachSettings | None, Path | None], clock: Clock) -> Heads:
    """Return the heads in a file, or those that the monitor at an address holds of a run."""
    if not place.startswith(("http://", "https://")):
        return heads_in(Path(place), clock)
    named = _PLACE.search(place)
    if named and named[1] != run:
        raise UsageFault(f"--heads: that is the address of another run's heads than {line(run)}")
    client = MonitorClient(_address(_PLACE.sub("", place), *reach), Means(clock, _secret))
    return heads_of(asyncio.run(client.heads(named[1] if named else run)), is_own_word=True)


def _secret(reference: SecretReference) -> Value:
    return Value(resolve(reference).reveal(), is_secret=True)


def _address(url: str, known: MonitorReachSettings | None, ca_file: Path | None) -> MonitorReachSettings:
    url = url.rstrip("/")
    if known is not None and known.url.rstrip("/") == url and ca_file is None:
        return known
    token = SecretReference(env=TOKEN_VARIABLE)
    if known is not None and known.url.rstrip("/") == url:
        token = known.token
    try:
        return MonitorReachSettings(url=url, token=token, ca_file=ca_file)
    except ValidationError:
        # Not repeated: people paste addresses with passwords in them.
        raise UsageFault("--heads: expected a file, or an address such as https://monitor.example.com") from None


def _as_data(found: Verification) -> dict[str, object]:
    return {
        "run": found.run,
        "head": {"seq": found.head.seq, "hash": found.head.hash},
        "is_whole": found.is_whole,
        "is_closed": found.is_closed,
        "anchored": found.anchored,
        "problems": [{"line": problem.line, "what": problem.what} for problem in found.problems],
        "notes": list(found.notes),
    }


def _show(found: Verification) -> None:
    click.echo(f"{line(found.run) or 'no run'}: {found.head.seq} entries, the last is {found.head.hash}")
    for problem in found.problems:
        where = f"line {problem.line}: " if problem.line else ""
        click.echo(f"WRONG  {where}{line(problem.what)}")
    for note in found.notes:
        click.echo(line(note))
    if found.is_whole:
        click.echo("whole: it was closed, and is what was written up to there")
