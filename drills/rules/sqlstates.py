"""What an SQLSTATE says, in words: its class by the name that the standard has, and what the usual ones mean. Pure.

The code is the server's, the words are ours: a server's own words may hold what it was sent, and are in its language.
"""

import re
from collections.abc import Mapping
from typing import Final

_CODE: Final = re.compile("[0-9A-Z]{5}")
_CLASSES: Final[Mapping[str, str]] = {
    "08": "connection exception",
    "0A": "feature not supported",
    "0L": "invalid grantor",
    "0P": "invalid role specification",
    "21": "cardinality violation",
    "22": "data exception",
    "23": "integrity constraint violation",
    "25": "invalid transaction state",
    "26": "invalid SQL statement name",
    "28": "invalid authorization specification",
    "2B": "dependent privilege descriptors still exist",
    "3D": "invalid catalog name",
    "3F": "invalid schema name",
    "40": "transaction rollback",
    "42": "syntax error or access rule violation",
    "44": "with check option violation",
    "53": "insufficient resources",
    "54": "program limit exceeded",
    "55": "object not in prerequisite state",
    "57": "operator intervention",
    "58": "system error",
    "F0": "configuration file error",
    "P0": "PL/pgSQL error",
    "XX": "internal error",
}
_MEANINGS: Final[Mapping[str, str]] = {
    "25006": "the transaction may only read",
    "28000": "the role may not log in, or no rule for hosts lets it in from here",
    "28P01": "a wrong password, or there is no such role",
    "3D000": "there is no such database",
    "42501": "a privilege is missing",
    "42601": "a syntax error",
    "42703": "there is no such column",
    "42883": "there is no such function",
    "42P01": "there is no such table",
    "53300": "it has too many connections",
    "55P03": "a lock could not be had",
    "57014": "the statement was cancelled, as when its time is over",
    "57P01": "it is being shut down",
    "57P03": "it takes nobody now, as when it starts or stops",
}


def is_code(text: str) -> bool:
    """Whether it is written as an SQLSTATE is."""
    return _CODE.fullmatch(text) is not None


def told(state: str) -> str:
    """Return a code with what it says, such as `SQLSTATE 3D000 (invalid catalog name: there is no such database)`."""
    named = _CLASSES.get(state[:2])
    meaning = _MEANINGS.get(state)
    words = ": ".join(each for each in (named, meaning) if each)
    return f"SQLSTATE {state}{f' ({words})' if words else ''}"
