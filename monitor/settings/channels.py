"""Settings of the channels that speak a provider's own tongue: PagerDuty, Alertmanager, and what Apprise knows."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, Final, Literal

from pydantic import Field

from glasswatch.secrets import SecretReference
from glasswatch.settings.addresses import SafeAddressShape
from glasswatch.settings.auth import PlainAuthSettings
from glasswatch.settings.duration import DurationShape
from glasswatch.settings.model import Finding, finding
from glasswatch.settings.sentences import Words
from glasswatch.settings.shapes import OneOf, SecureAddress
from glasswatch.settings.tls import TrustSettings
from monitor.settings.paging import ChannelSettings

_EVENTS: Final = {"us": "https://events.pagerduty.com", "eu": "https://events.eu.pagerduty.com"}
_API: Final = {"us": "https://api.pagerduty.com", "eu": "https://api.eu.pagerduty.com"}
_LAPSES: Final = 3


class PagerDutySettings(ChannelSettings):
    """PagerDuty's Events API v2."""

    type: Literal["pagerduty"] = "pagerduty"
    """What kind of channel it is."""
    routing_key: SecretReference
    """Integration key of the service that pages go to, of its Events API v2 integration."""
    ticket_routing_key: SecretReference | None = None
    """The same for tickets, where a service of low urgency takes them. Without it they go to the same service."""
    token: SecretReference | None = None
    """Token of the REST API, read-only: with it who acknowledged is read back and shown."""
    region: Annotated[str, OneOf(("us", "eu"))] = "us"
    """Which of PagerDuty's regions the account is in."""
    url: SecureAddress | None = None
    """Address of the Events API, where it isn't the region's own."""
    api_url: SecureAddress | None = None
    """Address of the REST API, where it isn't the region's own."""
    tls: TrustSettings = TrustSettings()
    """How PagerDuty is verified."""

    def secrets(self) -> Iterable[SecretReference]:
        """Return the references to all that is secret in it."""
        return tuple(each for each in (self.routing_key, self.ticket_routing_key, self.token) if each is not None)

    def addresses(self) -> tuple[str, ...]:
        """Return where events go."""
        return (self.events,)

    @property
    def events(self) -> str:
        """Where events go."""
        return self.url or _EVENTS[self.region]

    @property
    def api(self) -> str:
        """Where incidents are asked for."""
        return self.api_url or _API[self.region]


class AlertmanagerSettings(ChannelSettings):
    """Alertmanager's API v2. Every instance is told."""

    type: Literal["alertmanager"] = "alertmanager"
    """What kind of channel it is."""
    urls: Annotated[
        tuple[Annotated[str, SafeAddressShape()], ...],
        Field(min_length=1),
        Words("a list of addresses such as https://alertmanager.example.com:9093"),
    ]
    """Addresses of the instances, without `/api/v2`; of a cluster, each member's own."""
    auth: PlainAuthSettings | None = None
    """Credential that every instance is given."""
    resend_every: Annotated[timedelta, DurationShape(at_least=timedelta(seconds=1), at_most=timedelta(minutes=10))] = (
        timedelta(minutes=1)
    )
    """How often an alert is sent again while it fires."""
    ends_after: Annotated[timedelta, DurationShape(at_least=timedelta(seconds=3), at_most=timedelta(hours=24))] = (
        timedelta(minutes=5)
    )
    """How long an alert holds that is not sent again, because the monitor or the way to it is gone."""
    tls: TrustSettings = TrustSettings()
    """How the instances are verified."""

    def secrets(self) -> Iterable[SecretReference]:
        """Return the references to all that is secret in it."""
        return () if self.auth is None else self.auth.secrets()

    def addresses(self) -> tuple[str, ...]:
        """Return the instances."""
        return self.urls

    @finding("resend_every", "ends_after")
    def holds_until_it_is_sent_again(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """One that gets lost on the way must not end an alert."""
        if self.ends_after < _LAPSES * self.resend_every:
            yield ("ends_after",), f"expected at least {_LAPSES} times resend_every"

    @finding("urls")
    def instances_are_told_apart(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """No instance is told twice."""
        for index, url in enumerate(self.urls):
            if url.rstrip("/") in {other.rstrip("/") for other in self.urls[:index]}:
                yield ("urls", index), "is there already: expected another instance"


class AppriseSettings(ChannelSettings):
    """One of the services that Apprise knows; needs the extra `apprise`."""

    type: Literal["apprise"] = "apprise"
    """What kind of channel it is."""
    url: SecretReference
    """Apprise's address of the service, such as `tgram://…`. It holds secrets, so it is one."""

    def secrets(self) -> Iterable[SecretReference]:
        """Return the references to all that is secret in it."""
        return (self.url,)
