"""From settings to what a reload compares. What a platform's people read counts as its own, text and all.

A section that is not named here can't change while the monitor runs: whoever adds one says how it is taken over.
"""

from collections.abc import Mapping
from typing import Final

from monitor.model.outline import Outline, PlatformOutline
from monitor.settings.controls import tell_of_names
from monitor.settings.named import stated_ends
from monitor.settings.root import MonitorSettings

_FREE: Final = frozenset({"platforms", "controls", "flag", "uses", "paging", "dead_man", "tokens", "drills"})
CHANNEL, TARGET, WATCHER, SWITCH = "channel", "flag target", "watcher", "dead man's switch"


def outline_of(settings: MonitorSettings, procedures: Mapping[str, object]) -> Outline:
    """Return the outline. `procedures` are the platforms' texts, as read from their files."""
    flag, paging, uses = settings.flag, settings.paging, settings.uses
    others = [name for name in type(settings).model_fields if name not in _FREE]
    return Outline(
        fixed={
            **{name: getattr(settings, name) for name in others},
            "flag.key": flag.key,
            "drills.evidence_key": settings.drills.evidence_key,
            "controls (whether they prove that names resolve)": tell_of_names(settings.controls),
        },
        free={
            "controls": settings.controls,
            "flag": flag.model_copy(update={"key": None, "publish": ()}),
            "paging": paging.model_copy(update={"channels": {}}),
            "tokens": settings.tokens,
            "drills": settings.drills.model_copy(update={"evidence_key": None}),
            "uses": uses.model_copy(update={"watchers": {}}),
            # By themselves: references are equal without them, so that whoever uses a secret goes on undisturbed.
            "expires (of secrets)": stated_ends(settings),
        },
        platforms={
            name: PlatformOutline(
                own=(platform.model_copy(update={"probes": {}}), procedures[name]),
                probes=platform.probes,
            )
            for name, platform in settings.platforms.items()
        },
        parts={
            CHANNEL: paging.channels,
            TARGET: {target.label: target for target in flag.publish},
            WATCHER: uses.watchers,
            SWITCH: settings.dead_man,
        },
    )
