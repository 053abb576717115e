"""What holds of every file of orders, good, damaged or made up."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasswatch.flag.document import FlagState
from glasswatch.flag.floor import Floor
from glasswatch.flag.keys import SigningKey
from glasswatch.flag.order import MAX_LIFETIME, Order, payload
from glasswatch.flag.order_reader import judge_orders
from glasswatch.flag.trust import TrustKey
from tests.support.flags import AT, NOW, key_number
from tests.support.orders import (
    ANNA,
    ANNAS,
    ASKED,
    BEN,
    BENS,
    CARA,
    CARAS,
    NO_FLOOR,
    READY,
    STANDBY,
    STRANGER,
    TRUST,
    in_file,
    judged,
    lines,
    order_key,
    ordered,
    ordered_with,
    trusting_persons,
)

GOOD = {"ready": ordered(READY, ANNA, BEN), "standby": ordered(STANDBY, ANNA)}
PEOPLE = ["anna", "ben", "cara", None]
KEYS = [key_number(number) for number in range(41, 49)]

# Who holds which key, and what is wrong with it: none of it may make one person two.
entries = st.builds(
    lambda key, person, flaw: replace(order_key(key, person), **flaw),
    st.sampled_from(KEYS),
    st.sampled_from(PEOPLE),
    st.sampled_from(
        [{}, {}, {}, {"is_revoked": True}, {"exp": AT}, {"nbf": AT + 1}, {"iss": "staging"}, {"is_demo": True}]
    ),
)


def _counts(entry: TrustKey) -> bool:
    is_valid = entry.exp is None and entry.nbf is None and not entry.is_revoked
    return is_valid and entry.iss == "prod" and not entry.is_demo and entry.person is not None


@given(st.lists(entries, unique_by=lambda entry: entry.kid), st.lists(st.sampled_from(KEYS)), st.integers(2, 5))
def test_ready_needs_so_many_different_persons(people: list[TrustKey], signers: list[SigningKey], needed: int) -> None:
    """Whoever signs, however often and with whatever keys: ready is exactly what enough persons who count signed."""
    persons = {entry.person for entry in people if _counts(entry) and entry.kid in {key.kid for key in signers}}
    judgement = judged(ordered(READY, *signers), trusting_persons(*people, persons=needed))
    assert judgement.state is (FlagState.READY if len(persons) >= needed else None)


@given(st.lists(entries, unique_by=lambda entry: entry.kid), st.lists(st.sampled_from(KEYS)))
def test_standby_needs_one_person_who_counts(people: list[TrustKey], signers: list[SigningKey]) -> None:
    """One is enough to seal, and nobody who does not count can."""
    persons = {entry.person for entry in people if _counts(entry) and entry.kid in {key.kid for key in signers}}
    judgement = judged(ordered(STANDBY, *signers), trusting_persons(*people))
    assert judgement.state is (FlagState.STANDBY if persons else None)


@st.composite
def honest(draw: st.DrawFn) -> Order:
    """Return an order as people with good clocks sign it."""
    age = draw(st.integers(-60, 14_399))
    state = draw(st.sampled_from([FlagState.READY, FlagState.STANDBY]))
    return Order(
        iss="prod",
        sub="payments",
        aud=f"prod/{state.value}",
        iat=AT - age,
        exp=AT - age + draw(st.integers(max(age, 0) + 1, 14_400)),
        ver=(AT - age) * 1000 + draw(st.integers(-5_000, 60_000)),
        state=state,
        by=draw(st.text(min_size=1, max_size=20)),
        ticket=draw(st.none() | st.text(min_size=1, max_size=20)),
    )


@given(honest())
def test_an_honest_order_is_obeyed(order: Order) -> None:
    """Whatever two persons sign by the rules is in force as they said it."""
    judgement = judged(ordered(order, ANNA, BEN))
    assert (judgement.state, judgement.latest and judgement.latest.order) == (order.state, order)


@given(honest(), st.integers(-20_000_000, 20_000_000))
def test_an_order_is_in_force_only_between_its_dates(order: Order, milliseconds: int) -> None:
    """At any instant an order in force was issued at most 60 s ahead, has not expired, and lives 4 h at most."""
    at = NOW + timedelta(milliseconds=milliseconds)
    if judge_orders([in_file(ordered(order, ANNA, BEN))], TRUST, ASKED, at, NO_FLOOR).state is not None:
        assert order.iat - 60 <= at.timestamp() < order.exp
        assert order.exp - order.iat <= MAX_LIFETIME.total_seconds()


@given(st.lists(honest(), min_size=1, max_size=4), st.randoms())
def test_every_reader_takes_the_same_order(orders: list[Order], random: object) -> None:
    """The same lines in any order, in one file or several, are judged alike; and what was latest stays it."""
    files = [ordered(order, ANNA, BEN) for order in orders]
    whole = judged(b"".join(files))
    shuffled = list(reversed(b"".join(files).splitlines(keepends=True)))
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis' own kind of random
    apart = judge_orders([in_file(line) for line in shuffled], TRUST, ASKED, NOW, NO_FLOOR)
    assert (apart.state, apart.latest and apart.latest.sha256) == (whole.state, whole.latest and whole.latest.sha256)
    assert whole.latest is not None
    assert whole.latest.order.ver == max(order.ver for order in orders)
    seen = Floor({whole.latest.mark.key: whole.latest.mark})
    for file in files:
        latest = judged(file, seen=seen).latest
        assert latest is None or latest.sha256 == whole.latest.sha256


@pytest.mark.parametrize("raw", GOOD.values(), ids=GOOD)
def test_no_single_bit_can_be_flipped(raw: bytes) -> None:
    """With any one bit of the one line it hangs on flipped, an order is not in force."""
    line = raw.splitlines()[-1]
    before = raw.removesuffix(line + b"\n")
    for place in range(len(line)):
        for bit in range(8):
            damaged = bytearray(line)
            damaged[place] ^= 1 << bit
            assert judged(before + bytes(damaged)).state is None, (place, bit)


junk = st.binary(max_size=60) | st.sampled_from(
    [line for raw in GOOD.values() for line in raw.splitlines()] + [ordered(READY, STRANGER), b"a.b.c", b"\n", b"{}"]
)


@given(st.lists(junk, max_size=8))
def test_no_lines_bring_another_error_or_open_alone(some: list[bytes]) -> None:
    """Whatever the lines, the answer is a judgement, and ready only where both lines of the good order stand there."""
    raw = b"\n".join(some)
    judgement = judged(raw)
    assert judgement.reason.isprintable()
    assert all(alarm.what.isprintable() for alarm in judgement.alarms())
    both = set(GOOD["ready"].splitlines()) <= set(raw.split(b"\n"))
    if judgement.state is FlagState.READY:
        assert both


@given(st.lists(st.binary(max_size=60).filter(lambda line: b"\n" not in line), max_size=20), st.data())
def test_bytes_among_good_lines_change_nothing(some: list[bytes], data: st.DataObject) -> None:
    """An order in force stays in force, whatever lines are put among its own."""
    for raw in GOOD.values():
        file = data.draw(st.permutations([*raw.splitlines(), *some]))
        assert judged(b"\n".join(file)).state is judged(raw).state


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(payload(READY))), values | st.just(...), min_size=1, max_size=3))
def test_no_signed_claims_raise_anything(changes: dict[str, object]) -> None:
    """Claims of any type, validly signed, are judged without an exception, and never said to be standby."""
    judgement = judged(ordered_with(changes, ANNA, BEN))
    assert judgement.state in {None, FlagState.READY}
    assert judgement.reason.isprintable()


@given(st.binary(max_size=200))
def test_no_signed_payload_raises_anything(raw: bytes) -> None:
    """Even validly signed, bytes that are no claims are refused."""
    assert judged(lines(raw or b"x", ANNA, BEN)).refusal is not None


@given(honest())
def test_strangers_order_nothing(order: Order) -> None:
    """Whatever keys outside the trust file sign is no order, however many they are."""
    strangers = ordered(order, STRANGER, *KEYS)
    assert judged(strangers).state is None
    assert judged(strangers + ordered(READY, ANNA)).state is None
    assert judged(ordered(order, CARA) + strangers, trusting_persons(ANNAS, BENS, CARAS)).state in {
        None,
        FlagState.STANDBY,
    }
