"""The monitor's extension points, each one table. Adding a type: its file, its line here, its section in the docs."""

from collections.abc import Mapping
from typing import Final

from glasswatch.settings.registry import Entry, load

__all__ = ["CHANNELS", "KINDS", "PROBES", "TARGETS", "WATCHERS", "Entry", "load"]

KINDS: Final[Mapping[str, Entry]] = {
    "generic": Entry(settings="monitor.settings.platform:PlatformSettings"),
}

PROBES: Final[Mapping[str, Entry]] = {
    "http": Entry(settings="monitor.settings.http:HttpProbeSettings", make="monitor.probes.http:make"),
    "tcp": Entry(settings="monitor.settings.tcp:TcpProbeSettings", make="monitor.probes.tcp:make"),
    "tls": Entry(settings="monitor.settings.tls_probe:TlsProbeSettings", make="monitor.probes.tls:make"),
    "dns": Entry(settings="monitor.settings.dns:DnsProbeSettings", make="monitor.probes.dns:make"),
    "grpc_health": Entry(
        settings="monitor.settings.grpc_health:GrpcHealthProbeSettings", make="monitor.probes.grpc_health:make"
    ),
    "journey": Entry(settings="monitor.settings.journey:JourneyProbeSettings", make="monitor.probes.journey:make"),
    "status_page": Entry(
        settings="monitor.settings.status_page:StatusPageProbeSettings", make="monitor.probes.status_page:make"
    ),
    "heartbeat": Entry(
        settings="monitor.settings.heartbeat:HeartbeatProbeSettings", make="monitor.probes.heartbeat:make"
    ),
}

WATCHERS: Final[Mapping[str, Entry]] = {
    "file": Entry(settings="monitor.settings.watchers:FileWatcherSettings", make="monitor.watchers.file:make"),
    "postgresql_log": Entry(
        settings="monitor.settings.watchers:PostgresqlLogWatcherSettings", make="monitor.watchers.postgresql_log:make"
    ),
    "journald": Entry(
        settings="monitor.settings.watchers:JournaldWatcherSettings", make="monitor.watchers.journald:make"
    ),
    "http_json": Entry(
        settings="monitor.settings.watchers:HttpJsonWatcherSettings", make="monitor.watchers.http_json:make"
    ),
}

CHANNELS: Final[Mapping[str, Entry]] = {
    "webhook": Entry(settings="monitor.settings.paging:WebhookSettings", make="monitor.channels.webhook:make"),
    "pagerduty": Entry(settings="monitor.settings.channels:PagerDutySettings", make="monitor.channels.pagerduty:make"),
    "alertmanager": Entry(
        settings="monitor.settings.channels:AlertmanagerSettings", make="monitor.channels.alertmanager:make"
    ),
    "apprise": Entry(settings="monitor.settings.channels:AppriseSettings", make="monitor.channels.apprise:make"),
}

TARGETS: Final[Mapping[str, Entry]] = {
    "file": Entry(settings="monitor.settings.publish:FileTargetSettings", make="monitor.targets.file:make"),
    "put": Entry(settings="monitor.settings.publish:PutTargetSettings", make="monitor.targets.put:make"),
    "command": Entry(settings="monitor.settings.publish:CommandTargetSettings", make="monitor.targets.command:make"),
}
