"""What deserves no page, and why."""

from dataclasses import replace

from monitor.model.page import PageKind
from monitor.model.verdict import Role, Verdict
from tests.support.paged import API, A, told, withheld
from tests.support.rulings import MINUTE, down, policy, probe, up


def test_no_page_for_a_bad_probe_of_a_function_that_works() -> None:
    """A probe confirmed bad whose function isn't down says why it pages nobody."""
    platform = up(A, probe("access", role=Role.DECIDING))
    platform.confirm("a")
    assert (PageKind.OUTAGE, "probe a is bad, but sign_in is degraded") in withheld(platform)


def test_no_page_for_a_function_that_isn_t_critical() -> None:
    """A non-critical function down says why it is no outage."""
    platform = up(A, replace(API, critical=False))
    platform.confirm("api")
    assert (PageKind.OUTAGE, "request is down, but isn't critical") in withheld(platform)
    assert told(platform) == ["degraded firing"]


def test_no_second_page_for_a_wider_outage() -> None:
    """An outage that takes more doesn't wake anybody twice."""
    platform = down(A)
    platform.restart(watched=policy(A, API))
    platform.good("api")
    platform.confirm("api")
    assert (PageKind.OUTAGE, f"outage {platform.outage().id} was paged; now it took more") in withheld(platform)
    assert told(platform, PageKind.OUTAGE) == ["outage firing"]


def test_no_second_page_for_down_after_unknown() -> None:
    """Down again in an outage that never ended wakes nobody twice."""
    platform = down()
    platform.tick(MINUTE)
    platform.bad()
    assert platform.verdict() is Verdict.DOWN
    assert (PageKind.OUTAGE, f"outage {platform.outage().id} was paged and never ended") in withheld(platform)
    assert told(platform, PageKind.OUTAGE) == ["outage firing"]


def test_no_page_for_unknown_yet() -> None:
    """Unknown says that it waits before it pages."""
    platform = up()
    platform.tick(MINUTE)
    ((kind, why),) = withheld(platform)
    assert kind is PageKind.UNKNOWN
    assert why.startswith("unknown pages only after 2m: sign_in is unknown")


def test_unknown_in_an_outage_says_so_and_no_more() -> None:
    """A platform that turns unknown in an outage says why unknown is quiet, and nothing about the outage."""
    platform = down()
    platform.tick(MINUTE)
    assert [kind for kind, _ in withheld(platform)] == [PageKind.UNKNOWN]


def test_no_page_for_what_is_paged() -> None:
    """What was paged in the same step isn't also said to deserve no page."""
    assert withheld(down()) == []


def test_no_page_where_the_others_call_it_down_in_an_open_outage() -> None:
    """A verdict that falls to down without an outage of ours being new says why it is quiet."""
    platform = up(vantages=3)
    platform.vote(b=Verdict.DOWN, c=Verdict.DOWN)
    platform.vote(b=Verdict.UNKNOWN, c=Verdict.UNKNOWN)
    platform.vote(b=Verdict.DOWN, c=Verdict.DOWN)
    assert withheld(platform)[-1][1].endswith("was paged and never ended")
