"""`monitor store verify`: whole, broken and where, or not to be read; beside a running monitor, without a trace."""

import asyncio
import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from glasswatch.chain import GENESIS
from glasswatch.cli import run
from glasswatch.clock import SystemClock
from glasswatch.errors import ExitCode
from glasswatch.flag.document import LogHead
from monitor.cli import command
from monitor.model.record import AuditEntry, ChainHead
from monitor.store.store import SqlStore, make_store
from tests.support.clock import START
from tests.support.flags import READY_CLAIMS, signed
from tests.support.settings_files import GOOD, write
from tests.support.stores import abandon

ENTRIES = 6


@dataclass
class Site:
    """A settings file with a store beside it."""

    config: Path
    file: Path
    capsys: pytest.CaptureFixture[str]

    def store(self, vantage: str = "main", deployment: str = "prod") -> SqlStore:
        """Return the store as a monitor has it."""
        return make_store(f"sqlite:///{self.file}", deployment=deployment, vantage=vantage, clock=SystemClock())

    async def fill(self, store: SqlStore) -> list[ChainHead]:
        """Write some entries; return where the chain ended after each."""
        entries = [AuditEntry("write_refused", "nobody", {"number": number}, START) for number in range(ENTRIES)]
        return [await store.note([(None, entry)]) for entry in entries]

    def document(self, head: ChainHead, *, iss: str = "prod/main", ver: int = 11) -> bytes:
        """Return a signed flag that names this end of the chain."""
        return signed(replace(READY_CLAIMS, iss=iss, ver=ver, log=LogHead(head.seq, head.head)))

    def kept(self, head: ChainHead, name: str = "kept.jws", iss: str = "prod/main") -> str:
        """Return the path of a flag that was kept elsewhere."""
        path = self.config.parent / name
        path.write_bytes(self.document(head, iss=iss))
        return str(path)

    def keep(self, jws: str, ver: int = 11, sha256: str | None = None) -> None:
        """Put a document into the store, as a change would."""
        row = ("main", "payments", ver, 1, "ready", 0, 0, jws, sha256 or hashlib.sha256(jws.encode()).hexdigest())
        self.sql("INSERT INTO flag_documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", *row)

    def sql(self, statement: str, *values: object) -> None:
        """Change the store past the monitor."""
        with closing(sqlite3.connect(self.file)) as connection, connection:
            connection.execute(statement, values)

    def verify(self, *arguments: str) -> tuple[int, dict[str, object]]:
        """Call the command; return its exit code and what it found."""
        code = run(command, "monitor", ["store", "verify", "--json", "--config", str(self.config), *arguments])
        return code, json.loads(self.capsys.readouterr().out or "{}")


@pytest.fixture
def there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Site:
    """A site whose store a monitor closed in good order."""
    (tmp_path / "procedure.md").write_text("Break it.\n")
    config = write(tmp_path, f"{GOOD}store: sqlite:///audit.db\n")
    return Site(config, tmp_path / "audit.db", capsys)


@pytest.fixture
def heads(there: Site) -> list[ChainHead]:
    """Where the chain of that store ended after each entry."""

    async def story() -> list[ChainHead]:
        store = there.store()
        await store.open()
        ends = await there.fill(store)
        await store.close()
        return ends

    return asyncio.run(story())


@contextmanager
def _unchanged(directory: Path) -> Iterator[None]:
    """See that nothing in a directory is made, changed or left behind."""

    def look() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in directory.iterdir()}

    before = look()
    yield
    assert look() == before


def test_a_whole_audit_is_good(there: Site, heads: list[ChainHead]) -> None:
    """And agrees with what was kept of it, here and elsewhere; nothing is written."""
    there.keep(there.document(heads[1]).decode(), ver=12)
    kept = there.kept(heads[3]), there.kept(ChainHead(0, GENESIS), "first.jws")
    with _unchanged(there.file.parent):
        code, found = there.verify(*kept)
    assert code == ExitCode.GOOD
    assert found == {
        "store": str(there.file),
        "entries": ENTRIES,
        "head": heads[-1].head,
        "documents": 3,
        "flaw": None,
    }


def test_an_entry_that_a_report_names_is_looked_for(there: Site, heads: list[ChainHead]) -> None:
    """It is there as it was, or the chain was written anew, or cut off before it."""
    named = [f"--entry={each.seq}:{each.head}" for each in (heads[2], heads[-1])]
    assert there.verify(*named)[0] == ExitCode.GOOD
    for number, seq, damage in ((heads[2].seq, heads[2].seq, "edit"), (ENTRIES + 1, ENTRIES, "cut")):
        code, found = there.verify(f"--entry={number}:{heads[3].head}")
        flaw = found["flaw"]
        assert isinstance(flaw, dict)
        assert (code, flaw["seq"], flaw["damage"]) == (ExitCode.FINDING, seq, damage)
    for wrong in ("7", f"x:{heads[3].head}", f"7:{heads[3].head.upper()}"):
        assert run(command, "monitor", ["store", "verify", "--entry", wrong]) == ExitCode.USAGE


@pytest.mark.parametrize(
    ("edit", "seq", "damage"),
    [
        ("UPDATE audit SET actor = 'somebody' WHERE seq = 4", 4, "edit"),
        ("DELETE FROM audit WHERE seq = 4", 5, "gap"),
        ("UPDATE audit SET entry = '{}' WHERE seq = 1", 1, "edit"),
    ],
)
def test_an_edit_is_a_finding(there: Site, heads: list[ChainHead], edit: str, seq: int, damage: str) -> None:
    """With its place."""
    assert heads
    there.sql(edit)
    code, found = there.verify()
    flaw = found["flaw"]
    assert code == ExitCode.FINDING
    assert isinstance(flaw, dict)
    assert (flaw["seq"], flaw["damage"], flaw["witness"]) == (seq, damage, None)


def test_an_end_that_was_cut_off_is_known_to_who_kept_a_flag(there: Site, heads: list[ChainHead]) -> None:
    """By itself the rest is sound."""
    there.sql("DELETE FROM audit WHERE seq > 3")
    assert there.verify()[0] == ExitCode.GOOD
    code = run(command, "monitor", ["store", "verify", "--config", str(there.config), there.kept(heads[4])])
    assert code == ExitCode.FINDING
    said = there.capsys.readouterr().out
    assert "BROKEN at entry 3 (cut): the chain ends at 3, but the flag in" in said
    assert "kept.jws (version 11) names entry 5" in said


@pytest.mark.parametrize("spoilt", ["names another entry", "is no document", "is not what was hashed"])
def test_a_document_in_the_store_that_does_not_fit_is_a_finding(
    there: Site, heads: list[ChainHead], spoilt: str
) -> None:
    """It names another end, or is not what was written."""
    if spoilt == "names another entry":
        there.keep(there.document(ChainHead(2, heads[4].head)).decode())
    elif spoilt == "is no document":
        there.keep("payments.11.ready")
    else:
        there.keep(there.document(heads[1]).decode(), sha256="0" * 64)
    code, found = there.verify()
    flaw = found["flaw"]
    assert code == ExitCode.FINDING
    assert isinstance(flaw, dict)
    assert "(version 11) in the store" in str(flaw["witness"])


@pytest.mark.parametrize("ends", ["runs", "was killed"])
def test_it_reads_beside_a_monitor_that(there: Site, ends: str) -> None:
    """Runs and has its lock, or was killed and left its log behind: neither is disturbed."""

    async def story() -> int:
        store = there.store()
        await store.open()
        await there.fill(store)
        if ends == "was killed":
            await abandon(store)
        try:
            code, found = await asyncio.to_thread(there.verify)
            assert found["entries"] == ENTRIES
            if ends == "runs":
                assert (await store.note([(None, AuditEntry("more", "nobody", {}, START))])).seq == ENTRIES + 1
        finally:
            await store.close()
        return code

    assert asyncio.run(story()) == ExitCode.GOOD


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda there: there.file.unlink(), "there is no store"),
        (lambda there: there.file.write_bytes(b"no database at all" * 100), "isn't a SQLite database"),
        (lambda there: there.sql("UPDATE meta SET deployment = 'other'"), "made for the deployment other"),
        (lambda there: there.sql("UPDATE vantages SET vantage = 'other'"), "holds nothing of the vantage main"),
        (lambda there: there.sql("DROP TABLE glasswatch_revision"), "holds no tables of glasswatch's"),
    ],
    ids=["missing", "no database", "another's", "another vantage's", "foreign"],
)
def test_what_cannot_be_read_is_no_finding(there: Site, heads: list[ChainHead], spoil: object, says: str) -> None:
    """4, in one line; and nothing is made in its place."""
    assert heads
    spoil(there)  # type: ignore[operator]  # one of those above
    with _unchanged(there.file.parent):
        code = run(command, "monitor", ["store", "verify", "--config", str(there.config)])
    said = there.capsys.readouterr()
    assert code == ExitCode.NOT_MEASURED
    assert says in said.err
    assert (said.out, said.err.count("\n")) == ("", 1)


def test_a_document_that_cannot_be_read_is_no_finding(there: Site, heads: list[ChainHead]) -> None:
    """Missing, malformed, or another vantage's: it says nothing of this chain."""
    (there.config.parent / "broken.jws").write_text("hunter2")
    for name in (
        str(there.config.parent / "nowhere.jws"),
        str(there.config.parent / "broken.jws"),
        there.kept(heads[0], "other.jws", iss="prod/other"),
    ):
        assert there.verify(name)[0] == ExitCode.NOT_MEASURED
