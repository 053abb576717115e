"""Channels and routes come out of the settings as they were written."""

import pytest

from monitor.channels.build import channels_of, routes_of
from monitor.channels.context import ChannelContext
from monitor.channels.webhook import Webhook
from monitor.model.page import PageKind, Route
from monitor.registries import CHANNELS, load
from monitor.settings.paging import PagingSettings
from tests.support.clock import ManualClock
from tests.support.pages import CONTEXT

PAGING = {
    "channels": {
        "phone": {"type": "webhook", "url": "https://phone.example.com/x", "secret": {"env": "NOT_SET"}},
        "chat": {"type": "webhook", "url": "https://chat.example.com/x"},
    },
    "routes": [{"kinds": ["outage", "flag"], "to": ["phone"]}, {"to": ["chat"]}],
}


def test_channels_are_built_in_order_without_touching_anything() -> None:
    """Each name has its channel; a secret that can't be had yet stops nothing."""
    channels = channels_of(PagingSettings.model_validate(PAGING), ChannelContext(ManualClock(), lambda _: CONTEXT))

    assert list(channels) == ["phone", "chat"]
    assert all(isinstance(channel, Webhook) for channel in channels.values())


def test_routes_are_taken_over() -> None:
    """A route's kinds and channels are the settings'; one without kinds takes every kind."""
    assert routes_of(PagingSettings.model_validate(PAGING)) == (
        Route(to=("phone",), kinds=frozenset({PageKind.OUTAGE, PageKind.FLAG})),
        Route(to=("chat",), kinds=frozenset(PageKind)),
    )


def test_no_routes_stay_no_routes() -> None:
    """Nothing written means every channel, which the rules decide, not the settings."""
    assert routes_of(PagingSettings()) == ()


@pytest.mark.parametrize("name", CHANNELS)
def test_every_registered_channel_can_be_made(name: str) -> None:
    """What the registry names exists."""
    assert callable(load(CHANNELS[name].make))
