"""What holds of every document, good, damaged or made up."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasswatch.flag.document import Claims, FlagState, audience, payload, state_of
from glasswatch.flag.errors import Refusal
from glasswatch.flag.jws import FLAG_TYP
from glasswatch.flag.reader import judge
from tests.support.flags import (
    AT,
    EXERCISE,
    EXPECT,
    KEY,
    MANUAL,
    NOW,
    OTHER_KEY,
    OUTAGE,
    READY_CLAIMS,
    STANDBY_CLAIMS,
    TRUST,
    header_with,
    signed,
    signed_header,
    signed_payload,
    signed_with,
)

GOOD = {"ready": signed(READY_CLAIMS), "standby": signed(STANDBY_CLAIMS) + b"\n"}


@st.composite
def honest(draw: st.DrawFn) -> Claims:
    """Return claims as a monitor with a good clock signs them now."""
    causes = tuple(draw(st.lists(st.sampled_from([OUTAGE, MANUAL, EXERCISE]), unique=True)))
    state = state_of(causes, AT * 1000)
    age = draw(st.integers(-60, 1199))
    return replace(
        STANDBY_CLAIMS,
        aud=audience("prod", state),
        state=state,
        causes=causes,
        iat=AT - age,
        exp=AT - age + draw(st.integers(max(age, 0) + 1, 1200)),
        ver=(AT - age) * 1000 + draw(st.integers(-5_000, 60_000)),
    )


@given(honest())
def test_an_honest_flag_is_believed(claims: Claims) -> None:
    """Whatever a monitor signs by the rules is believed as it was said; an exercise opens nothing."""
    judgement = judge(signed(claims), TRUST, EXPECT, NOW)
    if claims.state is FlagState.EXERCISE:
        assert judgement.refusal is Refusal.EXERCISE
    else:
        assert (judgement.state, judgement.claims) == (claims.state, claims)


@given(honest(), st.integers(-10_000_000, 10_000_000))
def test_a_flag_opens_only_between_its_dates(claims: Claims, seconds: int) -> None:
    """At any instant a flag that is believed was issued at most 60 s ahead and has not expired."""
    at = NOW + timedelta(milliseconds=seconds)
    if judge(signed(claims), TRUST, EXPECT, at).state is not None:
        assert claims.iat - 60 <= at.timestamp() < claims.exp


@pytest.mark.parametrize("document", GOOD.values(), ids=GOOD)
def test_no_single_bit_can_be_flipped(document: bytes) -> None:
    """With any one bit of it flipped, a good document is neither ready nor standby."""
    for place in range(len(document)):
        for bit in range(8):
            damaged = bytearray(document)
            damaged[place] ^= 1 << bit
            assert judge(bytes(damaged), TRUST, EXPECT, NOW).state is None, (place, bit)


@given(st.sampled_from(sorted(GOOD.values())), st.data())
def test_no_byte_can_be_changed_added_or_taken(document: bytes, data: st.DataObject) -> None:
    """With any byte replaced, put in or cut out, a good document is refused; a last newline alone is free."""
    place = data.draw(st.integers(0, len(document) - 1))
    end = data.draw(st.integers(place, min(place + 2, len(document))))
    damaged = document[:place] + data.draw(st.binary(max_size=2)) + document[end:]
    if damaged.removesuffix(b"\n") != document.removesuffix(b"\n"):
        assert judge(damaged, TRUST, EXPECT, NOW).state is None


parts = st.sampled_from([part for document in GOOD.values() for part in document.split(b".")]) | st.binary(max_size=30)


@given(st.lists(parts, min_size=3, max_size=3))
def test_parts_of_several_documents_do_not_mix(some: list[bytes]) -> None:
    """Header, payload and signature taken from here and there are believed only as they were signed."""
    document = b".".join(some)
    judgement = judge(document, TRUST, EXPECT, NOW)
    if judgement.state is not None:
        assert document.removesuffix(b"\n") in {good.removesuffix(b"\n") for good in GOOD.values()}


@given(st.binary(max_size=300) | st.text(max_size=300))
def test_no_bytes_raise_anything(document: bytes | str) -> None:
    """Whatever the bytes, the answer is a refusal with one line."""
    judgement = judge(document, TRUST, EXPECT, NOW)
    assert judgement.refusal is not None
    assert judgement.reason.isprintable()


@given(st.binary(max_size=200))
def test_no_signed_payload_raises_anything(raw: bytes) -> None:
    """Even validly signed, bytes that are no claims are refused."""
    assert judge(signed_payload(raw or b"x"), TRUST, EXPECT, NOW).refusal is not None


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from(sorted(payload(READY_CLAIMS)))


@given(st.dictionaries(names, junk | st.just(...), min_size=1, max_size=3))
def test_no_signed_claims_raise_anything(changes: dict[str, object]) -> None:
    """Claims of any type, validly signed, are judged without an exception, and never said to be standby."""
    judgement = judge(signed_with(changes), TRUST, EXPECT, NOW)
    assert judgement.state in {None, FlagState.READY}
    assert judgement.reason.isprintable()


@given(st.dictionaries(st.sampled_from(["alg", "typ", "kid", "crit", "jwk"]), junk | st.just(...), min_size=1))
def test_no_header_raises_or_opens_anything(changes: dict[str, object]) -> None:
    """Any other header, validly signed, is refused."""
    header = header_with(changes)
    if json.loads(header) != {"alg": "EdDSA", "typ": FLAG_TYP, "kid": KEY.kid}:
        assert judge(signed_header(header), TRUST, EXPECT, NOW).state is None


@given(honest())
def test_a_stranger_opens_nothing(claims: Claims) -> None:
    """Whatever a key outside the trust file signs is refused, under its own name or another's."""
    assert judge(signed(claims, OTHER_KEY), TRUST, EXPECT, NOW).refusal is Refusal.KEY_UNKNOWN
    forged = signed_header(header_with({}), key=OTHER_KEY)
    assert judge(forged, TRUST, EXPECT, NOW).refusal is Refusal.SIGNATURE
