"""The action `sql`, on a real PostgreSQL and on SQLite."""

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from psycopg.errors import ConnectionTimeout
from pydantic import ValidationError

from drills import apart
from drills.actions.sql import SqlAction
from drills.model.found import Found
from drills.model.step import Status
from drills.settings.actions.sql import SqlStep
from drills.workers import postgres
from glasswatch.clock import SystemClock
from tests.support.apart import answered_here
from tests.support.drill_actions import RUN, SECRET, TOKEN, attempt, children, outcome, step_of, tools
from tests.support.listeners import free_port
from tests.support.postgres import Cluster, cluster, speak_tls
from tests.support.tls import Authority

_NOTHING_LISTENS = "the connection was refused: nothing listens there"
_ROLES = f"""
CREATE ROLE breakglass LOGIN PASSWORD '{SECRET}';
CREATE ROLE sealed NOLOGIN PASSWORD '{SECRET}';
CREATE TABLE shut (a int);
CREATE TABLE open (a int, b text);
GRANT ALL ON open TO breakglass;
INSERT INTO open VALUES (1, 'one'), (2, 'two');
REVOKE CONNECT ON DATABASE barred FROM PUBLIC;
"""


@dataclass(frozen=True, slots=True)
class Database:
    """A database with a role that break-glass uses, and one that is sealed."""

    cluster: Cluster
    directory: Path

    async def tried(self, statement: str, values: dict[str, str] | None = None, **more: Any) -> Found:
        """Return what a statement found; by a process apart, if `is_apart`."""
        ask = apart.ask if more.pop("is_apart", False) else answered_here
        given = {"user": "breakglass", "password": TOKEN, **more.pop("given", {})}
        url = f"postgresql+psycopg://127.0.0.1:{self.cluster.port}/{more.pop('database', 'postgres')}"
        before = children()
        step = step_of("sql", with_={"url": url, "statement": statement, **given}, **more)
        assert isinstance(step, SqlStep)
        found = await outcome(SqlAction(step, tools(self.directory), ask), attempt(values, seconds=60.0))
        assert SECRET not in found.detail
        assert children() == before
        return found

    def log(self) -> str:
        """Return what the server logged."""
        return (self.cluster.sockets / "log").read_text()


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One cluster for all of them."""
    with cluster() as running:
        with running.connect() as connection:
            connection.execute(b"CREATE DATABASE barred")
            for statement in _ROLES.strip().split(";")[:-1]:
                connection.execute(statement.encode())
            connection.execute(b"ALTER SYSTEM SET log_line_prefix = 'app=%a user=%u '")
            connection.execute(b"ALTER SYSTEM SET log_statement = 'all'")
            connection.execute(b"SELECT pg_reload_conf()")
        yield Database(running, tmp_path_factory.mktemp("drill"))


@pytest.mark.parametrize(
    ("statement", "expect", "status"),
    [
        ("SELECT 1", {}, Status.PASSED),
        ("SELECT * FROM open", {"rows": 2}, Status.PASSED),
        ("SELECT * FROM open", {"rows": 1}, Status.FAILED),
        ("SELECT * FROM open", {"at_least": 3}, Status.FAILED),
        ("SELECT * FROM open", {"at_most": 1}, Status.FAILED),
        ("SELECT b FROM open WHERE a = 1", {"scalar": "one"}, Status.PASSED),
        ("SELECT count(*)::int FROM open", {"scalar": 2}, Status.PASSED),
        ("SELECT b FROM open", {"scalar": "one"}, Status.FAILED),
        ("SELECT NULL", {"scalar": None}, Status.PASSED),
        ("SELECT 1", {"scalar": None}, Status.FAILED),
        ("SELECT current_user", {"scalar_matches": "^break"}, Status.PASSED),
        ("SELECT * FROM generate_series(1, 1000)", {}, Status.NOT_MEASURED),
        ("SELECT * FROM nowhere", {}, Status.FAILED),
        ("SELECT * FROM shut", {}, Status.FAILED),
        ("INSERT INTO open VALUES (3)", {}, Status.NOT_MEASURED),
        ("COMMIT; DELETE FROM open", {}, Status.FAILED),
    ],
)
async def test_what_comes_of_it_decides(
    database: Database, statement: str, expect: dict[str, Any], status: Status
) -> None:
    """Rows and values; what writes without saying so is not carried out."""
    found = await database.tried(statement, expect=expect)
    assert found.status is status, found.detail


async def test_values_are_bound_and_captured(database: Database) -> None:
    """What a value holds is never part of the statement."""
    hostile = "x'; DROP TABLE open; --"
    found = await database.tried(
        "SELECT :word AS said, 7 AS number, :flag\\:\\:text AS flag",
        {"word": hostile},
        given={"values": {"word": "${word}", "flag": True}},
        capture={"said": {"column": "said", "secret": True}, "number": {"column": "number"}},
    )
    assert found.status is Status.PASSED, found.detail
    assert {name: value.text for name, value in found.captured.items()} == {"said": hostile, "number": "7"}
    assert found.captured["said"].is_secret
    assert (await database.tried("SELECT 1 AS a", capture={"b": {"column": "b"}})).status is Status.FAILED


async def test_the_run_stands_in_the_servers_log(database: Database) -> None:
    """As the application's name, and in the statement."""
    assert (await database.tried("SELECT 'audited'")).status is Status.PASSED
    (line,) = [line for line in database.log().splitlines() if "'audited'" in line and "execute" in line]
    assert line.startswith(f"app={RUN.id} user=breakglass ")
    assert f"/* glasswatch_run={RUN.id} */" in line


async def test_what_writes_says_so(database: Database) -> None:
    """And is committed only then."""
    found = await database.tried("INSERT INTO open VALUES (9, 'nine')", given={"writes": True}, expect={"rows": 1})
    assert found.status is Status.PASSED, found.detail
    found = await database.tried("DELETE FROM open WHERE a = 9 RETURNING b", given={"writes": True}, expect={"rows": 1})
    assert found.status is Status.PASSED, found.detail


@pytest.mark.parametrize(
    ("statement", "more", "status"),
    [
        ("SELECT 1", {}, Status.FAILED),
        ("SELECT * FROM shut", {}, Status.PASSED),
        ("SELECT * FROM nowhere", {}, Status.NOT_MEASURED),
        ("SELECT 1", {"given": {"password": {"file": "wrong"}}}, Status.PASSED),
        ("SELECT 1", {"given": {"user": "sealed"}}, Status.PASSED),
        ("SELECT 1", {"given": {"user": "nobody"}}, Status.PASSED),
        ("SELECT 1", {"given": {"password": None}}, Status.NOT_MEASURED),
        ("SELECT 1", {"database": "barred"}, Status.PASSED),
        ("SELECT 1", {"database": "none"}, Status.NOT_MEASURED),
    ],
)
async def test_only_the_servers_own_word_is_a_refusal(
    database: Database, tmp_path: Path, statement: str, more: dict[str, Any], status: Status
) -> None:
    """A wrong password, a role or database that is not for them, a table that is not theirs."""
    wrong = tmp_path / "wrong"
    wrong.write_text("another")
    if "given" in more and more["given"].get("password") == {"file": "wrong"}:
        more = {"given": {"password": {"file": str(wrong)}}}
    found = await database.tried(statement, refused=True, **more)
    assert found.status is status, found.detail
    if status is Status.PASSED:
        assert "SQLSTATE" in found.detail
        assert (await database.tried(statement, **more)).status is Status.FAILED


@pytest.mark.parametrize(
    ("said", "mode", "why"),
    [
        (b"", "disable", "it took the connection, and broke off without an answer"),
        (b"HTTP/1.1 401 Unauthorized\r\n\r\n", "disable", "what answers there does not speak PostgreSQL's protocol"),
        (b"HTTP/1.1 401 Unauthorized\r\n\r\n", "prefer", "what answers there does not speak PostgreSQL's protocol"),
        (b"R\0\0\0\x08\0\0\0\0", "disable", "it took the connection, and broke off without an answer"),
        (b"N", "require", "it does not speak TLS, which is asked for"),
    ],
)
async def test_whoever_breaks_off_or_talks_nonsense_refuses_nothing(
    database: Database, said: bytes, mode: str, why: str
) -> None:
    """Nor does a server that is not there. What happened is said."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1024)
        writer.write(said)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        for port, words in ((server.sockets[0].getsockname()[1], why), (free_port(), _NOTHING_LISTENS)):
            url = f"postgresql+psycopg://127.0.0.1:{port}/postgres?sslmode={mode}"
            found = await database.tried("SELECT 1", refused=True, given={"url": url})
            assert (found.status, found.detail) == (Status.NOT_MEASURED, f"{url}: {words}")


async def test_a_name_that_is_not_found_or_a_socket_that_is_not_there_is_said(database: Database) -> None:
    """Before anybody was asked."""
    for url, why in (
        ("postgresql+psycopg://no-such-host.invalid/postgres?sslmode=require", "its name could not be resolved"),
        (f"postgresql+psycopg:///postgres?host={database.directory}", "its socket isn't there"),
    ):
        found = await database.tried("SELECT 1", refused=True, given={"url": url})
        assert (found.status, found.detail) == (Status.NOT_MEASURED, f"{url}: {why}")


@pytest.mark.parametrize(("is_taken", "who"), [(True, "it took the connection, and did not answer"), (False, "nobody")])
def test_who_did_not_answer_is_said(
    monkeypatch: pytest.MonkeyPatch,
    is_taken: bool,  # noqa: FBT001 - a row of the table
    who: str,
) -> None:
    """A server that hangs is another fault than packets that are dropped."""
    monkeypatch.setattr(postgres.Connection, "is_taken", is_taken)
    said = postgres.why(ConnectionTimeout("connection timeout expired"), 14)
    assert said.startswith(who)
    assert said.endswith(" within 14 s")


async def test_whose_login_failed_was_not_denied_a_right(database: Database) -> None:
    """A check of least privilege says which refusal it means."""
    expect = {"sqlstate": ["42501"], "at": "statement"}
    found = await database.tried("SELECT * FROM shut", refused=True, expect=expect)
    assert found.status is Status.PASSED, found.detail
    for more in ({"given": {"user": "nobody"}}, {"database": "barred"}):
        found = await database.tried("SELECT * FROM shut", refused=True, expect=expect, **more)
        assert (found.status, "refused at the login" in found.detail) == (Status.NOT_MEASURED, True), found.detail


async def test_a_statements_own_words_are_kept_and_not_told(database: Database) -> None:
    """They go beside the journal, where secrets are taken out; what is told is ours."""
    found = await database.tried("SELECT * FROM shut")
    (output,) = found.outputs
    assert json.loads(output.content)["said"] == "permission denied for table shut"
    assert "for table" not in found.detail


def _said(code: str | None, words: str) -> bytes:
    """Return what a server says when it lets nobody in."""
    fields = {"S": "FATAL", "V": "FATAL", **({"C": code} if code else {}), "M": words}
    body = b"".join(f"{name}{value}".encode() + b"\0" for name, value in fields.items()) + b"\0"
    return b"E" + (len(body) + 4).to_bytes(4, "big") + body


@pytest.mark.parametrize(
    ("code", "words", "status", "detail"),
    [
        ("3D000", "Datenbank »x« existiert nicht", Status.NOT_MEASURED, "(invalid catalog name: there is no such"),
        ("28P01", "Passwort-Authentifizierung für Benutzer »x« fehlgeschlagen", Status.PASSED, "SQLSTATE 28P01"),
        ("28000", "Rolle »x« hat keine Berechtigung zum Einloggen", Status.PASSED, "SQLSTATE 28000"),
        ("42501", "keine Berechtigung für Datenbank »x«", Status.PASSED, "SQLSTATE 42501"),
        ("53300", 'password authentication failed for user "x"', Status.NOT_MEASURED, "SQLSTATE 53300"),
        ("57P03", "28P01", Status.NOT_MEASURED, "SQLSTATE 57P03"),
        (None, 'password authentication failed for user "x"', Status.NOT_MEASURED, "nobody was let in or refused"),
    ],
)
async def test_a_login_is_judged_by_its_code_in_whatever_language(
    database: Database, code: str | None, words: str, status: Status, detail: str
) -> None:
    """Words are never judged: what has no code says nothing."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1024)
        writer.write(_said(code, words))
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        url = f"postgresql+psycopg://127.0.0.1:{port}/postgres?sslmode=disable"
        found = await database.tried("SELECT 1", refused=True, given={"url": url})
    assert (found.status, detail in found.detail) == (status, True), found.detail


@pytest.mark.parametrize(
    ("maps", "is_sure"),
    [
        ("{}", True),
        ("", False),
        ("{}\n7f00-7f01 r-xp 0 00:00 1   /usr/lib/libpq.so.5", False),
        ("/no/libpq.so.5", False),
    ],
)
def test_only_the_one_library_that_the_driver_uses_is_called(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    maps: str,
    is_sure: bool,  # noqa: FBT001 - a row of the table
) -> None:
    """Another would take its connections for something else: a code is not known then, and nothing is refused."""
    own = postgres.libpq()
    assert own is not None
    (tmp_path / "maps").write_text(maps.format(f"7f00-7f01 r-xp 0 00:00 1   {own._name}"))
    monkeypatch.setattr(postgres, "MAPS", tmp_path / "maps")
    postgres.libpq.cache_clear()
    try:
        assert (postgres.libpq() is not None) is is_sure
    finally:
        postgres.libpq.cache_clear()


async def test_over_its_time_it_is_cut_off(database: Database) -> None:
    """By the server, too: nothing goes on behind our back."""
    found = await database.tried("SELECT pg_sleep(600)", given={"timeout": "3s"}, is_apart=True)
    assert found.status is Status.NOT_MEASURED
    active = b"SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()"
    clock = SystemClock()
    ends_at = clock.monotonic() + 30
    with database.cluster.connect() as connection:
        while connection.execute(active).fetchone() != (0,):
            assert clock.monotonic() < ends_at
            await asyncio.sleep(0.05)


async def test_in_a_process_apart_it_is_the_same(database: Database) -> None:
    """With the secret, the values and the refusal."""
    given = {"values": {"word": "${word}"}}
    found = await database.tried("SELECT :word", {"word": "it"}, given=given, expect={"scalar": "it"}, is_apart=True)
    assert found.status is Status.PASSED, found.detail
    found = await database.tried("SELECT * FROM shut", refused=True, is_apart=True)
    assert (found.status, "42501" in found.detail) == (Status.PASSED, True)


async def test_only_the_server_that_is_known_is_shown_a_password(
    database: Database, authority: Authority, stranger: Authority
) -> None:
    """Whose certificate the authority has signed: neither none nor a stranger's."""
    secure = {"given": {"ca_file": str(authority.ca_file)}}
    assert (await database.tried("SELECT 1", refused=True, **secure)).status is Status.NOT_MEASURED
    speak_tls(database.cluster, authority)
    statement = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    found = await database.tried(statement, expect={"scalar": True}, given={"ca_file": str(authority.ca_file)})
    assert found.status is Status.PASSED, found.detail
    found = await database.tried("SELECT 1", refused=True, given={"ca_file": str(stranger.ca_file)})
    assert found.status is Status.NOT_MEASURED


async def test_a_file_is_read_and_never_made(tmp_path: Path) -> None:
    """SQLite: read-only, and only where it is there."""
    with sqlite3.connect(tmp_path / "a.db") as connection:
        connection.execute("CREATE TABLE t (a)")
        connection.execute("INSERT INTO t VALUES (1.5)")

    async def tried(file: str, statement: str, **more: Any) -> Found:
        with_ = {"url": f"sqlite:///{tmp_path / file}", "statement": statement, **more.pop("given", {})}
        step = step_of("sql", with_=with_, **more)
        assert isinstance(step, SqlStep)
        return await outcome(SqlAction(step, tools(tmp_path), answered_here), attempt())

    assert (await tried("a.db", "SELECT a FROM t", expect={"scalar": 1.5})).status is Status.PASSED
    assert (await tried("a.db", "DELETE FROM t")).status is Status.NOT_MEASURED
    assert (await tried("a.db", "DELETE FROM t", given={"writes": True}, expect={"rows": 1})).status is Status.PASSED
    assert (await tried("b.db", "SELECT 1")).status is Status.NOT_MEASURED
    assert not (tmp_path / "b.db").exists()


_AT = {"url": "postgresql+psycopg://127.0.0.1/a", "statement": "SELECT 1"}


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({"with": {**_AT, "url": "postgresql://u:p@h/d"}}, ("with", "url")),
        ({"with": {**_AT, "url": "postgresql://${host}/d"}}, ("with", "url")),
        ({"with": {**_AT, "url": "postgresql://127.0.0.1/d?options=-c%20a=b"}}, ("with", "url")),
        ({"with": {**_AT, "url": "sqlite:///:memory:"}}, ("with", "url")),
        ({"with": {**_AT, "url": "postgresql://db-1/d"}}, ("with", "ca_file")),
        ({"with": {**_AT, "url": "postgresql://db-1/d?sslmode=require", "ca_file": "/c"}}, ("with", "ca_file")),
        ({"with": {**_AT, "url": "mysql://db-1/d", "ca_file": "/c"}}, ("with", "ca_file")),
        ({"with": {**_AT, "statement": "SELECT ${a}"}}, ("with", "statement")),
        ({"with": {**_AT, "statement": "SELECT :a"}}, ("with", "values")),
        ({"with": {**_AT, "values": {"a": 1}}}, ("with", "values")),
        ({"with": {**_AT, "password": "plain"}}, ("with", "password")),
        ({"with": _AT, "refused": True, "expect": {"rows": 1}}, ("expect",)),
        ({"with": _AT, "refused": True, "expect": {"rows": 1, "sqlstate": ["42501"]}}, ("expect",)),
        ({"with": _AT, "refused": True, "expect": {"sqlstate": ["3D000"]}}, ("expect", "sqlstate", 0)),
        ({"with": _AT, "expect": {"sqlstate": ["42501"]}}, ("expect", "sqlstate")),
        ({"with": _AT, "refused": True, "capture": {"a": {"column": "b"}}}, ("capture",)),
    ],
)
def test_wrong_settings_are_told_by_their_place(settings: dict[str, Any], place: tuple[str | int, ...]) -> None:
    """No password in the address, no value in the statement, no server that is not known."""
    with pytest.raises(ValidationError) as caught:
        step_of("sql", **settings)
    assert place in [each["loc"] for each in caught.value.errors()]
