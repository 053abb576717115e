"""The action `expect_page`: what the pager has, asked of the pager."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, ClassVar, Final

from pydantic import Field

from drills.settings.actions.parts import JsonGiven, PlatformName, secrets, texts, unsafe
from drills.settings.fill import FillShape, UrlFillShape
from drills.settings.step import StepSettings
from glasswatch.placeholders import is_stray
from glasswatch.secrets import SecretReference
from glasswatch.settings.addresses import SafeAddressShape
from glasswatch.settings.auth import PlainAuthSettings
from glasswatch.settings.duration import Duration
from glasswatch.settings.headers import HeaderName, HeaderValue, is_secret, repeated
from glasswatch.settings.json_path import JsonPathText
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.sentences import Words
from glasswatch.settings.shapes import AddressShape, Name
from glasswatch.settings.tls import TrustSettings

_PAGERS: Final = ("alertmanager", "pagerduty", "http_json")


class AlertmanagerPagerSettings(SettingsModel):
    """Alertmanager's API v2."""

    expected: ClassVar[str] = "a mapping with url"

    url: Annotated[str, SafeAddressShape()]
    """Its address, without `/api/v2`."""
    auth: PlainAuthSettings | None = None
    """Credential that is shown."""
    tls: TrustSettings = TrustSettings()
    """Whom to trust."""


class PagerDutyPagerSettings(SettingsModel):
    """PagerDuty's REST API."""

    expected: ClassVar[str] = "a mapping with token"

    url: Annotated[str, SafeAddressShape()] = "https://api.pagerduty.com"
    """Its address; https://api.eu.pagerduty.com in the EU."""
    token: SecretReference
    """API token that may read incidents."""
    tls: TrustSettings = TrustSettings()
    """Whom to trust."""


class HttpJsonPagerSettings(SettingsModel):
    """Anything that lists pages as JSON."""

    expected: ClassVar[str] = "a mapping with url"

    url: Annotated[str, UrlFillShape(AddressShape("http", "https"))]
    """Address that lists pages. In its path and query `${name}` stands for a value."""
    headers: Annotated[Mapping[HeaderName, HeaderValue], Words("a mapping from headers to values")] = Field(
        default_factory=dict, repr=False
    )
    """Headers to send: text, or a reference to a secret."""
    tls: TrustSettings = TrustSettings()
    """Whom to trust."""
    pages: JsonPathText | None = None
    """Place of the list of pages in the answer; the answer itself, if left out."""
    match: Annotated[Mapping[JsonPathText, JsonGiven], Words("a mapping such as page.kind: flag")] = Field(
        default_factory=dict
    )
    """Places in a page, and the exact value each must hold. `${name}` stands for a value."""
    at: JsonPathText | None = None
    """Place in a page of when it came, as RFC 3339."""
    decided: JsonPathText | None = None
    """Place in a page of when the monitor decided it, as RFC 3339; it sends it as `decided_at`."""

    @finding("url", "headers")
    def headers_are_safe(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A credential is neither written down nor sent in clear."""
        for name, value in self.headers.items():
            if isinstance(value, str) and is_stray(value):
                yield ("headers", name), "expected text in which ${name} stands for a value"
            elif isinstance(value, str) and is_secret(name) and "${" not in value:
                yield ("headers", name), f"expected {SecretReference.expected}"
        yield from repeated("headers", self.headers)
        if any(isinstance(value, SecretReference) for value in self.headers.values()):
            yield from unsafe(self.url, "url")


class ExpectPageWithSettings(SettingsModel):
    """Which pager, and which page."""

    expected: ClassVar[str] = f"a mapping with exactly one of: {', '.join(_PAGERS)}"

    alertmanager: AlertmanagerPagerSettings | None = None
    """Ask Alertmanager."""
    pagerduty: PagerDutyPagerSettings | None = None
    """Ask PagerDuty."""
    http_json: HttpJsonPagerSettings | None = None
    """Ask something else over HTTP."""
    kind: Name | None = None
    """Kind of page that is waited for, such as `flag`; any, if left out. For `http_json` `match` says it."""
    platform: PlatformName | None = None
    """Platform that the page is about; the scenario's, if left out. For `http_json` `match` says it."""
    mentions: Annotated[tuple[Annotated[str, FillShape()], ...], Words("a list of texts such as ['${run}']")] = (
        "${run}",
    )
    """Texts that the page must hold, each somewhere; the run's id, if left out. Of PagerDuty, its title and key."""

    @finding(*_PAGERS)
    def one_pager_is_asked(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A pager is of one kind."""
        if sum(getattr(self, each) is not None for each in _PAGERS) != 1:
            yield (), f"expected exactly one of: {', '.join(_PAGERS)}"


class ExpectPageExpectSettings(SettingsModel):
    """What else must be true of the page."""

    expected: ClassVar[str] = "a mapping such as after: 5s"

    after: Duration | None = None
    """How long after it was decided it has come at the least, as one that fell back has. Needs `at` and `decided`."""


class ExpectPageStep(StepSettings):
    """Asks the pager."""

    what: ExpectPageWithSettings = Field(alias="with")
    """Which pager, and which page."""
    expect: ExpectPageExpectSettings = ExpectPageExpectSettings()
    """What else must be true of the page."""
    every: Duration | None = timedelta(seconds=2)
    """Pause between tries."""

    @finding("what", "expect")
    def a_wait_can_be_told(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """How long a page took is known where the pager says both when it was decided and when it came."""
        asked = self.what.http_json
        if self.expect.after is not None and (asked is None or asked.at is None or asked.decided is None):
            yield ("expect", "after"), "expected it beside http_json with at and decided only"

    @property
    def line(self) -> str:
        """What it does."""
        kind = f"a page of kind {self.what.kind}" if self.what.kind else "a page"
        after = self.expect.after
        wait = f", {after.total_seconds():g} s or more after it was decided" if after is not None else ""
        return f"ask {self.pager} for {kind}{wait}"

    @property
    def pager(self) -> str:
        """Who is asked."""
        what = self.what
        if what.alertmanager is not None:
            return f"Alertmanager at {what.alertmanager.url}"
        if what.pagerduty is not None:
            return f"PagerDuty at {what.pagerduty.url}"
        return f"the pager at {what.http_json.url}" if what.http_json is not None else "the pager"

    @property
    def rights(self) -> tuple[str, ...]:
        """What it needs to be allowed."""
        what = self.what
        references: list[object] = []
        if what.alertmanager is not None and what.alertmanager.auth is not None:
            references += what.alertmanager.auth.secrets()
        if what.pagerduty is not None:
            references.append(what.pagerduty.token)
        if what.http_json is not None:
            references += what.http_json.headers.values()
        return secrets(references)

    def names(self) -> frozenset[str]:
        """Return the names of the values that it uses."""
        given: list[object] = [*self.what.mentions]
        if self.what.http_json is not None:
            asked = self.what.http_json
            given += [asked.url, *asked.headers.values(), *asked.match.values()]
        return texts(given)
