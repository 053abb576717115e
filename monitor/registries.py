"""The monitor's extension points, each one table. Adding a type: its file, its line here, its section in the docs."""

from collections.abc import Mapping
from typing import Final

from glasswatch.settings.registry import Entry, load

__all__ = ["CHANNELS", "KINDS", "PROBES", "Entry", "load"]

KINDS: Final[Mapping[str, Entry]] = {
    "generic": Entry(settings="monitor.settings.platform:PlatformSettings"),
}

PROBES: Final[Mapping[str, Entry]] = {
    "http": Entry(settings="monitor.settings.http:HttpProbeSettings", make="monitor.probes.http:make"),
}

CHANNELS: Final[Mapping[str, Entry]] = {
    "webhook": Entry(settings="monitor.settings.paging:WebhookSettings", make="monitor.channels.webhook:make"),
}
