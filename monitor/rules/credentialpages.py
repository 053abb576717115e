"""The ticket about a credential that the monitor holds (design 3.7): one for each, and it belongs to no platform.

1. It fires when it is time to renew the credential, and once more when that has ended.
2. Otherwise it stays as it was told, also where a later end is known that is still too near: what is renewed every hour
   and doesn't say from when on it holds must not send one every hour. An earlier end than was told is told.
3. It is resolved when it isn't time any more, when nobody says any more that it ends, and when the settings no longer
   name it.
4. Of what can't be read nobody knows whether it was renewed: nothing is over then, and nothing better than was told.
   Where the settings say that it ends, that counts all the same.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from glasswatch.instants import unix_ms
from monitor.model.credential import Concern, EndSource, Held, ToRenew
from monitor.model.page import SEVERITY, Page, PageKind, PageStatus
from monitor.rules.credentials import moment, said, to_renew
from monitor.rules.drillcalendar import Here

KIND: Final = PageKind.CREDENTIAL_EXPIRY
_NEVER: Final = datetime.max.replace(tzinfo=UTC)


def to_tell(held: Held | None, told: ToRenew | None, now: datetime) -> ToRenew | None:
    """Return what the ticket of a credential says from now on; None: it doesn't fire. `held` None: it is not named."""
    found = None if held is None else to_renew(held, now)
    is_unknown = held is not None and held.is_readable is False
    if told is None:
        return found
    if found is None:
        return told if is_unknown else None
    is_worse = (found.has_ended and not told.has_ended) or found.ends_at < told.ends_at
    is_better = told.has_ended and not found.has_ended and not is_unknown
    return found if is_worse or is_better else told


def concerns(held: Sequence[Held], told: Mapping[str, ToRenew], now: datetime) -> list[Concern]:
    """Return the credentials to look after: those to renew, by when they end, then those of which only that is known.

    Of one that can't be read it is what its ticket says, `told`: nobody saw that it was renewed.
    """
    found = []
    for each in held:
        is_readable = each.is_readable is not False
        due = to_renew(each, now) if is_readable else to_tell(each, told.get(each.credential), now)
        if due is not None or not is_readable:
            found.append(Concern(each.credential, due, is_readable))
    return sorted(found, key=lambda each: each.due.ends_at if each.due is not None else _NEVER)


def ticket(here: Here, told: ToRenew, now: datetime) -> Page:
    """Return the ticket that fires."""
    summary = f"a credential of glasswatch {here.deployment}/{here.vantage} {_ends(told)}: {told.credential}"
    harm = "what needs it can't be measured, published or told"
    when = f"since then {harm}" if told.has_ended else f"renew it before then, or {harm}"
    day = "; where it was renewed, write the new day beside it" if told.source is EndSource.SETTINGS else ""
    return _page(here, told.credential, PageStatus.FIRING, (summary, f"{said(told)}; {when}{day}"), now)


def ticket_over(here: Here, credential: str, held: Held | None, now: datetime) -> Page:
    """Return what resolves it."""
    summary = f"a credential of glasswatch {here.deployment}/{here.vantage} no longer has to be renewed: {credential}"
    if held is None:
        why = "the settings no longer name it"
    elif held.ending is None:
        why = "nobody says any more when it ends"
    else:
        why = f"it ends at {moment(held.ending.ends_at, held.ending.source)} now"
    return _page(here, credential, PageStatus.RESOLVED, (summary, why), now)


def _ends(told: ToRenew) -> str:
    return f"{'has ended' if told.has_ended else 'ends'} at {moment(told.ends_at, told.source)}"


def _page(here: Here, credential: str, status: PageStatus, words: tuple[str, str], at: datetime) -> Page:
    """Return a page. The key isn't like a platform's: no platform's name has an @."""
    key = f"{here.deployment}/{KIND}@{here.vantage}/{credential}"
    summary, reason = words
    return Page(
        id=f"{key}/{status}/{unix_ms(at)}",
        kind=KIND,
        severity=SEVERITY[KIND],
        status=status,
        platform="",
        dedup_key=key,
        summary=summary,
        reason=reason,
        decided_at=at,
    )
