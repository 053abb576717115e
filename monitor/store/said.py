"""What status pages said: a row whenever a page says something else than before, kept for ever.

Written with the outcomes that hold it, in their transaction; a batch that is written again adds nothing.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from monitor.model.past import PastQuery, Said, Word
from monitor.store.schema import said
from monitor.store.upserts import adding


class Heard(NamedTuple):
    """What one attempt read on a page."""

    platform: str
    probe: str
    at: datetime
    word: str
    detail: str


class SaidTable:
    """Writes what pages of a vantage said. Lives on the writer's thread."""

    def __init__(self, vantage: str) -> None:
        self._vantage = vantage
        self._last: dict[tuple[str, str], str | None] = {}
        self._new: dict[tuple[str, str], str | None] = {}

    def write(self, connection: Connection, heard: Iterable[Heard]) -> None:
        """Write what is new, in the order in which it was heard."""
        self._new = {}
        for each in sorted(heard, key=lambda one: one.at):
            key = each.platform, each.probe
            held = {**self._last, **self._new}
            last = held[key] if key in held else self._known(connection, key)
            self._new[key] = each.word
            if each.word != last:
                connection.execute(adding(connection, said), {"vantage": self._vantage, **each._asdict()})

    def written(self) -> None:
        """Remember what the last `write` wrote: it was committed."""
        self._last.update(self._new)

    def _known(self, connection: Connection, key: tuple[str, str]) -> str | None:
        ours = said.c.vantage == self._vantage, said.c.platform == key[0], said.c.probe == key[1]
        return connection.scalar(select(said.c.word).where(*ours).order_by(said.c.at.desc()).limit(1))


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
