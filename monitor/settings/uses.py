"""Settings of how uses of break-glass are dealt with."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import Field

from glasswatch.settings.duration import Duration, DurationShape
from glasswatch.settings.model import SettingsModel
from glasswatch.settings.registry import Choice
from glasswatch.settings.sentences import Words
from glasswatch.settings.shapes import Name
from monitor.model.use import UsePolicy
from monitor.registries import WATCHERS
from monitor.settings.watchers import WatcherSettings


class UsesSettings(SettingsModel):
    """How uses of break-glass are dealt with."""

    expected: ClassVar[str] = "a mapping such as {grace: 2m}"

    match_within: Annotated[timedelta, DurationShape(at_most=timedelta(hours=1))] = timedelta(minutes=1)
    """How far apart a reader's report and a log's entry may lie to be of one access."""
    grace: Annotated[timedelta, DurationShape(at_most=timedelta(hours=1))] = timedelta(minutes=2)
    """How long a reader may take to report what a watcher found; later somebody got in past it."""
    remind_every: Duration = timedelta(hours=24)
    """How often a use that is open pages again."""

    watchers: Annotated[
        Mapping[Name, Annotated[WatcherSettings, Choice("type", WATCHERS)]], Words("a mapping of watchers by name")
    ] = Field(default_factory=dict)
    """Watchers that find uses in logs, by name."""

    def policy(self, deployment: str) -> UsePolicy:
        """Return how uses are judged."""
        return UsePolicy(deployment, self.match_within, self.grace, self.remind_every)
