"""A probe whose attempts are explained: who listens is told each outcome, and where wanted why it was judged so.

The explanation is cleared of secrets here, before anybody sees or keeps it, and cut to the listener's room. Nothing
that goes wrong in it touches the outcome.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from monitor.model.explanation import Check, Exchange, Explanation, Message, TlsSeen
from monitor.model.outcome import Attempt, Outcome
from monitor.ports import Probe
from monitor.probes.notes import Notes
from monitor.rules import messages
from monitor.rules.explaining import completed
from monitor.rules.redact import HIDDEN, Redactor, is_telling, parts_of, telling_values
from platforms.transport.trace import Contact, Turn

_log = logging.getLogger("glasswatch.probe")


@dataclass(frozen=True, slots=True)
class Room:
    """How much of an attempt is shown: letters of a body and of a value, headers of a message, and exchanges."""

    body: int = 1024
    value: int = 400
    fields: int = 100
    exchanges: int = 50


KEPT: Final = Room(body=512, value=120, fields=12, exchanges=3)
"""The room of an attempt that is kept in memory: 2 KiB or so."""


class Listener(Protocol):
    """Who wants to know of a probe's attempts."""

    room: Room
    is_every: bool
    """Whether good attempts are explained too."""

    def wants(self, outcome: Outcome) -> bool:
        """Return whether this outcome is to be explained."""
        ...

    def told(self, outcome: Outcome, explanation: Explanation | None) -> None:
        """Take in an outcome. Must return at once and raise nothing."""
        ...


class ExplainedProbe:
    """`monitor.ports.Probe` over another one."""

    def __init__(self, probe: Probe, notes: Notes, listener: Listener) -> None:
        self._probe = probe
        self._notes = notes
        self._listener = listener

    async def attempt(self, why: Attempt) -> Outcome:
        """See `monitor.ports.Probe`."""
        self._notes.begin()
        try:
            outcome = await self._probe.attempt(why)
            explanation = self._explained(outcome) if self._listener.wants(outcome) else None
        finally:
            self._notes.begin()  # it holds credentials, and the buffers of connections
        self._listener.told(outcome, explanation)
        return outcome

    def _explained(self, outcome: Outcome) -> Explanation | None:
        try:
            return explained(self._notes, outcome, self._listener.room)
        except Exception:  # noqa: BLE001 - what only shows an attempt never spoils it
            _log.exception("explanation_bug")
            return None


def explained(notes: Notes, outcome: Outcome, room: Room) -> Explanation:
    """Return why an attempt was judged so, cleared of secrets."""
    contacts = notes.trace.contacts
    redactor = Redactor({*notes.secrets.known(), *_shown_credentials(contacts)})
    exchanges = [each for contact in contacts for each in _exchanges(contact, redactor, room)]
    left_out = max(len(exchanges) - room.exchanges, 0)
    checks = (_cleared(check, redactor, room) for check in completed(notes.checks, outcome))
    return Explanation(tuple(checks), tuple(exchanges[left_out:]), left_out)


def _cleared(check: Check, redactor: Redactor, room: Room) -> Check:
    # The last name of a path, or a header's, may say that what was found there is a credential.
    found = HIDDEN if is_telling(check.rule) and not check.rule.startswith("our ") else check.found
    rule, expected, found = (_start(text, redactor, room) for text in (check.rule, check.expected, found))
    return Check(rule, expected, found, check.holds)


def _shown_credentials(contacts: Iterable[Contact]) -> Iterator[str]:
    """Yield what was sent as a credential, wherever it came from."""
    for contact in contacts:
        for turn in contact.turns:
            said = messages.read(b"".join(turn.sent), len(b"".join(turn.sent)), is_cut=turn.is_cut)
            for name, value in said.fields:
                if is_telling(name):
                    yield from parts_of(value)
            yield from telling_values(said.body)


def _exchanges(contact: Contact, redactor: Redactor, room: Room) -> Iterator[Exchange]:
    facts = contact.session.facts() if contact.session is not None else None
    tls = None
    if facts is not None:
        subject, issuer = (_start(each, redactor, room) for each in (facts.subject, facts.issuer))
        names = tuple(_start(each, redactor, room) for each in facts.names)
        tls = TlsSeen(facts.version, facts.cipher, subject, issuer, names, facts.ends_at)
    for turn in contact.turns or [Turn()]:
        sent, heard = (_message(parts, turn, redactor, room) for parts in (turn.sent, turn.heard))
        if (
            sent is not None and sent.line
        ):  # the body of a request is ours, and seldom of use: it is where passwords are
            sent = Message(sent.line, sent.fields, "", _without(sent))
        yield Exchange(contact.label, contact.place, contact.address, tls, sent, heard)


def _without(sent: Message) -> str:
    return "with a body, which is not shown" if sent.body or sent.note else ""


def _message(parts: list[bytes], turn: Turn, redactor: Redactor, room: Room) -> Message | None:
    if not parts:
        return None
    said = messages.read(b"".join(parts), redactor.window(room.body), is_cut=turn.is_cut)
    fields = [
        (_start(name, redactor, room), HIDDEN if is_telling(name) else _start(value, redactor, room))
        for name, value in said.fields[: room.fields]
    ]
    more = len(said.fields) - len(fields)
    return Message(
        line=_start(said.line, redactor, room),
        fields=tuple(fields),
        body=redactor.text(said.body, room.body, is_cut=said.is_cut),
        note=", ".join(each for each in (said.note, f"{more} more headers" if more > 0 else "") if each),
    )


def _start(text: str, redactor: Redactor, room: Room) -> str:
    """Return the start of a line or a value, cleared. No more of it is read than that needs, however long it is."""
    window = redactor.window(room.value)
    return redactor.text(text[:window], room.value, is_cut=len(text) > window)
