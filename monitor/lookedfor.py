"""Files that settings name and that are looked for when settings are checked, so that all mistakes are told at once.

Procedures, and under any `tls` the authorities to trust and our certificates. No secret is read by a check: of the
flag's key, without which no monitor starts, it is only asked whether the file is there; of a library that a channel
needs, whether it is installed.
"""

import ssl
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from pydantic_core import PydanticCustomError

from glasswatch.settings.model import Place
from glasswatch.settings.shapes import PathShape
from monitor import procedure
from monitor.settings import extras

CERTIFICATE: Place = ("listen", "tls", "certificate")
_KEY: Final[Place] = ("flag", "key", "file")
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
    why = _why_no_key(sections, directory)
    if why is not None:
        yield _KEY, why


def _extras(sections: Mapping[str, object]) -> Iterator[tuple[Place, str]]:
    """Yield the channels that need an extra which isn't installed. Nothing is imported."""
    paging = sections.get("paging")
    channels = paging.get("channels") if isinstance(paging, Mapping) else None
    for name, channel in channels.items() if isinstance(channels, Mapping) else ():
        if isinstance(channel, Mapping) and channel.get("type") == extras.APPRISE and not _is_installed(extras.APPRISE):
            yield ("paging", "channels", str(name), "type"), extras.NO_APPRISE


def _is_installed(module: str) -> bool:
    return find_spec(module) is not None


def _why_no_key(sections: Mapping[str, object], directory: Path) -> str | None:
    """Return why the flag's key can't be read, where its file isn't there. It is not opened."""
    written: object = sections
    for key in _KEY:
        written = written.get(key) if isinstance(written, Mapping) else None
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
        with path.open("rb") as file:
            data = file.read(_LARGEST)
        # Nobody is trusted by this: it only reads them.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=data.decode("ascii", "ignore"))
    except (ssl.SSLError, ValueError):
        return f"{path} holds no certificate in PEM form"
    except OSError as fault:
        return f"{path} can't be read: {fault.strerror}"
    return None
