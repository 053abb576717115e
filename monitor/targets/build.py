"""Builds the targets that the settings name, through the registry."""

from collections.abc import Callable
from typing import cast

from monitor.ports import FlagTarget
from monitor.registries import TARGETS, load
from monitor.settings.flag import FlagSettings
from monitor.settings.publish import TargetSettings
from monitor.targets.context import TargetContext

Make = Callable[[TargetSettings, TargetContext], FlagTarget]


def targets_of(flag: FlagSettings, context: TargetContext) -> list[FlagTarget]:
    """Return the targets in the order of the settings. Nothing is written or sent, no secret is read."""
    return [target_of(settings, context) for settings in flag.publish]


def target_of(settings: TargetSettings, context: TargetContext) -> FlagTarget:
    """Return one target."""
    return _make(settings)(settings, context)


def _make(settings: TargetSettings) -> Make:
    return cast("Make", load(TARGETS[settings.kind].make))
