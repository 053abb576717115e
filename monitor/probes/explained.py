"""A probe whose attempts are explained: who listens is told each outcome, and where wanted why it was judged so.

The explanation is cleared of secrets, before anybody sees or keeps it, and cut to the listener's room
(`monitor.rules.clearing`); of exchanges that are left out nothing is cleared. Nothing that goes wrong in it touches the
outcome.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final, Protocol

from glasswatch.redaction.redact import Redactor, is_telling, parts_of, telling_values
from monitor.model.explanation import Exchange, Explanation, Message, Room, TlsSeen
from monitor.model.outcome import Attempt, Outcome
from monitor.ports import Probe
from monitor.probes.notes import Notes
from monitor.rules import messages
from monitor.rules.clearing import cleared
from monitor.rules.explaining import completed
from platforms.transport.trace import Contact, Turn

_BODY: Final = 8 * 1024

_log = logging.getLogger("glasswatch.probe")


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
    turns = [(contact, turn) for contact in contacts for turn in contact.turns or [Turn()]]
    left_out = max(len(turns) - room.exchanges, 0)
    most = redactor.window(room.body)
    exchanges = tuple(_exchange(contact, turn, room, most) for contact, turn in turns[left_out:])
    return cleared(Explanation(completed(notes.checks, outcome), exchanges, left_out), redactor, room)


def _shown_credentials(contacts: Iterable[Contact]) -> Iterator[str]:
    """Yield what was sent as a credential, wherever it came from. Of bodies the first `_BODY` bytes are looked at."""
    requests = dict.fromkeys(b"".join(turn.sent) for contact in contacts for turn in contact.turns)
    for each in requests:  # where a journey asks until it is granted, they are the same
        said = messages.read(each, _BODY, is_cut=False)
        for name, value in said.fields:
            if is_telling(name):
                yield from parts_of(value)
        yield from telling_values(said.body)


def _exchange(contact: Contact, turn: Turn, room: Room, most: int) -> Exchange:
    """Return what was said and heard, as it was; of a body about `most` letters."""
    sent, heard = (_message(parts, turn, room, most) for parts in (turn.sent, turn.heard))
    if sent is not None and sent.line:
        # The body of a request is ours, and seldom of use: it is where passwords are.
        sent = Message(sent.line, sent.fields, "", _without(sent))
    if heard is not None and turn.trailers:
        heard = replace(heard, trailers=messages.fields_in(b"".join(turn.trailers))[: room.fields])
    return Exchange(contact.label, contact.place, contact.address, _tls(contact), sent, heard)


def _tls(contact: Contact) -> TlsSeen | None:
    facts = contact.session.facts() if contact.session is not None else None
    if facts is None:
        return None
    seen = TlsSeen(facts.version, facts.cipher, facts.subject, facts.issuer, facts.names, facts.ends_at)
    return replace(seen, is_accepted=facts.is_accepted)


def _without(sent: Message) -> str:
    return "with a body, which is not shown" if sent.body or sent.note else ""


def _message(parts: list[bytes], turn: Turn, room: Room, most: int) -> Message | None:
    if not parts:
        return None
    said = messages.read(b"".join(parts), most, is_cut=turn.is_cut)
    fields = said.fields[: room.fields]
    more = said.field_count - len(fields)
    note = ", ".join(each for each in (said.note, f"{more} more headers" if more > 0 else "") if each)
    return Message(said.line, fields, said.body, note, said.is_cut)
