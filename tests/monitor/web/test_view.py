from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.model.act import Acts, Inhibition, Request, RequestKind
from monitor.model.outcome import Reason, Warn
from monitor.model.record import FlagDocument
from monitor.model.state import Cause, FlagHead, PlatformState, ProbeState
from monitor.model.told import Acknowledgement
from monitor.model.verdict import CauseKind, FlagState, Phase, Verdict
from monitor.web import phrases
from monitor.web.page import render
from monitor.web.pageview import PageView, PlatformView, Tone
from monitor.web.probeview import probe_view
from monitor.web.seen import Seen
from monitor.web.view import Held, page_view
from tests.support.clock import START
from tests.support.watching import (
    PLATFORM,
    bad_probe,
    blind,
    degraded,
    document,
    down,
    good_probe,
    outage,
    policy,
    probe_policy,
    site,
    up,
)


def _page(state: PlatformState, flag: FlagDocument | None, *, is_file: bool = False) -> PageView:
    documents = {} if flag is None else {PLATFORM: flag}
    return page_view(site(), Held([state], documents, {PLATFORM: ()}), START, is_file=is_file)


QUARTER = timedelta(minutes=15)


def _shown(state: PlatformState, flag: FlagDocument | None, *, is_file: bool = False) -> PlatformView:
    (platform,) = _page(state, flag, is_file=is_file).platforms
    return platform


def test_who_deals_with_an_outage_is_named() -> None:
    """As the provider knows the person, with everything the name holds; nobody where nobody is known."""
    by = Acknowledgement("Anna\u202e", START, "pager")
    held = Held([down()], {}, {PLATFORM: ()}, acknowledged={PLATFORM: by})
    (platform,) = page_view(site(), held, START, is_file=False).platforms
    assert platform.acknowledged == "Anna\\u202e deals with it, since 2026-03-01 03:00:00Z (through pager)"
    assert _shown(down(), None).acknowledged == ""


@pytest.mark.parametrize(
    ("state", "word", "tone"),
    [
        (up(), "UP", Tone.GOOD),
        (degraded(), "DEGRADED", Tone.WARN),
        (down(), "DOWN", Tone.BAD),
        (blind(), "UNKNOWN", Tone.UNKNOWN),
        (PlatformState(PLATFORM), "UNKNOWN", Tone.UNKNOWN),
    ],
    ids=["up", "degraded", "down", "blind", "never measured"],
)
def test_each_verdict_has_a_word_and_a_mark(state: PlatformState, word: str, tone: Tone) -> None:
    """What is held true is said in a word, besides its colour."""
    assert _shown(state, document()).mark.word == word
    assert _shown(state, document()).mark.tone is tone


@pytest.mark.parametrize(
    ("flag", "word", "tone"),
    [
        (document(FlagState.READY), "PERMITTED", Tone.OPEN),
        (document(FlagState.STANDBY), "SEALED", Tone.SEALED),
        (document(FlagState.EXERCISE), "SEALED", Tone.SEALED),
        (None, "NO VALID FLAG", Tone.UNKNOWN),
        (document(FlagState.READY, minutes=0), "NO VALID FLAG", Tone.UNKNOWN),
        (document(FlagState.READY, minutes=-5), "NO VALID FLAG", Tone.UNKNOWN),
        (document(FlagState.STANDBY, minutes=-5), "NO VALID FLAG", Tone.UNKNOWN),
    ],
    ids=["ready", "standby", "exercise", "none", "ends now", "ready, expired", "standby, expired"],
)
def test_break_glass_is_as_the_signed_flag_has_it(flag: FlagDocument | None, word: str, tone: Tone) -> None:
    """Permitted only by a flag that is ready and valid now; a drill permits nobody else; no flag is no statement."""
    glass = _shown(down(), flag).glass
    assert (glass.mark.word, glass.mark.tone) == (word, tone)


def test_a_flag_that_readers_refuse_is_no_flag() -> None:
    """Its version is ahead of the clock, which was set back: until when, and what opens the way meanwhile."""
    flag = document(FlagState.READY)
    glass = _shown(down(), replace(flag, ver=flag.ver + 7_200_000)).glass
    assert (glass.mark.word, glass.mark.tone) == ("NO VALID FLAG", Tone.UNKNOWN)
    assert (glass.sentence, glass.valid_until) == (phrases.NO_FLAG_SENTENCE, None)
    ahead, *ways = glass.notes
    assert ahead.endswith("readers refuse every flag it signs until 2026-03-01 04:59:00 UTC.")
    assert ways == [phrases.AN_ORDER, phrases.OTHER_WAYS]


def test_a_flag_not_signed_yet_does_not_permit() -> None:
    """The monitor's own state may be ahead of what is signed: the signed one is shown, and what is coming."""
    glass = _shown(down(), document(FlagState.STANDBY)).glass
    assert glass.mark.word == "SEALED"
    assert glass.notes == ("The flag is about to change to ready.",)
    assert glass.since is None


@pytest.mark.parametrize("is_file", [False, True])
def test_when_it_is_sealed_again_is_shown(*, is_file: bool) -> None:
    """Up again and still ready: an instant, on a page that is a file too. While it is down nobody can tell."""
    known = down()
    assert known.outage is not None
    over = replace(known.outage, ended_at=START, cleared_at=START)
    back = replace(known, verdict=Verdict.UP, quiet_since=START, outage=over)
    (platform,) = _page(back, document(FlagState.READY), is_file=is_file).platforms
    assert platform.glass.notes == ("Sealed again at 2026-03-01 03:15:00 UTC if it stays up.",)
    assert _shown(known, document(FlagState.READY)).glass.notes == ()
    assert _shown(back, document(FlagState.STANDBY)).glass.notes == ("The flag is about to change to ready.",)


def test_an_unknown_platform_is_not_told_to_keep_away() -> None:
    """Where nobody can tell, the page says that the flag is not raised and which other ways there are."""
    glass = _shown(blind(), document(FlagState.STANDBY)).glass
    assert glass.sentence == phrases.NOT_RAISED_SENTENCE
    assert glass.notes == (phrases.OTHER_WAYS,)


def test_targets_without_the_latest_flag_are_named() -> None:
    """On the platform whose flag it is, and safe to look at."""
    held = Held([up()], {PLATFORM: document()}, {PLATFORM: ()}, {PLATFORM: ("bucket", "x\u202ey")})
    (platform,) = page_view(site(), held, START, is_file=False).platforms
    assert platform.behind == ("bucket", "x\\u202ey")
    assert _shown(up(), document()).behind == ()


def test_how_long_the_statement_holds_is_shown() -> None:
    """The flag's end, and how far away it is."""
    valid = _shown(down(), document(FlagState.READY, minutes=14)).glass.valid_until
    assert valid is not None
    assert (valid.text, valid.distance) == ("2026-03-01 03:14:00 UTC", "14 min")


def test_a_file_counts_from_nowhere() -> None:
    """A page read at some unknown time gives instants only, and does not refresh itself."""
    view = _page(down(), document(FlagState.READY), is_file=True)
    (platform,) = view.platforms
    assert view.refresh_seconds == 0
    assert platform.since is not None
    assert platform.since.distance == ""
    assert all(
        probe.measured is not None and probe.measured.distance == ""
        for function in platform.functions
        for probe in function.probes
    )


def test_blindness_is_said_on_top() -> None:
    """A vantage that can't see says so for the whole page, and believes none of its probes."""
    view = _page(blind(), document())
    assert view.is_blind
    assert not _page(up(), document()).is_blind
    tones = {probe.mark.tone for function in view.platforms[0].functions for probe in function.probes}
    assert tones == {Tone.UNKNOWN}


@pytest.mark.parametrize(
    ("probe", "tone"),
    [
        (None, Tone.UNKNOWN),
        (ProbeState(fingerprint=""), Tone.UNKNOWN),
        (good_probe(), Tone.GOOD),
        (good_probe(warnings=(Warn.DURATION,)), Tone.WARN),
        (good_probe(last_reason=Reason.TIMEOUT), Tone.WARN),
        (good_probe(round_bad=1), Tone.WARN),
        (good_probe(last_at=START - timedelta(seconds=50)), Tone.GOOD),
        (good_probe(last_at=START - timedelta(seconds=51)), Tone.UNKNOWN),
        (good_probe(last_reason=Reason.RATE_LIMITED), Tone.UNKNOWN),
        (good_probe(last_reason=Reason.BUDGET), Tone.UNKNOWN),
        (good_probe(phase=Phase.UNPROVEN, last_reason=Reason.STATUS), Tone.UNKNOWN),
        (bad_probe(), Tone.BAD),
        (bad_probe(last_reason=Reason.OK, good_run=1), Tone.WARN),
        (bad_probe(needs_reconfirm=True), Tone.UNKNOWN),
        (bad_probe(last_at=START - timedelta(minutes=5)), Tone.UNKNOWN),
    ],
)
def test_only_what_is_believed_and_fresh_is_marked_good(probe: ProbeState | None, tone: Tone) -> None:
    """Never measured, long ago, not measured, unproven, to be confirmed again: none of them looks good."""
    view = probe_view(probe_policy("portal", "sign_in"), probe, Seen(START, is_file=False), is_blind=False)
    assert view.mark.tone is tone


def test_every_reason_has_words() -> None:
    """Each reason is said to be good, bad, not measured or skipped."""
    kinds = {phrases.reason(reason).split(":")[0] for reason in Reason}
    assert kinds == {"good", "bad", "not measured", "skipped"}
    assert [reason for reason in Reason if phrases.reason(reason) == "good"] == [Reason.OK]


def test_a_function_never_judged_is_unknown() -> None:
    """All functions of the settings are shown from the start, with all their probes."""
    functions = _shown(PlatformState(PLATFORM), None).functions
    assert [function.name for function in functions] == ["sign_in", "request", "help"]
    assert {function.mark.tone for function in functions} == {Tone.UNKNOWN}
    assert [probe.name for probe in functions[0].probes] == ["portal", "identity"]


def test_the_procedure_comes_first_for_who_may_need_it() -> None:
    """Down, unknown, or a flag that isn't plainly sealed."""
    assert _shown(down(), document(FlagState.READY)).is_procedure_first
    assert _shown(blind(), document()).is_procedure_first
    assert _shown(up(), document(FlagState.READY)).is_procedure_first
    assert not _shown(up(), document()).is_procedure_first


@pytest.mark.parametrize(
    ("url", "is_link"),
    [
        ("https://wiki.example.com/glass", True),
        ("http://wiki/", True),
        ("javascript:alert(1)", False),
        ("JAVASCRIPT:alert(1)", False),
        ("data:text/html,x", False),
        ("//wiki.example.com", False),
        ("https://wiki.example.com/\u202egpj", False),
        ("https://[broken", False),
        ("", False),
    ],
)
def test_only_web_addresses_are_links(url: str, *, is_link: bool) -> None:
    """Anything else is shown as text and can't be followed."""
    held = Held([up()], {}, {PLATFORM: ()})
    (platform,) = page_view(site(url=url), held, START, is_file=False).platforms
    assert bool(platform.procedure_link) is is_link


def test_causes_say_who_and_until_when() -> None:
    """A cause names persons, ticket and end; one held back says so."""
    cause = Cause(CauseKind.MANUAL, "m1", START, START + timedelta(hours=1), by="anna", confirmed_by="bo", ticket="T-1")
    state = replace(up(), causes=(cause, Cause(CauseKind.OUTAGE, "o1", START, suspended=True)))
    manual, held_back = _shown(state, document()).causes
    assert manual.title == "Raised by hand m1"
    assert manual.notes == ("by anna", "confirmed by bo", "ticket T-1")
    assert manual.until is not None
    assert "until it is confirmed again" in held_back.notes[0]


def test_what_people_left_standing_is_shown_with_what_to_do() -> None:
    """Who holds it closed, what waits for a second person, until when, and the command."""
    request = Request("raise-1", RequestKind.RAISE, "anna", "anna-cli", "slow", 2 * QUARTER, START, START + QUARTER)
    held = Inhibition("inhibit-1", "anna", "ben", "false alarm", START, START + 2 * QUARTER)
    cause = Cause(CauseKind.OUTAGE, "o1", START, inhibited=True)
    state = replace(down(), causes=(cause,), acts=Acts(requests=(request,), inhibition=held))
    shown = _shown(state, document())
    assert [(each.title, each.hint, each.command) for each in shown.standing] == [
        (
            "Held closed by anna and ben: false alarm",
            "Any one person ends it:",
            "monitor flag inhibit payments --end",
        ),
        (
            "anna asks to raise break-glass for 30 min: slow",
            "Another person confirms it:",
            "monitor flag confirm payments raise-1",
        ),
    ]
    assert shown.causes[0].notes == ("held closed by two persons",)
    assert "monitor flag confirm payments raise-1" in render(
        page_view(site(), Held([state], {}, {}), START, is_file=True)
    )


def test_a_manual_cause_says_why_and_who_renewed_it() -> None:
    """The reason is in no signed document: here it can be read."""
    cause = Cause(CauseKind.MANUAL, "m1", START, START + QUARTER, by="anna", reason="slow\x1b", renewed_by="ben")
    (shown,) = _shown(replace(up(), causes=(cause,)), document()).causes
    assert shown.notes == ("by anna", "renewed by ben", "reason: slow\\u001b")


def test_outages_say_how_long() -> None:
    """One that is over has a length and two ends; one going on is counted up to now."""
    over = outage(ended_at=START - timedelta(minutes=2), cleared_at=START - timedelta(minutes=1))
    held = Held([up()], {}, {PLATFORM: (outage(), over)})
    open_view, over_view = page_view(site(), held, START, is_file=False).platforms[0].outages
    assert (open_view.mark.word, open_view.length, open_view.ended) == ("going on", "12 min", None)
    assert (over_view.mark.word, over_view.length) == ("over", "10 min")
    (from_file, _) = page_view(site(), held, START, is_file=True).platforms[0].outages
    assert from_file.length == ""


def test_an_unreadable_store_hides_only_the_past() -> None:
    """The present outage is known without the store; that others can't be read is said, not shown as none."""
    held = Held([down()], {}, {PLATFORM: None})
    (platform,) = page_view(site(), held, START, is_file=False).platforms
    assert [each.mark.word for each in platform.outages] == ["going on"]
    assert platform.outages_note == "Past outages can't be read now."


@pytest.mark.parametrize(
    ("verdicts", "title"),
    [
        ([Verdict.UP, Verdict.UP], "2 up: prod"),
        ([Verdict.UP, Verdict.DOWN, Verdict.UNKNOWN], "1 down, 1 unknown, 1 up: prod"),
    ],
)
def test_the_title_counts_platforms_worst_first(verdicts: list[Verdict], title: str) -> None:
    """A tab tells the worst of many platforms without being opened."""
    states = [replace(up(platform=f"p{number}"), verdict=verdict) for number, verdict in enumerate(verdicts)]
    many = site(*[policy(state.platform) for state in states])
    assert page_view(many, Held(states, {}, {}), START, is_file=False).title == title


def test_the_title_of_one_platform_says_both_things() -> None:
    """Verdict and break-glass."""
    assert _page(down(), document(FlagState.READY)).title == "DOWN, break-glass PERMITTED: payments"


def test_a_drill_is_not_an_emergency() -> None:
    """In an exercise the glass stays sealed, and the page says why the flag is up."""
    drill = Cause(CauseKind.EXERCISE, "q1", START - timedelta(minutes=5), START + timedelta(minutes=25), run="r1")
    state = replace(up(), causes=(drill,), flag=FlagHead(FlagState.EXERCISE, START - timedelta(minutes=5), 4))
    platform = _shown(state, document(FlagState.EXERCISE))
    assert "a drill is on" in platform.glass.sentence
    assert [cause.title for cause in platform.causes] == ["Drill q1"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (-5, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (61, "1 min 1 s"),
        (3600, "1 h"),
        (3661, "1 h 1 min"),
        (86_400, "1 d"),
        (90_061, "1 d 1 h"),
        (86_461, "1 d"),
    ],
)
def test_lengths_have_two_units_at_most(seconds: float, text: str) -> None:
    """A length of time is read at a glance."""
    assert phrases.duration(timedelta(seconds=seconds)) == text
