"""Builds the channels that the settings name, through the registry, and their routes as the rules take them."""

from collections.abc import Callable
from typing import cast

from monitor.channels.context import ChannelContext
from monitor.model.page import Route
from monitor.ports import Channel
from monitor.registries import CHANNELS, load
from monitor.settings.paging import ChannelSettings, PagingSettings

Make = Callable[[str, ChannelSettings, ChannelContext], Channel]


def channels_of(paging: PagingSettings, context: ChannelContext) -> dict[str, Channel]:
    """Return the channels by name, in the order of the settings. Nothing is sent, no secret is read."""
    return {name: channel_of(name, settings, context) for name, settings in paging.channels.items()}


def channel_of(name: str, settings: ChannelSettings, context: ChannelContext) -> Channel:
    """Return one channel. Nothing is sent, no secret is read."""
    return _make(settings)(name, settings, context)


def routes_of(paging: PagingSettings) -> tuple[Route, ...]:
    """Return the routes as `monitor.rules.routes` takes them; none given: none, which means every channel."""
    return tuple(
        Route(route.to, frozenset(route.kinds), route.fallback, route.fallback_after) for route in paging.routes
    )


def _make(settings: ChannelSettings) -> Make:
    return cast("Make", load(CHANNELS[settings.type].make))
