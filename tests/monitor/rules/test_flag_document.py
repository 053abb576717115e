"""What a flag document says, and when one is due."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasswatch.flag import document
from monitor.model.record import ChainHead, FlagDocument, FlagLedger
from monitor.model.state import Cause, FlagHead, PlatformState
from monitor.model.verdict import CauseKind, FlagState, Verdict
from monitor.rules.flag_document import (
    RENEW_EVERY,
    Past,
    Terms,
    is_due,
    ledger_after,
    next_version,
    payload,
    renewal_after,
)
from tests.support.clock import START
from tests.support.rulings import BOUNDED, HOUR, INSTANT, MINUTE, SECOND, Platform, down, up

TERMS = Terms(
    deployment="prod",
    vantage="fra-1",
    procedure_url="https://wiki.example.com/break-glass",
    procedure_sha256="a" * 64,
    ttl=5 * MINUTE,
    ready_ttl=15 * MINUTE,
    configured_vantages=1,
)
PAST = Past(FlagLedger(7, "b" * 64, "c" * 64), ChainHead(41, "d" * 64))
MANUAL = Cause(CauseKind.MANUAL, "m1", START, until=START + HOUR, by="anna", confirmed_by="ben", ticket="INC-1")
EXERCISE = Cause(CauseKind.EXERCISE, "e1", START, until=START + HOUR, run="r1", principals=("drill",), targets=("db",))


def unix(at: datetime) -> int:
    """Return whole Unix seconds."""
    return int(at.timestamp() // 1)


def claims(state: PlatformState, now: datetime, terms: Terms = TERMS, *, is_change: bool = True) -> dict[str, object]:
    """Return what would be signed, after the reader's own strict parser took every claim of it."""
    said = payload(state, terms, PAST, now, is_change=is_change)
    assert document.payload(document.parse(said)) == said
    return said


def raised(*causes: Cause) -> Platform:
    """Return a platform that is up, and raised by these causes."""
    platform = up()
    platform.raise_flag(*causes)
    return platform


def test_all_claims_in_an_outage() -> None:
    """In an outage the document says ready, why, since when, and where its history stands."""
    platform = down()
    assert platform.state.outage is not None
    outage = platform.state.outage
    now = platform.now + SECOND / 4
    assert claims(platform.state, now) == {
        "v": 1,
        "iss": "prod/fra-1",
        "sub": "payments",
        "aud": "prod/ready",
        "iat": unix(now),
        "exp": unix(now) + 900,
        "ver": unix(now) * 1000 + 250,
        "state": "ready",
        "causes": [
            {
                "kind": "outage",
                "id": outage.id,
                "since": unix(outage.opened_at),
                "until": None,
                "by": None,
                "confirmed_by": None,
                "ticket": None,
            }
        ],
        "verdict": "down",
        "since": unix(platform.now),
        "outage": outage.id,
        "vantages": {"configured": 1, "seeing": 1, "agreeing": 1},
        "procedure": {"url": "https://wiki.example.com/break-glass", "sha256": "a" * 64},
        "change": 1,
        "prev": "b" * 64,
        "log": {"seq": 41, "head": "d" * 64},
    }


def test_standby() -> None:
    """Without causes the document says standby, for a short time."""
    said = claims(up().state, START)
    assert (said["state"], said["aud"], said["causes"], said["outage"]) == ("standby", "prod/standby", [], None)
    assert said["exp"] == unix(START) + 300


@pytest.mark.parametrize(
    ("causes", "state", "seconds"),
    [((MANUAL,), "ready", 900), ((EXERCISE,), "exercise", 300), ((EXERCISE, MANUAL), "ready", 900)],
)
def test_only_ready_lives_long(causes: tuple[Cause, ...], state: str, seconds: int) -> None:
    """Ready outlives the monitor by `ready_ttl`; standby and exercise by `ttl`."""
    platform = raised(*causes)
    said = claims(platform.state, START + SECOND)
    assert (said["state"], said["exp"]) == (state, unix(START) + 1 + seconds)


def test_what_people_raised_is_said_in_full() -> None:
    """A manual cause names its persons, ticket and end; an exercise its run, principals and targets too."""
    said = claims(raised(MANUAL, EXERCISE).state, START + SECOND)
    assert said["causes"] == [
        {
            "kind": "manual",
            "id": "m1",
            "since": unix(START),
            "until": unix(START) + 3600,
            "by": "anna",
            "confirmed_by": "ben",
            "ticket": "INC-1",
        },
        {
            "kind": "exercise",
            "id": "e1",
            "since": unix(START),
            "until": unix(START) + 3600,
            "by": None,
            "confirmed_by": None,
            "ticket": None,
            "run": "r1",
            "principals": ["drill"],
            "targets": ["db"],
        },
    ]


def test_since_is_when_the_state_changed() -> None:
    """However often it is signed again, the document says since when the flag is what it is."""
    platform = down()
    assert claims(platform.state, platform.now + HOUR)["since"] == unix(platform.now)


def test_a_suspended_cause_is_never_signed() -> None:
    """After a long gap the document says standby and names no cause, though the outage is open."""
    platform = down()
    platform.restart(HOUR)
    said = claims(platform.state, platform.now)
    assert (said["state"], said["causes"], said["verdict"]) == ("standby", [], "unknown")
    assert said["outage"] is not None


def test_a_cause_past_its_end_is_never_signed() -> None:
    """What is signed is what holds at that instant, even if nobody has judged since."""
    platform = raised(MANUAL)
    assert claims(platform.state, START + HOUR - SECOND)["state"] == "ready"
    said = claims(platform.state, START + HOUR)
    assert (said["state"], said["causes"]) == ("standby", [])


def test_an_end_is_rounded_down() -> None:
    """A cause is never signed to hold longer than it was allowed."""
    platform = raised(replace(MANUAL, until=START + HOUR - INSTANT))
    (cause,) = document.parse(claims(platform.state, START + SECOND)).causes
    assert cause.until == unix(START) + 3599


def test_an_outage_that_is_over_is_not_named() -> None:
    """While the flag waits for up without break, its cause names the outage, the claim doesn't."""
    platform = down()
    platform.recover()
    said = claims(platform.state, platform.now)
    assert (said["state"], said["outage"]) == ("ready", None)


def test_vantages() -> None:
    """The document says how many vantages are configured, see, and vote what the verdict is."""
    platform = down(vantages=3)
    terms = replace(TERMS, configured_vantages=3)
    assert claims(platform.state, START, terms)["vantages"] == {"configured": 3, "seeing": 1, "agreeing": 0}
    platform.vote(b=Verdict.DOWN, c=Verdict.UP)
    assert claims(platform.state, START, terms)["vantages"] == {"configured": 3, "seeing": 3, "agreeing": 2}


def test_before_anything_was_judged() -> None:
    """A platform that was never judged is standby since now, and unknown."""
    said = claims(PlatformState("payments"), START)
    assert (said["state"], said["since"], said["verdict"], said["change"]) == ("standby", unix(START), "unknown", 0)


# versions and the chain of changes


@pytest.mark.parametrize(
    ("previous", "expected"),
    [
        pytest.param(0, 1772334000000, id="the first is the time in milliseconds"),
        pytest.param(1772333999999, 1772334000000, id="so is any after an older one"),
        pytest.param(1772334000000, 1772334000001, id="two in one millisecond differ"),
        pytest.param(1999999999999, 2000000000000, id="a clock set back never takes a version back"),
    ],
)
def test_next_version(previous: int, expected: int) -> None:
    """A version is the larger of the last plus 1 and the time."""
    assert next_version(previous, START) == expected


@BOUNDED
@given(st.lists(st.integers(-(10**9), 10**9), min_size=2, max_size=20))
def test_versions_only_rise(times: list[int]) -> None:
    """Whatever the clock does, each version is higher than all before."""
    versions = [0]
    for milliseconds in times:
        versions.append(next_version(versions[-1], START + timedelta(milliseconds=milliseconds)))
    assert versions == sorted(set(versions))


def signed(change: int, number: int, *, is_change: bool, at: datetime = START, prev: object = None) -> FlagDocument:
    """Return a document as it was signed."""
    known = prev if isinstance(prev, str) else None
    return FlagDocument("payments", number, change, "standby", at, at, "jws", f"{number:064x}", is_change, known)


def test_one_change_has_one_prev() -> None:
    """Documents of one change all name the document that carried the change before, renewed or not."""
    ledger, prevs, number = FlagLedger(), [], 0
    state = up().state
    for change in range(3):
        head = replace(state, flag=FlagHead(FlagState.STANDBY, START, change))
        for is_change in (True, False, False):
            said = payload(head, TERMS, Past(ledger, PAST.chain), START, is_change=is_change)
            prevs.append(said["prev"])
            number += 1
            ledger = ledger_after(ledger, signed(change, number, is_change=is_change, prev=said["prev"]))
    assert prevs == [None] * 3 + [f"{1:064x}"] * 3 + [f"{4:064x}"] * 3


def test_the_ledger_never_goes_back() -> None:
    """A document that was overtaken leaves the highest version where it is."""
    assert ledger_after(FlagLedger(9, "a", "b"), signed(1, 5, is_change=False)) == FlagLedger(9, "a", "b")
    after = ledger_after(FlagLedger(9, "a", "b"), signed(1, 12, is_change=True, prev="a"))
    assert after == FlagLedger(12, f"{12:064x}", "a")


# due

RENEWAL = renewal_after("payments", START)


@pytest.mark.parametrize(
    ("latest", "now", "expected"),
    [
        pytest.param(None, START, True, id="there is none"),
        pytest.param(signed(3, 1, is_change=True), START, False, id="it was signed just now"),
        pytest.param(signed(3, 1, is_change=False), RENEWAL - INSTANT, False, id="before its next second"),
        pytest.param(signed(3, 1, is_change=False), RENEWAL, True, id="at its next second"),
        pytest.param(signed(3, 1, is_change=False), START + MINUTE, True, id="a minute ago"),
        pytest.param(signed(2, 1, is_change=True), START, True, id="it carries an older change"),
        pytest.param(signed(3, 1, is_change=True, at=START + HOUR), START, True, id="it comes from the future"),
    ],
)
def test_due(latest: FlagDocument | None, now: datetime, *, expected: bool) -> None:
    """A document is due at each change and once a minute."""
    assert is_due("payments", latest, FlagHead(FlagState.STANDBY, START, 3), now) is expected


@BOUNDED
@given(name=st.text(), microseconds=st.integers(0, 10**9))
def test_a_platform_is_renewed_once_in_each_of_its_minutes(name: str, microseconds: int) -> None:
    """Later than the last, a minute later at most, always at the same whole second of the minute."""
    issued_at = START + timedelta(microseconds=microseconds)
    first = renewal_after(name, issued_at)
    assert issued_at < first <= issued_at + RENEW_EVERY
    assert first.microsecond == 0
    assert renewal_after(name, first) == first + RENEW_EVERY
    assert renewal_after(name, first + MINUTE - INSTANT) == first + RENEW_EVERY


def test_renewals_are_spread_over_the_minute() -> None:
    """Of 600 platforms no second has many more than its ten."""
    seconds = Counter(renewal_after(f"platform-{number}", START).second for number in range(600))
    assert len(seconds) == 60
    assert max(seconds.values()) < 30


@BOUNDED
@given(microseconds=st.integers(0, 10**10), is_down=st.booleans())
def test_every_document_is_one_the_reader_takes(microseconds: int, *, is_down: bool) -> None:
    """At any instant the payload parses, its state follows from its causes, and its version is of its time."""
    platform = down() if is_down else up()
    now = platform.now + timedelta(microseconds=microseconds)
    platform.now = now
    platform.tick()
    said = document.parse(claims(platform.state, now))
    at_ms = document.unix_ms(now)
    assert said.state is document.state_of(said.causes, at_ms)
    assert said.ver // 1000 == said.iat
    assert said.ver == document.next_version(PAST.ledger.ver, now)
    assert said.aud == document.audience("prod", said.state)
    assert said.exp - said.iat in {300, 900}
    assert said.vantages.agreeing <= said.vantages.seeing <= said.vantages.configured


def test_times_in_other_zones_are_the_same_times() -> None:
    """An instant given in another zone is the same instant in the document."""
    zone = datetime(2026, 1, 1, tzinfo=UTC).astimezone().tzinfo
    platform = up()
    assert claims(platform.state, START) == claims(platform.state, START.astimezone(zone))
