import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasswatch.flag import floor
from glasswatch.flag.document import LogHead
from glasswatch.flag.errors import Alarm, AlarmCode, Malformed, Refusal, Refused
from glasswatch.flag.floor import RULES, Against, Floor, Mark
from glasswatch.flag.jws import FLAG_TYP, ORDER_TYP
from glasswatch.flag.strict import MAX_INTEGER, MAX_SECONDS
from tests.support.flags import AT, PLATFORM
from tests.support.floors import MARK, floor_of

NEXT = replace(MARK, ver=MARK.ver + 1, sha256="bb" * 32)
LATE = replace(MARK, iss="prod/fra-1", iat=AT + 3600)
ORDER = Mark(ORDER_TYP, "prod", PLATFORM, 7, "cc" * 32, AT)

REFUSED = {
    "one version older": (Refusal.VER_BELOW_FLOOR, replace(MARK, ver=MARK.ver - 1), AT),
    "the first version ever": (Refusal.VER_BELOW_FLOOR, replace(MARK, ver=0), AT),
    "the same version, other bytes": (Refusal.EQUIVOCATION, replace(MARK, sha256="bb" * 32), AT),
    "a clock 61 s behind": (Refusal.CLOCK_BEHIND, NEXT, AT - 61),
    "a clock a year behind, the same document": (Refusal.CLOCK_BEHIND, MARK, AT - 31_536_000),
    "an order, by a clock 61 s behind a flag": (Refusal.CLOCK_BEHIND, ORDER, AT - 61),
    "another platform, by a clock 61 s behind": (Refusal.CLOCK_BEHIND, replace(MARK, sub="billing"), AT - 61),
}
ACCEPTED = {
    "the same document again": (MARK, AT),
    "one version newer": (NEXT, AT),
    "a clock 60 s behind": (NEXT, AT - 60),
    "a clock a year ahead": (NEXT, AT + 31_536_000),
    "as of another instant, long before": (NEXT, None),
    "a lower version of another issuer": (replace(MARK, iss="prod/fra-1", ver=1), AT),
    "a lower version for another platform": (replace(MARK, sub="billing", ver=1), AT),
    "a lower version of another type": (replace(MARK, typ=ORDER_TYP, ver=1), AT),
    "an order, by a clock 60 s behind a flag": (ORDER, AT - 60),
    "another deployment, by a clock far behind": (replace(MARK, iss="staging/main"), AT - 31_536_000),
    "an order of another deployment, by a clock far behind": (replace(ORDER, iss="staging"), AT - 31_536_000),
    "a deployment whose name begins alike, by a clock far behind": (replace(ORDER, iss="pro"), AT - 31_536_000),
}


def _refusal(found: Mark, before: Floor, now: int | None) -> Refusal | None:
    try:
        floor.check(found, before, None if now is None else now * 1000)
    except Refused as refused:
        return refused.code
    return None


def _fails(rule: Callable[[Against], None], found: Mark, now: int) -> bool:
    try:
        rule(Against(found, floor_of(MARK), now * 1000))
    except Refused:
        return True
    return False


@pytest.mark.parametrize(("code", "found", "now"), REFUSED.values(), ids=REFUSED)
def test_what_was_not_accepted_before_is_refused(code: Refusal, found: Mark, now: int) -> None:
    """Each case is refused for one rule alone: were it gone, the document would pass."""
    assert _refusal(found, floor_of(MARK), now) is code
    assert sum(_fails(rule, found, now) for rule in RULES) == 1


def test_every_rule_has_its_case() -> None:
    """Each rule of the floor refuses at least one of the documents."""
    assert all(any(_fails(rule, found, now) for _, found, now in REFUSED.values()) for rule in RULES)


@pytest.mark.parametrize(("found", "now"), ACCEPTED.values(), ids=ACCEPTED)
def test_just_within_each_rule_it_is_accepted(found: Mark, now: int | None) -> None:
    """What another issuer, platform or type signed has a mark of its own."""
    assert _refusal(found, floor_of(MARK), now) is None


def test_the_clock_is_held_against_every_issuer() -> None:
    """What one vantage or one person signed shows that the clock was set back, whatever is judged then."""
    for late in (LATE, replace(ORDER, iat=AT + 3600), replace(LATE, sub="billing")):
        before = floor_of(MARK, late)
        for found in (NEXT, replace(ORDER, ver=8), replace(NEXT, sub="audit")):
            assert _refusal(found, before, AT + 3600 - 60) is None
            assert _refusal(found, before, AT + 3600 - 61) is Refusal.CLOCK_BEHIND
        assert _refusal(replace(NEXT, iss="staging/fra-1"), before, AT) is None


def test_an_empty_floor_refuses_nothing() -> None:
    """A reader that begins accepts any version, at any time, without an alarm."""
    assert _refusal(MARK, Floor(), 0) is None
    assert floor.alarms(MARK, Floor()) == ()


ALARMED = {
    "change went back": (AlarmCode.CHANGE_BACK, replace(NEXT, change=4)),
    "one change after two others": (AlarmCode.CHANGE_FORKED, replace(NEXT, prev="ab" * 32)),
    "one change after another and after none": (AlarmCode.CHANGE_FORKED, replace(NEXT, prev=None)),
    "a shorter log": (AlarmCode.LOG_BACK, replace(NEXT, log=LogHead(16, "01" * 32))),
    "a log as long, but another": (AlarmCode.LOG_FORKED, replace(NEXT, log=LogHead(17, "01" * 32))),
}
QUIET = {
    "the same again": MARK,
    "a renewal": NEXT,
    "the next change": replace(NEXT, change=6, prev="aa" * 32, log=LogHead(18, "01" * 32)),
    "a change much later": replace(NEXT, change=900, prev="01" * 32, log=LogHead(9_000, "01" * 32)),
    "a type that has none of it": replace(NEXT, change=None, prev=None, log=None),
    "another issuer": replace(NEXT, iss="prod/fra-1", change=1, log=LogHead(1, "01" * 32)),
}


@pytest.mark.parametrize(("code", "found"), ALARMED.values(), ids=ALARMED)
def test_what_does_not_follow_is_an_alarm_and_no_refusal(code: AlarmCode, found: Mark) -> None:
    """A history that went back or forked is told in one line, and the document is accepted."""
    assert _refusal(found, floor_of(MARK), AT) is None
    (alarm,) = floor.alarms(found, floor_of(MARK))
    assert alarm.code is code
    assert alarm.what.isascii()
    assert alarm.what.isprintable()
    assert floor.advance(floor_of(MARK), found).mark(found) == found


@pytest.mark.parametrize("found", QUIET.values(), ids=QUIET)
def test_what_follows_is_no_alarm(found: Mark) -> None:
    """A true history raises none."""
    assert floor.alarms(found, floor_of(MARK)) == ()


def test_change_and_log_are_alarmed_both() -> None:
    """A restored store goes back in both, and both are told."""
    restored = replace(NEXT, change=1, log=LogHead(2, "01" * 32))
    found: tuple[Alarm, ...] = floor.alarms(restored, floor_of(MARK))
    assert [alarm.code for alarm in found] == [AlarmCode.CHANGE_BACK, AlarmCode.LOG_BACK]


def test_a_lower_or_equal_version_moves_nothing() -> None:
    """Advancing by what is not newer returns the very same floor."""
    before = floor_of(MARK)
    for found in (MARK, replace(MARK, sha256="bb" * 32), replace(MARK, ver=1, iat=AT + 99)):
        assert floor.advance(before, found) is before


def test_the_highest_date_stays() -> None:
    """A signer whose clock was set back signs higher versions with older dates: the latest date is what counts."""
    after = floor.advance(floor_of(MARK), replace(NEXT, iat=AT - 3600))
    assert after.mark(NEXT) == NEXT
    assert after.highest_iat("prod") == AT


def test_forgetting_takes_every_issuer_of_one_platform() -> None:
    """Marks of a platform go, whoever issued them; others keep theirs, without the dates that the clock is held to."""
    billing = replace(MARK, sub="billing", iat=AT + 3600)
    after = floor.forget(floor_of(MARK, LATE, ORDER, billing), PLATFORM)
    assert after == floor_of(replace(billing, iat=0))
    assert floor.parse(floor.dump(after)) == after
    assert _refusal(MARK, after, AT) is None
    assert _refusal(replace(billing, ver=1), after, AT) is Refusal.VER_BELOW_FLOOR


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
digests = st.text("0123456789abcdef", min_size=64, max_size=64)
counts = st.integers(0, MAX_INTEGER)
marks = st.builds(
    Mark,
    typ=st.sampled_from([FLAG_TYP, ORDER_TYP]),
    iss=texts,
    sub=texts,
    ver=counts,
    sha256=digests,
    iat=st.integers(0, MAX_SECONDS),
    change=st.none() | counts,
    prev=st.none() | digests,
    log=st.none() | st.builds(LogHead, counts, digests),
)


@given(st.lists(marks, max_size=5))
def test_a_floor_round_trips_through_its_file(some: list[Mark]) -> None:
    """Whatever was accepted is read back as it was."""
    kept = floor_of(*some)
    assert floor.parse(floor.dump(kept)) == kept


few = st.builds(
    Mark,
    typ=st.sampled_from([FLAG_TYP, ORDER_TYP]),
    iss=st.sampled_from(["prod/a", "prod/b", "prod", "staging/a"]),
    sub=st.sampled_from(["payments", "billing"]),
    ver=st.integers(0, 9),
    sha256=st.sampled_from(["aa" * 32, "bb" * 32]),
    iat=st.integers(AT, AT + 200),
)


@given(st.lists(few, max_size=20))
def test_nothing_ever_goes_back(some: list[Mark]) -> None:
    """In whatever order documents are accepted, versions and highest dates only rise, and the highest is what stays."""
    kept = Floor()
    for found in some:
        before, kept = kept, floor.advance(kept, found)
        for key, mark in before.marks.items():
            assert kept.marks[key].ver >= mark.ver
            assert kept.marks[key].iat >= mark.iat
    for found in some:
        assert kept.marks[found.key].ver == max(mark.ver for mark in some if mark.key == found.key)


@given(few, st.lists(few, max_size=8), st.integers(AT - 100, AT + 300))
def test_what_passes_is_neither_older_nor_other_nor_by_a_clock_set_back(
    found: Mark, some: list[Mark], now: int
) -> None:
    """The rules of the floor, said once more in other words, agree on every document."""
    kept = Floor()
    for mark in some:
        kept = floor.advance(kept, mark)
    same = kept.mark(found)
    is_good = (same is None or (found.ver, found.sha256) == (same.ver, same.sha256) or found.ver > same.ver) and all(
        mark.iat - now <= 60 for mark in kept.marks.values() if mark.iss.split("/")[0] == found.iss.split("/")[0]
    )
    assert (_refusal(found, kept, now) is None) == is_good


def _file(**changes: object) -> bytes:
    (mark,) = json.loads(floor.dump(floor_of(MARK)))["marks"]
    changed = {name: value for name, value in (mark | changes).items() if value is not ...}
    return json.dumps({"format": 1, "marks": [changed]}).encode()


FAULTY = {
    "nothing": b"",
    "no JSON": b"{",
    "a list": b"[]",
    "no format": b'{"marks":[]}',
    "format 2": b'{"format":2,"marks":[]}',
    "no marks": b'{"format":1}',
    "marks an object": b'{"format":1,"marks":{}}',
    "marks of numbers": b'{"format":1,"marks":[1]}',
    "a member twice": b'{"format":1,"marks":[],"marks":[]}',
    "two marks of one key": _file().replace(b"[", b"[" + json.dumps(floor._members(MARK)).encode() + b", "),
    "too large": b" " * floor.MAX_BYTES + b"{}",
    **{f"without {name}": _file(**{name: ...}) for name in floor._members(MARK)},
    "a version that is text": _file(ver="1"),
    "a negative version": _file(ver=-1),
    "a version beyond 2**53": _file(ver=2**53),
    "a version true": _file(ver=True),
    "a short hash": _file(sha256="aa"),
    "a date beyond the calendar": _file(iat=MAX_SECONDS + 1),
    "an empty issuer": _file(iss=""),
    "half a character": _file(sub="\ud800"),
    "a log without head": _file(log={"seq": 1}),
}


@pytest.mark.parametrize("raw", FAULTY.values(), ids=FAULTY)
def test_a_faulty_file_is_malformed(raw: bytes) -> None:
    """A file that is not a floor in every detail is refused in one line."""
    with pytest.raises(Malformed) as caught:
        floor.parse(raw)
    assert str(caught.value).isprintable()


@given(st.binary(max_size=200) | st.just(_file()), st.data())
def test_no_bytes_bring_another_error(raw: bytes, data: st.DataObject) -> None:
    """Whatever the bytes, also a good file with some changed, they are a floor or malformed, and nothing else."""
    damaged = bytearray(raw)
    if damaged:
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    message = ""
    try:
        floor.parse(bytes(damaged))
    except Malformed as fault:
        message = str(fault)
    assert message.isprintable()


def test_an_unknown_member_is_ignored() -> None:
    """A newer release may remember more."""
    assert floor.parse(_file(novel=[1])) == floor_of(MARK)
