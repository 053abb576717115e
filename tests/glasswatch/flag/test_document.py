import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasswatch.canonical import canonical
from glasswatch.flag.document import (
    Cause,
    CauseKind,
    Claims,
    FlagState,
    LogHead,
    Procedure,
    Vantages,
    next_version,
    parse,
    payload,
    state_of,
    unix_ms,
)
from glasswatch.flag.errors import Malformed
from glasswatch.flag.strict import MAX_INTEGER, MAX_SECONDS, loads
from tests.support.flags import AT, EXERCISE, EXERCISE_CLAIMS, MANUAL, NOW, OUTAGE, READY_CLAIMS

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
seconds = st.integers(0, MAX_SECONDS)
counts = st.integers(0, MAX_INTEGER)
digests = st.text("0123456789abcdef", min_size=64, max_size=64)
maybe_texts = st.none() | texts
outages = st.builds(
    Cause, st.just(CauseKind.OUTAGE), texts, seconds, st.none() | seconds, maybe_texts, maybe_texts, maybe_texts
)
manuals = st.builds(Cause, st.just(CauseKind.MANUAL), texts, seconds, seconds, maybe_texts, maybe_texts, maybe_texts)
exercises = st.builds(
    Cause,
    kind=st.just(CauseKind.EXERCISE),
    id=texts,
    since=seconds,
    until=seconds,
    run=texts,
    principals=st.lists(texts, max_size=3).map(tuple),
    targets=st.lists(texts, max_size=3).map(tuple),
)
causes = st.lists(outages | manuals | exercises, max_size=4).map(tuple)
all_claims = st.builds(
    Claims,
    iss=texts,
    sub=texts,
    aud=texts,
    iat=seconds,
    exp=seconds,
    ver=counts,
    state=st.sampled_from(FlagState),
    causes=causes,
    verdict=st.sampled_from(["up", "degraded", "down", "unknown"]),
    since=seconds,
    outage=maybe_texts,
    vantages=st.builds(Vantages, counts, counts, counts),
    procedure=st.builds(Procedure, texts, digests),
    change=counts,
    prev=st.none() | digests,
    log=st.builds(LogHead, counts, digests),
)


@given(all_claims)
def test_claims_round_trip_through_canonical_bytes(claims: Claims) -> None:
    """Whatever a monitor can say is read back as it was said."""
    assert parse(loads(canonical(payload(claims)))) == claims


@given(causes, counts)
def test_the_state_follows_from_the_causes_that_count(some: tuple[Cause, ...], at_ms: int) -> None:
    """Ready by outage or manual, else exercise by exercise, else standby; a cause counts until its end."""
    kinds = {cause.kind for cause in some if cause.until is None or at_ms < cause.until * 1000}
    expected = FlagState.STANDBY
    if CauseKind.EXERCISE in kinds:
        expected = FlagState.EXERCISE
    if CauseKind.OUTAGE in kinds or CauseKind.MANUAL in kinds:
        expected = FlagState.READY
    assert state_of(some, at_ms) is expected


def test_a_cause_ends_at_its_until() -> None:
    """The span of a cause is half-open: at the very instant of its end it does not count."""
    ends_ms = (AT + 3600) * 1000
    assert state_of([MANUAL], ends_ms - 1) is FlagState.READY
    assert state_of([MANUAL], ends_ms) is FlagState.STANDBY


def test_a_manual_end_leaves_an_exercise() -> None:
    """When what made it ready has ended, an exercise that goes on is what is left."""
    short = replace(MANUAL, until=AT)
    assert state_of([short, EXERCISE], AT * 1000) is FlagState.EXERCISE
    assert state_of([short, EXERCISE, OUTAGE], AT * 1000) is FlagState.READY


@given(st.integers(0, 2**53), st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis takes naive bounds
def test_versions_rise_whatever_the_clock_does(previous: int, now: datetime) -> None:
    """A version is above the one before and never behind the clock."""
    version = next_version(previous, now)
    assert version > previous
    assert version >= unix_ms(now)
    assert version in {previous + 1, unix_ms(now)}


def test_a_restored_backup_does_not_lower_the_version() -> None:
    """With an old previous version the clock alone keeps versions rising."""
    signed_before = next_version(0, NOW)
    assert next_version(5, NOW + timedelta(seconds=1)) == signed_before + 1000


def test_milliseconds_are_rounded_down() -> None:
    """The version is in whole Unix milliseconds."""
    assert unix_ms(NOW + timedelta(microseconds=1999)) == AT * 1000 + 1


def test_an_exercise_alone_has_its_members() -> None:
    """Run, principals and targets are said of an exercise and of nothing else."""
    exercise, manual = json.loads(canonical(payload(replace(EXERCISE_CLAIMS, causes=(EXERCISE, MANUAL)))))["causes"]
    assert exercise.keys() - manual.keys() == {"run", "principals", "targets"}


def test_an_unknown_claim_is_ignored() -> None:
    """A newer monitor may say more: at the top, in a cause, in the vantages."""
    said = payload(READY_CLAIMS)
    said["novel"] = {"a": [1]}
    causes = said["causes"]
    assert isinstance(causes, list)
    causes[0]["novel"] = True
    assert parse(said) == READY_CLAIMS


@pytest.mark.parametrize("name", payload(READY_CLAIMS))
def test_every_claim_must_be_there(name: str) -> None:
    """Without any one of its claims a document is malformed, and the claim is named."""
    said = {other: value for other, value in payload(READY_CLAIMS).items() if other != name}
    with pytest.raises(Malformed, match=f"^{name} is missing$"):
        parse(said)


WRONG: dict[str, dict[str, object]] = {
    "v as text": {"v": "1"},
    "v as true": {"v": True},
    "v 2": {"v": 2},
    "iss null": {"iss": None},
    "sub a list": {"sub": ["payments"]},
    "aud a list": {"aud": ["prod/ready"]},
    "iat as text": {"iat": "1"},
    "iat true": {"iat": True},
    "iat negative": {"iat": -1},
    "exp beyond the calendar": {"exp": MAX_SECONDS + 1},
    "ver null": {"ver": None},
    "state unknown": {"state": "open"},
    "state in another case": {"state": "Ready"},
    "causes an object": {"causes": {}},
    "causes of texts": {"causes": ["outage"]},
    "verdict unknown": {"verdict": "fine"},
    "since null": {"since": None},
    "outage a number": {"outage": 1},
    "vantages a number": {"vantages": 1},
    "vantages without agreeing": {"vantages": {"configured": 1, "seeing": 1}},
    "procedure a text": {"procedure": "https://wiki.example.com"},
    "procedure without hash": {"procedure": {"url": "https://wiki.example.com"}},
    "procedure with another hash": {"procedure": {"url": "https://wiki.example.com", "sha256": "ab"}},
    "change as text": {"change": "5"},
    "prev upper-case": {"prev": "AB" * 32},
    "prev short": {"prev": "ab"},
    "log a list": {"log": [1, "ef" * 32]},
    "log without head": {"log": {"seq": 1}},
}


@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG)
def test_every_claim_must_be_of_its_type(changes: dict[str, object]) -> None:
    """A claim of another type is malformed, and the message names it."""
    with pytest.raises(Malformed, match=f"^{next(iter(changes))}"):
        parse(payload(READY_CLAIMS) | changes)


WRONG_CAUSES: dict[str, tuple[Cause, dict[str, object]]] = {
    "another kind": (OUTAGE, {"kind": "wish"}),
    "a number as id": (OUTAGE, {"id": 1}),
    "since null": (OUTAGE, {"since": None}),
    "until as text": (OUTAGE, {"until": "soon"}),
    "by a list": (OUTAGE, {"by": ["anna"]}),
    "confirmed_by a number": (OUTAGE, {"confirmed_by": 1}),
    "ticket a number": (OUTAGE, {"ticket": 7}),
    "a manual one without end": (MANUAL, {"until": None}),
    "an exercise without end": (EXERCISE, {"until": None}),
    "an exercise without run": (EXERCISE, {"run": None}),
    "principals a text": (EXERCISE, {"principals": "breakglass-drill"}),
    "targets of numbers": (EXERCISE, {"targets": [1]}),
}


@pytest.mark.parametrize(("cause", "changes"), WRONG_CAUSES.values(), ids=WRONG_CAUSES)
def test_every_member_of_a_cause_must_be_of_its_type(cause: Cause, changes: dict[str, object]) -> None:
    """A cause that is not as described is malformed, and the message names cause and member."""
    said = json.loads(canonical(payload(replace(READY_CLAIMS, causes=(OUTAGE, cause)))))
    said["causes"][1] |= changes
    with pytest.raises(Malformed, match=rf"^causes\[1\]\.{next(iter(changes))}"):
        parse(said)


@pytest.mark.parametrize("name", ["kind", "id", "since", "until", "by", "confirmed_by", "ticket"])
def test_every_member_of_a_cause_must_be_there(name: str) -> None:
    """A cause without any one of its members is malformed."""
    said = json.loads(canonical(payload(READY_CLAIMS)))
    del said["causes"][0][name]
    with pytest.raises(Malformed, match=rf"^causes\[0\]\.{name} is missing$"):
        parse(said)
