"""Of several documents the newest true word is judged; who shows us more gains nothing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glasswatch.flag.document import Claims, FlagState, LogHead, audience
from glasswatch.flag.errors import AlarmCode, Refusal, Refused
from glasswatch.flag.floor import Floor, Mark
from glasswatch.flag.jws import FLAG_TYP
from glasswatch.flag.keys import SigningKey
from glasswatch.flag.reader import judge
from glasswatch.flag.selection import Answer, Question, judge_all, sha256
from tests.support.flags import (
    AT,
    EXERCISE_CLAIMS,
    EXPECT,
    ISSUER,
    KEY,
    MANUAL,
    NOW,
    OTHER_KEY,
    READY_CLAIMS,
    STANDBY_CLAIMS,
    TRUST,
    key_number,
    signed,
    trust_key,
    trusting,
)
from tests.support.floors import floor_of

A, B = ISSUER, "prod/fra-1"
B_KEY = key_number(3)
BOTH = trusting(trust_key(), trust_key(B_KEY, iss=B))
ASKED = Question(BOTH, EXPECT, NOW)


def _claims(state: FlagState, ago: int, **changes: object) -> Claims:
    """Return what was said so many seconds ago, for five minutes."""
    base = READY_CLAIMS if state is FlagState.READY else STANDBY_CLAIMS
    dates = {"iat": AT - ago, "exp": AT - ago + 300, "ver": (AT - ago) * 1000}
    return replace(base, **(dates | changes))  # type: ignore[arg-type]  # any claim


def _ready(ago: int, **changes: object) -> bytes:
    return signed(_claims(FlagState.READY, ago, **changes))


def _standby(ago: int, **changes: object) -> bytes:
    return signed(_claims(FlagState.STANDBY, ago, **changes))


def _by_b(state: FlagState, ago: int, **changes: object) -> bytes:
    return signed(_claims(state, ago, iss=B, **changes), B_KEY)


def _mark(document: bytes, claims: Claims) -> Mark:
    where = (claims.change, claims.prev, claims.log)
    return Mark(FLAG_TYP, claims.iss, claims.sub, claims.ver, sha256(document), claims.iat, *where)


def _said(answer: Answer) -> FlagState | Refusal | None:
    return answer.judgement.refusal or answer.judgement.state


def _codes(answer: Answer) -> list[AlarmCode]:
    assert all(alarm.what.isprintable() for alarm in answer.alarms)
    return [alarm.code for alarm in answer.alarms]


READY, STANDBY = FlagState.READY, FlagState.STANDBY
CASES: dict[str, tuple[Sequence[bytes], FlagState | Refusal]] = {
    "one": ([_ready(30)], READY),
    "three copies of one": ([_ready(30), _ready(30) + b"\n", _ready(30)], READY),
    "an old ready beside a new standby": ([_ready(90), _standby(30)], STANDBY),
    "an old standby beside a new ready": ([_standby(90), _ready(30)], READY),
    "an unexpired ready beside a newer standby that has expired": (
        [_ready(90), _standby(60, exp=AT - 1)],
        Refusal.EXPIRED,
    ),
    "an expired ready beside a newer standby": ([_ready(900), _standby(30)], STANDBY),
    "a ready beside a newer one over the cap": ([_ready(90), _ready(30, exp=AT + 9000)], Refusal.LIFETIME),
    "a ready beside a newer one whose cause has ended": (
        [_ready(90), _ready(30, causes=(replace(MANUAL, until=AT),))],
        Refusal.STATE,
    ),
    "a ready beside a newer exercise": (
        [_ready(90), signed(replace(EXERCISE_CLAIMS, iat=AT - 5, ver=(AT - 5) * 1000))],
        Refusal.EXERCISE,
    ),
    "a ready beside a newer one from the future, of the same issuer": (
        [_ready(30), _standby(-61)],
        Refusal.ISSUED_LATER,
    ),
    "a ready beside a version from far ahead, of the same issuer": (
        [_ready(30), _standby(20, ver=AT * 1000 + 90_000)],
        Refusal.VER_AHEAD,
    ),
    "two of one version": ([_ready(30), _standby(30)], Refusal.EQUIVOCATION),
    "two of one version, and an older one": ([_ready(30), _standby(30), _ready(60)], Refusal.EQUIVOCATION),
    "two of one version, and a newer one": ([_ready(30), _standby(30), _ready(10)], READY),
    # Not of the platform or deployment, not signed, not whole: they count for nothing.
    "a newer one of another platform": ([_ready(30), _standby(10, sub="billing")], READY),
    "a newer one of another deployment": ([_ready(30), _standby(10, aud="staging/standby")], READY),
    "a newer one of a stranger": ([_ready(30), signed(_claims(STANDBY, 10), OTHER_KEY)], READY),
    "a newer one in another's name": ([_ready(30), signed(_claims(STANDBY, 10, iss=B))], READY),
    "a newer one damaged": ([_ready(30), _standby(10)[:-4]], READY),
    "junk": ([b"", b"junk", _ready(30), b"\xff" * 20_000], READY),
    # Two vantages
    "both vantages ready": ([_ready(30), _by_b(READY, 20)], READY),
    "an older ready of the other vantage": ([_standby(20), _by_b(READY, 30)], STANDBY),
    "a newer ready of the other vantage": ([_standby(30), _by_b(READY, 20)], READY),
    "a newer standby of the other vantage, expired": (
        [_ready(60), _by_b(STANDBY, 30, exp=AT - 1)],
        Refusal.EXPIRED,
    ),
    "the other vantage's clock is ahead": ([_ready(30), _by_b(STANDBY, -3600)], READY),
    "the other vantage's versions are ahead": ([_ready(30), _by_b(STANDBY, 20, ver=AT * 1000 + 90_000)], READY),
    "the other vantage said two things": ([_ready(30), _by_b(STANDBY, 10), _by_b(READY, 10)], READY),
    "both vantages' clocks are ahead": ([_ready(-100), _by_b(READY, -90)], Refusal.ISSUED_LATER),
    "the other vantage's ready, over the cap": ([_ready(30), _by_b(READY, 20, exp=AT + 9000)], Refusal.LIFETIME),
}


@pytest.mark.parametrize(("documents", "expected"), CASES.values(), ids=CASES)
def test_the_newest_true_word_is_judged(documents: Sequence[bytes], expected: FlagState | Refusal) -> None:
    """In whatever order the documents are given."""
    for order in permutations(documents):
        assert _said(judge_all(order, ASKED, Floor())) == expected


@pytest.mark.parametrize("old", [_standby(20), _standby(20, exp=AT - 1), _ready(20, exp=AT + 9000), _standby(10)])
def test_an_old_copy_of_one_vantage_takes_nothing_from_another(old: bytes) -> None:
    """Behind the floor, or beside what it has accepted, it silences its own issuer, whatever else is wrong with it."""
    newest = _claims(READY, 10)
    mark = _mark(signed(newest), newest)
    answer = judge_all([old, _by_b(READY, 30)], ASKED, floor_of(mark))
    assert (_said(answer), answer.judged) == (READY, 1)


def test_what_the_floor_accepted_last_still_closes() -> None:
    """It is not behind: expired, over the cap or past its cause's end, it is newer than the other's ready."""
    newest = _claims(STANDBY, 10, exp=AT - 1)
    mark = _mark(signed(newest), newest)
    assert _said(judge_all([signed(newest), _by_b(READY, 30)], ASKED, floor_of(mark))) is Refusal.EXPIRED
    over = [_standby(10, exp=AT + 9000), _by_b(READY, 30)]
    assert _said(judge_all(over, ASKED, Floor())) is Refusal.LIFETIME


def test_the_answer_names_only_causes_that_make_the_state() -> None:
    """Neither one that has ended nor an exercise beside an emergency."""
    ended = replace(MANUAL, id="ended", until=AT)
    drill = replace(EXERCISE_CLAIMS.causes[0], id="drill")
    reason = judge_all([_ready(30, causes=(MANUAL, ended, drill))], ASKED, Floor()).judgement.reason
    assert MANUAL.id in reason
    assert "ended" not in reason
    assert "drill" not in reason


def test_the_answer_names_the_document_it_is_about() -> None:
    """By its place, and the others only where something is wrong with them."""
    answer = judge_all([_ready(90), b"junk", _standby(30)], ASKED, Floor())
    assert (answer.judged, [place for place, _ in answer.passed_over]) == (2, [1])
    assert answer.passed_over[0][1].code is Refusal.PARTS


def test_what_could_not_be_had_is_given_as_its_refusal() -> None:
    """It is passed over beside a document that can be judged, and told where there is none."""
    gone = Refused(Refusal.UNREADABLE, "gone: can't be read")
    assert _said(judge_all([gone, _ready(30)], ASKED, Floor())) is READY
    assert _said(judge_all([gone], ASKED, Floor())) is Refusal.UNREADABLE
    assert _said(judge_all([gone, b"junk"], ASKED, Floor())) is Refusal.PARTS
    assert _said(judge_all([_ready(30, sub="billing"), b"junk", gone], ASKED, Floor())) is Refusal.PLATFORM


def test_a_vantage_passed_over_is_told() -> None:
    """One whose clock is ahead does not decide, and is named."""
    answer = judge_all([_ready(30), _by_b(STANDBY, -3600)], ASKED, Floor())
    assert [(place, refused.code) for place, refused in answer.passed_over] == [(1, Refusal.ISSUED_LATER)]


def test_two_of_one_version_are_an_alarm() -> None:
    """Also where neither is judged."""
    for documents in ([_ready(30), _standby(30)], [_ready(30), _standby(30), _ready(10)]):
        assert _codes(judge_all(documents, ASKED, Floor())) == [AlarmCode.EQUIVOCATION]
    assert _codes(judge_all([_ready(30), _by_b(READY, 30)], ASKED, Floor())) == []


def test_the_floors_document_wins_over_another_of_its_version() -> None:
    """What was accepted before stays believed; the other is refused, alone or beside it, with an alarm."""
    ready, standby = _ready(30), _standby(30)
    for accepted, other, claims, said in (
        (ready, standby, _claims(READY, 30), READY),
        (standby, ready, _claims(STANDBY, 30), STANDBY),
    ):
        floor = floor_of(_mark(accepted, claims))
        for documents, expected in (
            ([accepted], said),
            ([other], Refusal.EQUIVOCATION),
            ([other, accepted], said),
            ([accepted, other], said),
        ):
            answer = judge_all(documents, ASKED, floor)
            assert _said(answer) == expected
            assert answer.floor == floor
            assert (AlarmCode.EQUIVOCATION in _codes(answer)) == (other in documents)


def test_an_older_one_than_the_floors_is_refused() -> None:
    """A replay of what was true a minute ago opens nothing, with the floor unmoved."""
    floor = judge_all([_standby(30)], ASKED, Floor()).floor
    answer = judge_all([_ready(90)], ASKED, floor)
    assert _said(answer) is Refusal.VER_BELOW_FLOOR
    assert answer.floor == floor
    assert _said(judge_all([_ready(90), _ready(20)], ASKED, floor)) is READY


def test_every_vantage_has_its_own_floor() -> None:
    """All that were shown are remembered, judged or not: none of them can be shown an older one of later."""
    answer = judge_all([_ready(20), _by_b(STANDBY, 30)], ASKED, Floor())
    assert _said(answer) is READY
    assert {mark.iss: mark.ver for mark in answer.floor.marks.values()} == {
        A: (AT - 20) * 1000,
        B: (AT - 30) * 1000,
    }
    assert _said(judge_all([_by_b(READY, 40)], ASKED, answer.floor)) is Refusal.VER_BELOW_FLOOR
    assert _said(judge_all([_by_b(READY, 10)], ASKED, answer.floor)) is READY


MOVED = {
    "ready": _ready(30),
    "standby": _standby(30),
    "expired": _ready(900),
    "an exercise, to whoever asks": signed(EXERCISE_CLAIMS),
}
UNMOVED = {
    "over the cap": _ready(30, exp=AT + 9000),
    "from the future": _ready(-61),
    "a version from ahead": _ready(30, ver=AT * 1000 + 90_000),
    "a state that doesn't follow": _ready(30, causes=()),
    "another platform's": _ready(30, sub="billing"),
    "another deployment's": _ready(30, aud="staging/ready"),
    "another issuer's": _ready(30, iss=B),
    "a stranger's": signed(READY_CLAIMS, OTHER_KEY),
    "damaged": _ready(30)[:-1],
}


@pytest.mark.parametrize("document", MOVED.values(), ids=MOVED)
def test_the_floor_moves_when_all_but_expiry_passed(document: bytes) -> None:
    """Expired too, so that nothing older is believed after it; nothing of the local clock is kept."""
    floor = judge_all([document], ASKED, Floor()).floor
    (mark,) = floor.marks.values()
    assert mark.sha256 == sha256(document)
    later = replace(ASKED, now=NOW + timedelta(days=1))
    assert judge_all([document], later, Floor()).floor == (
        floor if document != MOVED["an exercise, to whoever asks"] else Floor()
    )


@pytest.mark.parametrize("document", UNMOVED.values(), ids=UNMOVED)
def test_the_floor_stays_when_anything_else_failed(document: bytes) -> None:
    """What is not believed leaves no mark."""
    assert judge_all([document], ASKED, Floor()).floor == Floor()


def test_a_clock_set_back_is_refused() -> None:
    """Once a document was accepted, an own clock more than 60 s behind its date refuses; as of another instant not."""
    document = _ready(0)
    floor = judge_all([document], ASKED, Floor()).floor
    an_hour_ago = NOW - timedelta(hours=1)
    old = signed(_claims(READY, 3600, iss=B), B_KEY)
    assert _said(judge_all([old], replace(ASKED, now=an_hour_ago), Floor())) is READY
    assert _said(judge_all([old], replace(ASKED, now=an_hour_ago), floor)) is Refusal.CLOCK_BEHIND
    assert _said(judge_all([old], replace(ASKED, now=an_hour_ago, is_now=False), floor)) is READY


def test_a_clock_far_ahead_locks_nobody_out_afterwards() -> None:
    """What was accepted while the clock ran a year ahead bears its signer's date: set right, it goes on as before."""
    floor = judge_all([_ready(30)], replace(ASKED, now=NOW + timedelta(days=365)), Floor()).floor
    answer = judge_all([_ready(20)], ASKED, floor)
    assert _said(answer) is READY


def test_a_history_that_does_not_follow_is_alarmed() -> None:
    """The restored monitor's flag is believed, and somebody is told."""
    floor = judge_all([_ready(30)], ASKED, Floor()).floor
    restored = _ready(20, change=2, prev=None, log=LogHead(3, "01" * 32))
    answer = judge_all([restored], ASKED, floor)
    assert _said(answer) is READY
    assert _codes(answer) == [AlarmCode.CHANGE_BACK, AlarmCode.LOG_BACK]


def test_a_trailing_newline_makes_no_other_document() -> None:
    """A copy with and one without it are the same to floor and selection."""
    floor = judge_all([_ready(30)], ASKED, Floor()).floor
    answer = judge_all([_ready(30) + b"\n", _ready(30)], ASKED, floor)
    assert (_said(answer), answer.alarms, answer.floor) == (READY, (), floor)


kinds = st.sampled_from([READY, STANDBY])
agos = st.integers(-90, 1500)
lives = st.integers(1, 1300)


@st.composite
def documents(draw: st.DrawFn) -> tuple[bytes, Claims]:
    """Return what a vantage with a good or bad clock may have signed."""
    iss, key = draw(st.sampled_from([(A, KEY), (B, B_KEY)]))
    state, ago = draw(kinds), draw(agos)
    claims = replace(
        _claims(state, ago, iss=iss), aud=audience("prod", state), exp=AT - ago + draw(lives), ver=(AT - ago) * 1000
    )
    return signed(claims, key), claims


@settings(deadline=None)
@given(st.lists(documents(), min_size=1, max_size=6))
def test_no_set_of_documents_is_ready_against_a_newer_one(some: list[tuple[bytes, Claims]]) -> None:
    """Ready needs a document that is ready by itself, and none of its issuer, nor a sound one of another, is newer."""
    given_ = [document for document, _ in some]
    answer = judge_all(given_, ASKED, Floor())
    for order in (given_[::-1], sorted(given_)):
        assert _said(judge_all(order, ASKED, Floor())) == _said(answer)
    if answer.judgement.state is None:
        return
    assert answer.judged is not None
    document, claims = some[answer.judged]
    assert judge(document, BOTH, EXPECT, NOW).state is answer.judgement.state
    for other, said in some:
        if said.ver > claims.ver:
            assert said.iss != claims.iss
            assert _is_silenced(some, said.iss)
        assert other == document or (said.iss, said.ver) != (claims.iss, claims.ver)


def _is_silenced(some: list[tuple[bytes, Claims]], iss: str) -> bool:
    """Whether the newest that an issuer said is from the future, or was said twice."""
    newest = max(claims.ver for _, claims in some if claims.iss == iss)
    said = {document: claims for document, claims in some if (claims.iss, claims.ver) == (iss, newest)}
    return len(said) > 1 or all(claims.iat > AT + 60 for claims in said.values())


@settings(deadline=None)
@given(st.lists(documents(), min_size=1, max_size=12))
def test_one_after_another_an_issuer_is_never_believed_backwards(some: list[tuple[bytes, Claims]]) -> None:
    """With the floor kept, whatever the order they are shown in, what is believed of an issuer only gets newer."""
    floor = Floor()
    highest: dict[str, int] = {}
    for document, claims in some:
        answer = judge_all([document], ASKED, floor)
        floor = answer.floor
        if answer.judgement.state is not None:
            assert claims.ver >= highest.get(claims.iss, 0)
            highest[claims.iss] = claims.ver


@settings(deadline=None)
@given(st.lists(st.binary(max_size=80) | documents().map(lambda pair: pair[0]), min_size=1, max_size=5), st.data())
def test_nothing_raises(some: list[bytes], data: st.DataObject) -> None:
    """Whatever is given, there is an answer, in one line."""
    place = data.draw(st.integers(0, len(some) - 1))
    damaged = some[place][: data.draw(st.integers(0, len(some[place])))]
    answer = judge_all([*some, damaged], ASKED, Floor())
    assert (answer.judgement.state is None) == (answer.judgement.refusal is not None)
    assert answer.judgement.reason.isprintable()


def test_one_key_for_two_issuers_is_not_needed() -> None:
    """A key speaks for its own issuer alone: signed with another vantage's key, a name counts for nothing."""
    swapped = [signed(_claims(READY, 10, iss=B), KEY), signed(_claims(READY, 10, iss=A), B_KEY)]
    assert _said(judge_all(swapped, ASKED, Floor())) is Refusal.ISSUER


def test_a_reader_that_trusts_one_vantage_hears_one() -> None:
    """The other's documents are of an unknown key to it, however new."""
    only_a = replace(ASKED, trust=TRUST)
    answer = judge_all([_standby(30), _by_b(READY, 10)], only_a, Floor())
    assert _said(answer) is STANDBY
    assert isinstance(KEY, SigningKey)
