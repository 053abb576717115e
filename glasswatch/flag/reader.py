"""Whether break-glass is ready, by one signed document: what every login, gateway and script asks.

A document is believed only if it passes all of this (design 3.4); the first rule that fails names the refusal:

1. a trusted key signed it (`authenticity`);
2. the payload is strict JSON, its format is 1, every claim is there and of its type (`strict`, `document`);
3. `RULES`: no demo's key signed it, unless the demo is asked about, and issuer, platform and audience are exactly those
   expected (`AUTHENTIC`); it is not from the future, and its version is not ahead of its date (60 s allowed each); it
   does not claim to live longer than the reader's cap; its state follows from its causes now;
4. the floor, where one is kept (`floor`, asked by `selection`);
5. `ANSWERING`: it has not expired; enough vantages agree where ready rests on what vantages saw; it is not of an
   exercise, unless the reader asks for one of its principals, and then it is not of an emergency.

What passes 1 to 4 is true, and is remembered in the floor; 5 says whether it answers what is asked now. The answer is
ready, standby, or exercise to its principals. Pure: no clock, no file. A refused document's claims are not handed
out, so that nobody takes them for true. Which of several documents is judged is decided in `selection`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from glasswatch.flag.advice import ADVICE
from glasswatch.flag.authenticity import authenticate, rfc3339
from glasswatch.flag.document import (
    FORMAT,
    TOLERANCE_MS,
    CauseKind,
    Claims,
    FlagState,
    audience,
    format_of,
    parse,
    state_of,
    unix_ms,
)
from glasswatch.flag.errors import Malformed, Refusal, Refused, RepeatedName, shown
from glasswatch.flag.jws import FLAG_TYP
from glasswatch.flag.strict import Members, loads
from glasswatch.flag.trust import DEMO_DEPLOYMENT, Trust, TrustKey

MAX_TTL = timedelta(minutes=20)
DEFAULT_VANTAGE = "main"  # the monitor's own default: who names no vantage speaks for this one


@dataclass(frozen=True, slots=True)
class Expectation:
    """Whose flag the reader wants: `audience` is the deployment. `min_agreeing` 0 leaves vantages uncounted.

    `exercise_principal` is whom an exercise must name; None is an emergency's reader.
    """

    audience: str
    platform: str
    max_ttl: timedelta = MAX_TTL
    min_agreeing: int = 0
    exercise_principal: str | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """The answer: a state with its claims, or a refusal. `reason` is one line for a person.

    The state is exercise only for a reader that asks for one of its principals.
    """

    state: FlagState | None
    refusal: Refusal | None
    reason: str
    claims: Claims | None


@dataclass(frozen=True, slots=True)
class Case:
    """What a rule about an authentic document is given."""

    claims: Claims
    key: TrustKey
    expect: Expectation
    now_ms: int


Rule = Callable[[Case], None]


def judge(document: bytes | str, trust: Trust, expect: Expectation, now: datetime) -> Judgement:
    """Judge one document by itself at an aware instant. Never raises, whatever the document holds."""
    try:
        case = read(document, trust, expect, now)
        check(case, RULES)
        check(case, ANSWERING)
    except Refused as refused:
        return refuse(refused.code, refused.what)
    return answer(case)


def check(case: Case, rules: Iterable[Rule]) -> None:
    """Ask rules in their order.

    Raises:
        Refused: by the first that fails.
    """
    for rule in rules:
        rule(case)


def answer(case: Case) -> Judgement:
    """Return the judgement of a document that passed every rule."""
    return Judgement(case.claims.state, None, _summary(case.claims, case.now_ms), case.claims)


def refuse(code: Refusal, what: str) -> Judgement:
    """Return the judgement that a document, or what it was to be judged by, can't be believed."""
    return Judgement(None, code, f"{what}; {ADVICE[code]}", None)


def read(document: bytes | str, trust: Trust, expect: Expectation, now: datetime) -> Case:
    """Return what a trusted key signed, not judged yet.

    Raises:
        Refused: no trusted key signed it, or what it signed can't be read.
    """
    authentic = authenticate(document, FLAG_TYP, trust, now)
    return Case(_claims(authentic.payload), authentic.key, expect, unix_ms(now))


def _claims(payload: bytes) -> Claims:
    try:
        members = Members(value := loads(payload))
    except RepeatedName as error:
        raise Refused(Refusal.DUPLICATE_KEY, f"in the claims {error}") from None
    except Malformed as error:
        raise Refused(Refusal.PAYLOAD, f"the claims can't be read: {error}") from None
    try:
        if (found := format_of(members)) != FORMAT:
            raise Refused(Refusal.FORMAT, f"the document has format {found}, this reader knows {FORMAT}")
        return parse(value)
    except Malformed as error:
        raise Refused(Refusal.CLAIMS, f"a claim is wrong: {error}") from None


def _key_is_no_demos(case: Case) -> None:
    if case.key.is_demo and case.expect.audience != DEMO_DEPLOYMENT:
        raise Refused(Refusal.KEY_DEMO, f"the key {shown(case.key.kid)} was made by a demo and counts for nothing else")


def _issuer_is_the_keys(case: Case) -> None:
    expected = case.key.iss or f"{case.expect.audience}/{DEFAULT_VANTAGE}"
    if case.claims.iss != expected:
        raise Refused(
            Refusal.ISSUER,
            f"it speaks in the name of {shown(case.claims.iss)}, but its key only for {shown(expected)}",
        )
    if case.claims.iss.partition("/")[0] != case.expect.audience:  # a trust file may hold several deployments' keys
        raise Refused(
            Refusal.ISSUER, f"it is by {shown(case.claims.iss)}, who speaks for no {shown(case.expect.audience)}"
        )


def _platform_is_expected(case: Case) -> None:
    if case.claims.sub != case.expect.platform:
        raise Refused(
            Refusal.PLATFORM, f"it is about platform {shown(case.claims.sub)}, asked for {shown(case.expect.platform)}"
        )


def _audience_is_expected(case: Case) -> None:
    expected = audience(case.expect.audience, case.claims.state)
    if case.claims.aud != expected:
        raise Refused(Refusal.AUDIENCE, f"its audience is {shown(case.claims.aud)}, expected {shown(expected)}")


def _is_not_from_the_future(case: Case) -> None:
    if case.claims.iat * 1000 > case.now_ms + TOLERANCE_MS:
        raise Refused(
            Refusal.ISSUED_LATER,
            f"it was issued at {rfc3339(case.claims.iat)}, but it is {rfc3339(case.now_ms // 1000)} here",
        )


def _lifetime_is_capped(case: Case) -> None:
    lifetime = case.claims.exp - case.claims.iat
    cap = case.expect.max_ttl.total_seconds()
    if not 0 < lifetime <= cap:
        raise Refused(Refusal.LIFETIME, f"it claims to live for {lifetime} s, the cap is {cap:g} s")


def _version_is_near_its_date(case: Case) -> None:
    if case.claims.ver > case.claims.iat * 1000 + TOLERANCE_MS:
        raise Refused(Refusal.VER_AHEAD, "its version runs more than 60 s ahead of its date")


def _state_follows_from_causes(case: Case) -> None:
    follows = state_of(case.claims.causes, case.now_ms)
    if case.claims.state is not follows:
        raise Refused(
            Refusal.STATE, f"it says {case.claims.state.value}, but by its causes the flag is {follows.value} now"
        )


def _enough_vantages_agree(case: Case) -> None:
    # What a person raised rests on that person; standby opens nothing.
    rests_on_a_person = any(
        cause.kind is CauseKind.MANUAL and cause.counts(case.now_ms) for cause in case.claims.causes
    )
    agreeing = case.claims.vantages.agreeing
    if case.claims.state is FlagState.READY and not rests_on_a_person and agreeing < case.expect.min_agreeing:
        raise Refused(
            Refusal.TOO_FEW_AGREEING, f"only {agreeing} vantages agree, {case.expect.min_agreeing} are asked for"
        )


def _not_expired(case: Case) -> None:
    if case.claims.exp * 1000 <= case.now_ms:
        raise Refused(Refusal.EXPIRED, f"it expired at {rfc3339(case.claims.exp)}")


def _answers_who_asks(case: Case) -> None:
    state, principal = case.claims.state, case.expect.exercise_principal
    if principal is None:
        if state is FlagState.EXERCISE:
            raise Refused(Refusal.EXERCISE, "an exercise is on, there is no emergency")
    elif state is FlagState.READY:
        raise Refused(Refusal.EMERGENCY, "this is an emergency, and an exercise was asked for")
    elif state is FlagState.EXERCISE and principal not in _principals(case):
        raise Refused(Refusal.PRINCIPAL, f"the exercise does not name {shown(principal)} among its principals")


def _principals(case: Case) -> set[str]:
    counting = [cause for cause in case.claims.causes if cause.counts(case.now_ms)]
    return {name for cause in counting if cause.kind is CauseKind.EXERCISE for name in cause.principals}


AUTHENTIC: tuple[Rule, ...] = (_key_is_no_demos, _issuer_is_the_keys, _platform_is_expected, _audience_is_expected)
RULES: tuple[Rule, ...] = (
    *AUTHENTIC,
    _is_not_from_the_future,
    _version_is_near_its_date,
    _lifetime_is_capped,
    _state_follows_from_causes,
)
ANSWERING: tuple[Rule, ...] = (_not_expired, _enough_vantages_agree, _answers_who_asks)


def _summary(claims: Claims, now_ms: int) -> str:
    until = f"until {rfc3339(claims.exp)}"
    since = f"since {rfc3339(claims.since)}"
    if claims.state is FlagState.STANDBY:
        return f"break-glass for {shown(claims.sub)} is sealed {since}, by a flag valid {until}"
    is_drill = claims.state is FlagState.EXERCISE
    why = ", ".join(
        f"{cause.kind.value} {shown(cause.id)}"
        for cause in claims.causes
        if cause.counts(now_ms) and (cause.kind is CauseKind.EXERCISE) is is_drill
    )
    what = "is open for an exercise and its principals alone" if is_drill else "is ready"
    url = shown(claims.procedure.url)
    return f"break-glass for {shown(claims.sub)} {what} {since}, {until}, because of {why}; procedure: {url}"
