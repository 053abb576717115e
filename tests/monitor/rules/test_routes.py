"""Which channels a page goes to."""

import pytest

from monitor.model.page import PageKind, Route
from monitor.rules.routes import route, untold
from tests.support.pages import page

CHANNELS = ("phone", "chat", "mail")
OUTAGE = page(kind=PageKind.OUTAGE)
FLAG = page(kind=PageKind.FLAG)
DEGRADED = page(kind=PageKind.DEGRADED)


@pytest.mark.parametrize("kind", PageKind)
def test_without_routes_every_channel_gets_everything(kind: PageKind) -> None:
    """No routes: every kind goes to every channel."""
    assert route(page(kind=kind), (), CHANNELS).channels == CHANNELS


def test_all_matching_routes_count() -> None:
    """A page goes to the channels of every route that names its kind, each once, in the order of the settings."""
    routes = (
        Route(kinds=frozenset({PageKind.OUTAGE}), to=("mail", "phone")),
        Route(kinds=frozenset({PageKind.OUTAGE, PageKind.FLAG}), to=("phone",)),
        Route(kinds=frozenset({PageKind.DEGRADED}), to=("chat",)),
    )

    assert route(OUTAGE, routes, CHANNELS).channels == ("phone", "mail")
    assert route(DEGRADED, routes, CHANNELS).channels == ("chat",)


def test_route_without_kinds_takes_all() -> None:
    """A route that names no kind takes every kind."""
    assert route(DEGRADED, (Route(to=("chat",)),), CHANNELS).channels == ("chat",)


def test_unrouted_page_goes_nowhere_with_a_reason() -> None:
    """A page that no route matches goes nowhere, and the reason says so."""
    found = route(DEGRADED, (Route(kinds=frozenset({PageKind.OUTAGE}), to=("phone",)),), CHANNELS)

    assert found.channels == ()
    assert found.reason == "no route for kind degraded"


@pytest.mark.parametrize("named", [None, (), (PageKind.OUTAGE,), tuple(PageKind)])
def test_nobody_is_told_of_what_no_route_takes(named: tuple[PageKind, ...] | None) -> None:
    """Those kinds are named that `route` sends nowhere; a test goes where its command says."""
    routes = () if named is None else (Route(kinds=frozenset(named), to=("phone",)),)
    nowhere = {kind for kind in PageKind if not route(page(kind=kind), routes, CHANNELS).channels}

    assert set(untold(routes)) == nowhere - {PageKind.TEST}


@pytest.mark.parametrize("kind", [PageKind.FLAG, PageKind.STORE])
def test_never_suppressed_kinds_go_everywhere(kind: PageKind) -> None:
    """A flag or store page that no route matches goes to every channel."""
    found = route(page(kind=kind), (Route(kinds=frozenset({PageKind.OUTAGE}), to=("phone",)),), CHANNELS)

    assert found.channels == CHANNELS


def test_a_flag_page_goes_to_everybody_even_where_a_route_names_it() -> None:
    """A route can't narrow down who learns that the flag changed."""
    routes = (Route(kinds=frozenset({PageKind.FLAG}), to=("phone",)),)

    assert route(FLAG, routes, CHANNELS).channels == CHANNELS


def test_unknown_channel_does_not_swallow_a_store_page() -> None:
    """A route to a channel that doesn't exist is as if it were not there."""
    routes = (Route(to=("gone",)),)

    assert route(page(kind=PageKind.STORE), routes, CHANNELS).channels == CHANNELS
    assert route(OUTAGE, routes, CHANNELS).channels == ()


def test_no_channels_no_way() -> None:
    """Without channels even a flag page goes nowhere, and the reason says why."""
    found = route(FLAG, (), ())

    assert found.channels == ()
    assert found.reason == "no channel is configured"
