"""Files that settings name and that are looked for when settings are checked, so that all mistakes are told at once.

Procedures, and under any `tls` the authorities to trust and our certificates. No secret is read by a check: it is only
asked whether its file is there, and may be read. Where no monitor starts without it (the flag's key, the store's
password, the key that we listen with), that is a mistake. What else is missing leaves probes and pages that can't be
made, and is told: a file may be for the monitor's eyes alone, or not be here yet. Of a library that a channel needs it
is asked whether it is installed.
"""

import ssl
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from pydantic_core import PydanticCustomError

from glasswatch import plainfile
from glasswatch.secrets import SecretReference, file_fault
from glasswatch.settings.model import Place, SettingsModel
from glasswatch.settings.shapes import PathShape
from monitor import procedure
from monitor.settings import extras
from monitor.settings.named import places

CERTIFICATE: Place = ("listen", "tls", "certificate")
# Each is written as a reference; the last may be a path alone.
_NEEDED: Final[tuple[Place, ...]] = (
    ("flag", "key", "file"),
    ("store", "password", "file"),
    ("listen", "tls", "key", "file"),
)
_TLS: Final = "tls"
_CERTIFICATES: Final = ("ca_file", "certificate")
_LARGEST: Final = 4 * 1024 * 1024  # all that Mozilla trusts are a quarter of a MiB


def unreadable(sections: Mapping[str, object], directory: Path) -> Iterator[tuple[Place, str]]:
    """Yield where settings, as they were written, name a file that can't be read or used, and why."""
    yield from procedure.unreadable(sections, directory)
    for place, written in _named(sections, ()):
        why = _why(written, directory)
        if why is not None:
            yield place, why
    yield from _extras(sections)
    for needed in _NEEDED:
        place, written = _written_at(sections, needed)
        why = _why_not_there(written, directory)
        if why is not None:
            yield place, why


def _extras(sections: Mapping[str, object]) -> Iterator[tuple[Place, str]]:
    """Yield the channels that need an extra which isn't installed. Nothing is imported."""
    paging = sections.get("paging")
    channels = paging.get("channels") if isinstance(paging, Mapping) else None
    for name, channel in channels.items() if isinstance(channels, Mapping) else ():
        if isinstance(channel, Mapping) and channel.get("type") == extras.APPRISE and not _is_installed(extras.APPRISE):
            yield ("paging", "channels", str(name), "type"), extras.NO_APPRISE


def _is_installed(module: str) -> bool:
    return find_spec(module) is not None


def missing_secrets(settings: SettingsModel) -> Iterator[tuple[Place, str]]:
    """Yield the secrets in files that can't be had as it looks from here; not those without which nothing starts."""
    for place, reference in places(settings):
        why = file_fault(reference) if isinstance(reference, SecretReference) else None
        if why is not None and not any(place == needed[:-1] for needed in _NEEDED):
            yield (*place, "file"), f"secret from {reference}: {why}"


def _written_at(sections: Mapping[str, object], place: Place) -> tuple[Place, object]:
    """Return what is written there, or the path alone in its place, and where that is."""
    written: object = sections
    for depth, key in enumerate(place):
        if isinstance(written, str) and depth == len(place) - 1:
            return place[:-1], written
        written = written.get(key) if isinstance(written, Mapping) else None
    return place, written


def _why_not_there(written: object, directory: Path) -> str | None:
    """Return why a file can't be read, where it isn't there. It is not opened."""
    if written is None:
        return None
    try:
        path = PathShape().read_at(written, directory)
    except PydanticCustomError:
        return None
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError) as fault:
        return f"{path} can't be read: {fault.strerror}"
    except OSError:
        pass  # where the monitor may look, whoever checks perhaps may not
    return None


def _named(written: object, place: Place) -> Iterator[tuple[Place, object]]:
    """Yield every file of certificates that settings name, and where."""
    if isinstance(written, Mapping):
        if place and place[-1] == _TLS:
            yield from (((*place, key), written[key]) for key in _CERTIFICATES if key in written)
        for key, below in written.items():
            yield from _named(below, (*place, key))
    elif isinstance(written, list | tuple):
        for index, below in enumerate(written):
            yield from _named(below, (*place, index))


def _why(written: object, directory: Path) -> str | None:
    """Return why a file of certificates can't be used, if it can't."""
    try:
        path = PathShape().read_at(written, directory)
    except PydanticCustomError:
        return None  # what isn't a path is left to the settings' own rules
    try:
        data = plainfile.read(path, _LARGEST)
        # Nobody is trusted by this: it only reads them.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=data.decode("ascii", "ignore"))
    except (ssl.SSLError, ValueError):
        return f"{path} holds no certificate in PEM form"
    except OSError as fault:
        return f"{path} can't be read: {fault.strerror}"
    return None
