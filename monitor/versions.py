"""Watches whether readers can accept the flags as signed: has people told when they can't, and when they can again.

What deserves telling is `monitor.rules.versions`'s. Whether it was told already is kept with the platform's state, so
that a page which fired before a restart is resolved after it; told it is also while the store can't be written.
"""

from collections.abc import Mapping

from monitor.keeper import Keeper
from monitor.model.event import VersionJudged
from monitor.model.record import FlagDocument
from monitor.rules.versions import refused_until


class VersionWatch:
    """Looks at the flags as last signed, by platform. `look` at it about once a second."""

    def __init__(self, documents: Mapping[str, FlagDocument], keepers: Mapping[str, Keeper]) -> None:
        self._documents = documents
        self._keepers = keepers
        self._told: dict[str, bool] = {}

    def look(self) -> None:
        """Judge each flag that was not judged so yet. Never waits."""
        for platform, document in self._documents.items():
            is_refused = refused_until(document) is not None
            keeper = self._keepers.get(platform)  # it may just have gone out of the settings
            if self._told.get(platform) is not is_refused and keeper is not None:
                self._told[platform] = is_refused
                keeper.hear(VersionJudged(document))

    def forget(self, platform: str) -> None:
        """Forget what was told of a platform that is no longer watched."""
        self._told.pop(platform, None)
