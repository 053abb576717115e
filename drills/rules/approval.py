"""Whether a second person approved a scenario as it stands. Pure.

An approval is a compact JWS of type `break-glass-evidence+jwt` with the claims `v` (1), `act` (`approve`), `sub` (the
scenario's id), `iat`, `exp`, `scenario_sha256` and `person`. It counts if all of this holds:

1. It is signed by a key of the trust file that has the role `evidence`, is not revoked, and is within its dates.
2. No demo made the key, unless the deployment is the demo; its issuer, if it has one, is the deployment.
3. The trust file says whose key it is, and the approval names the same person.
4. It is of version 1, an approval, of this scenario, and of the bytes as they stand: one changed byte voids it.
5. It was not signed later than now (60 s allowed), has not ended, and lives for 400 days at most.
6. Whoever runs the drill is somebody else, however their names are written.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from drills.model.event import Approval
from glasswatch.flag.authenticity import authenticate, rfc3339
from glasswatch.flag.errors import Malformed, Refused, shown
from glasswatch.flag.jws import EVIDENCE_TYP
from glasswatch.flag.persons import folded, is_same_person
from glasswatch.flag.strict import Members, loads
from glasswatch.flag.trust import DEMO_DEPLOYMENT, Trust, TrustKey
from glasswatch.instants import unix_seconds

VERSION: Final = 1
ACT: Final = "approve"
LONGEST: Final = timedelta(days=400)
USUAL: Final = timedelta(days=100)
_TOLERANCE_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Asked:
    """What an approval must be for. `operator`: who runs the drill; None where nobody does yet."""

    scenario: str
    sha256: str
    deployment: str
    operator: str | None = None


@dataclass(frozen=True, slots=True)
class Unapproved:
    """Why nobody's approval counts, in a line."""

    why: str


@dataclass(frozen=True, slots=True)
class _Claims:
    version: int
    act: str
    scenario: str
    iat: int
    exp: int
    sha256: str
    person: str


@dataclass(frozen=True, slots=True)
class _Case:
    claims: _Claims
    key: TrustKey
    asked: Asked
    now: int


def claims(asked: Asked, person: str, now: datetime, lives: timedelta) -> dict[str, object]:
    """Return what an approval says, still to be made canonical and signed."""
    at = unix_seconds(now)
    return {
        "v": VERSION,
        "act": ACT,
        "sub": asked.scenario,
        "iat": at,
        "exp": at + int(lives.total_seconds()),
        "scenario_sha256": asked.sha256,
        "person": person,
    }


def judge(document: bytes, trust: Trust, asked: Asked, now: datetime) -> Approval | Unapproved:
    """Return the approval in a document, or why it does not count."""
    try:
        authentic = authenticate(document, EVIDENCE_TYP, trust, now)
        found = _parsed(authentic.payload)
    except (Refused, Malformed) as fault:
        return Unapproved(str(fault))
    case = _Case(found, authentic.key, asked, unix_seconds(now))
    why = next((text for rule in _RULES if (text := rule(case)) is not None), None)
    if why is not None:
        return Unapproved(why)
    signed = document.decode("ascii").strip()
    return Approval(authentic.key.person, authentic.key.kid, datetime.fromtimestamp(found.iat, UTC), jws=signed)


def _parsed(payload: bytes) -> _Claims:
    found = Members(loads(payload))
    return _Claims(
        found.count("v"),
        found.text("act"),
        found.text("sub"),
        found.seconds("iat"),
        found.seconds("exp"),
        found.digest("scenario_sha256"),
        found.text("person"),
    )


def _is_an_approval(case: _Case) -> str | None:
    if case.claims.version != VERSION:
        return f"it is of version {case.claims.version}, expected {VERSION}"
    return None if case.claims.act == ACT else f"it says {shown(case.claims.act)}, expected {ACT}"


def _is_of_the_scenario(case: _Case) -> str | None:
    if case.claims.scenario != case.asked.scenario:
        return f"it is of the scenario {shown(case.claims.scenario)}"
    return None if case.claims.sha256 == case.asked.sha256 else "the scenario was changed after it was approved"


def _is_of_the_deployment(case: _Case) -> str | None:
    key, deployment = case.key, case.asked.deployment
    if key.is_demo and deployment != DEMO_DEPLOYMENT:
        return f"the key {shown(key.kid)} was made by a demo and counts for nothing else"
    if key.iss is not None and key.iss != deployment:
        return f"the key {shown(key.kid)} signs for {shown(key.iss)}, not for {shown(deployment)}"
    return None


def _is_a_persons(case: _Case) -> str | None:
    if case.key.holder is None:
        return f"the trust file does not say whose the key {shown(case.key.kid)} is"
    if not is_same_person(case.claims.person, case.key.person):
        return f"it names {shown(case.claims.person)}, and the key is that of {shown(case.key.person)}"
    return None


def _is_in_time(case: _Case) -> str | None:
    iat, exp = case.claims.iat, case.claims.exp
    if iat > case.now + _TOLERANCE_SECONDS:
        return f"it was signed at {rfc3339(iat)}, but it is {rfc3339(case.now)} here"
    if not 0 < exp - iat <= LONGEST.total_seconds():
        return f"it claims to live for {exp - iat} s, at most {LONGEST.days} days are allowed"
    return None if case.now < exp else f"it ended at {rfc3339(exp)}"


def _is_another_person(case: _Case) -> str | None:
    operator = case.asked.operator
    if operator is None:
        return None
    if not folded(operator):
        return "nobody can be seen in the operator's name"
    if is_same_person(operator, case.key.person):
        return f"{shown(case.key.person)} runs the drill: expected the approval of somebody else"
    return None


_RULES: Final[tuple[Callable[[_Case], str | None], ...]] = (
    _is_an_approval,
    _is_of_the_scenario,
    _is_of_the_deployment,
    _is_a_persons,
    _is_in_time,
    _is_another_person,
)
