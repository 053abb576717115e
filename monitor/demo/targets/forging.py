"""Flags that nobody must believe: one that somebody else signed under the monitor's name, and one that is long over.

Both say that break-glass is ready. They lie where the demo's readers are told to look, and nowhere else. The one that
is over is signed by the monitor's own key, as an hour ago: what a host has left that has heard nothing since.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from glasswatch import files
from glasswatch.canonical import canonical
from glasswatch.clock import Clock
from glasswatch.flag import keys
from glasswatch.flag.document import (
    Cause,
    CauseKind,
    Claims,
    FlagState,
    LogHead,
    Procedure,
    Vantages,
    audience,
    payload,
    unix_ms,
)
from glasswatch.flag.jws import FLAG_TYP, sign
from glasswatch.flag.keys import SigningKey

_HOLDS: Final = timedelta(minutes=5)
_STALE: Final = timedelta(hours=1)
_ANYBODY: Final = 0o644


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose flags they pretend to be."""

    deployment: str
    vantage: str
    platform: str


@dataclass(frozen=True, slots=True)
class _Forger:
    """Signs with one key under the name of another."""

    own: SigningKey
    kid: str

    def sign(self, message: bytes) -> bytes:
        """Return the signature."""
        return self.own.sign(message)


def write(directory: Path, key: SigningKey, whose: Whose, clock: Clock) -> None:
    """Write `forged.jws` and `stale.jws`."""
    now = clock.now()
    forger = _Forger(keys.generate(is_demo=True), key.kid)
    forged = sign(canonical(payload(_ready(whose, now))), forger, FLAG_TYP)
    stale = sign(canonical(payload(_ready(whose, now - _STALE))), key, FLAG_TYP)
    for name, document in (("forged", forged), ("stale", stale)):
        files.replace(directory / f"{name}.jws", document.encode(), _ANYBODY)


def _ready(whose: Whose, issued: datetime) -> Claims:
    at = int(issued.timestamp())
    return Claims(
        iss=f"{whose.deployment}/{whose.vantage}",
        sub=whose.platform,
        aud=audience(whose.deployment, FlagState.READY),
        iat=at,
        exp=at + int(_HOLDS.total_seconds()),
        ver=unix_ms(issued),
        state=FlagState.READY,
        causes=(Cause(CauseKind.OUTAGE, "outage", at),),
        verdict="down",
        since=at,
        outage="outage",
        vantages=Vantages(1, 1, 1),
        procedure=Procedure("https://wiki.example.com/break-glass", "00" * 32),
        change=1,
        prev="00" * 32,
        log=LogHead(1, "00" * 32),
    )
