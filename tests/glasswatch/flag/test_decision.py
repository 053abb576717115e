"""Flag and order together: what an order can do to the flag's answer, and what it can't."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasswatch.flag.decision import Decider, Weighed, weigh
from glasswatch.flag.document import FlagState
from glasswatch.flag.errors import AlarmCode, Refusal, Refused
from glasswatch.flag.floor import Floor
from glasswatch.flag.jws import FLAG_TYP, ORDER_TYP
from glasswatch.flag.selection import Question
from glasswatch.flag.trust import Trust
from glasswatch.flag.trust_mark import TRUST_TYP, trust_alarms, trust_mark
from tests.support.flags import EXERCISE_CLAIMS, EXPECT, MANUAL, NOW, READY_CLAIMS, STANDBY_CLAIMS, signed, trust_key
from tests.support.orders import (
    ANNA,
    ANNAS,
    BEN,
    BENS,
    CARA,
    CARAS,
    NO_FLOOR,
    READY,
    STANDBY,
    STRANGER,
    in_file,
    ordered,
    trusting_persons,
)

TRUST = trusting_persons(trust_key(), ANNAS, BENS, CARAS)
QUESTION = Question(TRUST, EXPECT, NOW)
OPEN, END = ordered(READY, ANNA, BEN), ordered(STANDBY, ANNA)
FLAGS: dict[str, bytes | Refused] = {
    "ready": signed(READY_CLAIMS),
    "standby": signed(STANDBY_CLAIMS),
    "exercise": signed(EXERCISE_CLAIMS),
    "expired": signed(replace(READY_CLAIMS, exp=READY_CLAIMS.iat + 1)),
    "forged": signed(READY_CLAIMS, STRANGER),
    "missing": Refused(Refusal.UNREADABLE, "flag.jws: can't be read: No such file or directory"),
}


def _weigh(
    flag: bytes | Refused, order: bytes | None, question: Question = QUESTION, seen: Floor = NO_FLOOR
) -> Weighed:
    return weigh([flag], None if order is None else in_file(order), question, seen)


@pytest.mark.parametrize("flag", FLAGS.values(), ids=FLAGS)
@pytest.mark.parametrize(("order", "state"), [(OPEN, FlagState.READY), (END, FlagState.STANDBY)], ids=str)
def test_an_order_in_force_beats_every_flag(flag: bytes | Refused, order: bytes, state: FlagState) -> None:
    """Whatever the flag says, and whether or not there is one."""
    decision = _weigh(flag, order).decision
    assert (decision.state, decision.refusal, decision.decided_by) == (state, None, Decider.ORDER)


@pytest.mark.parametrize("flag", FLAGS.values(), ids=FLAGS)
def test_without_an_order_the_flag_decides(flag: bytes | Refused) -> None:
    """No file, an empty one, and one that has expired leave the flag's own answer, line for line."""
    alone = _weigh(flag, None)
    assert alone.decision.decided_by is Decider.FLAG
    assert _weigh(flag, b"").decision == alone.decision
    assert _weigh(flag, b"").alarms == alone.alarms
    expired = _weigh(flag, ordered(replace(READY, exp=READY.iat + 1), ANNA, BEN))
    assert expired.decision == alone.decision
    assert {alarm.code for alarm in expired.alarms} - {alarm.code for alarm in alone.alarms} == {AlarmCode.ORDER}


def test_a_drill_never_opens_in_an_emergency() -> None:
    """Who asks for an exercise's principal is refused by a ready order, and sealed by a standby one."""
    drill = replace(QUESTION, expect=replace(EXPECT, exercise_principal="breakglass-drill"))
    assert _weigh(FLAGS["exercise"], None, drill).decision.state is FlagState.EXERCISE
    decision = _weigh(FLAGS["exercise"], OPEN, drill).decision
    assert (decision.state, decision.refusal, decision.decided_by) == (None, Refusal.EMERGENCY, Decider.ORDER)
    assert _weigh(FLAGS["exercise"], END, drill).decision.state is FlagState.STANDBY


lines = st.lists(
    st.sampled_from(
        [
            *OPEN.splitlines(),
            *END.splitlines(),
            ordered(READY, CARA).strip(),
            ordered(READY, STRANGER).strip(),
            ordered(replace(READY, aud="staging/ready"), ANNA).strip(),
            ordered(replace(READY, sub="billing"), BEN).strip(),
            ordered(replace(READY, iss="prod/main"), BEN).strip(),
            ordered(replace(READY, exp=READY.iat + 1, ver=0), ANNA).strip(),
            ordered(replace(READY, exp=READY.iat + 1, ver=0), BEN).strip(),
            signed(READY_CLAIMS),
            signed(READY_CLAIMS, ANNA),
            b"junk",
        ]
    )
    | st.binary(max_size=20),
    max_size=8,
)
READY_LINES = {line for key in (ANNA, BEN, CARA) for line in ordered(READY, key).splitlines()}


@given(st.sampled_from(sorted(FLAGS)), lines)
def test_an_order_opens_and_closes_only_by_its_signatures(name: str, some: list[bytes]) -> None:
    """Nothing makes a closed flag open but two persons, and nothing changes any answer but an order that counts."""
    raw = b"\n".join(some)
    alone = _weigh(FLAGS[name], None).decision
    decision = _weigh(FLAGS[name], raw).decision
    there = set(raw.split(b"\n"))
    opens, closes = len(there & READY_LINES) >= 2, bool(there & set(END.splitlines()))
    if closes:  # it has the higher version
        assert decision.state is FlagState.STANDBY
    elif opens:
        assert decision.state is FlagState.READY
    else:
        assert decision == alone


def test_each_leaves_its_own_mark() -> None:
    """Flag, order and trust file are remembered apart, each by its own version."""
    floor = _weigh(FLAGS["ready"], OPEN).floor
    assert {(mark.typ, mark.iss): mark.ver for mark in floor.marks.values()} == {
        (FLAG_TYP, "prod/main"): READY_CLAIMS.ver,
        (ORDER_TYP, "prod"): READY.ver,
        (TRUST_TYP, "prod"): 1,
    }


def test_what_does_not_count_is_not_remembered() -> None:
    """An order that too few persons signed leaves no mark; one that has expired does."""
    assert (ORDER_TYP, "prod", "payments") not in _weigh(FLAGS["ready"], ordered(READY, ANNA)).floor.marks
    expired = ordered(replace(READY, exp=READY.iat + 1), ANNA, BEN)
    assert (ORDER_TYP, "prod", "payments") in _weigh(FLAGS["ready"], expired).floor.marks


def test_an_end_that_was_seen_holds_for_good() -> None:
    """A reader with a floor that has seen the end is not opened by the order it ended, and the flag decides."""
    seen = _weigh(FLAGS["standby"], OPEN + END).floor
    again = _weigh(FLAGS["standby"], OPEN, seen=seen)
    assert (again.decision.state, again.decision.decided_by) == (FlagState.STANDBY, Decider.FLAG)
    assert [alarm.code for alarm in again.alarms] == [AlarmCode.ORDER]
    assert again.floor == seen


@pytest.mark.parametrize("back", [timedelta(minutes=2), timedelta(hours=4, minutes=55)], ids=str)
def test_an_expired_order_opens_no_more_by_a_clock_set_back(back: timedelta) -> None:
    """The flag's mark in the same floor shows that the clock was set back: the order is refused, and so is the flag."""
    seen = _weigh(FLAGS["standby"], OPEN).floor
    later = replace(QUESTION, now=NOW + timedelta(hours=5))
    at = int(later.now.timestamp())
    late = signed(replace(STANDBY_CLAIMS, iat=at, exp=at + 300, ver=at * 1000))
    closed = _weigh(late, OPEN, later, seen)
    assert (closed.decision.state, closed.decision.decided_by) == (FlagState.STANDBY, Decider.FLAG)
    again = _weigh(late, OPEN, replace(later, now=later.now - back), closed.floor)
    assert again.decision.state is None
    assert again.order is not None
    assert again.order.refusal is Refusal.CLOCK_BEHIND
    assert again.floor == closed.floor


def test_a_flag_is_refused_by_a_clock_behind_an_order() -> None:
    """What two persons signed shows as well that time has been there."""
    seen = _weigh(FLAGS["standby"], OPEN).floor
    earlier = READY.iat - 61
    old = signed(
        replace(READY_CLAIMS, iat=earlier, exp=earlier + 300, ver=earlier * 1000, since=earlier, causes=(MANUAL,))
    )
    floor = Floor({key: mark for key, mark in seen.marks.items() if mark.typ != FLAG_TYP})
    question = replace(QUESTION, now=datetime.fromtimestamp(earlier, UTC))
    assert _weigh(old, None, question).decision.state is FlagState.READY
    assert _weigh(old, None, question, floor).decision.refusal is Refusal.CLOCK_BEHIND


def _trust(version: int, sha256: str = "a" * 64) -> Trust:
    return Trust(version, TRUST.keys, sha256=sha256)


@pytest.mark.parametrize(
    ("version", "sha256", "code"),
    [
        (5, "a", None),
        (6, "b", None),
        (4, "b", AlarmCode.TRUST_BACK),
        (4, "a", AlarmCode.TRUST_BACK),
        (5, "b", AlarmCode.TRUST_FORKED),
    ],
)
def test_an_older_trust_file_is_an_alarm(version: int, sha256: str, code: AlarmCode | None) -> None:
    """It changes no answer, and what is remembered never goes back."""
    seen = _weigh(FLAGS["ready"], None, replace(QUESTION, trust=_trust(5))).floor
    weighed = _weigh(FLAGS["ready"], None, replace(QUESTION, trust=_trust(version, sha256 * 64)), seen)
    assert weighed.decision.state is FlagState.READY
    assert [alarm.code for alarm in weighed.alarms] == ([] if code is None else [code])
    (mark,) = [mark for mark in weighed.floor.marks.values() if mark.typ == TRUST_TYP]
    assert mark.ver == max(version, 5)


def test_trust_files_are_remembered_by_deployment_and_platform() -> None:
    """Two platforms whose readers share a floor may have trust files of their own."""
    seen = _weigh(FLAGS["ready"], None, replace(QUESTION, trust=_trust(5))).floor
    assert trust_alarms(trust_mark(_trust(1), "prod", "payments"), seen)
    assert not trust_alarms(trust_mark(_trust(1), "prod", "billing"), seen)
    assert not trust_alarms(trust_mark(_trust(1), "staging", "payments"), seen)
