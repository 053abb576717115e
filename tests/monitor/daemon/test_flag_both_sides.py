"""Writer and reader of the flag share no code: what the one signs, the other must read as it was meant."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasswatch.flag import document, reader
from glasswatch.flag.errors import Refusal
from glasswatch.flag.trust import KeyRole, TrustKey
from monitor.model import verdict
from monitor.model.record import ChainHead, FlagLedger
from monitor.model.state import Cause, FlagHead, Outage, PlatformState
from monitor.model.verdict import CauseKind, FlagState, Verdict
from monitor.rules import flag, flag_document
from monitor.rules.flag_document import Past, Terms
from monitor.rules.raising import MOST_CAUSES
from monitor.settings import flag as settings
from monitor.signing import Signer
from tests.support.clock import START
from tests.support.flags import KEY, trusting

MINUTE = timedelta(minutes=1)
TERMS = Terms(
    deployment="prod",
    vantage="main",
    procedure_url="https://wiki.example.com/break-glass",
    procedure_sha256="ab" * 32,
    ttl=5 * MINUTE,
    ready_ttl=15 * MINUTE,
    configured_vantages=1,
)
PAST = Past(FlagLedger(17, "cd" * 32, "ef" * 32), ChainHead(9, "01" * 32))
TRUST = trusting(TrustKey(KEY.kid, KEY.public, KeyRole.FLAG, "prod/main"))
EXPECT = reader.Expectation("prod", "payments")

OUTAGE = Cause(CauseKind.OUTAGE, "payments-1", START - MINUTE)
MANUAL = Cause(CauseKind.MANUAL, "man-1", START - MINUTE, START + 60 * MINUTE, "anna", "bert", "INC-7")
PAST_MANUAL = replace(MANUAL, id="man-2", until=START)
EXERCISE = Cause(
    CauseKind.EXERCISE,
    "exe-1",
    START - MINUTE,
    START + 60 * MINUTE,
    by="anna",
    run="run-1",
    principals=("drill",),
    targets=("db-1", "db-2"),
)
SUSPENDED = replace(OUTAGE, suspended=True)
INHIBITED = replace(OUTAGE, inhibited=True)
RENEWED = replace(MANUAL, id="man-3", renewed_by="cleo", reason="the vendor is slow")
OPEN = Outage("payments-1", "payments", START - MINUTE, START, ("sign_in",), ("portal",), "it is down")

CASES = {
    "nothing": ((), FlagState.STANDBY),
    "an outage": ((OUTAGE,), FlagState.READY),
    "a person": ((MANUAL,), FlagState.READY),
    "both": ((OUTAGE, MANUAL), FlagState.READY),
    "an exercise": ((EXERCISE,), FlagState.EXERCISE),
    "an exercise and an outage": ((EXERCISE, OUTAGE), FlagState.READY),
    "an outage in doubt": ((SUSPENDED,), FlagState.STANDBY),
    "an outage in doubt and an exercise": ((SUSPENDED, EXERCISE), FlagState.EXERCISE),
    "a person whose time is over": ((PAST_MANUAL,), FlagState.STANDBY),
    "an outage held closed": ((INHIBITED,), FlagState.STANDBY),
    "an outage held closed and a person": ((INHIBITED, RENEWED), FlagState.READY),
}


def _state(causes: tuple[Cause, ...], held: Verdict = Verdict.DOWN) -> PlatformState:
    head = FlagHead(flag.state_of(causes, START), START - MINUTE, 4)
    return PlatformState("payments", vote=held, verdict=held, outage=OPEN, causes=causes, flag=head)


def _judged(state: PlatformState, *, is_change: bool = True) -> reader.Judgement:
    signed = Signer(KEY).sign(
        flag_document.payload(state, TERMS, PAST, START, is_change=is_change), is_change=is_change
    )
    return reader.judge(signed.jws, TRUST, EXPECT, START + timedelta(seconds=1))


@pytest.mark.parametrize("name", CASES)
def test_the_reader_answers_what_the_monitor_means(name: str) -> None:
    """Ready is ready, standby standby; an exercise is refused to whoever isn't part of it."""
    causes, meant = CASES[name]
    judged = _judged(_state(causes))
    if meant is FlagState.EXERCISE:
        assert judged.refusal is Refusal.EXERCISE
        assert judged.claims is None
    else:
        assert judged.refusal is None, judged.reason
        assert judged.state is document.FlagState(meant.value)


@pytest.mark.parametrize("held", Verdict)
def test_every_verdict_can_be_read(held: Verdict) -> None:
    """The reader knows each verdict that the monitor can sign."""
    judged = _judged(_state((OUTAGE,), held))
    assert judged.claims is not None, judged.reason
    assert judged.claims.verdict == held


def test_what_is_not_for_readers_is_not_signed() -> None:
    """The reason stands in pages and audit; a signed cause has exactly the members that design 3.4 gives it."""
    claims = flag_document.payload(_state((RENEWED, INHIBITED)), TERMS, PAST, START, is_change=True)
    assert claims["causes"] == [
        {
            "kind": "manual",
            "id": "man-3",
            "since": int((START - MINUTE).timestamp()),
            "until": int((START + 60 * MINUTE).timestamp()),
            "by": "anna",
            "confirmed_by": "bert",
            "ticket": "INC-7",
        }
    ]


def test_as_many_persons_as_can_raise_fit_into_what_a_reader_takes() -> None:
    """With the longest names, and tickets of the widest characters, beside an outage and a drill."""
    name = "a" * 63
    held = [
        replace(MANUAL, id=f"manual-20260301T030004123Z-{name}", by=name, confirmed_by=name, ticket="\U0001f525" * 64)
        for _ in range(MOST_CAUSES)
    ]
    judged = _judged(_state((*held, OUTAGE, EXERCISE)))
    assert judged.state is document.FlagState.READY, judged.reason


@pytest.mark.parametrize("is_change", [True, False])
def test_what_is_read_is_what_was_signed(is_change: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Every claim comes through: parsed and written again by the reader's side it is the same payload."""
    for causes, _ in CASES.values():
        claims = flag_document.payload(_state(causes), TERMS, PAST, START, is_change=is_change)
        assert document.payload(document.parse(claims)) == claims


def test_a_first_flag_can_be_read() -> None:
    """Nothing stored yet: no document before, an empty log, nobody down."""
    first = Past(FlagLedger(), ChainHead(0, "0" * 64))
    claims = flag_document.payload(PlatformState("payments"), TERMS, first, START, is_change=False)
    judged = reader.judge(Signer(KEY).sign(claims, is_change=False).jws, TRUST, EXPECT, START)
    assert judged.state is document.FlagState.STANDBY, judged.reason


def test_both_sides_speak_the_same_words() -> None:
    """Formats, states, kinds of cause and bounds agree."""
    assert flag_document.FORMAT == document.FORMAT
    assert {state.value for state in verdict.FlagState} == {state.value for state in document.FlagState}
    assert {kind.value for kind in verdict.CauseKind} == {kind.value for kind in document.CauseKind}
    assert settings.READERS_CAP == reader.MAX_TTL


@given(previous=st.integers(0, 2**45), seconds=st.floats(0, 10**9))
def test_both_sides_count_versions_alike(previous: int, seconds: float) -> None:
    """The next version is the same on both sides."""
    now = START + timedelta(seconds=seconds)
    assert flag_document.next_version(previous, now) == document.next_version(previous, now)


@given(
    causes=st.lists(st.sampled_from([OUTAGE, MANUAL, PAST_MANUAL, EXERCISE, SUSPENDED, INHIBITED]), max_size=5),
    seconds=st.floats(-7200, 7200),
)
def test_both_sides_draw_the_same_state_from_the_causes(causes: list[Cause], seconds: float) -> None:
    """At any instant at which the monitor signs, the reader finds that the state follows from the causes."""
    now = START + timedelta(seconds=seconds)
    claims = flag_document.payload(_state(tuple(causes)), TERMS, PAST, now, is_change=True)
    parsed = document.parse(claims)
    assert document.state_of(parsed.causes, document.unix_ms(now)) == parsed.state
