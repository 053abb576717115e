"""Whether the trust file beside the key would have readers believe our flags.

- `monitor flag keygen` puts a `trust.json` beside the key, and that is what people hand to every reader. If it doesn't
  have our key in our name, readers refuse every flag, and nobody notices before the glass must be broken.
- It is looked at once, at the start. What is wrong is told in the log and keeps the monitor from being called ready. It
  never keeps it from starting: a monitor that isn't there pages nobody.
- No such file is nothing wrong: people may keep it elsewhere.
"""

import logging
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from glasswatch.clock import Clock
from glasswatch.flag import trust
from glasswatch.flag.document import unix_ms
from glasswatch.flag.errors import TrustFault
from glasswatch.sidethread import SideThread
from monitor.published import Own

log = logging.getLogger("glasswatch.daemon")

NAME: Final = "trust.json"
READ_WITHIN: Final = timedelta(seconds=5)
_ONLY_VANTAGE = "main"  # a key without `iss` signs for this one


async def look(own: Own, key_file: Path, clock: Clock) -> list[str]:
    """Return why readers would not believe our flags, by the trust file beside the key; empty if they would."""
    path = key_file.with_name(NAME)
    try:
        found = await SideThread("trust file").run(lambda: _load(path, clock), READ_WITHIN)
        why = "" if found is None else why_not(found, own, clock.now())
    except (TrustFault, TimeoutError, OSError) as fault:
        why = str(fault).removeprefix(f"{path}: ") or "the disk does not answer"
    if not why:
        return []
    log.error("key_not_trusted", extra={"fields": {"file": str(path), "why": why}})
    return [f"readers who trust {path} refuse our flags: {why}"]


def why_not(found: trust.Trust, own: Own, now: datetime) -> str:
    """Say why a reader with this trust file refuses what we sign; empty if it doesn't."""
    entry = found.key(own.key.kid)
    name = f"{own.deployment}/{own.vantage}"
    if entry is None:
        return f"the key {own.key.kid} is not in it: add it, or have the monitor sign with the key that is"
    if entry.is_revoked:
        return f"the key {own.key.kid} is revoked: have the monitor sign with another"
    if entry.role is not trust.KeyRole.FLAG:
        return f"the key {own.key.kid} may sign as {entry.role.value}, not as flag: make one with `monitor flag keygen`"
    if entry.iss != name and (entry.iss is not None or own.vantage != _ONLY_VANTAGE):
        return f"the key {own.key.kid} signs in another name than {name}: correct its iss, or the settings"
    seconds = unix_ms(now) // 1000
    if (entry.nbf is not None and seconds < entry.nbf) or (entry.exp is not None and seconds >= entry.exp):
        return f"the key {own.key.kid} is outside its dates: make a new one with `monitor flag keygen`"
    return ""


def _load(path: Path, clock: Clock) -> trust.Trust | None:
    return trust.load(path, clock) if path.exists() else None
