"""Clears an explanation of secrets: all of it, in one place, whatever it is made of.

Rules:
1. Every text in it passes the redactor, whoever wrote it: a server, a request, the settings or we. Nothing is left out
   because it seems to be ours: names, addresses and notes may repeat what a server said.
2. A value under a telling name, a header's or a check's, is hidden whole; so are the values of headers that hold a
   secret only together, one after the other or in the lines of one name.
3. A text is cut to its room after it was cleared. No more of it is read than that needs, however long it is, and of
   all values of an exchange no more than `Room.read`: what is beyond is left out, and the body has its own room.
4. Where nothing from outside is shown, because secrets can't be told from it, our own words are: which rules there are,
   what they expect, and what we say of what was found.
5. What is neither text nor made of texts, nor known to hold none, is a fault of ours: it is not let through.
"""

from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from typing import Final, TypeVar, cast

from glasswatch.redaction.redact import HIDDEN, Redactor, is_telling
from monitor.model.explanation import Check, Explanation, Message, Room

LEFT_OUT: Final = "…"
_NAME: Final = 100  # letters by which names of headers are told apart

Fields = tuple[tuple[str, str], ...]

_T = TypeVar("_T")


def cleared(explanation: Explanation, redactor: Redactor, room: Room) -> Explanation:
    """Return the explanation without secrets, each text within its room."""
    exchanges = tuple(_Clearing(redactor, room).all_of(each) for each in explanation.exchanges)
    rest = _Clearing(redactor, room).all_of(replace(explanation, exchanges=()))
    return replace(rest, exchanges=exchanges)


class _Clearing:
    """Clears one exchange, or all rules."""

    def __init__(self, redactor: Redactor, room: Room) -> None:
        self._redactor = redactor
        self._room = room
        self._left = room.read

    def all_of(self, thing: _T) -> _T:
        """Return the same without secrets."""
        return cast("_T", self._cleared(thing))

    def _cleared(self, thing: object) -> object:
        if isinstance(thing, str):
            return self._value(thing)
        if isinstance(thing, tuple):
            return tuple(self._cleared(each) for each in thing)
        if isinstance(thing, Message):
            return self._message(thing)
        if isinstance(thing, Check):
            return self._check(thing)
        if is_dataclass(thing) and not isinstance(thing, type):
            return replace(thing, **{each.name: self._cleared(getattr(thing, each.name)) for each in fields(thing)})
        if thing is None or isinstance(thing, int | datetime):
            return thing
        raise TypeError(f"nobody knows how to clear a {type(thing).__name__}")

    def _message(self, message: Message) -> Message:
        return Message(
            line=self._value(message.line),
            fields=self._fields(message.fields),
            body=self._start(message.body, self._room.body, is_cut=message.is_cut),
            note=self._value(message.note),
            is_cut=message.is_cut,
            trailers=self._fields(message.trailers),
        )

    def _fields(self, fields: Fields) -> Fields:
        halves = self._halves(fields)
        return tuple(
            (self._value(name), HIDDEN if at in halves or is_telling(name) else self._value(value))
            if value
            else (HIDDEN if at in halves else self._value(name), "")
            for at, (name, value) in enumerate(fields)
        )

    def _halves(self, fields: Fields) -> set[int]:
        """Return which fields hold a secret together with others. A line without a colon is all name.

        Those for which there is no room are looked at by nobody: they count as such.
        """
        texts = [value or name for name, value in fields[: self._room.fields]]
        by_name = sorted(range(len(texts)), key=lambda at: fields[at][0][:_NAME].lower())
        together = {by_name[each] for each in self._redactor.joins([texts[at] for at in by_name])}
        return together | self._redactor.joins(texts) | set(range(len(texts), len(fields)))

    def _check(self, check: Check) -> Check:
        # The last name of a path, or a header's, may say that what was found there is a credential.
        if check.is_ours:
            found = self._own(check.found)
        else:
            found = HIDDEN if is_telling(check.rule) else self._value(check.found)
        return Check(self._own(check.rule), self._own(check.expected), found, check.holds, check.is_ours)

    def _own(self, text: str) -> str:
        """Return the start of a text that we wrote, or the settings."""
        self._left -= min(len(text), self._redactor.window(self._room.value))
        return self._redactor.own(text, self._room.value) if self._left >= 0 else LEFT_OUT

    def _value(self, text: str) -> str:
        self._left -= min(len(text), self._redactor.window(self._room.value))
        return self._start(text, self._room.value) if self._left >= 0 else LEFT_OUT

    def _start(self, text: str, most: int, *, is_cut: bool = False) -> str:
        """Return the start of a text, cleared."""
        window = self._redactor.window(most)
        return self._redactor.text(text[:window], most, is_cut=is_cut or len(text) > window)
