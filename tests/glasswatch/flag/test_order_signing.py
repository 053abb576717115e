"""What is signed into an order, and what is refused before a signature is given away."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from glasswatch.canonical import canonical
from glasswatch.flag.document import FlagState
from glasswatch.flag.errors import OrderFault, Refusal
from glasswatch.flag.order import Order, OrderLine, OrderLines, lines_of, payload
from glasswatch.flag.order_signing import (
    Wish,
    begin,
    check,
    draft_of,
    latest_signed,
    left_of,
    signed_by,
    signers_of,
    summary,
)
from glasswatch.flag.trust import KeyRole, Trust
from tests.support.flags import AT, NOW
from tests.support.orders import (
    ANNA,
    ANNAS,
    ASKED,
    BEN,
    BENS,
    CARA,
    READY,
    STANDBY,
    STRANGER,
    TRUST,
    judged,
    lines,
    ordered,
    trusting_persons,
)

WISH = Wish("prod", "payments", FlagState.READY, timedelta(hours=2), "anna", "INC-7")


def _file(raw: bytes, name: str = "order.jws") -> OrderLines:
    return lines_of(name, raw)


def test_a_wish_becomes_an_order() -> None:
    """Dates in seconds from now on, the version in milliseconds, the state in the audience."""
    assert begin(WISH, NOW + timedelta(milliseconds=1500)) == Order(
        iss="prod",
        sub="payments",
        aud="prod/ready",
        iat=AT + 1,
        exp=AT + 1 + 7200,
        ver=AT * 1000 + 1500,
        state=FlagState.READY,
        by="anna",
        ticket="INC-7",
    )


@pytest.mark.parametrize("state", [FlagState.READY, FlagState.STANDBY])
@pytest.mark.parametrize("hours", [timedelta(seconds=1), timedelta(hours=4)])
def test_what_is_wished_is_obeyed(state: FlagState, hours: timedelta) -> None:
    """Signed by two persons, every wish within the bounds is in force at once."""
    assert judged(ordered(begin(replace(WISH, state=state, lifetime=hours), NOW), ANNA, BEN)).state is state


def test_an_end_is_later_than_what_it_ends() -> None:
    """Even where both are signed within a millisecond, or the first by a clock that is a little ahead."""
    end = begin(replace(WISH, state=FlagState.STANDBY), NOW, previous=AT * 1000 + 59_999)
    assert end.ver == AT * 1000 + 60_000
    first = replace(READY, iat=AT, ver=AT * 1000 + 59_999)
    assert judged(ordered(first, ANNA, BEN) + ordered(end, CARA)).state is FlagState.STANDBY


def test_a_clock_too_far_behind_ends_nothing() -> None:
    """A version that would run ahead of its date is refused where it is signed, with what to do."""
    with pytest.raises(OrderFault, match=r"signed by a clock 60 s ahead: set this machine's clock right"):
        begin(WISH, NOW, previous=AT * 1000 + 60_000)


@pytest.mark.parametrize(("exp", "left"), [(AT + 1, 1), (AT + 14_400, 14_400), (AT + 14_460, 14_400)])
def test_an_end_lasts_as_long_as_what_it_ends(exp: int, left: int) -> None:
    """But 4 h at most, as every order."""
    assert left_of(replace(READY, exp=exp), NOW) == timedelta(seconds=left)


def test_what_is_over_needs_no_end() -> None:
    """An order that has expired is not ended."""
    with pytest.raises(OrderFault, match="expired at 2026-03-01T03:00:00Z: there is nothing to end"):
        left_of(replace(READY, exp=AT), NOW)


def test_lines_over_the_same_bytes_are_one_draft() -> None:
    """From several files, each line once, in the order in which they came."""
    draft = draft_of([_file(ordered(READY, ANNA)), _file(ordered(READY, BEN, ANNA), "b.jws")])
    assert draft.order == READY
    assert [line.place for line in draft.lines] == ["order.jws, line 1", "b.jws, line 1"]
    assert [each.person for each in signers_of(draft, TRUST, NOW)] == ["anna", "ben"]


FAULTS = {
    "nothing": ([b""], "there is no order in it: sign one without --add"),
    "two orders in a file": ([ordered(READY, ANNA) + ordered(STANDBY, BEN)], "order.jws, line 2: is of another order"),
    "two orders in two files": ([ordered(READY, ANNA), ordered(STANDBY, BEN)], "line 1: is of another order than"),
    "junk": ([ordered(READY, ANNA) + b"junk"], r"order.jws, line 2: is no order \(parts\)"),
    "no claims": ([lines(b"{}", ANNA)], r"order.jws, line 1: is no order \(claims\): a claim is wrong: iss is missing"),
    "claims twice": ([lines(b'{"a":1,"a":1}', ANNA)], r"is no order \(duplicate_key\)"),
    "too many lines": ([ordered(READY, ANNA) * 33], "order.jws: more lines than an order has"),
}


@pytest.mark.parametrize(("files", "message"), FAULTS.values(), ids=FAULTS)
def test_what_is_not_one_order_is_not_signed(files: list[bytes], message: str) -> None:
    """Whoever adds a signature must see all that there is: anything else in the file is a fault."""
    with pytest.raises(OrderFault, match=message) as caught:
        draft_of([_file(raw) for raw in files])
    assert str(caught.value).isprintable()


def test_a_draft_with_a_strangers_line_is_not_signed() -> None:
    """A second person does not sign what nobody who counts has signed."""
    with pytest.raises(OrderFault, match=r"order.jws, line 1: does not count \(key_unknown\): .*: take the line out"):
        signers_of(draft_of([_file(ordered(READY, STRANGER))]), TRUST, NOW)


KEYS: dict[str, tuple[Trust, Refusal, str]] = {
    "unknown": (trusting_persons(ANNAS), Refusal.KEY_UNKNOWN, "add it with `monitor flag trust add`"),
    "revoked": (
        trusting_persons(replace(BENS, is_revoked=True)),
        Refusal.KEY_REVOKED,
        "it is never believed again: sign with a key of `monitor flag keygen --role order --person NAME`",
    ),
    "ended": (trusting_persons(replace(BENS, exp=AT)), Refusal.KEY_DATES, "wait, or sign with a key of"),
    "of another role": (trusting_persons(replace(BENS, role=KeyRole.FLAG)), Refusal.KEY_ROLE, "sign with a key of"),
    "nobody's": (trusting_persons(replace(BENS, person=None)), Refusal.KEY_PERSON, "sign with a key of"),
    "of another deployment": (
        trusting_persons(replace(BENS, iss="staging")),
        Refusal.ISSUER,
        "sign with a key of that deployment",
    ),
    "a demo's": (trusting_persons(replace(BENS, is_demo=True)), Refusal.KEY_DEMO, "sign with a key of"),
}


@pytest.mark.parametrize(("trust", "code", "advice"), KEYS.values(), ids=KEYS)
def test_a_key_that_would_not_count_signs_nothing(trust: Trust, code: Refusal, advice: str) -> None:
    """It is said where it is signed, with what to do, and not found out when the order is needed."""
    line = OrderLine("ben.key", lines(canonical(payload(READY)), BEN).strip())
    with pytest.raises(OrderFault, match=rf"^this key can't sign the order \({code.value}\): .*; {advice}"):
        signed_by(line, trust, ASKED, NOW)


def test_an_order_that_lacks_persons_alone_is_passed_on() -> None:
    """Checked as readers will: complete, or short of persons; anything else is told at once."""
    assert check(draft_of([_file(ordered(READY, ANNA, BEN))]), TRUST, NOW).refusal is None
    assert check(draft_of([_file(ordered(READY, ANNA))]), TRUST, NOW).refusal is Refusal.TOO_FEW_PERSONS
    with pytest.raises(OrderFault, match=r"^the order expired at 2026-03-01T03:00:00Z: if it is still needed"):
        check(draft_of([_file(ordered(replace(READY, exp=AT), ANNA))]), TRUST, NOW)
    for wrong in (replace(READY, exp=READY.iat + 14_401), replace(READY, aud="prod/standby")):
        with pytest.raises(OrderFault, match=r"^readers would refuse the order: "):
            check(draft_of([_file(ordered(wrong, ANNA))]), TRUST, NOW)
    with pytest.raises(OrderFault, match="check the clocks"):
        check(draft_of([_file(ordered(READY, ANNA))]), TRUST, datetime.fromtimestamp(READY.iat - 61, UTC))


def test_what_is_ended_is_the_latest_that_anybody_signed() -> None:
    """Half an order can be ended too, so that nobody completes it; a stranger's is no order to end."""
    late = replace(READY, ver=READY.ver + 1, ticket=None)
    stranger = replace(READY, ver=READY.ver + 2)
    raw = ordered(READY, ANNA, BEN) + ordered(late, CARA) + ordered(stranger, STRANGER) + b"junk"
    assert latest_signed([_file(raw)], TRUST, NOW) == late
    with pytest.raises(OrderFault, match="no line in it is signed by a key that counts"):
        latest_signed([_file(ordered(READY, STRANGER))], TRUST, NOW)


def test_the_summary_cuts_nothing_short() -> None:
    """Whoever signs sees every claim whole, on a line of its own, and nothing that drives a terminal."""
    long = replace(READY, by="x" * 500, ticket="\x1b[2J\n")
    said = summary(long)
    assert all(line.isprintable() for line in said)
    assert f"ordered by  '{'x' * 500}'" in said
    assert "order       ready: break-glass is permitted, whatever the flag says" in said
    assert summary(STANDBY)[0] == "order       standby: break-glass is sealed, whatever the flag says"
    assert "ticket      none" in summary(STANDBY)
