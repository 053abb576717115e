"""Time zones of this machine's IANA database: data, like a table of this module, not a clock."""

import re
from typing import Final
from zoneinfo import ZoneInfo

ZONE_PATTERN: Final = r"[A-Za-z][A-Za-z0-9_+-]{0,31}(?:/[A-Za-z0-9_+-]{1,31}){0,2}"


def zone(name: str) -> ZoneInfo | None:
    """Return a time zone of the IANA database; None if this machine knows none of that name."""
    if re.fullmatch(ZONE_PATTERN, name) is None:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # OSError: the name of a directory
        return None
