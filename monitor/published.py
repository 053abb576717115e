"""Reads our own published flags back at the start: what a run that could not write its store said last.

- Only a document that our own key signed, in our name, about this platform, and whose state follows from its causes is
  believed; an ended one too: it tells what was said, not what is so.
- Anything else is left alone, with a line in the log; it will be replaced. A file that isn't there says nothing.
- A disk that doesn't answer holds up the start for a bounded time only.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

from glasswatch.clock import Clock
from glasswatch.flag import disk, document, jws
from glasswatch.flag.errors import FlagError
from glasswatch.flag.keys import SigningKey
from glasswatch.flag.strict import loads
from glasswatch.sidethread import SideThread
from monitor.model.published import PublishedFlag
from monitor.model.state import Cause
from monitor.model.verdict import CauseKind, FlagState, Verdict

log = logging.getLogger("glasswatch.monitor")

READ_WITHIN: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Own:
    """Whose flags are read: by which key, and in whose name."""

    key: SigningKey
    deployment: str
    vantage: str


async def read(own: Own, platform: str, places: Iterable[Path], clock: Clock) -> PublishedFlag | None:
    """Return the latest of our own flags of a platform that stand in these files; None if there is none."""
    found = [await _read(own, platform, place, clock) for place in places]
    return max((flag for flag in found if flag is not None), key=lambda flag: flag.ver, default=None)


async def _read(own: Own, platform: str, place: Path, clock: Clock) -> PublishedFlag | None:
    try:
        raw = await SideThread(f"published {place}").run(lambda: disk.read(place, jws.MAX_BYTES, clock), READ_WITHIN)
        return _believed(own, platform, raw.data)
    except FileNotFoundError:
        return None
    except TimeoutError:
        why = "the disk does not answer"
    except OSError as fault:
        why = f"it can't be read: {fault.strerror or fault}"
    except FlagError as fault:
        why = str(fault)
    fields = {"platform": platform, "file": str(place), "why": why}
    log.warning("published_flag_ignored", extra={"fields": fields})
    return None


class _NotOurs(FlagError):
    """The document isn't one that this monitor signed about this platform."""


def _believed(own: Own, platform: str, raw: bytes) -> PublishedFlag:
    opened = jws.open_(raw, jws.FLAG_TYP)
    if opened.kid != own.key.kid:
        raise _NotOurs("it is signed with another key than ours")
    if not jws.is_signed(opened, own.key.public):
        raise _NotOurs("its signature does not fit: it was altered or forged")
    claims = document.parse(loads(opened.payload))
    if claims.iss != f"{own.deployment}/{own.vantage}":
        raise _NotOurs("it speaks in another name than this deployment and vantage")
    if claims.sub != platform:
        raise _NotOurs("it is about another platform")
    if claims.state is not document.state_of(claims.causes, claims.iat * 1000):
        raise _NotOurs("its state does not follow from its causes")
    text = raw.removesuffix(b"\n").decode("ascii")
    return PublishedFlag(
        ver=claims.ver,
        change=claims.change,
        state=FlagState(claims.state.value),
        since=_instant(claims.since),
        causes=tuple(_cause(cause) for cause in claims.causes),
        verdict=Verdict(claims.verdict),
        outage=claims.outage,
        prev=claims.prev,
        issued_at=_instant(claims.iat),
        expires_at=_instant(claims.exp),
        jws=text,
        sha256=sha256(text.encode("ascii")).hexdigest(),
    )


def _cause(cause: document.Cause) -> Cause:
    return Cause(
        kind=CauseKind(cause.kind.value),
        id=cause.id,
        since=_instant(cause.since),
        until=None if cause.until is None else _instant(cause.until),
        by=cause.by,
        confirmed_by=cause.confirmed_by,
        ticket=cause.ticket,
        run=cause.run,
        principals=cause.principals,
        targets=cause.targets,
    )


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
