"""The rules about an order and about the keys that sign one, each a function that refuses. Pure.

- `KEY_RULES`: no demo made the key, unless the demo is asked about; its issuer, if it has one, is the deployment; the
  trust file says whose it is.
- `RULES`, in their order: issuer, platform and audience are exactly those expected; the order is not from the future
  (60 s allowed), lives 4 h at most, its version is not ahead of its date (60 s allowed); enough different persons
  signed it: for ready as many as the trust file says, for standby one.
"""

from collections.abc import Callable
from dataclasses import dataclass

from glasswatch.flag.authenticity import rfc3339
from glasswatch.flag.document import TOLERANCE_MS, FlagState, audience
from glasswatch.flag.errors import Refusal, Refused, shown
from glasswatch.flag.order import MAX_LIFETIME, Order
from glasswatch.flag.trust import DEMO_DEPLOYMENT, TrustKey


@dataclass(frozen=True, slots=True)
class OrderAsked:
    """Whose orders the reader obeys. `is_now` is false where it judges as of another instant."""

    deployment: str
    platform: str
    is_now: bool = True


@dataclass(frozen=True, slots=True)
class OrderCase:
    """What a rule about an order is given. `needed` is how many persons must sign one that says ready."""

    order: Order
    persons: int
    needed: int
    asked: OrderAsked
    now_ms: int


def _key_is_no_demos(key: TrustKey, asked: OrderAsked) -> None:
    if key.is_demo and asked.deployment != DEMO_DEPLOYMENT:
        raise Refused(Refusal.KEY_DEMO, f"the key {shown(key.kid)} was made by a demo and counts for nothing else")


def _key_is_of_the_deployment(key: TrustKey, asked: OrderAsked) -> None:
    if key.iss is not None and key.iss != asked.deployment:
        raise Refused(
            Refusal.ISSUER,
            f"the key {shown(key.kid)} may order for {shown(key.iss)}, not for {shown(asked.deployment)}",
        )


def _key_has_a_person(key: TrustKey, _: OrderAsked) -> None:
    if key.holder is None:
        raise Refused(Refusal.KEY_PERSON, f"the trust file does not say whose the key {shown(key.kid)} is")


KEY_RULES: tuple[Callable[[TrustKey, OrderAsked], None], ...] = (
    _key_is_no_demos,
    _key_is_of_the_deployment,
    _key_has_a_person,
)


def _issuer_is_the_deployment(case: OrderCase) -> None:
    if case.order.iss != case.asked.deployment:
        raise Refused(
            Refusal.ISSUER, f"it is of deployment {shown(case.order.iss)}, asked for {shown(case.asked.deployment)}"
        )


def _platform_is_expected(case: OrderCase) -> None:
    if case.order.sub != case.asked.platform:
        raise Refused(
            Refusal.PLATFORM, f"it is about platform {shown(case.order.sub)}, asked for {shown(case.asked.platform)}"
        )


def _audience_is_expected(case: OrderCase) -> None:
    expected = audience(case.asked.deployment, case.order.state)
    if case.order.aud != expected:
        raise Refused(Refusal.AUDIENCE, f"its audience is {shown(case.order.aud)}, expected {shown(expected)}")


def _is_not_from_the_future(case: OrderCase) -> None:
    if case.order.iat * 1000 > case.now_ms + TOLERANCE_MS:
        here = rfc3339(case.now_ms // 1000)
        raise Refused(Refusal.ISSUED_LATER, f"it was ordered at {rfc3339(case.order.iat)}, but it is {here} here")


def _lifetime_is_capped(case: OrderCase) -> None:
    lifetime = case.order.exp - case.order.iat
    cap = int(MAX_LIFETIME.total_seconds())
    if not 0 < lifetime <= cap:
        raise Refused(Refusal.LIFETIME, f"it claims to live for {lifetime} s, the cap is {cap} s")


def _version_is_near_its_date(case: OrderCase) -> None:
    if case.order.ver > case.order.iat * 1000 + TOLERANCE_MS:
        raise Refused(Refusal.VER_AHEAD, "its version runs more than 60 s ahead of its date")


def _enough_persons_signed(case: OrderCase) -> None:
    if case.order.state is FlagState.READY and case.persons < case.needed:
        raise Refused(Refusal.TOO_FEW_PERSONS, f"{case.persons} of the {case.needed} persons that it needs signed it")


RULES: tuple[Callable[[OrderCase], None], ...] = (
    _issuer_is_the_deployment,
    _platform_is_expected,
    _audience_is_expected,
    _is_not_from_the_future,
    _lifetime_is_capped,
    _version_is_near_its_date,
    _enough_persons_signed,
)
