"""Every act on the flag pages everybody, always; also where the signed flag stays as it was."""

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.model.act import Confirm, EndInhibit, Inhibit, Lower, Raise, Renew
from monitor.model.event import ClockSetBack
from monitor.model.page import PageKind, PageStatus
from tests.support.rulings import HOUR, INSTANT, MINUTE, Platform, down, policy, up

Told = list[tuple[str, str, str]]


def told(platform: Platform, since: int) -> Told:
    """Return key, status and summary of the flag's pages, from this one on."""
    pages = [page for page in platform.pages() if page.kind is PageKind.FLAG][since:]
    ids = [page.id for page in platform.pages()]
    assert len(set(ids)) == len(ids)
    return [(page.dedup_key.removeprefix("prod/payments/"), page.status.value, page.summary) for page in pages]


def count(platform: Platform) -> int:
    """Return how many pages about the flag there were."""
    return len([page for page in platform.pages() if page.kind is PageKind.FLAG])


def test_a_raise_pages_with_who_until_when_and_why() -> None:
    """The first line is enough for a phone."""
    platform = up()
    platform.act(Raise("vendor is slow", HOUR, "INC-1"))
    (page,) = told(platform, 0)
    assert page == (
        "flag",
        "firing",
        "payments: break-glass is READY, anna raised it by hand until 04:00:01Z (INC-1): vendor is slow",
    )


def test_a_raise_beside_an_outage_pages_too() -> None:
    """Though the flag was ready and stays so."""
    platform = down()
    since = count(platform)
    platform.act(Raise("I see it too", HOUR))
    ((key, status, summary),) = told(platform, since)
    assert (key, status) == ("flag", "firing")
    assert "anna raised it by hand" in summary


def test_a_renewal_of_an_outage_pages_though_nothing_signed_changes() -> None:
    """The flag's change count stays; the page goes out."""
    platform = down()
    platform.blind()
    platform.tick(2 * HOUR)
    since, change = count(platform), platform.state.flag.change
    (cause,) = platform.state.causes
    platform.act(Renew(cause.id, "still blind", 4 * HOUR), "ben")
    assert platform.state.flag.change == change
    assert told(platform, since) == [
        ("flag", "firing", f"payments: ben renewed {cause.id} until 09:00:16Z: still blind")
    ]


def test_a_request_fires_until_it_is_confirmed() -> None:
    """Under a name of its own, with the command that confirms it."""
    platform = Platform(replace(policy(), manual_persons=2))
    platform.good()
    request = str(platform.act(Raise("vendor is slow", HOUR)).subject)
    assert told(platform, 0) == [
        (
            f"flag/{request}",
            "firing",
            (
                "payments: anna asks to raise break-glass for 1h, a second person must confirm by 03:15:01Z: "
                f"monitor flag confirm payments {request}; reason: vendor is slow"
            ),
        )
    ]
    platform.act(Confirm(request), "ben")
    assert [page[:2] for page in told(platform, 1)] == [("flag", "firing"), (f"flag/{request}", "resolved")]
    assert "anna and ben raised it by hand" in told(platform, 1)[0][2]


def test_a_request_that_died_is_told() -> None:
    """As void, with who had asked."""
    platform = Platform(replace(policy(), manual_persons=2))
    request = str(platform.act(Raise("vendor is slow", HOUR)).subject)
    since = count(platform)
    platform.tick(15 * MINUTE)
    ((key, status, summary),) = told(platform, since)
    assert (key, status) == (f"flag/{request}", "resolved")
    assert summary == "payments: anna asked to raise break-glass, nobody confirmed it, and it is void"


def test_holding_closed_pages_at_each_step() -> None:
    """Asked for, confirmed, and over: and the outage that raises again pages as well."""
    platform = down()
    since = count(platform)
    request = str(platform.act(Inhibit("false alarm", HOUR)).subject)
    platform.act(Confirm(request), "ben")
    assert [page[:2] for page in told(platform, since)] == [
        (f"flag/{request}", "firing"),
        ("flag", "resolved"),
        (f"flag/{request}", "resolved"),
        ("flag/inhibit", "firing"),
    ]
    assert "held closed by anna and ben until" in told(platform, since)[1][2]
    since = count(platform)
    platform.act(EndInhibit("it is real"), "cleo")
    assert [page[:2] for page in told(platform, since)] == [("flag", "firing"), ("flag/inhibit", "resolved")]
    said = "payments: break-glass is held closed no longer, and READY again, the outage raises it"
    assert [page[2] for page in told(platform, since)] == [f"{said}: ended by cleo: it is real"] * 2


def test_its_end_by_time_pages() -> None:
    """Though nobody did anything."""
    platform = up()
    request = str(platform.act(Inhibit("false alarm", HOUR)).subject)
    platform.act(Confirm(request), "ben")
    since = count(platform)
    platform.tick(HOUR)
    assert [page[:2] for page in told(platform, since)] == [("flag/opened", "firing"), ("flag/inhibit", "resolved")]
    said = "payments: break-glass is held closed no longer, and sealed, the platform is unknown"
    assert told(platform, since)[0][2] == f"{said}: its time was over at 04:00:01Z"


def test_its_end_is_told_where_people_raised_it_meanwhile() -> None:
    """By the flag's own page, which fires; nothing else is told twice."""
    platform = up()
    request = str(platform.act(Inhibit("false alarm", HOUR)).subject)
    platform.act(Confirm(request), "ben")
    platform.act(Raise("I see it", HOUR), "cleo")
    since = count(platform)
    platform.act(EndInhibit(), "dora")
    assert [page[:2] for page in told(platform, since)] == [("flag", "firing"), ("flag/inhibit", "resolved")]
    assert (
        "held closed no longer, and raised all the same, the platform is up: ended by dora"
        in (told(platform, since)[0][2])
    )


def test_another_one_in_its_place_pages() -> None:
    """Under the same name, once more."""
    platform = up()
    for by, confirmed_by in (("anna", "ben"), ("cleo", "dora")):
        request = str(platform.act(Inhibit("false alarm", HOUR), by).subject)
        platform.act(Confirm(request), confirmed_by)
    keys = [page[:2] for page in told(platform, 0)]
    assert keys.count(("flag/inhibit", "firing")) == 2


def test_a_renewal_while_it_is_held_closed_is_told_there() -> None:
    """The flag itself says nothing then."""
    platform = down()
    platform.blind()
    platform.tick(2 * HOUR)
    request = str(platform.act(Inhibit("false alarm", HOUR)).subject)
    platform.act(Confirm(request), "ben")
    since = count(platform)
    (cause,) = platform.state.causes
    platform.act(Renew(cause.id, "still blind", 4 * HOUR), "ben")
    assert [page[:2] for page in told(platform, since)] == [("flag/inhibit", "firing")]
    platform.act(Raise("I see it", HOUR), "cleo")
    since = count(platform)
    platform.after(MINUTE).act(Renew(cause.id, "still blind", 4 * HOUR), "anna")
    assert [page[:2] for page in told(platform, since)] == [("flag", "firing")]


def test_lowering_pages_with_who_and_why() -> None:
    """As news, and as the end of what was raised; with an outage left, as news of what still is."""
    platform = up()
    platform.act(Raise("needed", HOUR))
    since = count(platform)
    platform.act(Lower("vendor is back"), "ben")
    news, over = told(platform, since)
    assert (news[:2], over[:2]) == (("flag/lowered", "firing"), ("flag", "resolved"))
    for *_, summary in (news, over):
        assert "break-glass is sealed again, ben lowered manual-" in summary
        assert summary.endswith(": vendor is back")
    platform = down()
    platform.act(Raise("needed", HOUR))
    since = count(platform)
    platform.act(Lower("vendor is back"), "ben")
    ((key, status, summary),) = told(platform, since)
    assert (key, status) == ("flag", "firing")
    assert "the outage still raises it, ben lowered manual-" in summary


@pytest.mark.parametrize("back", [None, 7 * HOUR])
def test_news_are_told_for_a_quarter_of_an_hour(back: timedelta | None) -> None:
    """However the clock goes; then they are resolved, with what is so now."""
    platform = up()
    platform.act(Raise("needed", HOUR))
    platform.act(Lower("vendor is back"), "ben")
    since = count(platform)
    if back is not None:
        platform.now -= back
        platform.hear(ClockSetBack(back))
    assert platform.step.wake_at is not None
    platform.tick(15 * MINUTE - INSTANT)
    assert told(platform, since) == []
    platform.tick(INSTANT)
    (page,) = told(platform, since)
    assert page[:2] == ("flag/lowered", "resolved")
    assert "break-glass is sealed again" in page[2]


def test_raised_again_it_is_news_no_more() -> None:
    """It is resolved at once, so that the next lowering is a page of its own again."""
    platform = up()
    for _ in range(2):
        platform.after(MINUTE).act(Raise("needed", HOUR))
        platform.act(Lower("vendor is back"), "ben")
    keys = [page[:2] for page in told(platform, 0) if page[0] == "flag/lowered"]
    assert keys == [("flag/lowered", "firing"), ("flag/lowered", "resolved"), ("flag/lowered", "firing")]


def test_held_closed_again_it_is_news_no_more() -> None:
    """That it was open, for a moment."""
    platform = up()
    for _ in range(2):
        platform.act(Confirm(str(platform.act(Inhibit("false alarm", HOUR)).subject)), "ben")
        platform.after(MINUTE).act(EndInhibit(), "cleo")
    keys = [page[:2] for page in told(platform, 0) if page[0] == "flag/opened"]
    assert keys == [("flag/opened", "firing"), ("flag/opened", "resolved"), ("flag/opened", "firing")]


def test_a_lowering_while_it_is_held_closed_is_news() -> None:
    """The flag is sealed after it, whatever is down."""
    platform = down()
    platform.act(Confirm(str(platform.act(Inhibit("false alarm", HOUR)).subject)), "ben")
    platform.act(Raise("I see it", HOUR), "cleo")
    since = count(platform)
    platform.act(Lower("I was wrong"), "cleo")
    assert [page[:2] for page in told(platform, since)] == [("flag/lowered", "firing"), ("flag", "resolved")]


def test_everything_told_is_resolved_in_the_end() -> None:
    """No page about an act fires for ever, across a restart with other settings too."""
    platform = down()
    platform.act(Inhibit("false alarm", HOUR))
    platform.act(Inhibit("false alarm", HOUR), "ben")
    platform.act(Confirm(platform.state.acts.requests[0].id), "cleo")
    platform.restart(MINUTE)
    platform.recover()
    platform.tick(2 * HOUR)
    assert not [key for key in platform.state.firing if key.startswith("prod/payments/flag/")]
    assert {page.status for page in platform.pages()} == set(PageStatus)
