"""Takes secrets out of whatever is going to be written of a run.

Rules:
1. Every text of an event is cleared (`glasswatch.redaction`), but for ids, hashes and words of ours: those are of a
   fixed form, and what is not of that form is a fault of ours that is not written. No text is longer than `MOST_TEXT`.
2. A captured value stands in the journal as it is, or not at all: where it holds a secret, looks like a credential, is
   too long or is no text that JSON holds, its name joins those of secrets. What a later undo is given is never half a
   value.
3. A receipt must stay as it is to be worth anything: it is not written where a secret stands in it.
4. A secret too short to be told from other text hides everything that came from outside; what the scenario says is
   cleared of the others.
5. An output is cleared before it is cut to `MOST_OUTPUT`, and says so at its end if it was. Its name is cleared too.
6. An output that is public is kept as it is, so that its signature can be checked later, unless a secret of the run
   stands in it, or one that is too short to be found could.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any, Final

from drills.model.event import (
    Approval,
    Began,
    CheckpointKey,
    CleaningUp,
    Closed,
    Confirmed,
    Ended,
    Event,
    Gated,
    Interrupted,
    KeptOutput,
    NotTold,
    Opened,
    Receipted,
    Resumed,
    UndoBegan,
    UndoEnded,
)
from drills.model.found import Output
from drills.model.step import PlannedStep
from glasswatch.redaction.needles import SHORTEST
from glasswatch.redaction.redact import HIDDEN, Redactor

MOST_TEXT: Final = 16 * 1024
MOST_CAPTURED: Final = 128 * 1024  # of one step's values together, in letters
MOST_OUTPUT: Final = 2**20
_ROOM: Final = 200  # for the line at the end of an output that says that it was cut
_HALVES: Final = re.compile("[\ud800-\udfff]")
_FIXED: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@+-]{0,254}|")
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_NAME: Final = 80
_SIGNED: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")

_FORMS: Final[Mapping[type[Any], frozenset[str]]] = {
    Opened: frozenset({"scenario", "platform", "deployment", "scenario_sha256", "version", "cadence", "salt"}),
    PlannedStep: frozenset({"id", "action", "evidences", "needs", "through", "identity"}),
    Approval: frozenset({"kid"}),
    CheckpointKey: frozenset({"kid", "x"}),
    Gated: frozenset({"gate"}),
    Receipted: frozenset({"by", "hash"}),
    NotTold: frozenset({"by"}),
    Began: frozenset({"step"}),
    Ended: frozenset({"step", "secrets"}),
    KeptOutput: frozenset({"file", "sha256"}),
    Confirmed: frozenset({"step", "file_sha256"}),
    CleaningUp: frozenset({"steps"}),
    UndoBegan: frozenset({"step"}),
    UndoEnded: frozenset({"step"}),
    Interrupted: frozenset({"by"}),
    Closed: frozenset({"verdict"}),
}
_KID: Final = frozenset({(Approval, "kid"), (CheckpointKey, "kid"), (CheckpointKey, "x")})  # may begin with - or _
_OURS: Final = (Opened, PlannedStep, Approval, Resumed)


@dataclass(frozen=True, slots=True)
class Cleared:
    """An output as it may be kept. `name` is safe as a part of a file's name."""

    name: str
    content: bytes


class Hiding:
    """What is hidden of one run. Frozen: `with_secret` makes another."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = frozenset(secrets)
        self._told = Redactor(self._secrets)
        self._ours = Redactor(secret for secret in self._secrets if len(secret.strip()) >= SHORTEST)

    def with_secret(self, secret: str) -> "Hiding":
        """Return what hides this one too."""
        return Hiding({*self._secrets, secret}) if secret else self

    def event(self, event: Event) -> Event:
        """Return an event as it may be written.

        Raises:
            ValueError: an id, a hash or a word of ours is not of its form.
        """
        if isinstance(event, Ended):
            event = self._without_captured_secrets(event)
        return self._all(event)  # type: ignore[no-any-return]  # of the class that it was

    def output(self, output: Output, room: int) -> Cleared:
        """Return an output as it may be kept, in at most `room` bytes, or in the few that say that it was cut."""
        most = max(min(MOST_OUTPUT, room), _ROOM)
        raw = output.content
        if output.is_public and len(raw) <= most and self._told.is_without_secrets(raw.decode("utf-8", "replace")):
            return Cleared(self._file_name(output.name), raw)
        read = raw[: self._told.window(most)]
        text = read.decode("utf-8", "surrogateescape")
        cleared = self._told.text(text, len(text), is_cut=len(read) < len(raw))
        content = cleared.encode("utf-8", "surrogateescape")
        if len(content) > most or len(read) < len(raw):
            told = f"\n[cut: of {len(raw)} bytes no more is kept: an output, and all of a run, have their bounds]\n"
            content = content[: most - len(told)] + told.encode()
        return Cleared(self._file_name(output.name), content)

    def _file_name(self, name: str) -> str:
        cleared = self._told.text(name.rpartition("/")[2], _LONGEST_NAME)
        return _UNSAFE.sub("_", cleared).strip("._") or "output"

    def _without_captured_secrets(self, ended: Ended) -> Ended:
        kept: dict[str, str] = {}
        hidden = set(ended.secrets)
        left = MOST_CAPTURED
        for name, value in ended.captured.items():
            _check(Ended, "captured", name)
            if name not in hidden and len(value) <= min(MOST_TEXT, left) and self._is_plain(value):
                kept[name] = value
                left -= len(value)
            else:
                hidden.add(name)
        return replace(ended, captured=kept, secrets=tuple(sorted(hidden)))

    def _is_plain(self, text: str) -> bool:
        return not _HALVES.search(text) and self._told.text(text, len(text)) == text

    def _signed(self, jws: str) -> str:
        if len(jws) <= MOST_TEXT and _SIGNED.fullmatch(jws):
            return HIDDEN if self._told.holds(jws) else jws
        return self._text(jws, self._told)

    def _all(self, thing: Any) -> Any:  # noqa: ANN401 - whatever an event is made of
        kind = type(thing)
        redactor = self._ours if kind in _OURS else self._told
        forms = _FORMS.get(kind, frozenset())
        changed = {}
        for each in fields(thing):
            value = getattr(thing, each.name)
            if each.name in forms:
                _check(kind, each.name, value)
            elif each.name == "jws":
                changed["jws"] = self._signed(value)
            elif each.name != "captured":
                changed[each.name] = self._cleared(value, redactor)
        return replace(thing, **changed)

    def _cleared(self, value: Any, redactor: Redactor) -> Any:  # noqa: ANN401 - whatever an event is made of
        if isinstance(value, Enum) or value is None or isinstance(value, bool | int | float | datetime):
            return value
        if isinstance(value, str):
            return self._text(value, redactor)
        if isinstance(value, tuple):
            return tuple(self._cleared(each, redactor) for each in value)
        if isinstance(value, Mapping):
            for name in value:
                _check(type(value), "a name", name)
            return {name: self._cleared(each, redactor) for name, each in value.items()}
        if is_dataclass(value):
            return self._all(value)
        raise TypeError(f"a journal can't hold a {type(value).__name__}")

    @staticmethod
    def _text(text: str, redactor: Redactor) -> str:
        return _HALVES.sub("\ufffd", redactor.text(text, MOST_TEXT))


def _check(kind: type[Any], name: str, value: object) -> None:
    texts = value if isinstance(value, tuple) else (value,)
    for text in texts:
        form = text.lstrip("-_") if isinstance(text, str) and (kind, name) in _KID else text
        if not isinstance(form, str) or not _FIXED.fullmatch(form):
            raise ValueError(f"{kind.__name__}.{name} is not of the form that it must have")
