"""Which store the settings name, for the commands that look at it or copy it."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import click
from sqlalchemy import make_url

from glasswatch.errors import NotMeasured, UsageFault
from monitor import unlock
from monitor.errors import StoreError
from monitor.settings.root import MonitorSettings
from monitor.store.identity import Identity, Limits
from monitor.store.reading import Reading

# Nobody waits for these but who called them, and a store may be big.
_PATIENT = Limits(statement_seconds=600, deadline_seconds=600)


@contextmanager
def reading_of(settings: MonitorSettings) -> Iterator[Reading]:
    """Give the vantage's store to be read; it is known to be its own.

    Raises:
        NotMeasured: it can't be read.
    """
    identity = Identity(settings.deployment, settings.vantage, uuid4().hex)
    try:
        reading = Reading(asyncio.run(unlock.store_url(settings.store)), identity, _PATIENT)
        try:
            yield reading
        finally:
            reading.close()
    except StoreError as fault:
        raise NotMeasured(str(fault)) from None


def file_of(settings: MonitorSettings, instead: str) -> Path:
    """Return the file of a SQLite store.

    Raises:
        UsageFault: it is a server's; `instead` is what does there what was asked for.
    """
    if settings.store.is_shared:
        raise UsageFault(f"this store is a PostgreSQL database: {instead}")
    return Path(make_url(settings.store.url).database or "").resolve()


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Give what shows on a terminal how far something got; anywhere else it shows nothing."""
    is_shown = sys.stderr.isatty()

    def show(done: int, of: int) -> None:
        if is_shown:
            share = f" {100 * done // of} %" if of else ""
            click.echo(f"\r{what} …{share}", nl=False, err=True)

    show(0, 0)
    try:
        yield show
    finally:
        if is_shown:
            click.echo("\r\x1b[K", nl=False, err=True)
