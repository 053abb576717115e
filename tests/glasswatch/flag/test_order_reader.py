"""Which of several orders is in force, and what junk, thieves and time can't do to it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from glasswatch.flag.document import FlagState
from glasswatch.flag.errors import AlarmCode, Refusal
from glasswatch.flag.floor import Floor, Mark, advance
from glasswatch.flag.jws import FLAG_TYP, ORDER_TYP
from glasswatch.flag.order import MAX_FILE_BYTES, MAX_LINES
from glasswatch.flag.order_reader import judge_orders
from glasswatch.flag.order_rules import OrderAsked
from tests.support.flags import AT, NOW
from tests.support.orders import (
    ANNA,
    ANNAS,
    ANNAS_OTHER,
    ASKED,
    BEN,
    BENS,
    CARA,
    NO_FLOOR,
    READY,
    STANDBY,
    STRANGER,
    TRUST,
    in_file,
    judged,
    ordered,
    trusting_persons,
)

OPEN = ordered(READY, ANNA, BEN)
END = ordered(STANDBY, CARA)
JUNK = [b"junk", b"a.b.c", b"\x00" * 50, ordered(READY, STRANGER), b"x" * 20_000, ordered(READY, ANNA)[:-3]]


def _at(seconds: int) -> datetime:
    return datetime.fromtimestamp(AT + seconds, UTC)


def _seen(*files: bytes) -> Floor:
    seen = NO_FLOOR
    for raw in files:
        latest = judged(raw, seen=seen).latest
        assert latest is not None
        seen = advance(seen, latest.mark)
    return seen


def test_the_answer_says_who_and_until_when() -> None:
    """One line for a person: what, since when, until when, by whose order, and whose signatures."""
    assert judged(OPEN).reason == (
        "break-glass for 'payments' is ready since 2026-03-01T02:50:00Z, until 2026-03-01T03:50:00Z, "
        "by order of 'anna, ben' (ticket 'INC-7'), signed by 'anna', 'ben'"
    )
    assert judged(END).reason == (
        "break-glass for 'payments' is sealed since 2026-03-01T02:55:00Z, until 2026-03-01T03:50:00Z, "
        "by order of 'ben' (no ticket), signed by 'cara'"
    )


def test_what_an_order_says_cannot_drive_a_terminal() -> None:
    """Control characters are shown as escapes, in one line."""
    nasty = ordered(replace(READY, by="a\x1b[2J\nroot", ticket="x\r"), ANNA, BEN)
    assert judged(nasty).reason.isprintable()


@pytest.mark.parametrize("raw", [OPEN + END, END + OPEN], ids=["in their order", "the end first"])
def test_a_later_standby_ends_an_earlier_ready(raw: bytes) -> None:
    """The highest version wins, wherever it stands; one signature is enough to seal."""
    assert judged(raw).state is FlagState.STANDBY


def test_a_later_ready_opens_again() -> None:
    """Two persons can order anew after an end."""
    again = replace(READY, iat=AT - 60, ver=(AT - 60) * 1000)
    assert judged(OPEN + END + ordered(again, ANNA, BEN)).state is FlagState.READY


def test_an_ended_order_does_not_come_back_when_its_end_expires() -> None:
    """The latest is the latest even when it is over: then no order is in force, and the flag decides."""
    end = ordered(replace(STANDBY, exp=AT - 1), CARA)
    judgement = judged(OPEN + end)
    assert (judgement.state, judgement.refusal) == (None, Refusal.EXPIRED)
    assert judged(OPEN).state is FlagState.READY, "to whom the end is not shown, the order stands"


def test_who_has_seen_the_end_never_goes_back() -> None:
    """With a floor the end needs to be shown once: withheld afterwards, the order it ended stays ended."""
    judgement = judged(OPEN, seen=_seen(OPEN, END))
    assert (judgement.state, judgement.refusal) == (None, Refusal.VER_BELOW_FLOOR)
    expired = ordered(replace(STANDBY, exp=AT - 1), CARA)
    assert judged(OPEN, seen=_seen(OPEN, expired)).refusal is Refusal.VER_BELOW_FLOOR


def test_half_an_order_moves_no_floor() -> None:
    """What too few persons signed is not remembered, so that one alone can't shut out the orders of others."""
    late = replace(READY, iat=AT, ver=AT * 1000 + 60_000)
    assert judged(ordered(late, ANNA)).latest is None


def test_the_floor_is_kept_by_type_deployment_and_platform() -> None:
    """An order's mark is its own: that of a flag, or of another platform, refuses it nothing."""
    (mark,) = _seen(OPEN).marks.values()
    assert (mark.typ, mark.iss, mark.sub, mark.ver) == (ORDER_TYP, "prod", "payments", READY.ver)
    others = [
        replace(mark, typ="break-glass-flag+jwt", iss="prod/main", ver=mark.ver + 1),
        replace(mark, iss="staging", ver=mark.ver + 1),
        replace(mark, sub="billing", ver=mark.ver + 1),
    ]
    assert judged(OPEN, seen=Floor({other.key: other for other in others})).state is FlagState.READY


_SEEN_LATE = {
    "an order": Mark(ORDER_TYP, "prod", "payments", 0, "0" * 64, AT),
    "a flag": Mark(FLAG_TYP, "prod/fra-1", "payments", 2**52, "0" * 64, AT),
    "another platform's": Mark(FLAG_TYP, "prod/main", "billing", 2**52, "0" * 64, AT),
}


@pytest.mark.parametrize(
    ("behind", "refusal"), [(60, None), (61, Refusal.CLOCK_BEHIND), (18_000, Refusal.CLOCK_BEHIND)]
)
@pytest.mark.parametrize("late", _SEEN_LATE.values(), ids=_SEEN_LATE)
def test_a_clock_set_back_is_refused(late: Mark, behind: int, refusal: Refusal | None) -> None:
    """An own clock more than 60 s behind what was accepted, flag or order, would make expired orders valid again."""
    mark = replace(late, iat=AT + behind)
    seen = Floor({mark.key: mark})
    assert judged(OPEN, seen=seen).refusal is refusal
    assert judged(OPEN, seen=seen, asked=OrderAsked("prod", "payments", is_now=False)).refusal is None


@pytest.mark.parametrize(
    ("first", "second", "state"),
    [
        (ordered(READY, ANNA, BEN), ordered(replace(STANDBY, ver=READY.ver), CARA), FlagState.STANDBY),
        (ordered(replace(STANDBY, ver=READY.ver), CARA), ordered(READY, ANNA, BEN), FlagState.STANDBY),
    ],
)
def test_of_two_orders_of_one_version_standby_is_taken(first: bytes, second: bytes, state: FlagState) -> None:
    """Nobody can tell which was meant, it does not depend on which stands first, and the other is told."""
    judgement = judged(first + second)
    assert judgement.state is state
    assert [(each.place, each.code) for each in judgement.uncounted] == [
        ("the order signed by 'anna', 'ben'", Refusal.EQUIVOCATION)
    ]


def test_two_ready_orders_of_one_version_are_told_apart_by_their_bytes() -> None:
    """Which one is taken is the same for every reader, in whatever order they stand."""
    other = ordered(replace(READY, ticket="INC-8"), ANNA, BEN)
    assert judged(OPEN + other).latest == judged(other + OPEN).latest


@pytest.mark.parametrize("junk", JUNK, ids=lambda junk: repr(junk[:12]))
@pytest.mark.parametrize(("raw", "state"), [(OPEN, FlagState.READY), (END, FlagState.STANDBY), (b"", None)])
def test_junk_neither_opens_nor_closes(raw: bytes, state: FlagState | None, junk: bytes) -> None:
    """Lines that somebody put before, between or behind change nothing but the alarms."""
    first, _, rest = raw.partition(b"\n")
    for file in (raw + junk, junk + b"\n" + raw, first + b"\n" + junk + b"\n" + rest):
        judgement = judged(file)
        assert judgement.state is state
        assert AlarmCode.ORDER_LINE in {alarm.code for alarm in judgement.alarms()}


def test_more_lines_than_are_read_close_nothing() -> None:
    """Of a file that somebody flooded the first lines count as ever, and that there are more is told."""
    judgement = judged(OPEN + b"junk\n" * 1000)
    assert judgement.state is FlagState.READY
    assert len(judgement.uncounted) == MAX_LINES + 1
    assert judgement.uncounted[-1].what.endswith(f"only {MAX_LINES} are told")
    flooded = judged(OPEN + b"\n" * MAX_FILE_BYTES)
    assert flooded.state is FlagState.READY
    assert [each.code for each in flooded.uncounted] == [Refusal.TOO_LARGE]


_FORGED = ordered(READY, ANNA).replace(b".", b".A", 1).replace(b".A", b".", 1)[:-8] + b"AAAAAAA\n"
_ALONE = b"".join(ordered(replace(READY, ticket=f"INC-{number}"), ANNA) for number in range(MAX_LINES + 9))


def test_what_is_told_of_orders_is_bounded() -> None:
    """Somebody who signs one after another, and each alone, fills nobody's log, and hides no order that counts."""
    judgement = judged(_ALONE + OPEN)
    assert judgement.state is FlagState.READY
    assert [each.code for each in judgement.uncounted] == [Refusal.TOO_FEW_PERSONS] * MAX_LINES + [Refusal.TOO_LARGE]
    assert judgement.uncounted[-1].what.endswith(f"only {MAX_LINES} are told")
    assert judged(_ALONE).refusal is Refusal.TOO_FEW_PERSONS


FLOODS = {
    "short lines": b"junk\n" * 100_000,
    "empty lines": b"\r\n" * 100_000,
    "a line over 512 KiB": b"x" * 600_000 + b"\n",
    "signed by strangers": ordered(READY, STRANGER) * 5000,
    "in a person's name": _FORGED * 5000,
}


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
def test_nothing_before_an_order_hides_it(flood: bytes) -> None:
    """Whoever can append before the order arrives can't close it, and what is told of it is bounded."""
    judgement = judged(flood + OPEN)
    assert judgement.state is FlagState.READY
    assert len(judgement.uncounted) <= MAX_LINES + 1
    assert judged(flood + OPEN + END).state is FlagState.STANDBY


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf"], ids=["plain", "with a byte order mark"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["newline", "carriage return"])
def test_what_an_editor_adds_voids_no_order(before: bytes, end: bytes) -> None:
    """One carriage return before a line's end, and a mark before the first; a second one is no editor's."""
    assert judged(before + OPEN.replace(b"\n", end)).state is FlagState.READY
    assert judged(before + OPEN.replace(b"\n", b"\r" + end)).state is (FlagState.READY if end == b"\n" else None)


def test_signatures_of_one_order_count_from_several_files() -> None:
    """One line here and one there are two signatures, once they are over the same bytes."""
    files = [in_file(ordered(READY, ANNA)), in_file(ordered(READY, BEN))]
    assert judge_orders(files, TRUST, ASKED, NOW, NO_FLOOR).state is FlagState.READY
    other = [in_file(ordered(READY, ANNA)), in_file(ordered(replace(READY, ticket=None), BEN))]
    assert judge_orders(other, TRUST, ASKED, NOW, NO_FLOOR).state is None


def test_a_revoked_signature_under_an_end_ends_nothing() -> None:
    """Revoking a key takes back what it sealed as well; another person has to seal anew."""
    trust = trusting_persons(ANNAS, BENS, replace(TRUST.keys[CARA.kid], is_revoked=True))
    assert judged(OPEN + END, trust).state is FlagState.READY


def test_of_one_person_with_two_keys_either_counts_once() -> None:
    """A person with a spare key signs with either; both together are still one."""
    trust = trusting_persons(ANNAS, replace(ANNAS, kid=ANNAS_OTHER.kid, public=ANNAS_OTHER.public), BENS)
    assert judged(ordered(READY, ANNAS_OTHER, BEN), trust).state is FlagState.READY
    both = judged(ordered(READY, ANNA, ANNAS_OTHER, BEN), trust).latest
    assert both is not None
    assert both.persons == ("anna", "ben")


def test_expired_is_told_by_its_hour() -> None:
    """At its end an order is over, half-open, and the alarm says that none is in force."""
    assert judge_orders([in_file(OPEN)], TRUST, ASKED, _at(2999), NO_FLOOR).state is FlagState.READY
    over = judge_orders([in_file(OPEN)], TRUST, ASKED, _at(3000), NO_FLOOR)
    assert over.state is None
    assert [(alarm.code, alarm.what) for alarm in over.alarms()] == [
        (AlarmCode.ORDER, f"no order is in force (expired): {over.reason}")
    ]
    assert over.reason.startswith("the order signed by 'anna', 'ben' expired at 2026-03-01T03:50:00Z; ")


def test_demo_keys_order_in_the_demo_alone() -> None:
    """With keys that a demo made, orders are obeyed for the deployment `demo` and for no other."""
    trust = trusting_persons(*(replace(key, is_demo=True, iss=None) for key in (ANNAS, BENS)))
    demo = replace(READY, iss="demo", aud="demo/ready")
    assert judged(ordered(demo, ANNA, BEN), trust, OrderAsked("demo", "payments")).state is FlagState.READY
    assert judged(OPEN, trust).refusal is Refusal.KEY_DEMO
