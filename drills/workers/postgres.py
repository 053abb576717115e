"""PostgreSQL's own word on a login that failed: its SQLSTATE, which is the same in every language.

libpq keeps the code of a login that failed to itself: its message has the server's words, in the server's language.
Told to, it has the code in their place (`PQsetErrorVerbosity`), which psycopg has no call for; it says where libpq's
connection is, for such calls (`pgconn_ptr`). libpq is the one library of that name which psycopg has loaded, of the
version that psycopg says. Where there is none, or there are several, the code is not known: words are never judged.
Where there is no code, what libpq itself says of the connection is put into our words (`login_words`), for people.
"""

import ctypes
import re
from functools import lru_cache
from pathlib import Path
from typing import ClassVar, Final, Self

import psycopg
from psycopg import errors, pq
from psycopg.abc import PQGenConn
from psycopg.waiting import Wait

from drills.rules import sqlstates
from drills.workers import login_words

MAPS: Final = Path("/proc/self/maps")
_LIBPQ: Final = re.compile(r"/.*/libpq[-.][^/]*$")
_CODE: Final = re.compile(r":  ([0-9A-Z]{5})$")
_USUAL, _CODES = 1, 3  # PQERRORS_DEFAULT, PQERRORS_SQLSTATE
_UNRESOLVED: Final = "failed to resolve host"  # as psycopg says it, which looks names up itself


class NoPassword(psycopg.OperationalError):
    """The server asks for a password, and none was given."""

    is_for_want_of_a_password = True


class NobodyTold(psycopg.OperationalError):
    """There is no SQLSTATE: why stands in the first line of its text, in our words."""


class Connection(psycopg.Connection[tuple[object, ...]]):
    """A connection whose login, where it fails, raises the error of its SQLSTATE."""

    is_taken: ClassVar[bool] = False
    """Whether somebody took the last connection that was tried."""

    @classmethod
    def _connect_gen(cls, conninfo: str = "") -> PQGenConn[Self]:
        """Connect as psycopg does, waiting where it waits."""
        pgconn = pq.PGconn.connect_start(conninfo.encode())
        _speak(pgconn, _CODES)
        while True:
            status = pgconn.connect_poll() if pgconn.status != pq.ConnStatus.BAD else pq.PollingStatus.FAILED
            if status == pq.PollingStatus.FAILED:
                raise _fault(pgconn)
            if status == pq.PollingStatus.OK:
                _speak(pgconn, _USUAL)
                pgconn.nonblocking = 1
                return cls(pgconn)
            cls.is_taken = pgconn.status not in (pq.ConnStatus.STARTED, pq.ConnStatus.NEEDED)
            wait = Wait.R if status == pq.PollingStatus.READING else Wait.W
            while not (yield pgconn.socket, wait):
                pass


def why(fault: BaseException | None, seconds: int) -> str:
    """Return why nobody was let in or refused, in our words; `seconds`: how long an answer was waited for."""
    said = str(fault).splitlines()[0] if str(fault or "") else ""
    if isinstance(fault, NobodyTold):
        return said
    if isinstance(fault, errors.ConnectionTimeout):
        taken = "it took the connection, and did not answer" if Connection.is_taken else "nobody took the connection"
        return f"{taken} within {seconds} s"
    return "its name could not be resolved" if said.startswith(_UNRESOLVED) else login_words.UNKNOWN


def code_in(said: str) -> str | None:
    """Return the SQLSTATE that libpq said last; None where its last word is another, such as that nobody answered."""
    found = _CODE.search(said.rstrip("\n"))
    return found[1] if found else None


def _fault(pgconn: pq.abc.PGconn) -> psycopg.Error:
    needs_password, said = pgconn.needs_password, pgconn.error_message.decode("utf-8", "replace")
    pgconn.finish()
    if needs_password:
        return NoPassword("no password")
    code = code_in(said)
    if code is None:
        return NobodyTold(login_words.why(said))
    try:
        return errors.lookup(code)("login failed")
    except KeyError:
        return NobodyTold(f"nobody was let in or refused: {sqlstates.told(code)}")


def _speak(pgconn: pq.abc.PGconn, how: int) -> None:
    """Have libpq say errors of a connection in this way, where it can be told."""
    library, pointer = libpq(), getattr(pgconn, "pgconn_ptr", None)
    if library is not None and pointer:
        library.PQsetErrorVerbosity(ctypes.c_void_p(pointer), ctypes.c_int(how))


@lru_cache(maxsize=1)
def libpq() -> ctypes.CDLL | None:
    """Return the libpq that psycopg uses; None where that is not certain."""
    try:
        maps = MAPS.read_text(errors="replace")
        found = {match[0] for line in maps.splitlines() if (match := _LIBPQ.search(line))}
        if len(found) != 1:
            return None
        library = ctypes.CDLL(found.pop())
        return library if library.PQlibVersion() == pq.version() else None
    except (OSError, AttributeError):
        return None
