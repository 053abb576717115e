"""Watches the copies of the flag: has people told of one that falls behind, expires, or has caught up.

What deserves telling is `monitor.rules.copies`'s. Whether it was told already is kept with the platform's state, so
that a page which fired before a restart is resolved after it; told it is also while the store can't be written.
"""

from collections.abc import Mapping

from glasswatch.clock import Clock
from monitor.keeper import Keeper
from monitor.model.copy import Lag
from monitor.model.event import CopyJudged
from monitor.publish import Publisher
from monitor.rules.copies import judge


class CopyWatch:
    """Asks the publisher how its copies are. `look` at it about once a second."""

    def __init__(self, publisher: Publisher, keepers: Mapping[str, Keeper], clock: Clock) -> None:
        self._publisher = publisher
        self._keepers = keepers
        self._clock = clock
        self._told: dict[tuple[str, str], Lag] = {}

    def look(self) -> None:
        """Judge what is behind, or no longer is. Never waits."""
        now = self._clock.now()
        for copy in self._publisher.copies():
            key = (copy.target, copy.platform)
            told = self._told.get(key)
            lag = judge(copy, told, now)
            keeper = self._keepers.get(copy.platform)  # it may just have gone out of the settings
            if lag is not None and lag is not told and keeper is not None:
                self._told[key] = lag
                keeper.hear(CopyJudged(copy, lag))

    def forget(self, platform: str) -> None:
        """Forget what was told of a platform that is no longer watched."""
        for key in [key for key in self._told if key[1] == platform]:
            del self._told[key]
