"""Approvals in files: a second person's signature over a scenario, beside the scenario. What counts, `rules` decides.

Rules:
- Whose key counts, the trust file says that the settings name (`drill.trust`); without one nobody's does.
- Nothing is written but what would count: it is judged before.
- An approval that is there is replaced as a whole: it is of the scenario as it stood before, or of another person.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from drills.errors import NotApproved
from drills.model.event import Approval
from drills.rules.approval import Asked, Unapproved, claims, judge
from drills.scenarios import Scenario
from glasswatch.canonical import canonical
from glasswatch.clock import Clock
from glasswatch.flag import disk, keys
from glasswatch.flag import trust as trust_file
from glasswatch.flag.errors import NotWritten, TrustFault, plain
from glasswatch.flag.jws import EVIDENCE_TYP, MAX_BYTES, sign
from glasswatch.flag.trust import Trust

_MODE = 0o644
_NO_TRUST = Unapproved("no trust file says whose approval counts (drill.trust)")


@dataclass(frozen=True, slots=True)
class Whose:
    """For whom approvals are looked at: the deployment, whose word counts there, and who runs the drill."""

    deployment: str
    trust: Path | None
    operator: str | None = None


def asked(scenario: Scenario, whose: Whose) -> Asked:
    """Return what an approval of the scenario must be for."""
    return Asked(scenario.settings.id, scenario.sha256, whose.deployment, whose.operator)


def look(scenario: Scenario, whose: Whose, clock: Clock, at: datetime | None = None) -> Approval | Unapproved:
    """Return the approval of a scenario as it stands, or why there is none that counts; `at` another time than now."""
    if whose.trust is None:
        return _NO_TRUST
    try:
        document = disk.read(scenario.approval_file, MAX_BYTES, clock).data
    except FileNotFoundError:
        return Unapproved(f"nobody approved it: there is no {plain(scenario.approval_file.name)}")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        return Unapproved(f"{plain(scenario.approval_file.name)} can't be read: {reason}")
    return _judged(document, whose.trust, asked(scenario, whose), at or clock.now(), clock)


def given(jws: str, scenario: Scenario, whose: Whose, clock: Clock, at: datetime) -> Approval | Unapproved:
    """Return the approval that was signed, wherever it was kept, of a scenario as it stands; or why it did not count.

    `at`: when it had to.
    """
    if whose.trust is None:
        return _NO_TRUST
    return _judged(jws.encode(), whose.trust, asked(scenario, whose), at, clock)


def approve(scenario: Scenario, whose: Whose, pen: "Pen", lives: timedelta) -> Approval:
    """Sign a scenario as it stands, and put the approval beside it.

    Raises:
        NotApproved: the approval would not count.
        NotWritten: it can't be written; what was there is there still.
    """
    wanted = asked(scenario, whose)
    now = pen.clock.now()
    document = sign(canonical(claims(wanted, pen.person, now, lives)), pen.key, EVIDENCE_TYP).encode("ascii")
    found = judge(document, pen.trust, wanted, now)
    if isinstance(found, Unapproved):
        raise NotApproved(f"not approved: {found.why}")
    path = scenario.approval_file
    try:
        disk.replace(path, document + b"\n", _MODE)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise NotWritten(f"{plain(path)}: can't be written: {reason}") from None
    return found


class Pen:
    """Somebody's key of role `evidence`, with the trust file that says whose it is.

    Raises:
        KeyFault: the key can't be used.
        TrustFault: the trust file can't be relied on.
    """

    def __init__(self, key_file: Path, person: str, trust: Path, clock: Clock) -> None:
        self.clock = clock
        self.person = person
        self.trust: Trust = trust_file.load(trust, clock)
        self.key = keys.load(key_file, clock)


def _judged(document: bytes, place: Path, wanted: Asked, at: datetime, clock: Clock) -> Approval | Unapproved:
    try:
        trust = trust_file.load(place, clock)
    except TrustFault as fault:
        return Unapproved(str(fault))
    return judge(document, trust, wanted, at)
