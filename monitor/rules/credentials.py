"""When credentials end, and when it is time to renew them.

1. The earliest end counts of those that are known: a certificate's, a token's own word, what the settings say.
2. A token says when it ends where it is a JWT (RFC 7519): `exp`, which nobody verified. A header's value counts by its
   last word, since `Bearer` may stand before it. Whatever can't be read as one says nothing.
3. It is time to renew 14 days before the end, or with a sixth of its life left where that is less: what programs renew
   every few hours must not warn all the time. They do it with a fifth (Kubernetes) to a third (cert-manager) left.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Final

from glasswatch import strict_json
from monitor.model.credential import Concern, Ending, EndSource, Held, ToRenew

AHEAD: Final = timedelta(days=14)
SHARE: Final = 6
_PARTS: Final = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]*")
_WORDS: Final = {
    EndSource.CERTIFICATE: "the certificate says",
    EndSource.TOKEN: "the token says of itself",
    EndSource.SETTINGS: "the settings say",
}


def ending_of_token(text: str) -> Ending | None:
    """Return when a token ends by its own word; None where it doesn't say so."""
    words = text.split()
    parts = _PARTS.fullmatch(words[-1]) if words else None
    if parts is None:
        return None
    header, claims = _object(parts[1]), _object(parts[2])
    if header is None or claims is None or not isinstance(header.get("alg"), str):
        return None
    ends_at = _instant(claims.get("exp"))
    if ends_at is None:
        return None
    begins_at = _instant(claims.get("iat")) or _instant(claims.get("nbf"))
    return Ending(ends_at, EndSource.TOKEN, begins_at)


def stated(ends_at: datetime | None) -> Ending | None:
    """Return the end that the settings name, if they name one."""
    return None if ends_at is None else Ending(ends_at, EndSource.SETTINGS)


def earliest(*endings: Ending | None) -> Ending | None:
    """Return the end that comes first, of those that are known."""
    return min((each for each in endings if each is not None), key=lambda each: each.ends_at, default=None)


def renewal_due(ending: Ending) -> datetime:
    """Return when it is time to renew."""
    ahead = AHEAD
    if ending.begins_at is not None and ending.begins_at < ending.ends_at:
        ahead = min(ahead, (ending.ends_at - ending.begins_at) / SHARE)
    try:
        return ending.ends_at - ahead
    except OverflowError:
        return ending.ends_at


def to_renew(held: Held, now: datetime) -> ToRenew | None:
    """Return a credential that ended or soon will; None where it isn't time yet, or nobody knows."""
    ending = held.ending
    if ending is None or now < renewal_due(ending):
        return None
    return ToRenew(held.credential, ending.ends_at, ending.source, has_ended=ending.ends_at <= now)


def said(found: ToRenew) -> str:
    """Say when it ends or ended, and by whose word."""
    verb = "ended" if found.has_ended else "ends"
    return f"{verb} at {moment(found.ends_at, found.source)}, {_WORDS[found.source]}"


def moment(ends_at: datetime, source: EndSource) -> str:
    """Say when that is, as whoever wrote it knows it: a day in the settings ends where the next one begins."""
    if source is EndSource.SETTINGS and ends_at.time() == time.min:
        return f"the end of {ends_at - timedelta(days=1):%Y-%m-%d}"
    return f"{ends_at:%Y-%m-%d %H:%M:%S} UTC"


def said_of(found: Concern) -> str:
    """Say what there is to look after of a credential."""
    if found.due is None:
        return "can't be read"
    return said(found.due) if found.is_readable else f"{said(found.due)}, and can't be read now"


def concern(held: Held, now: datetime) -> str | None:
    """Return what there is to say of a credential that ended or soon will; None: nothing."""
    found = to_renew(held, now)
    return None if found is None else f"{said(found)}: renew it"


def _object(part: str) -> Mapping[str, object] | None:
    try:
        found = strict_json.parse(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _instant(seconds: object) -> datetime | None:
    """Return a NumericDate's instant; None for what is none, or lies beyond the calendar."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds <= 0:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
