"""The series of one target of the flag, made anew at each try; and of each platform's copy there, at each success."""

from collections.abc import Mapping
from typing import Final

from glasswatch.names import PLATFORM, TARGET
from monitor.metrics.exposition import Family, Slot, start
from monitor.model.record import FlagDocument

TRIED: Final = "jit_break_glass_flag_publish_total"
FAILED: Final = "jit_break_glass_flag_publish_failed_total"
BEHIND: Final = "jit_break_glass_flag_publish_behind"
EXPIRY: Final = "jit_break_glass_flag_published_expiry_timestamp_seconds"
FAMILIES: Final = (TRIED, FAILED, BEHIND, EXPIRY)


class PublishSeries:
    """Counts what goes to one target. Counters and the gauge are 0 from the start, an expiry absent until known."""

    def __init__(self, families: Mapping[str, Family], target: str) -> None:
        self._target = target
        self._expiry_family = families[EXPIRY]
        self._slots = {name: families[name].slot() for name in (TRIED, FAILED, BEHIND)}
        self._starts = {name: start(name, {TARGET: target}) for name in self._slots}
        self._counts = dict.fromkeys(self._slots, 0)
        self._copies: dict[str, tuple[Slot, str]] = {}
        for name in self._slots:
            self._put(name, 0)

    def tried(self, document: FlagDocument, *, is_out: bool) -> None:
        """Count a try; show until when the copy holds that it left there."""
        self._put(TRIED, self._counts[TRIED] + 1)
        if not is_out:
            self._put(FAILED, self._counts[FAILED] + 1)
            return
        platform = document.platform
        copy = self._copies.get(platform)
        if copy is None:
            line = start(EXPIRY, {PLATFORM: platform, TARGET: self._target})
            copy = self._copies[platform] = self._expiry_family.slot(), line
        slot, line = copy
        slot.lines = f"{line}{document.expires_at.timestamp()!r}\n"

    def forget(self, platform: str) -> None:
        """Show a platform's copy no more."""
        copy = self._copies.pop(platform, None)
        if copy is not None:
            copy[0].lines = ""

    def behind(self, count: int) -> None:
        """Show how many platforms' latest document the target doesn't show."""
        self._put(BEHIND, count)

    def _put(self, name: str, count: int) -> None:
        self._counts[name] = count
        self._slots[name].lines = f"{self._starts[name]}{count}\n"
