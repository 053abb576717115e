"""Settings as far as a reload needs to see them: what they are made of, to be compared, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PlatformOutline:
    """A platform: its probes by name, and all else of it in one."""

    own: object
    probes: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Outline:
    """Settings in parts that are equal exactly where they say the same.

    `fixed` can't change while the monitor runs, `free` is taken over as it is; both are by their place in the file.
    `parts` are what is built one by one (channels, targets, watchers, switches), by what they are and their names.
    """

    fixed: Mapping[str, object] = field(default_factory=dict)
    free: Mapping[str, object] = field(default_factory=dict)
    platforms: Mapping[str, PlatformOutline] = field(default_factory=dict)
    parts: Mapping[str, Mapping[str, object]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Difference:
    """What came, what went, and what is there as before but says something else; each in the order of its settings."""

    came: tuple[str, ...] = ()
    went: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    @property
    def is_nothing(self) -> bool:
        """Whether all is as before."""
        return not (self.came or self.went or self.changed)

    @property
    def built(self) -> frozenset[str]:
        """What has to be built anew."""
        return frozenset((*self.came, *self.changed))

    @property
    def ended(self) -> frozenset[str]:
        """What must not go on."""
        return frozenset((*self.went, *self.changed))


@dataclass(frozen=True, slots=True)
class SettingsChange:
    """What is to be done to get from one outline to another.

    `restart`: what changed that can't while the monitor runs; then nothing is to be done. `free`: what else changed.
    `platforms.changed` are those whose own settings changed. `probes` has an entry for every platform that was there
    and stays, `parts` for every sort of part.
    """

    restart: tuple[str, ...]
    free: tuple[str, ...]
    platforms: Difference
    probes: Mapping[str, Difference]
    parts: Mapping[str, Difference]

    @property
    def is_nothing(self) -> bool:
        """Whether both say the same."""
        different = any(not each.is_nothing for each in (self.platforms, *self.probes.values(), *self.parts.values()))
        return not (self.restart or self.free or different)
