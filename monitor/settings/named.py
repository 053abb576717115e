"""The credentials that settings name: where each stands, where it is, and what is said there of its end.

- Each has one name: the first place that names it. A token that a thousand probes send is one credential.
- Private keys have no end of their own, and are not read here; nor is what a program prints: running it may cost or
  change something, and what a program makes afresh is renewed by it. What the settings say of their end counts.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from glasswatch.secrets import SecretReference
from glasswatch.settings.mistake import render_path
from glasswatch.settings.model import Place, SettingsModel

_Where = SecretReference | Path
_HOLDING: Final = (SettingsModel, Mapping, tuple)  # what may hold one: most settings can't, and there are many
_CERTIFICATE: Final = "certificate"
_KEYS: Final = frozenset({"key", "evidence_key"})


@dataclass(frozen=True, slots=True)
class Named:
    """A credential by its place. What there is to be read, if anything, and the end that the settings state."""

    credential: str
    certificate: Path | None = None
    token: SecretReference | None = None
    stated: datetime | None = None

    @property
    def is_read(self) -> bool:
        """Whether there is anything to read."""
        return self.certificate is not None or self.token is not None


def named(settings: SettingsModel) -> tuple[Named, ...]:
    """Return the credentials in the order of the models. Of ten thousand probes this takes a quarter of a second."""
    names: dict[_Where, str] = {}
    taken: set[str] = set()
    ends: dict[_Where, datetime] = {}
    read: set[_Where] = set()
    for place, found in places(settings):
        if found not in names:
            names[found] = _free(render_path(place), taken)
            taken.add(names[found])
        if isinstance(found, Path):
            continue
        if found.expires is not None:
            ends[found] = min(found.expires, ends.get(found, found.expires))
        if found.command is None and place[-1] not in _KEYS:
            read.add(found)
    return tuple(_named(found, name, ends.get(found), is_read=found in read) for found, name in names.items())


def stated_ends(settings: SettingsModel) -> tuple[tuple[str, datetime], ...]:
    """Return the ends that settings state, and of what."""
    return tuple((each.credential, each.stated) for each in named(settings) if each.stated is not None)


def places(settings: SettingsModel) -> Iterator[tuple[Place, _Where]]:
    """Yield the references to secrets and the certificates of our own that settings name, and where."""
    fields = type(settings).model_fields
    for key, value in vars(settings).items():
        if isinstance(value, _HOLDING):
            yield from _within(value, (fields[key].alias or key,))
        elif key == _CERTIFICATE and isinstance(value, Path):
            yield (key,), value


def _within(thing: object, place: Place) -> Iterator[tuple[Place, _Where]]:
    if isinstance(thing, SecretReference):
        yield place, thing
    elif isinstance(thing, SettingsModel):
        for below, found in places(thing):
            yield (*place, *below), found
    elif isinstance(thing, Mapping):
        for key, each in thing.items():
            if isinstance(each, _HOLDING):
                yield from _within(each, (*place, str(key)))
    elif isinstance(thing, tuple):
        for index, each in enumerate(thing):
            if isinstance(each, _HOLDING):
                yield from _within(each, (*place, index))


def _free(name: str, taken: Collection[str]) -> str:
    """Return a name that is nobody else's: of a strange key its path says only that there is one."""
    free, count = name, 1
    while free in taken:
        count += 1
        free = f"{name} ({count})"
    return free


def _named(found: _Where, name: str, ends_at: datetime | None, *, is_read: bool) -> Named:
    if isinstance(found, Path):
        return Named(name, certificate=found)
    return Named(name, token=found if is_read else None, stated=ends_at)
