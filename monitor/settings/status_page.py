"""Settings of the `status_page` probe: what a vendor says of itself, and which part of it counts."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field

from glasswatch.settings.duration import DurationShape
from glasswatch.settings.json_path import JsonPathText
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.sentences import Words
from glasswatch.settings.shapes import JsonValue, Switch, TextShape
from glasswatch.strict_json import is_same
from monitor.model.verdict import Role
from monitor.settings.http import RequestSettings
from monitor.settings.second_hand import decides_nothing

_COMPONENT = TextShape("a component's name or id, at most 100 characters", r"[^\s](?:[^\x00-\x1f\x7f]{0,98}[^\s])?")
_VALUES = Words("a list of values such as [ok, none]")


class JsonPageSettings(SettingsModel):
    """One value of a JSON document that says how things are."""

    expected: ClassVar[str] = "a mapping with path and good"

    path: JsonPathText
    """Where the value stands."""
    good: Annotated[tuple[JsonValue, ...], Field(min_length=1), _VALUES]
    """Values that are good."""
    warn: Annotated[tuple[JsonValue, ...], _VALUES] = ()
    """Values that leave it good, but mark it. Any other value is bad."""

    @finding("good", "warn")
    def values_mean_one_thing(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """No value is both."""
        for index, value in enumerate(self.warn):
            if any(is_same(good, value) for good in self.good):
                yield ("warn", index), "is in good as well: expected it in one of them"


class StatusPageProbeSettings(RequestSettings):
    """A page on which others say how things are: Atlassian Statuspage, or any JSON document."""

    role: ClassVar[Role] = Role.SECOND_HAND
    tells: ClassVar[bool] = True

    type: Literal["status_page"] = "status_page"
    """What kind of probe it is."""
    critical: Switch = False
    """Always false: what others tell never takes a platform down."""
    interval: Annotated[timedelta, DurationShape(at_least=timedelta(milliseconds=100), at_most=timedelta(days=1))] = (
        timedelta(seconds=60)
    )
    """How often it runs."""
    components: Annotated[tuple[Annotated[str, _COMPONENT], ...], Words("a list of components' names or ids")] = ()
    """Components that count, by name or id, on a page of Atlassian Statuspage. The page as a whole if left out."""
    json_page: JsonPageSettings | None = Field(default=None, alias="json")
    """Where another document says it. A page of Atlassian Statuspage if left out."""

    @finding("critical")
    def is_never_critical(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A second-hand probe never decides alone (design 3.3)."""
        return decides_nothing(critical=self.critical)

    @finding("components", "json_page")
    def is_one_kind_of_page(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """Components are Statuspage's; each is named once."""
        if self.json_page is not None and "components" in given:
            yield ("components",), "expected either components, of Atlassian Statuspage, or json"
        for index, name in enumerate(self.components):
            if name in self.components[:index]:
                yield ("components", index), "is given twice"

    @finding("url", "json_page")
    def url_is_the_summary(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """The page for people is not JSON."""
        if self.json_page is None and not urlsplit(self.url).path.endswith(".json"):
            yield (
                ("url",),
                "expected the address of the page's summary, which ends with /api/v2/summary.json; or json as well",
            )
