"""What status pages said: a row whenever a page says something else than before, kept for ever.

Written with the outcomes that hold it, in their transaction; a batch that is written again adds nothing. A page that
nobody reads any more says nothing from then on: else its last word would hold for ever.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Connection, func, select

from monitor.model.past import PastQuery, Said, Word
from monitor.store.schema import said
from monitor.store.upserts import adding

_LEFT: Final = "no longer read"
_NEXT: Final = timedelta(microseconds=1)


class Heard(NamedTuple):
    """What one attempt read on a page."""

    platform: str
    probe: str
    at: datetime
    word: str
    detail: str


def write(connection: Connection, vantage: str, heard: Iterable[Heard]) -> None:
    """Write what is new of what was heard."""
    for each in sorted(heard, key=lambda one: one.at):
        if each.word != _held(connection, vantage, each):
            connection.execute(adding(connection, said), {"vantage": vantage, **each._asdict()})


def leave(connection: Connection, vantage: str, kept: Collection[tuple[str, str]], at: datetime) -> None:
    """Note that nobody reads any page from an instant on but those of these platforms and probes."""
    columns = said.c
    latest = select(columns.platform, columns.probe, func.max(columns.at)).where(columns.vantage == vantage)
    pages = connection.execute(latest.group_by(columns.platform, columns.probe)).all()
    gone = [each for each in pages if tuple(each[:2]) not in kept]
    ends = (Heard(*page[:2], max(at, page[2] + _NEXT), Word.NOT_TOLD.value, _LEFT) for page in gone)
    write(connection, vantage, ends)


def _held(connection: Connection, vantage: str, each: Heard) -> str | None:
    """Return what the page had said until then."""
    ours = said.c.vantage == vantage, said.c.platform == each.platform, said.c.probe == each.probe
    before = select(said.c.word).where(*ours, said.c.at < each.at)
    return connection.scalar(before.order_by(said.c.at.desc()).limit(1))


def read(connection: Connection, vantage: str, query: PastQuery) -> Iterator[Said]:
    """Give what a platform's pages said, in the order of time, beginning with what held at `since`."""
    columns = said.c
    ours = columns.vantage == vantage, columns.platform == query.platform
    before = select(columns.probe, func.max(columns.at)).where(*ours, columns.at < query.since).group_by(columns.probe)
    rows = select(columns.probe, columns.at, columns.word, columns.detail).where(*ours)
    for probe, last in connection.execute(before).all():
        yield from _said(connection.execute(rows.where(columns.probe == probe, columns.at == last)).all())
    within = columns.at >= query.since, columns.at < query.until
    yield from _said(connection.execute(rows.where(*within).order_by(columns.at)).all())


def _said(rows: Iterable[tuple[str, datetime, str, str]]) -> Iterator[Said]:
    known = {word.value: word for word in Word}
    for probe, at, word, detail in rows:
        yield Said(probe, at, known.get(word, Word.NOT_TOLD), detail)  # a newer version's word says nothing to us
