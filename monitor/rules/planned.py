"""Which maintenances a page of Atlassian Statuspage tells of, to be proposed (design 3.7). It decides nothing else.

1. Those that are planned, under way or being verified, with a start, a later end and an id. What can't be read is left
   out: a page that tells nonsense proposes nothing.
2. Where components are chosen, only those that name one of them, or none at all.
3. What the vendor calls it is kept as one line of 200 characters at most, for showing: it decides nothing.
4. At most 20, the earliest first, of 31 days each at most.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from glasswatch.strict_json import find, parse
from monitor.model.maintenance import Planned
from monitor.rules.windows import LONGEST_SAID

MOST: Final = 20
LONGEST_NAME: Final = 200

_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 9900
_TOLD: Final = frozenset({"scheduled", "in_progress", "verifying"})
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")


def planned(components: Sequence[str], body: bytes) -> tuple[Planned, ...]:
    """Return what a page tells; nothing, where it can't be read."""
    try:
        page = parse(body)
    except ValueError:
        return ()
    chosen = _ids(page, components)
    found = {
        each.id: each
        for told in _listed(page, "scheduled_maintenances")
        if str(told.get("status")) in _TOLD and (not components or _is_for(told, chosen))
        if (each := _read(told)) is not None
    }
    return tuple(sorted(found.values(), key=lambda each: (each.since, each.until, each.id))[:MOST])


def _read(told: Mapping[str, object]) -> Planned | None:
    name, since, until = told.get("name"), _instant(told.get("scheduled_for")), _instant(told.get("scheduled_until"))
    known = told.get("id")
    if not isinstance(known, str) or _ID.fullmatch(known) is None or since is None or until is None:
        return None
    if not since < until <= since + LONGEST_SAID:
        return None
    line = "".join(character if character.isprintable() else " " for character in name) if isinstance(name, str) else ""
    return Planned(known, line.strip()[:LONGEST_NAME], since, until)


def _instant(said: object) -> datetime | None:
    if not isinstance(said, str) or _INSTANT.fullmatch(said) is None:
        return None
    try:
        at = datetime.fromisoformat(said.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return at if _FIRST_YEAR <= at.year <= _LAST_YEAR else None


def _ids(page: object, components: Sequence[str]) -> frozenset[str]:
    return frozenset(
        known
        for each in _listed(page, "components")
        if isinstance(known := each.get("id"), str)
        if known in components or _trimmed(each.get("name")) in components
    )


def _is_for(told: Mapping[str, object], chosen: frozenset[str]) -> bool:
    named = [each.get("id") for each in _listed(told, "components")]
    return not named or any(isinstance(each, str) and each in chosen for each in named)


def _listed(document: object, key: str) -> Iterable[Mapping[str, object]]:
    found = find(document, (key,))
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else ()


def _trimmed(name: object) -> object:
    return name.strip() if isinstance(name, str) else name
