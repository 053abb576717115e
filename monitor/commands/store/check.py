"""`monitor store check`: sees whether what is on record is whole, beside a running monitor or without one."""

import json
from pathlib import Path

import click

from glasswatch import visible
from glasswatch.errors import ExitCode
from glasswatch.settings.load import load
from monitor.commands import options
from monitor.commands.store.place import progress, reading_of
from monitor.commands.store.verify import kept_in
from monitor.errors import StoreDamaged
from monitor.rules.witnesses import judge
from monitor.settings.root import MonitorSettings
from monitor.store.reading import Reading

PARTS = {
    "database": "the database",
    "audit": "the audit",
    "records": "what is on record",
    "hours": "the hourly counts",
}


@click.command("check")
@options.config
@options.as_json
def command(config: Path, *, as_json: bool) -> int:
    """See whether what is on record is whole.

    Has the database look itself over, checks the audit as `monitor store verify` does, and sees whether outages,
    causes, flags, spans and counts of this vantage fit together. Of PostgreSQL the files are the server's affair.

    Writes nothing, and may be called while the monitor runs. Exits 0 if all of it holds, 1 if it doesn't, and says
    what; 4 if the store can't be read, or is another version's.
    """
    settings = load(config, MonitorSettings)
    with reading_of(settings) as reading, progress("checking"):
        found = _look(reading)
        place = reading.place
    flaws = {part: found[part] for part in PARTS}
    _show(place, flaws, found["notes"], as_json=as_json)
    return ExitCode.FINDING if any(flaws.values()) else ExitCode.GOOD


def _look(reading: Reading) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {**{part: [] for part in PARTS}, "notes": []}
    try:
        reading.check()
        found |= reading.flaws()
        if not found["database"]:
            flaw = judge(reading.entries(), kept_in(reading.documents())).flaw
            found["audit"] = [] if flaw is None else [f"broken at entry {flaw.seq} ({flaw.damage}): {flaw.message}"]
    except StoreDamaged as fault:
        found["database"] = [*found["database"], str(fault)]
    return found


def _show(place: str, flaws: dict[str, list[str]], notes: list[str], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"store": place, "flaws": flaws, "notes": notes}, indent=2))
        return
    click.echo(place)
    for part, lines in flaws.items():
        verdict = click.style("BROKEN", fg="red", bold=True) if lines else "good"
        click.echo(f"  {PARTS[part]}: {verdict if lines or not flaws['database'] else 'not looked at'}")
        for line in lines:
            click.echo(f"    {visible.line(line)}")
    for line in notes:
        click.echo(f"  ({visible.line(line)})")
