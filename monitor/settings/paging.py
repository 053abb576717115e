"""Settings of paging: the channels pages go through, and which page takes which."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from glasswatch.secrets import SecretReference
from glasswatch.settings.duration import DurationShape
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.registry import Choice
from glasswatch.settings.sentences import Words, unknown_choice
from glasswatch.settings.shapes import Address, Name, OneOf
from glasswatch.settings.tls import TrustSettings
from monitor.model.page import PageKind
from monitor.registries import CHANNELS


class ChannelSettings(SettingsModel):
    """A way to deliver pages. Each type adds what it needs to reach its provider."""

    type: str
    """What kind of channel it is."""
    timeout: Annotated[timedelta, DurationShape(at_most=timedelta(minutes=1))] = timedelta(seconds=10)
    """The longest one try may take."""

    def secrets(self) -> Iterable[SecretReference]:
        """Return the references to all that is secret in it."""
        return ()

    def addresses(self) -> tuple[str, ...]:
        """Return the addresses that it speaks to, one of which is enough; none where a secret holds them."""
        return ()


class WebhookSettings(ChannelSettings):
    """JSON sent to an address, signed as Standard Webhooks say."""

    type: Literal["webhook"] = "webhook"
    """What kind of channel it is."""
    url: Address
    """Address pages are sent to."""
    secret: SecretReference | None = None
    """Key that signs them, as `whsec_…` or plain text. Not signed if left out."""
    tls: TrustSettings = TrustSettings()
    """How the receiver is verified."""

    def secrets(self) -> Iterable[SecretReference]:
        """Return the references to all that is secret in it."""
        return () if self.secret is None else (self.secret,)

    def addresses(self) -> tuple[str, ...]:
        """Return the receiver's."""
        return (self.url,)


class RouteSettings(SettingsModel):
    """Which pages go to which channels."""

    expected: ClassVar[str] = "a mapping with kinds and to"

    kinds: Annotated[
        tuple[Annotated[PageKind, OneOf(PageKind)], ...], Field(min_length=1), Words("a list of kinds of page")
    ] = tuple(PageKind)
    """Kinds of page that take this route; all of them if left out."""
    to: Annotated[tuple[Name, ...], Field(min_length=1), Words("a list of channels' names")]
    """Names of the channels they go to."""
    fallback: Annotated[tuple[Name, ...], Words("a list of channels' names")] = ()
    """Names of the channels that a page goes to as well if one of `to` has not taken it in time."""
    fallback_after: Annotated[timedelta, DurationShape(at_least=timedelta(seconds=1), at_most=timedelta(hours=1))] = (
        timedelta(seconds=60)
    )
    """How long `to` has to take it, from when it was decided."""


class PagingSettings(SettingsModel):
    """How people are told. A page goes to every channel of every route that takes its kind."""

    expected: ClassVar[str] = "a mapping with channels and routes"

    channels: Annotated[
        Mapping[Name, Annotated[ChannelSettings, Choice("type", CHANNELS)]], Words("a mapping of channels by name")
    ] = Field(default_factory=dict)
    """Channels, by name."""
    routes: Annotated[tuple[RouteSettings, ...], Words("a list of routes such as {to: [ops]}")] = ()
    """Routes; if none is given, every page goes to every channel."""
    status_page: Address | None = None
    """Where people can open this monitor's status page; pages link to it."""

    @finding("routes")
    def channels_exist(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """A route leads to channels that exist, and falls back on others."""
        channels = given.get("channels")
        known = tuple(str(name) for name in channels) if isinstance(channels, Mapping) else ()
        for index, route in enumerate(self.routes):
            for member, names in (("to", route.to), ("fallback", route.fallback)):
                for position, name in enumerate(names):
                    place = ("routes", index, member, position)
                    if name not in known:
                        text = unknown_choice(name, known, "a channel's name")
                        yield place, text if known else "expected a channel's name, but there are no channels"
                    elif member == "fallback" and name in route.to:
                        yield place, "is one of this route's `to`: expected another channel"
