"""The action `expect_audit`: real files as they are rotated, a real journal, PostgreSQL's own logs."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from drills.model.found import Attempt, Found
from drills.model.step import Status
from drills.ports import Action
from drills.runner.trying import Terms, until_passed
from glasswatch.clock import SystemClock
from tests.support import postgres
from tests.support.drill_actions import RUN, attempt, made, outcome, step_of, tools
from tests.support.journald import own_journal, say
from tests.support.waiting import until

__all__ = ["own_journal"]

FAILED, PASSED, NOT_MEASURED = Status.FAILED, Status.PASSED, Status.NOT_MEASURED
DECISIONS = {"allowed": "^.*Accepted", "refused": "^.*Failed"}


def _action(directory: Path, expect: dict[str, Any] | None = None, **with_: Any) -> Action:
    given = {"expect": expect, "within": "60s"} if expect else {}
    return made(step_of("expect_audit", with_=with_, **given), tools(directory))


async def _look(action: Action, seconds: float = 30.0) -> Found:
    return await outcome(action, attempt(seconds=seconds))


async def _until_it_is_there(action: Action, given: Attempt) -> Found:
    """Look until there is something; who writes the log takes a moment."""
    tried = await until_passed(lambda _seconds: action.act(given), Terms(20.0, 0.02), SystemClock())
    return tried.found


def _add(path: Path, *lines: str) -> None:
    with path.open("a") as log:
        log.write("".join(f"{line}\n" for line in lines))


async def test_an_entry_is_found_by_the_runs_whole_id(tmp_path: Path) -> None:
    """Neither by its beginning, nor by its time, nor in what stood there before the run."""
    log = tmp_path / "auth.log"
    _add(log, f"an older entry of {RUN.id}")
    action = _action(tmp_path, file={"path": str(log)})
    _add(log, f"of {RUN.id}2", f"of x-{RUN.id}", "of nobody", f"of {RUN.id[:-1]}")
    nothing = await _look(action)
    with log.open("a") as unfinished:
        unfinished.write(f"sshd: Accepted by {RUN.id}")
    waits = await _look(action)
    _add(log, "")
    found = await _look(action)
    assert [each.status for each in (nothing, waits, found)] == [FAILED, FAILED, PASSED]
    assert (await _look(action)).status is PASSED, "what was found stays found"
    assert found.outputs[0].content.decode() == f"sshd: Accepted by {RUN.id}", "nobody else's entries are kept"


async def test_a_file_may_be_rotated_meanwhile(tmp_path: Path) -> None:
    """Renamed and made anew: both are read. Gone unread, or cut short: nobody can tell that nothing stood there."""
    log = tmp_path / "auth.log"
    _add(log, "before")
    renamed, deleted, cut = (_action(tmp_path, file={"path": str(log)}) for _ in range(3))
    _add(log, f"to the old file by {RUN.id}")
    assert (await _look(cut)).status is PASSED
    log.rename(tmp_path / "auth.log.1")
    _add(log, "to the new file")
    assert (await _look(renamed)).status is PASSED
    (tmp_path / "auth.log.1").unlink()
    gone = await _look(deleted)
    assert (gone.status, "rotated away" in gone.detail) == (NOT_MEASURED, True)
    _add(log, f"again by {RUN.id}")
    assert (await _look(deleted)).status is PASSED
    short = _action(tmp_path, file={"path": str(log)})
    log.write_text("anew\n")
    assert (await _look(short)).status is NOT_MEASURED


async def test_what_cannot_be_read_is_not_measured(tmp_path: Path) -> None:
    """No file, no plain one, a line that nobody reads whole. One that comes later is read from its start."""
    later = tmp_path / "later.log"
    action = _action(tmp_path, file={"path": str(later)})
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "long").write_text("")
    long = _action(tmp_path, file={"path": str(tmp_path / "long")})
    _add(tmp_path / "long", "x" * 20_000)
    pipe = _action(tmp_path, file={"path": str(tmp_path / "fifo")})
    found = [await _look(each) for each in (action, pipe, long, _action(tmp_path, file={"path": str(tmp_path)}))]
    assert [each.status for each in found] == [NOT_MEASURED] * 4
    _add(later, f"by {RUN.id}")
    assert (await _look(action)).status is PASSED


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("Accepted publickey for breakglass on db-1", PASSED),
        ("Failed publickey for breakglass on db-1", FAILED),
        ("Accepted after Failed for breakglass on db-1", FAILED),
        ("Accepted publickey for breakglass2 on db-1", FAILED),
        ("Accepted publickey for breakglass on db-10", FAILED),
        ("session of breakglass on db-1", FAILED),
    ],
)
async def test_it_must_name_whom_what_and_the_decision(tmp_path: Path, line: str, status: Status) -> None:
    """Whole words, and a decision that is said plainly."""
    log = tmp_path / "log"
    log.write_text("")
    wanted: dict[str, Any] = {
        "principal": "breakglass",
        "target": "db-1",
        "decision": "allowed",
        "decisions": DECISIONS,
    }
    action = _action(tmp_path, file={"path": str(log)}, **wanted)
    _add(log, f"{line} ID {RUN.id}")
    assert (await _look(action)).status is status


async def test_lines_of_json_are_matched_by_place(tmp_path: Path) -> None:
    """And may say their time, which counts where the scenario has it so and it can be believed."""
    log, now = tmp_path / "log", SystemClock().now()
    log.write_text("")
    file = {"path": str(log), "format": "json", "at": "at"}
    match = {"user.name": "breakglass", "run": "${run}"}
    by_entry = _action(tmp_path, file=file, match=match, timed_by="entry")
    by_sight = _action(tmp_path, file=file, match=match)
    entry = {"run": RUN.id, "user": {"name": "breakglass"}, "at": now.isoformat()}
    _add(log, json.dumps({**entry, "user": {"name": "anna"}}), "no JSON", json.dumps(["another run"]))
    assert (await _look(by_entry)).status is FAILED
    _add(log, json.dumps(entry))
    counted, seen = await _look(by_entry), await _look(by_sight)
    assert (counted.status, counted.at) == (PASSED, now)
    assert (seen.status, seen.at) == (PASSED, None)
    log.write_text("")
    late = _action(tmp_path, file=file, timed_by="entry")
    _add(log, json.dumps({**entry, "at": (now + timedelta(hours=1)).isoformat()}))
    told = await _look(late)
    assert (told.status, told.at, "ahead of ours" in told.detail) == (PASSED, None, True)


_AT = "2026-03-01 03:00:00.000 UTC"
_ROW = f'{_AT},"u","d",1,"[local]",1,1,"SELECT",{_AT},1/1,0,LOG,00000,"{{}}",,,,,,,,,"{RUN.id}","client backend",,0'


async def test_records_of_several_lines_are_read_whole(tmp_path: Path) -> None:
    """Of one that was begun before, the rest is passed over; it must not swallow what comes after it."""
    log = tmp_path / "postgresql.csv"
    begun, rest = _ROW.format("older, and\ngoes on").replace(RUN.id, "another").split("\n")
    _add(log, begun)
    action = _action(tmp_path, postgresql_log={"path": str(log)})
    _add(log, rest)
    nothing = await _look(action)
    _add(log, _ROW.format('a ""quoted""\none'))
    found = await _look(action)
    assert [each.status for each in (nothing, found)] == [FAILED, PASSED], nothing.detail
    assert found.outputs[0].content.count(b"\n") == 1


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ({"postgresql_log": {"path": "LOG"}}, f'{_AT},"{RUN.id}"'),
        ({"postgresql_log": {"path": "LOG"}}, f'{_AT},{RUN.id} "quoted" amiss,""'),
        ({"postgresql_log": {"path": "LOG"}}, f"of no record, {RUN.id}"),
        ({"postgresql_log": {"path": "LOG", "format": "json"}}, f"not JSON, {RUN.id}"),
        ({"file": {"path": "LOG", "format": "json"}}, f'["{RUN.id}"]'),
        ({"file": {"path": "LOG"}, "principal": "nobody"}, "\n".join([RUN.id] * 1001)),
    ],
    ids=["columns", "quotes", "no-record", "jsonlog", "json", "many"],
)
async def test_what_of_a_log_was_not_understood_is_not_measured(
    kind: dict[str, Any], line: str, tmp_path: Path
) -> None:
    """Neither that an entry is missing, nor that none is there: it may be the very one."""
    log = tmp_path / "a.csv"
    log.write_text("")
    with_ = json.loads(json.dumps(kind).replace("LOG", str(log)))
    actions = [_action(tmp_path, expect, **with_) for expect in (None, {"absent_for": "1s"})]
    _add(log, line)
    assert [(await _look(each)).status for each in actions] == [NOT_MEASURED] * 2


async def test_absence_passes_only_after_its_whole_time(tmp_path: Path) -> None:
    """An entry that comes meanwhile fails it; a log that can't be read is not measured."""
    log = tmp_path / "log"
    log.write_text("")
    clock = SystemClock()
    action = _action(tmp_path, {"absent_for": "1s"}, file={"path": str(log)})
    began = clock.monotonic()
    assert (await _look(action)).status is PASSED
    assert clock.monotonic() - began >= 1.0
    _add(log, f"by {RUN.id}")
    came = await _look(action)
    assert (came.status, came.can_still) == (FAILED, False)
    missing = _action(tmp_path, {"absent_for": "1s"}, file={"path": str(tmp_path / "none")})
    assert (await _look(missing)).status is NOT_MEASURED


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[postgres.Cluster, Path]]:
    """A real PostgreSQL that logs connections and statements in every format; and where."""
    with postgres.cluster(
        logging_collector="on",
        log_directory="logs",
        log_filename="postgresql.log",
        log_destination="stderr,csvlog,jsonlog",
        log_connections="on",
        log_statement="all",
        log_timezone="UTC",
        log_line_prefix="%m [%p] app=%a ",
    ) as cluster:
        yield cluster, cluster.sockets / "data" / "logs"


@pytest.mark.parametrize("log_format", ["csv", "json", "stderr"])
@pytest.mark.parametrize("is_directory", [True, False])
async def test_postgresqls_own_logs_are_read(
    server: tuple[postgres.Cluster, Path],
    log_format: str,
    is_directory: bool,  # noqa: FBT001 - pytest passes parameters by name
    tmp_path: Path,
) -> None:
    """By the application's name: somebody else's statement that merely holds the run's id is not the run's."""
    cluster, logs = server
    path = logs if is_directory else logs / f"postgresql.{'log' if log_format == 'stderr' else log_format}"
    action = _action(
        tmp_path, postgresql_log={"path": str(path), "format": log_format}, principal="glasswatch", timed_by="entry"
    )
    login: dict[str, Any] = {
        "host": str(cluster.sockets),
        "port": cluster.port,
        "user": postgres.USER,
        "connect_timeout": 20,
    }
    if log_format != "stderr":
        with psycopg.connect(**login, dbname="postgres") as other:
            other.execute(f"SELECT 'glasswatch, \"\n{RUN.id}'".encode())
    before = await _look(action)
    began = SystemClock().now()
    statement = _action(tmp_path, postgresql_log={"path": str(path), "format": log_format, "statement": True})
    with psycopg.connect(**login, dbname="postgres", application_name=RUN.id) as ours:
        ours.execute(b"SELECT 'a \"quoted\n\" statement', 'glasswatch'")
        found = await _until_it_is_there(action, attempt())
        unmarked = await _look(statement)
        ours.execute(f"/* glasswatch_run={RUN.id} */ SELECT 1,\n2".encode())
        marked = await _until_it_is_there(statement, attempt())
    assert (before.status, found.status) == (FAILED, PASSED), found.detail
    assert (unmarked.status, marked.status) == (FAILED, PASSED), marked.detail
    assert "of this run, but it is no statement" in unmarked.detail
    assert found.at is not None
    assert timedelta(milliseconds=-1) <= found.at - began <= timedelta(seconds=30)


async def test_a_database_is_asked(server: tuple[postgres.Cluster, Path], tmp_path: Path) -> None:
    """By the run's id, which is bound; under another name than the run's, so that the question finds not itself."""
    cluster, logs = server
    database = cluster.new_database()
    at = SystemClock().now()
    with cluster.connect(database) as connection:
        connection.execute(b"CREATE TABLE audit (run text, who text, at timestamptz)")
        wanted = {
            "url": cluster.url(database),
            "statement": "SELECT * FROM audit WHERE run LIKE :run || '%'",
            "values": {"run": "${run}"},
            "at": "at",
        }
        action = _action(tmp_path, sql=wanted, match={"who": "breakglass"}, timed_by="entry")
        connection.execute("INSERT INTO audit VALUES (%s, 'breakglass', now())", [f"{RUN.id}2"])
        connection.execute("INSERT INTO audit VALUES (%s, 'anna', now())", [RUN.id])
        before = await _look(action)
        connection.execute("INSERT INTO audit VALUES (%s, 'breakglass', %s)", [RUN.id, at])
        found = await _look(action)
        connection.execute(b"DROP TABLE audit")
        gone = await _look(action)
    assert [each.status for each in (before, found, gone)] == [FAILED, PASSED, NOT_MEASURED], found.detail
    assert found.at == at
    told = [json.loads(line) for line in (logs / "postgresql.json").read_text().splitlines()]
    assert not [each for each in told if "FROM audit" in each["message"] and each["application_name"] == RUN.id]
    nobody = _action(tmp_path, sql={**wanted, "url": "postgresql+psycopg://a@127.0.0.1:1/a"})
    assert (await _look(nobody)).status is NOT_MEASURED


async def test_a_real_journal_is_asked(own_journal: Path, tmp_path: Path) -> None:
    """Messages that match; it happened when the journal took it."""
    directory = own_journal / "journal"
    journald = {"directory": str(directory), "matches": ["SYSLOG_IDENTIFIER=sshd"]}
    run = replace(RUN, id=f"outage-{SystemClock().now():%Y%m%dt%H%M%S}z-abcdef")
    action = _action(tmp_path, journald=journald, principal="breakglass", timed_by="entry")
    given = replace(attempt(), run=run)
    say(own_journal, f"Accepted publickey for breakglass ID {run.id}", "other")
    say(own_journal, f"Accepted publickey for breakglass ID {run.id}2")
    await until(lambda: list(directory.glob("*/*.journal")), within=20)
    before = await outcome(action, given)
    began = SystemClock().now()
    say(own_journal, f"Accepted publickey for breakglass ID {run.id}")
    found = await _until_it_is_there(action, given)
    assert (before.status, found.status) == (FAILED, PASSED), found.detail
    assert found.at is not None
    assert found.at >= began


# What journalctl 252 printed: no entry at all; a message that is no UTF-8; to one who may not see the system's.
_NOT_UTF8 = {"__REALTIME_TIMESTAMP": "1772334000000000", "MESSAGE": [255, 32, *RUN.id.encode()]}
_HINT = "Hint: You are currently not seeing messages from other users and the system."


@pytest.mark.parametrize(
    ("script", "status"),
    [
        ("echo '-- No entries --'", FAILED),
        (f"echo '{json.dumps(_NOT_UTF8)}'", PASSED),
        (f"echo '-- No entries --'; echo '{_HINT}' >&2", NOT_MEASURED),
        ("echo 'No journal files were found.' >&2", NOT_MEASURED),
        ("exit 1", NOT_MEASURED),
        ("head -c 2000000 /dev/zero", NOT_MEASURED),
    ],
)
async def test_what_the_journal_does_not_show_is_not_measured(script: str, status: Status, tmp_path: Path) -> None:
    """Whoever sees a part of it has not seen that an entry is missing."""
    program = tmp_path / "journalctl"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    journald = {"matches": ["SYSLOG_IDENTIFIER=sshd"], "program": str(program)}
    assert (await _look(_action(tmp_path, journald=journald))).status is status
