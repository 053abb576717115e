"""Looks at a deployment for what would lock engineers out: its settings, its trust file, the disk under its store.

It connects to nothing, reads no secret and decides nothing; what is found is `monitor.rules.lockout`'s.
"""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import URL, make_url

from glasswatch.clock import Clock
from glasswatch.flag import trust
from glasswatch.flag.errors import TrustFault
from glasswatch.flag.trust import ORDER_PERSONS, Trust
from glasswatch.flag.trust_findings import order_holders
from monitor.channels.build import routes_of
from monitor.model.caller import Token
from monitor.model.lockout import Deployment, Part, PlatformHosts
from monitor.model.verdict import Role
from monitor.rules.routes import unrouted
from monitor.settings.places import is_loopback
from monitor.settings.policy import policies_of
from monitor.settings.probe import ProbeSettings
from monitor.settings.publish import PutTargetSettings
from monitor.settings.root import MonitorSettings

TRUST_FILE = "trust.json"
_MOUNTS = Path("/proc/self/mountinfo")
_POINT = 4  # which field of a line of it says where it is mounted: proc_pid_mountinfo(5)


def look(settings: MonitorSettings, clock: Clock, mounts: Path = _MOUNTS) -> Deployment:
    """Return the deployment as it can be seen from here. `mounts` tells which file systems there are."""
    now = clock.now()
    known = _trust(settings, clock)
    living = [token.token() for token in settings.tokens if token.expires > now]
    store = make_url(settings.store.url)
    return Deployment(
        configured_vantages=min(policy.configured_vantages for policy in policies_of(settings).values()),
        has_controls=bool(settings.controls),
        has_heartbeat=bool(settings.dead_man),
        is_loopback_only=settings.listen.is_local,
        platforms=tuple(_platforms(settings)),
        procedures=tuple(
            Part(f"platforms.{name}.procedure.url", _host(platform.procedure.url))
            for name, platform in settings.platforms.items()
        ),
        channels=tuple(_channels(settings)),
        copies=tuple(_copies(settings)),
        stores=tuple(Part("store", host) for host in _databases(store)) if settings.store.is_shared else (),
        store_filesystem="" if settings.store.is_shared else filesystem(Path(store.database or "/"), mounts),
        order_persons=None if known is None else len(order_holders(known, settings.deployment, now)),
        order_threshold=ORDER_PERSONS if known is None else known.order_persons,
        raisers=frozenset(_persons(living, "flag:raise")),
        confirmers=frozenset(_persons(living, "flag:confirm")),
        manual_persons=settings.flag.manual_persons,
        unrouted_kinds=tuple(unrouted(routes)) if (routes := routes_of(settings.paging)) else (),
        trust_file=str(_trust_file(settings) or TRUST_FILE),
    )


def filesystem(path: Path, mounts: Path = _MOUNTS) -> str | None:
    """Return the type of the file system that a path, which need not exist, lies on; None if that can't be told."""
    try:
        place = path.resolve()
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except (OSError, RuntimeError):
        return None
    found: tuple[int, str] | None = None
    for line in lines:
        mounted, _, kind = line.partition(" - ")
        fields = mounted.split(" ")
        if len(fields) <= _POINT or not kind:
            continue
        point = Path(fields[_POINT].encode().decode("unicode_escape"))
        # The last of equals lies on top of the others.
        if place.is_relative_to(point) and (found is None or len(point.parts) >= found[0]):
            found = len(point.parts), kind.split(" ")[0]
    return None if found is None else found[1]


def _trust(settings: MonitorSettings, clock: Clock) -> Trust | None:
    path = _trust_file(settings)
    if path is None:
        return None
    try:
        return trust.load(path, clock)
    except TrustFault:
        return None


def _trust_file(settings: MonitorSettings) -> Path | None:
    key = settings.flag.key.file
    return None if key is None else key.with_name(TRUST_FILE)


def _platforms(settings: MonitorSettings) -> Iterator[PlatformHosts]:
    for name, platform in settings.platforms.items():
        # What a second-hand probe asks is somebody else's: a status page stands when its platform falls.
        probes = (probe for probe in platform.probes.values() if probe.role is not Role.SECOND_HAND)
        hosts = {_probed(probe) for probe in probes}
        if platform.identity_provider is not None:
            hosts.add(_host(platform.identity_provider))
        yield PlatformHosts(name, frozenset(hosts - {""}))


def _probed(probe: ProbeSettings) -> str:
    """Return the host that a probe asks, whatever its type calls it."""
    url = getattr(probe, "url", None)
    return _host(url) if url else str(getattr(probe, "host", ""))


def _channels(settings: MonitorSettings) -> Iterator[Part]:
    """Yield each host that pages go to; one that only a secret tells is empty."""
    for name, channel in settings.paging.channels.items():
        for host in dict.fromkeys(map(_host, channel.addresses())) or ("",):
            yield Part(f"paging.channels.{name}", host)


def _copies(settings: MonitorSettings) -> Iterator[Part]:
    """Yield the copies that leave this machine; where a command takes them can't be told."""
    for index, target in enumerate(settings.flag.publish):
        host = _host(target.put) if isinstance(target, PutTargetSettings) else ""
        if target.kind != "file" and not is_loopback(host.removesuffix(".")):
            yield Part(f"flag.publish[{index}]", host)


def _databases(store: URL) -> Iterator[str]:
    """Yield the hosts that a database is asked at: PostgreSQL's own parameters name them too, and several."""
    named = [store.host or ""]
    for name in ("host", "hostaddr"):
        value = store.query.get(name, ())
        named += [value] if isinstance(value, str) else value
    for host in (host for each in named for host in each.split(",")):
        if host and not host.startswith(("/", "@")):  # sockets of this machine
            yield _host(f"//{host}") if host.count(":") <= 1 else host.strip("[]")


def _persons(tokens: list[Token], scope: str) -> Iterator[str]:
    for token in tokens:
        if scope in token.caller.scopes and token.caller.person is not None:
            yield token.caller.person


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
