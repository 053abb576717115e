"""From settings to what a report says of how a platform is measured: which probe asks what of whom, and how often."""

from urllib.parse import urlsplit

from monitor.rules.slavalues import Watch
from monitor.settings.effective import effective
from monitor.settings.platform import PlatformSettings
from monitor.settings.probe import ProbeSettings
from monitor.settings.root import MonitorSettings


def watches(settings: PlatformSettings) -> tuple[Watch, ...]:
    """Return a platform's probes as they are set now, by name."""
    return tuple(_watch(name, each) for name, each in sorted(settings.probes.items()))


def references(settings: MonitorSettings) -> tuple[str, ...]:
    """Return the hosts that must answer before an outage is believed; none where there are none."""
    return tuple(urlsplit(each.url).hostname or "" for each in settings.controls)


def _watch(name: str, probe: ProbeSettings) -> Watch:
    return Watch(
        probe=name,
        type=probe.type,
        function=probe.function,
        target=_target(probe),
        role=probe.role,
        critical=probe.critical,
        interval=probe.interval,
        timeout=probe.timeout,
        confirm_attempts=probe.confirm.attempts,
        confirm_every=probe.confirm.every,
    )


def _target(probe: ProbeSettings) -> str:
    """Return whom it asks, by host alone: a path may hold more than a reader of the report should see."""
    shown = effective(probe)
    if "url" in shown:
        return urlsplit(str(shown["url"])).hostname or ""
    return str(shown.get("host", shown.get("name", "")))
