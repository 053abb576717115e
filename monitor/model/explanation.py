"""Why an attempt was judged so: what was looked at, and what was said and heard on the way.

Everything in it was cleared of secrets and cut to a bound before it came here. It is text from outside all the same:
whoever shows it escapes it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from monitor.model.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Room:
    """How much of an attempt is shown: letters of a body and of a value, headers of a message, and exchanges.

    `read`: how many letters are read of all values of an exchange, and of all rules. It bounds what clearing takes.
    """

    body: int = 1024
    value: int = 400
    fields: int = 100
    exchanges: int = 50
    read: int = 128 * 1024


KEPT: Final = Room(body=512, value=120, fields=12, exchanges=3, read=6 * 1024)
"""The room of an attempt that is kept in memory: 2 KiB or so."""


@dataclass(frozen=True, slots=True)
class Check:
    """One rule that was looked at: what was expected, what was found. The first that does not hold decides.

    `is_ours`: what was found is said in our own words, and repeats nothing that came from outside.
    """

    rule: str
    expected: str
    found: str
    holds: bool
    is_ours: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """What one side said: its first line and its headers, where it is HTTP, and the start of the rest.

    `trailers` are headers that came after the body. `note` says what is not shown, and why. `is_cut`: more of the body
    came than is here.
    """

    line: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    body: str = ""
    note: str = ""
    is_cut: bool = False
    trailers: tuple[tuple[str, str], ...] = ()

    def texts(self) -> Iterator[str]:
        """Return every text in it."""
        yield from (self.line, self.body, self.note)
        for field in (*self.fields, *self.trailers):
            yield from field


@dataclass(frozen=True, slots=True)
class TlsSeen:
    """The TLS that was agreed on, and the server's certificate.

    `is_accepted` is false where the handshake failed: then this is what the server showed, whoever it is, and where no
    version was agreed on there is none.
    """

    version: str
    cipher: str
    subject: str
    issuer: str
    names: tuple[str, ...]
    ends_at: datetime | None
    is_accepted: bool = True


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was said and heard, once, at one address. `label` names the part of a probe's way that it belongs to."""

    label: str
    place: str
    address: str
    tls: TlsSeen | None = None
    sent: Message | None = None
    heard: Message | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """All of it. `left_out`: so many exchanges, the earliest, are not in it."""

    checks: tuple[Check, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    left_out: int = 0

    @property
    def size(self) -> int:
        """About how much memory it takes, in bytes."""
        count = 0
        for check in self.checks:
            count += _OBJECT + len(check.expected) + len(check.found)
        for exchange in self.exchanges:
            count += 4 * _OBJECT
            for message in (exchange.sent, exchange.heard):
                for text in message.texts() if message is not None else ():
                    count += _OBJECT + len(text)
        return count


_OBJECT = 100  # what a text or a value takes in Python beside its letters


@dataclass(frozen=True, slots=True)
class Attempted:
    """One attempt, with why it was judged so, where that is known."""

    outcome: Outcome
    explanation: Explanation | None = None
    is_believed: bool = True
