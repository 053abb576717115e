"""Marks and floors as readers keep them."""

from pathlib import Path

from glasswatch.flag import floor
from glasswatch.flag.document import LogHead
from glasswatch.flag.floor import Floor, Mark
from glasswatch.flag.jws import FLAG_TYP
from tests.support.flags import AT, ISSUER, PLATFORM

MARK = Mark(FLAG_TYP, ISSUER, PLATFORM, AT * 1000, "aa" * 32, AT, 5, "cd" * 32, LogHead(17, "ef" * 32))


def floor_of(*marks: Mark) -> Floor:
    """Return a floor with these marks."""
    return Floor({mark.key: mark for mark in marks})


def write_floor(path: Path, *marks: Mark) -> Path:
    """Write a floor as a reader does, for its owner alone."""
    path.write_bytes(floor.dump(floor_of(*marks)))
    path.chmod(0o600)
    return path
