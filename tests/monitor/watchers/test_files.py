"""The watchers over files: patterns over a real log that is rotated, and a real PostgreSQL's."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from glasswatch.clock import SystemClock
from monitor.errors import CannotSee
from monitor.model.watch import LogEntry
from monitor.settings.watchers import FileWatcherSettings, PostgresqlLogWatcherSettings
from monitor.watchers import file, postgresql_log
from monitor.watchers.context import WatcherContext
from monitor.watchers.entries import instant
from tests.support.postgres import Cluster, cluster

CONTEXT = WatcherContext(SystemClock())
PATTERN = r"^(?P<at>\S+) sshd: Accepted publickey for breakglass ID (?P<person>[^ ]+)(?: attempt (?P<id>\S+))?$"


def source(path: Path, pattern: str = PATTERN) -> file.FileSource:
    """Return a watcher over a file."""
    return file.make(
        "bastion", FileWatcherSettings(platform="payments", target="b", path=path, pattern=pattern), CONTEXT
    )


async def test_lines_that_match_are_entries(tmp_path: Path) -> None:
    """With what their groups tell; the others are none."""
    path = tmp_path / "auth.log"
    path.write_text("")
    place = (await source(path).read(None)).place
    with path.open("a") as log:
        log.write("2026-03-01T03:00:00+01:00 sshd: Accepted publickey for breakglass ID anna@example.com attempt r-1\n")
        log.write("2026-03-01T03:00:01Z sshd: Accepted publickey for breakglass ID \u202eben\n")
        log.write("2026-03-01T03:00:01Z sshd: Accepted publickey for someone ID carl\n")
    part = await source(path).read(place)
    first, second = part.entries
    assert first == LogEntry(
        first.id, datetime(2026, 3, 1, 2, 0, tzinfo=UTC), person="anna@example.com", target=None, attempt="r-1"
    )
    assert (second.person, second.attempt) == ("\\u202eben", None)
    assert (await source(path).read(place)).entries == part.entries


async def test_two_accesses_in_one_second_are_two(tmp_path: Path) -> None:
    """The same text in another place of the log is another access."""
    path = tmp_path / "auth.log"
    path.write_text("")
    place = (await source(path).read(None)).place
    path.write_text("2026-03-01T03:00:01Z sshd: Accepted publickey for breakglass ID ben\n" * 2)
    entries = (await source(path).read(place)).entries
    assert len({entry.id for entry in entries}) == 2


async def test_a_missing_file_cannot_be_seen_and_is_read_whole_when_it_comes(tmp_path: Path) -> None:
    """What stands in it came after the watcher did."""
    path = tmp_path / "auth.log"
    watcher = source(path, "breakglass")
    with pytest.raises(CannotSee, match=r"auth\.log: No such file"):
        await watcher.read(None)
    path.write_text("breakglass\n")
    first = await watcher.read(None)
    assert len((await watcher.read(first.place)).entries) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01 03:00:00.123 UTC", datetime(2026, 3, 1, 3, 0, 0, 123000, tzinfo=UTC)),
        ("2026-03-01 03:00:00 GMT", datetime(2026, 3, 1, 3, 0, tzinfo=UTC)),
        ("2026-03-01T03:00:00+02", datetime(2026, 3, 1, 1, 0, tzinfo=UTC)),
        ("2026-03-01 03:00:00 CET", None),
        ("2026-03-01 03:00:00", None),
        ("Mar  1 03:00:00", None),
        ("0001-01-01T00:00:00+14:00", None),
        (None, None),
    ],
)
def test_a_time_of_an_unknown_zone_is_not_guessed_at(text: str | None, expected: datetime | None) -> None:
    """It is then of when it was read."""
    assert instant(text) == expected


@pytest.fixture(scope="module")
def postgres() -> Iterator[Cluster]:
    """A server that says who logs in."""
    with cluster() as running:
        with running.connect() as connection:
            connection.execute("CREATE ROLE breakglass LOGIN")
            connection.execute("CREATE ROLE breakglass2 LOGIN")
            connection.execute("ALTER SYSTEM SET log_connections = on")
            connection.execute("ALTER SYSTEM SET log_line_prefix = '%m [%p] '")
            connection.execute("ALTER SYSTEM SET log_timezone = 'UTC'")
            connection.execute("SELECT pg_reload_conf()")
        yield running


async def _login(postgres: Cluster, role: str) -> None:
    host = str(postgres.sockets)

    def login() -> None:
        psycopg.connect(host=host, port=postgres.port, user=role, dbname="postgres", connect_timeout=20).close()

    await asyncio.to_thread(login)


async def test_a_real_servers_log_tells_of_a_roles_logins(postgres: Cluster) -> None:
    """Of that role alone; a statement that quotes such a line is none. The time is the server's."""
    settings = PostgresqlLogWatcherSettings(
        platform="payments", target="db-1", path=postgres.sockets / "log", role="breakglass"
    )
    watcher = postgresql_log.make("db-log", settings, CONTEXT)
    await _login(postgres, "breakglass")  # older than the watcher
    place: str | None = (await watcher.read(None)).place
    with postgres.connect() as connection, pytest.raises(psycopg.Error):
        connection.execute("SELECT 'connection authorized: user=breakglass ' FROM nowhere")
    for role in ("breakglass2", "glasswatch", "breakglass"):
        await _login(postgres, role)
    entries: list[LogEntry] = []
    async with asyncio.timeout(20):
        while not entries:
            part = await watcher.read(place)
            place, entries = part.place, [*entries, *part.entries]
            await asyncio.sleep(0.05)
    await _login(postgres, "glasswatch")
    entries += (await watcher.read(place)).entries
    (entry,) = entries
    assert entry.at is not None
    assert abs(entry.at.timestamp() - SystemClock().now().timestamp()) < 60


CSV = (
    '2026-03-01 03:00:00.000 UTC,"{role}","postgres",99,"[local]",1.1,2,"authentication",2026-03-01 03:00:00 UTC,3/2,0,'
    'LOG,00000,"{message}",,,,,,,,,"","client backend",,0'
)
JSON = '{{"timestamp":"2026-03-01 03:00:00.000 UTC","user":"{role}","message":"{message}"}}'
AUTHORIZED = "connection authorized: user=breakglass database=postgres"


@pytest.mark.parametrize(("log_format", "line"), [("csv", CSV), ("json", JSON)])
@pytest.mark.parametrize(
    ("message", "is_login"),
    [
        (AUTHORIZED, True),
        ("replication connection authorized: user=breakglass", True),
        ("connection authorized: user=breakglass2 database=postgres", False),
        (f"statement: SELECT '{AUTHORIZED}'", False),
        ("connection received: host=[local]", False),
    ],
)
async def test_the_other_formats_are_read_by_their_fields(
    tmp_path: Path,
    log_format: str,
    line: str,
    message: str,
    is_login: bool,  # noqa: FBT001 - pytest passes parameters by name
) -> None:
    """A message is a field of its own: what merely quotes one is none."""
    path = tmp_path / "log"
    path.write_text("")
    settings = PostgresqlLogWatcherSettings.model_validate(
        {"platform": "payments", "target": "db-1", "path": str(path), "role": "breakglass", "format": log_format},
        context=None,
    )
    watcher = postgresql_log.make("db-log", settings, CONTEXT)
    place = (await watcher.read(None)).place
    path.write_text(f"nonsense\n{{\n{line.format(role='breakglass', message=message)}\n")
    entries = (await watcher.read(place)).entries
    assert [entry.at for entry in entries] == ([datetime(2026, 3, 1, 3, 0, tzinfo=UTC)] if is_login else [])
