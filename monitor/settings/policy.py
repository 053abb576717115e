"""From settings to the plain values that rules work with."""

from collections.abc import Mapping

from monitor.model.policy import PlatformPolicy
from monitor.settings.flag import FlagSettings
from monitor.settings.platform import PlatformSettings
from monitor.settings.root import MonitorSettings


def policy_of(
    settings: PlatformSettings, name: str, flag: FlagSettings, *, deployment: str, configured_vantages: int = 1
) -> PlatformPolicy:
    """Return how one platform is judged."""
    return PlatformPolicy(
        deployment=deployment,
        platform=name,
        probes={probe: probe_settings.policy(probe) for probe, probe_settings in settings.probes.items()},
        configured_vantages=configured_vantages,
        lower_after=flag.lower_after,
        ready_ttl=flag.ready_ttl,
        unknown_max=flag.unknown_max,
        unknown_pages_after=flag.unknown_pages_after,
        targets=tuple(target.label for target in flag.publish),
        manual_max=flag.manual_max,
        manual_persons=flag.manual_persons,
        maintenance=tuple(window.value(window_name) for window_name, window in settings.maintenance.items()),
    )


def policies_of(settings: MonitorSettings, configured_vantages: int = 1) -> Mapping[str, PlatformPolicy]:
    """Return how every platform is judged, in the order of the settings."""
    return {
        name: policy_of(
            platform,
            name,
            settings.flag,
            deployment=settings.deployment,
            configured_vantages=configured_vantages,
        )
        for name, platform in settings.platforms.items()
    }
