"""Notes of one attempt: which addresses were tried, and what was said and heard there.

Rules:
- The way itself takes them (`reach`, `Wire`), so that a probe of any type is noted without its help.
- Nothing is read and nothing copied, so that it costs next to nothing where nobody will look: pieces are kept as they
  came, `MOST_BYTES` each way of a connection, `MOST_CONTACTS` connections.
- Who speaks in frames (HTTP/2) takes the notes itself, as people read them: what is on the wire nobody could read.
- What is noted holds our credentials. Whoever shows it takes them out first.
"""

from dataclasses import dataclass, field
from typing import Final, Protocol

from platforms.transport.tls_facts import TlsFacts

MOST_BYTES: Final = 64 * 1024
MOST_CONTACTS: Final = 50
MOST_TURNS: Final = 50


@dataclass(slots=True)
class Turn:
    """What was said, and what was heard upon it. `is_cut`: more was heard or said than is kept.

    `trailers`: the fields that came after a body, where they are told apart from it.
    """

    sent: list[bytes] = field(default_factory=list)
    heard: list[bytes] = field(default_factory=list)
    trailers: list[bytes] = field(default_factory=list)
    is_cut: bool = False


class HasFacts(Protocol):
    """A TLS session, of which there are things to know."""

    def facts(self) -> TlsFacts | None:
        """Return what was agreed on, or shown in a handshake that failed; None where nothing was."""
        ...


class Contact:
    """One connection that was tried: `place` as it was asked for, the address that it has, and what came of it.

    `label`: what the probe calls this part of its way. `session`: the TLS that was begun on it.
    """

    __slots__ = ("_left", "address", "label", "place", "session", "turns")

    def __init__(self, place: str, address: str, label: str) -> None:
        self.place = place
        self.address = address
        self.label = label
        self.session: HasFacts | None = None
        self.turns: list[Turn] = []
        self._left = MOST_BYTES

    def said(self, data: bytes) -> None:
        """Note what is sent. After something was heard it begins another turn."""
        turns = self.turns
        if (not turns or turns[-1].heard) and len(turns) < MOST_TURNS:
            turns.append(Turn())
        self._keep(turns[-1], turns[-1].sent, data)

    def heard(self, data: bytes) -> None:
        """Note what came."""
        if not self.turns:  # a server that speaks first
            self.turns.append(Turn())
        self._keep(self.turns[-1], self.turns[-1].heard, data)

    def ended(self, trailers: bytes) -> None:
        """Note what came after the body."""
        if self.turns:
            self._keep(self.turns[-1], self.turns[-1].trailers, trailers)

    def _keep(self, turn: Turn, kept: list[bytes], data: bytes) -> None:
        if len(data) > self._left:
            turn.is_cut = True
            data = data[: self._left]
        self._left -= len(data)
        if data:
            kept.append(data)


class Trace:
    """The notes of one attempt at a time: `begin` forgets the one before.

    `label` is put on each connection that is tried from now on.
    """

    def __init__(self) -> None:
        self.contacts: list[Contact] = []
        self.label = ""

    def begin(self) -> None:
        """Forget all that was noted."""
        self.contacts = []
        self.label = ""

    def contact(self, place: str, address: str) -> Contact | None:
        """Note that a connection is tried; None: as many as are noted were tried before."""
        if len(self.contacts) >= MOST_CONTACTS:
            return None
        contact = Contact(place, address, self.label)
        self.contacts.append(contact)
        return contact
