"""Runs one statement in one transaction, as `drills.actions.sql` asks for it.

Standard input: a JSON object of `url` (without password), `user`, `password`, `run`, `statement`, `values`, `writes`,
`seconds`, `ca_file` and `most`, null where there is none. Standard output: one of

- `{"columns": […], "rows": [[…]…], "count": N, "is_more": bool}`
- `{"refused": "28P01", "at": "login"}`, by the target itself; at the `statement` with what it `said`
- `{"failed": "42P01", "said": "…"}`, the statement, after it was let in
- `{"unknown": "why"}`, in words of ours, without secrets
"""

import json
import math
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from drills.rules import sqlstates

Answer = dict[str, Any]

LOGIN: Final = "login"
STATEMENT: Final = "statement"
_MOST_SAID: Final = 1000
_REFUSALS: Final = re.compile("28...|42501")
_NOT_ITS_FAULT: Final = re.compile("(?:08|40|53|57|58|XX)...|55P03")
_READ_ONLY: Final = "25006"
_READ_ONLY_BY: Final[Mapping[str, str]] = {
    "postgresql": "SET TRANSACTION READ ONLY",
    "sqlite": "PRAGMA query_only = ON",
}


class Unable(Exception):
    """It can't be asked; why, in words without secrets."""


def main() -> None:
    """Answer one question."""
    print(reply(json.load(sys.stdin)))  # noqa: T201 - that is its answer


def reply(asked: Mapping[str, Any]) -> str:
    """Return the answer as JSON."""
    try:
        return json.dumps(answered(asked))
    except Unable as fault:
        return json.dumps({"unknown": str(fault)})


def answered(asked: Mapping[str, Any]) -> Answer:
    """Return the answer.

    Raises:
        Unable: nobody can tell.
    """
    engine = _engine(asked)
    try:
        connection = engine.connect()
    except SQLAlchemyError as fault:
        return _login_failed(fault, asked)
    except ImportError as fault:
        raise Unable(f"its driver isn't installed: {fault.name}") from None
    with connection:
        try:
            return _ran(connection, asked)
        except DBAPIError as fault:
            return _failed(fault)
        except SQLAlchemyError as fault:
            raise Unable(f"SQLAlchemy says {type(fault).__name__}") from None


def _engine(asked: Mapping[str, Any]) -> Engine:
    try:
        url = make_url(asked["url"])
        if asked["user"] is not None:
            url = url.set(username=asked["user"])
        if asked["password"] is not None:
            url = url.set(password=asked["password"])
        engine = create_engine(url, poolclass=NullPool, connect_args=_connect_args(url, asked))
    except (ArgumentError, NoSuchModuleError):
        raise Unable("its address is none that SQLAlchemy knows") from None
    except ImportError as fault:
        raise Unable(f"its driver isn't installed: {fault.name}") from None
    if engine.dialect.driver == "psycopg":
        event.listen(engine, "do_connect", _connected)
    return engine


def _connected(_dialect: object, _record: object, words: Sequence[Any], named: Mapping[str, Any]) -> object:
    from drills.workers.postgres import Connection  # noqa: PLC0415 - only where it is PostgreSQL, by that driver

    return Connection.connect(*words, **named)


def _connect_args(url: URL, asked: Mapping[str, Any]) -> dict[str, Any]:
    backend = url.get_backend_name()
    if backend == "sqlite":
        if not url.database or not Path(url.database).is_file():
            raise Unable("its file isn't there")
        return {}
    if backend != "postgresql":
        return {}
    given = {"application_name": asked["run"], "connect_timeout": _seconds(asked), "passfile": "/dev/null"}
    if asked["ca_file"] is not None:
        given |= {"sslmode": "verify-full", "sslrootcert": asked["ca_file"]}
    # A statement that is prepared is one statement, and never two.
    return given | ({"prepare_threshold": 0} if url.get_driver_name() == "psycopg" else {})


def _seconds(asked: Mapping[str, Any]) -> int:
    """Return how long a login may take, as libpq counts it."""
    return max(2, math.floor(float(asked["seconds"])))


def _ran(connection: Connection, asked: Mapping[str, Any]) -> Answer:
    backend = connection.dialect.name
    if not asked["writes"]:
        if backend not in _READ_ONLY_BY:
            raise Unable(f"nothing keeps {backend} from writing: expected writes: true")
        connection.execute(text(_READ_ONLY_BY[backend]))
    if backend == "postgresql":
        connection.execute(text(f"SET LOCAL statement_timeout = {math.ceil(asked['seconds'] * 1000)}"))
    result = connection.execute(text(f"/* glasswatch_run={asked['run']} */ {asked['statement']}"), asked["values"])
    answer: Answer = {"columns": [], "rows": [], "count": max(0, result.rowcount), "is_more": False}
    if result.returns_rows:
        rows = result.fetchmany(asked["most"] + 1)
        shown = [[_plain(value) for value in row] for row in rows[: asked["most"]]]
        answer = {"columns": list(result.keys()), "rows": shown, "count": len(shown), "is_more": len(rows) > len(shown)}
    result.close()
    if asked["writes"]:
        connection.commit()
    else:
        connection.rollback()
    return answer


def _plain(value: object) -> object:
    """Return a value as JSON holds it: what JSON does not have, as text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return str(value)


def _state(fault: BaseException) -> str:
    original = getattr(fault, "orig", None)
    return getattr(original, "sqlstate", None) or getattr(original, "pgcode", None) or ""


def _login_failed(fault: SQLAlchemyError, asked: Mapping[str, Any]) -> Answer:
    state, original = _state(fault), getattr(fault, "orig", None)
    if _REFUSALS.fullmatch(state):
        return {"refused": state, "at": LOGIN}
    if getattr(original, "is_for_want_of_a_password", False):
        raise Unable("it asks for a password, and none was given")
    if state:
        raise Unable(f"nobody was let in or refused: {sqlstates.told(state)}")
    if type(original).__module__.partition(".")[0] not in ("psycopg", "drills"):
        raise Unable(f"nobody was let in or refused: {type(original or fault).__name__}")
    from drills.workers import postgres  # noqa: PLC0415 - only where it is PostgreSQL, by that driver

    raise Unable(postgres.why(original, _seconds(asked)))


def _failed(fault: DBAPIError) -> Answer:
    state = _state(fault)
    if _REFUSALS.fullmatch(state):
        return {"refused": state, "at": STATEMENT, **_in_its_words(fault)}
    if state == _READ_ONLY or "attempt to write a readonly database" in str(fault.orig):
        raise Unable("the statement writes: expected writes: true")
    if not state or _NOT_ITS_FAULT.fullmatch(state):
        why = sqlstates.told(state) if state else type(fault).__name__
        raise Unable(f"the statement was not carried out: {why}")
    return {"failed": state, **_in_its_words(fault)}


def _in_its_words(fault: DBAPIError) -> dict[str, str]:
    """Return what the server says of a statement, to be kept beside the journal, where secrets are taken out."""
    said = getattr(getattr(fault.orig, "diag", None), "message_primary", None)
    return {"said": said[:_MOST_SAID]} if isinstance(said, str) else {}


if __name__ == "__main__":
    main()
