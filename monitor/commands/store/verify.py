"""`monitor store verify`: sees whether the audit is what was written, beside a running monitor or without one."""

import asyncio
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final
from uuid import uuid4

import click

from glasswatch import visible
from glasswatch.clock import SystemClock
from glasswatch.errors import ExitCode, NotMeasured
from glasswatch.flag import disk, document, jws
from glasswatch.flag.document import Claims
from glasswatch.flag.errors import FlagError
from glasswatch.flag.strict import loads
from glasswatch.settings.load import load
from monitor import unlock
from monitor.commands import options
from monitor.errors import StoreError
from monitor.rules.witnesses import Verified, Witness, judge
from monitor.settings.root import MonitorSettings
from monitor.store.identity import Identity
from monitor.store.reading import KeptDocument, Reading

_ENTRY: Final = re.compile(r"(?P<seq>[0-9]{1,18}):(?P<head>[0-9a-f]{64})")


def _noted(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> tuple[Witness, ...]:
    found = [_ENTRY.fullmatch(value) for value in values]
    if not all(found):
        raise click.BadParameter("expected a number, a colon, and 64 hexadecimal digits in lower case")
    return tuple(Witness("--entry", int(each["seq"]), each["head"]) for each in found if each is not None)


@click.command("verify")
@click.argument("documents", metavar="[DOCUMENT]...", nargs=-1, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--entry",
    "entries",
    multiple=True,
    callback=_noted,
    metavar="NUMBER:SHA256",
    help="An entry that the audit must hold, as a report names it.",
)
@options.config
@options.as_json
def command(config: Path, *, documents: tuple[Path, ...], entries: tuple[Witness, ...], as_json: bool) -> int:
    """See whether the audit is what was written.

    Checks this vantage's hash chain from its first entry on, and compares it with what the flag's documents name of it:
    those in the store, and each DOCUMENT, a flag that was kept elsewhere; and with entries that reports of
    `monitor sla` name. Only what was kept elsewhere can show that the end was cut off, or that all of it was written
    anew. A DOCUMENT's signature is `monitor flag verify`'s to check.

    Writes nothing, and may be called while the monitor runs. Exits 0 if all of it holds, 1 if it doesn't, and says
    where; 4 if the store or a DOCUMENT can't be read.
    """
    settings = load(config, MonitorSettings)
    witnesses = [*(_witness(path, settings) for path in documents), *entries]
    try:
        place, verified, count = _verify(settings, witnesses)
    except StoreError as fault:
        raise NotMeasured(str(fault)) from None
    _show(place, verified, count, as_json=as_json)
    return ExitCode.GOOD if verified.flaw is None else ExitCode.FINDING


def _verify(settings: MonitorSettings, given: list[Witness]) -> tuple[str, Verified, int]:
    """Return which store it is, what was found, and how many documents were compared."""
    identity = Identity(settings.deployment, settings.vantage, uuid4().hex)
    reading = Reading(asyncio.run(unlock.store_url(settings.store)), identity)
    try:
        reading.check()
        witnesses = [*kept_in(reading.documents()), *given]
        return reading.place, judge(reading.entries(), witnesses), len(witnesses)
    finally:
        reading.close()


def kept_in(documents: Iterable[KeptDocument]) -> Iterator[Witness]:
    """Yield what each of the store's documents names."""
    for kept in documents:
        what = f"the flag of {kept.platform} of {kept.issued_at:%Y-%m-%d %H:%M:%SZ} (version {kept.ver}) in the store"
        try:
            claims = _claims(kept.jws.encode())
        except FlagError:
            claims = None
        if claims is None or hashlib.sha256(kept.jws.encode()).hexdigest() != kept.sha256:
            yield Witness(what, 0, None)
        else:
            yield Witness(what, claims.log.seq, claims.log.head)


def _witness(path: Path, settings: MonitorSettings) -> Witness:
    """Return what a document names that was kept elsewhere.

    Raises:
        NotMeasured: it can't be read, or is not this vantage's.
    """
    try:
        claims = _claims(disk.read(path, jws.MAX_BYTES, SystemClock()).data)
    except OSError as fault:
        raise NotMeasured(f"{path}: can't be read: {fault.strerror or fault}") from None
    except FlagError as fault:
        raise NotMeasured(f"{path}: {fault}") from None
    own = f"{settings.deployment}/{settings.vantage}"
    if claims.iss != own:
        raise NotMeasured(f"{path}: another vantage signed this flag, not {own}")
    return Witness(f"the flag in {path} (version {claims.ver})", claims.log.seq, claims.log.head)


def _claims(raw: bytes) -> Claims:
    return document.parse(loads(jws.open_(raw, jws.FLAG_TYP).payload))


def _show(place: str, verified: Verified, count: int, *, as_json: bool) -> None:
    flaw = verified.flaw
    if as_json:
        found = {
            "store": place,
            "entries": verified.entries,
            "head": verified.head,
            "documents": count,
            "flaw": None if flaw is None else asdict(flaw),
        }
        click.echo(json.dumps(found, indent=2))
    elif flaw is None:
        click.echo(f"{place}: good ({verified.entries} entries, {count} documents agree)")
    else:
        broken = click.style("BROKEN", fg="red", bold=True)
        click.echo(f"{place}: {broken} at entry {flaw.seq} ({flaw.damage}): {visible.line(flaw.message)}")
