"""`monitor store …` on a store beside its settings file."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from glasswatch.chain import GENESIS
from glasswatch.cli import run
from glasswatch.clock import SystemClock
from glasswatch.flag.document import LogHead
from monitor.cli import command
from monitor.store.identity import Limits
from monitor.store.store import SqlStore, make_store
from tests.support.commits import outcome_row, story
from tests.support.flags import READY_CLAIMS, signed
from tests.support.settings_files import GOOD, write

COUNTED = 3
LIMITS = Limits(batch_seconds=0.01, keep_good=timedelta(days=1), keep_failures=timedelta(days=40))


@dataclass
class StoreSite:
    """A settings file, and where its store is."""

    config: Path
    file: Path
    capsys: pytest.CaptureFixture[str]

    def store(self) -> SqlStore:
        """Return the store as a monitor has it."""
        return make_store(
            f"sqlite:///{self.file}", deployment="prod", vantage="main", clock=SystemClock(), limits=LIMITS
        )

    async def live(self, store: SqlStore) -> None:
        """Have an outage from end to end on record, and outcomes of long ago counted."""
        await store.open()
        for commit in story():
            await store.commit(commit)
        await store.alive(story()[-1].at)
        await store.blind_span(story()[0].at, story()[1].at)
        store.record(outcome_row(seconds=seconds) for seconds in (0, 15, 4000))
        pruned = 0
        while pruned < COUNTED:
            pruned += (await store.prune()).good
        for ver in [row[0] for row in self.sql("SELECT ver FROM flag_documents")]:
            claims = replace(READY_CLAIMS, iss="prod/main", ver=ver, log=LogHead(0, GENESIS))
            jws = signed(claims).decode()
            digest = hashlib.sha256(jws.encode()).hexdigest()
            self.sql("UPDATE flag_documents SET jws = ?, sha256 = ? WHERE ver = ?", jws, digest, ver)

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask or change the store past the monitor."""
        with closing(sqlite3.connect(self.file)) as connection, connection:
            return connection.execute(statement, values).fetchall()

    def call(self, *arguments: str) -> tuple[int, dict[str, Any], str]:
        """Call `monitor store … --json`; return its exit code, what it printed, and what it complained of."""
        code = run(command, "monitor", ["store", *arguments, "--json", "--config", str(self.config)])
        said = self.capsys.readouterr()
        return code, json.loads(said.out or "{}"), said.err

    def text(self, *arguments: str) -> str:
        """Call it for a person; return what it printed."""
        run(command, "monitor", ["store", *arguments, "--config", str(self.config)])
        return self.capsys.readouterr().out

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """See that nothing beside the settings is made, changed or left behind."""
        before = self.files()
        yield
        assert self.files() == before

    def files(self) -> dict[str, bytes]:
        """Return all files there."""
        return {path.name: path.read_bytes() for path in self.config.parent.iterdir()}


def store_site(directory: Path, capsys: pytest.CaptureFixture[str], store: str = "sqlite:///kept.db") -> StoreSite:
    """Return a site that has no store yet."""
    (directory / "procedure.md").write_text("Break it.\n")
    config = write(directory, f"{GOOD}vantage: main\nstore: {store}\n")
    return StoreSite(config, directory / "kept.db", capsys)
