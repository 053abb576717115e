"""How values stand in columns, the same on SQLite and PostgreSQL.

- A time is a whole number of microseconds since 1970 in UTC: it sorts, subtracts and compares alike everywhere, and
  no session's time zone can touch it. Read back it is aware, in UTC. A naive time is refused.
- Text from outside may hold what a database can't keep (NUL, half a surrogate pair): it is replaced, so that one odd
  receipt never fails a write.
- A damaged row must be refused rather than believed: rows that decide something carry a `checksum`.
"""

import zlib
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Dialect, Text, TypeDecorator

from glasswatch.instants import EPOCH

_MICROSECOND = timedelta(microseconds=1)


def to_microseconds(at: datetime) -> int:
    """Return an aware time as microseconds since 1970.

    Raises:
        ValueError: the time is naive.
    """
    if at.tzinfo is None:
        raise ValueError("expected an aware time")
    passed = at - EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds


def from_microseconds(value: int) -> datetime:
    """Return the time that many microseconds after 1970, in UTC."""
    return EPOCH + value * _MICROSECOND


def storable(text: str) -> str:
    """Return the text with what no database can hold replaced by U+FFFD."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\ufffd").encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def checksum(*parts: object) -> int:
    """Return a checksum over these parts: it finds damage, not forgery."""
    return zlib.crc32("\0".join(map(str, parts)).encode("utf-8", "surrogatepass"))


class Instant(TypeDecorator[datetime]):
    """A point in time."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's own signature
        """Turn a time into what is stored."""
        return None if value is None else to_microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - as above
        """Turn what is stored into an aware time."""
        return None if value is None else from_microseconds(value)


class Words(TypeDecorator[str]):
    """Text that may come from outside."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's own signature
        """Replace what can't be stored."""
        return None if value is None else storable(value)
