"""The sections of the settings file that the monitor reads."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Final

from pydantic import Field

from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.registry import Choice
from glasswatch.settings.sentences import Words, unknown_choice
from glasswatch.settings.shape import KEY
from glasswatch.settings.shapes import Label, Name, RelativePath
from monitor.registries import KINDS
from monitor.settings.controls import NONE, Controls, too_alike
from monitor.settings.dead_man import DeadManSettings
from monitor.settings.drills import DrillsSettings
from monitor.settings.flag import FlagSettings
from monitor.settings.listen import ListenSettings
from monitor.settings.paging import PagingSettings
from monitor.settings.platform import PlatformSettings
from monitor.settings.publish import PLACEHOLDER
from monitor.settings.store import StoreSettings
from monitor.settings.tokens import TokenSettings, mistakes
from monitor.settings.uses import UsesSettings

_LISTEN: Final[Any] = "127.0.0.1:9780"  # read like what stands in a file


class StaticPageSettings(SettingsModel):
    """The status page as a file, for when the monitor can't be reached."""

    expected: ClassVar[str] = "a mapping with file"

    file: RelativePath
    """File that is replaced at each change."""


def _default_store() -> Any:  # noqa: ANN401 - read like what stands in a file, relative to the settings
    return "sqlite:///glasswatch.db"


def _default_static_page() -> Any:  # noqa: ANN401 - as above
    return {"file": "status.html"}


class MonitorSettings(SettingsModel):
    """Everything `monitor` reads from the settings file."""

    deployment: Label
    """Name of what is watched as a whole; part of every flag and page."""
    vantage: Label = "main"
    """Name of the place this monitor looks from. Must be given when the store is shared."""
    store: StoreSettings = Field(default_factory=_default_store, validate_default=True)
    """Where everything that must survive is kept: an address, or a mapping with `url` and `password`."""
    listen: ListenSettings = Field(default=_LISTEN, validate_default=True)
    """Where the monitor serves its pages, metrics and API: an address, or a mapping with `address`."""
    platforms: Annotated[
        Mapping[Name, Annotated[PlatformSettings, Choice("kind", KINDS, "generic")]],
        Field(min_length=1),
        Words("one or more platforms by name"),
    ]
    """The platforms that are watched, by name."""
    controls: Controls
    """Addresses that tell an outage from our own blindness; `none` where nothing outside can be reached."""
    flag: FlagSettings
    """The break-glass flag."""
    uses: UsesSettings = Field(default_factory=UsesSettings)
    """How uses of break-glass are dealt with."""
    drills: DrillsSettings = Field(default_factory=DrillsSettings)
    """How runs of drills are witnessed, and when they are due."""
    paging: PagingSettings = Field(default_factory=PagingSettings)
    """How people are told."""
    dead_man: Annotated[
        Mapping[Name, DeadManSettings], Words("dead man's switches by name, each such as {url: https://…}")
    ] = Field(default_factory=dict)
    """Who notices when this monitor is gone: dead man's switches elsewhere, by name."""
    static_page: StaticPageSettings = Field(default_factory=_default_static_page, validate_default=True)
    """The status page as a file."""
    tokens: Annotated[tuple[TokenSettings, ...], Words("a list of tokens, as monitor token prints them")] = ()
    """Who may ask the monitor for what."""

    @finding("tokens")
    def tokens_are_told_apart(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """No two have one name or one secret, and each knows its platforms."""
        yield from ((("tokens", *place), text) for place, text in mistakes(self.tokens, given.get("platforms")))

    @finding("platforms")
    def heartbeats_are_told_apart(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A beat names its heartbeat, not its platform."""
        names: set[str] = set()
        for platform, settings in self.platforms.items():
            beating = [name for name, probe in settings.probes.items() if probe.type == "heartbeat"]
            for name in names.intersection(beating):
                yield (
                    ("platforms", platform, "probes", name, KEY),
                    "is another platform's heartbeat: expected a new name",
                )
            names.update(beating)

    @finding("controls")
    def controls_are_independent(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """One operator's fault does not look like ours."""
        if given.get("controls") != NONE:
            yield from ((("controls", *place), text) for place, text in too_alike(self.controls))

    @finding("uses", "platforms")
    def watchers_watch_platforms(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """A watcher finds uses of a platform that exists."""
        platforms = given.get("platforms")
        known = tuple(str(name) for name in platforms) if isinstance(platforms, Mapping) else ()
        for name, watcher in self.uses.watchers.items():
            if watcher.platform not in known:
                text = unknown_choice(watcher.platform, known, "a platform's name")
                yield ("uses", "watchers", name, "platform"), text

    @finding("drills", "platforms")
    def drills_are_of_platforms(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """What has to be drilled is a platform that exists."""
        platforms = given.get("platforms")
        known = tuple(str(name) for name in platforms) if isinstance(platforms, Mapping) else ()
        for name, each in self.drills.calendar.items():
            if each.platform not in known:
                text = unknown_choice(each.platform, known, "a platform's name")
                yield ("drills", "calendar", name, "platform"), text

    @finding("flag")
    def each_platform_has_its_place(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """No two platforms, and no two targets, have a flag in one place."""
        platforms = given.get("platforms")
        names = [name for name in platforms if isinstance(name, str)] if isinstance(platforms, Mapping) else []
        taken: dict[str, int] = {}
        for index, target in enumerate(self.flag.publish):
            where = ("flag", "publish", index, target.kind)
            if len(names) > 1 and PLACEHOLDER not in target.place:
                yield where, f"expected {PLACEHOLDER} in it: each platform has its own"
                continue
            places = {target.place_for(name) for name in names}
            others = {taken[place] for place in places & taken.keys()}
            if any(self.flag.publish[other].place != target.place for other in others):
                yield where, f"is where another target's flag of a platform goes: expected {target.other}"
            taken |= dict.fromkeys(places, index)

    @finding("store", "vantage")
    def shared_store_needs_a_vantage(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """Several monitors on one store are told apart by name."""
        if self.store.is_shared and "vantage" not in given:
            yield ("vantage",), "is required: expected this monitor's own name, because the store can be shared"
