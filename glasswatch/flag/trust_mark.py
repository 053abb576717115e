"""What a floor remembers of the trust file: its highest version, so that an older file does not come back unseen.

An older trust file trusts keys that were revoked since. It is an alarm and no refusal: who can replace the file can
replace the floor as well, and an old file put back in a hurry must not lock out whoever needs the door.

- A version below the one remembered is an alarm; so is the same version with other bytes.
- What is remembered moves to a higher version and never back. It is kept for each deployment and platform asked for.
"""

from glasswatch.flag.errors import Alarm, AlarmCode
from glasswatch.flag.floor import NO_DATE, Floor, Mark
from glasswatch.flag.trust import Trust

TRUST_TYP = "trust-file"


def trust_mark(trust: Trust, deployment: str, platform: str) -> Mark:
    """Return what a floor is to remember of a trust file."""
    return Mark(TRUST_TYP, deployment, platform, trust.version, trust.sha256, NO_DATE)


def trust_alarms(found: Mark, seen: Floor) -> tuple[Alarm, ...]:
    """Return what does not follow from the trust file used before."""
    before = seen.mark(found)
    if before is None or found.ver > before.ver:
        return ()
    if found.ver < before.ver:
        what = (
            f"the trust file has version {found.ver}, but {before.ver} was used here before: keys revoked since count"
        )
        return (Alarm(AlarmCode.TRUST_BACK, f"{what} again; find out who put it back"),)
    if found.sha256 != before.sha256:
        what = f"another trust file of version {found.ver} was used here before: find out who changed it"
        return (Alarm(AlarmCode.TRUST_FORKED, f"{what}, and raise its version"),)
    return ()
