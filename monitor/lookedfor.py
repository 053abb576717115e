"""Files that settings name and that are looked for when settings are checked, so that all mistakes are told at once.

Secrets are not among them: no key is read by a check.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic_core import PydanticCustomError

from glasswatch.settings.model import Place
from glasswatch.settings.shapes import PathShape
from monitor import procedure

CERTIFICATE: Place = ("listen", "tls", "certificate")


def unreadable(sections: Mapping[str, object], directory: Path) -> Iterator[tuple[Place, str]]:
    """Yield where settings, as they were written, name a file that can't be read, and why."""
    yield from procedure.unreadable(sections, directory)
    yield from _certificate(sections, directory)


def _certificate(sections: Mapping[str, object], directory: Path) -> Iterator[tuple[Place, str]]:
    written: object = sections
    for key in CERTIFICATE:
        written = written.get(key) if isinstance(written, Mapping) else None
    if written is None:
        return
    try:
        place = PathShape().read_at(written, directory)
    except PydanticCustomError:
        return  # what isn't a path is left to the settings' own rules
    try:
        place.open("rb").close()
    except OSError as fault:
        yield CERTIFICATE, f"{place} can't be read: {fault.strerror}"
