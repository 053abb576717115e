"""Builds the daemon's parts and joins them. Nothing here decides; nothing runs until the daemon runs it."""

import logging
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import URL, make_url

from glasswatch import __version__
from glasswatch.clock import Clock
from glasswatch.errors import SecretUnavailable
from glasswatch.flag import keys
from glasswatch.flag.errors import KeyFault
from glasswatch.flag.strict import encode_base64url
from glasswatch.secrets import Secret, SecretReference, resolve
from monitor import procedure
from monitor.announce import Announcer
from monitor.board import Board
from monitor.channels.build import channels_of, routes_of
from monitor.channels.context import ChannelContext
from monitor.controls import make as make_controls
from monitor.copies import CopyWatch
from monitor.keeper import Keeper
from monitor.metrics.book import MetricsBook
from monitor.model.event import BlindnessChanged, Restarted
from monitor.model.page import Page
from monitor.model.policy import PlatformPolicy
from monitor.model.record import AuditEntry, Commit, FlagLedger, Loaded, LoadedPlatform, RoutedPage
from monitor.model.state import PlatformState
from monitor.outbox import Outbox, OutboxContext
from monitor.probes.books import StoreBook
from monitor.probes.build import new_network, probes_of
from monitor.probes.secrets import KeptSecrets
from monitor.procedure import Procedure
from monitor.publish import Publisher
from monitor.rules.flag_document import Terms
from monitor.rules.routes import route
from monitor.rules.storepages import store_page
from monitor.scheduler import Bench, Budget, ProbeLoop
from monitor.seal import FlagSeal
from monitor.settings.flag import FlagSettings
from monitor.settings.policy import policies_of
from monitor.settings.root import MonitorSettings
from monitor.settings.store import StoreSettings
from monitor.settle import Chain, Settler, SettlerContext
from monitor.sidethread import SideThread
from monitor.sight import Sight, SightContext
from monitor.signing import Signer
from monitor.store.store import SqlStore, make_store
from monitor.storegate import StoreGate
from monitor.targets.build import targets_of
from monitor.targets.context import TargetContext
from monitor.web.face import WebFace
from monitor.web.server import WebServer
from monitor.web.site import Site, Watched
from monitor.web.sources import Sources
from platforms.transport.http import Network

SECRET_WITHIN: Final = timedelta(seconds=12)  # a command that prints one has 10 s

log = logging.getLogger("glasswatch.daemon")


@dataclass(frozen=True, slots=True)
class Assembly:
    """The daemon's parts, joined."""

    store: SqlStore
    gate: StoreGate
    sight: Sight
    board: Board
    settlers: tuple[Settler, ...]
    loops: tuple[ProbeLoop, ...]
    outbox: Outbox
    publisher: Publisher
    copies: CopyWatch
    server: WebServer
    face: WebFace
    network: Network

    def services(self) -> list[Coroutine[Any, Any, None]]:
        """Return what runs from start to stop, beside watching and settling."""
        return [self.gate.watch(), self.server.run(), self.face.static.run()]

    async def close(self) -> None:
        """Let go of everything, last the store, whatever goes wrong. Each step is bounded by its own part."""
        async with AsyncExitStack() as steps:  # the last one goes first
            steps.push_async_callback(self.store.close)
            steps.push_async_callback(self.network.resolver.aclose)
            steps.callback(self.server.close)
            steps.push_async_callback(self.outbox.stop)
            steps.push_async_callback(self.publisher.stop)


async def assemble(settings: MonitorSettings, clock: Clock) -> Assembly:
    """Build everything and take up what the store holds.

    Raises:
        GlasswatchError: a procedure, the key, the port or the store can't be had.
    """
    procedures = {
        name: procedure.read(platform.procedure.url, platform.procedure.file, name)
        for name, platform in settings.platforms.items()
    }
    key = await _flag_key(settings.flag, clock)
    store = make_store(
        await _store_url(settings.store), deployment=settings.deployment, vantage=settings.vantage, clock=clock
    )
    await _try_channel_secrets(settings)
    builder = _Builder(settings, clock, store, key, procedures)
    server = builder.server()
    server.bind(settings.listen.host, settings.listen.port)
    try:
        loaded = await store.open()
        await _leave(store, loaded, frozenset(settings.platforms), clock)
        await _name_forgotten(store, settings)
    except BaseException:
        server.close()
        await builder.network.resolver.aclose()
        await store.close()
        raise
    return builder.join(loaded, server)


def _taken_up(loaded: Loaded, name: str) -> tuple[LoadedPlatform, datetime | None]:
    """Return a platform as it was last written, and when it was last watched; None: never, or nobody knows."""
    held = loaded.platforms.get(name)
    if held is None:
        return LoadedPlatform(PlatformState(name), 0, FlagLedger()), None
    left_at = held.state.unwatched_since
    back = replace(held, state=replace(held.state, unwatched_since=None))
    return back, loaded.last_alive_at if left_at is None else left_at


async def _leave(store: SqlStore, loaded: Loaded, watched: frozenset[str], clock: Clock) -> None:
    """Note of each platform that is no longer in the settings since when it isn't watched.

    Without it, a platform that comes back after days would be believed as if it had been watched all the time.
    """
    now = clock.now()
    for name, held in loaded.platforms.items():
        if name in watched or held.state.unwatched_since is not None:
            continue
        since = loaded.last_alive_at or now
        entry = AuditEntry("platform_unwatched", "monitor", {"platform": name, "since": since.isoformat()}, now)
        after = replace(held.state, unwatched_since=since)
        await store.commit(
            Commit(
                platform=name,
                expected_revision=held.revision,
                at=now,
                after=after,
                facts=(),
                changed_probes=(),
                flag=None,
                pages=(),
                audit=(entry,),
            )
        )


async def _name_forgotten(store: SqlStore, settings: MonitorSettings) -> None:
    """Name what a journey left open that is no longer in the settings: nobody knows any more how to close it."""
    for platform, probe, run, step in await store.every_opening():
        watched = settings.platforms.get(platform)
        if watched is None or probe not in watched.probes:
            fields = {"platform": platform, "probe": probe, "run": run, "step": step}
            log.error("journey_forgotten", extra={"fields": fields})


async def _flag_key(settings: FlagSettings, clock: Clock) -> keys.SigningKey:
    path = settings.key.file
    if path is not None:  # a key's file must be its owner's alone, which no other secret's need be
        try:
            return await SideThread("flag.key").run(lambda: keys.load(path, clock), SECRET_WITHIN)
        except TimeoutError:
            raise KeyFault(f"{path}: can't be read: the disk does not answer") from None
    secret = await _secret(settings.key)
    try:
        return keys.parse(secret.reveal().encode())
    except KeyFault as fault:
        raise KeyFault(f"flag.key: secret from {settings.key}: {fault}") from None


async def _secret(reference: SecretReference) -> Secret:
    try:
        return await SideThread(f"secret {reference}").run(lambda: resolve(reference), SECRET_WITHIN)
    except TimeoutError:
        raise SecretUnavailable(f"secret from {reference}: it could not be read in time") from None


async def _try_channel_secrets(settings: MonitorSettings) -> None:
    """Say at the start, not in the middle of an outage, that a channel's pages can't be signed.

    It is no reason not to start: a monitor that isn't there pages nobody at all.
    """
    for name, channel in settings.paging.channels.items():
        reference = getattr(channel, "secret", None)
        if isinstance(reference, SecretReference):
            try:
                await _secret(reference)
            except SecretUnavailable as fault:
                log.error("channel_not_ready", extra={"fields": {"channel": name, "error": str(fault)}})  # noqa: TRY400


async def _store_url(settings: StoreSettings) -> URL:
    url = make_url(settings.url)
    if settings.password is None:
        return url
    secret = await _secret(settings.password)
    return url.set(password=secret.reveal())


class _Builder:
    """Holds what several parts are built from."""

    def __init__(
        self,
        settings: MonitorSettings,
        clock: Clock,
        store: SqlStore,
        key: keys.SigningKey,
        procedures: Mapping[str, Procedure],
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._store = store
        self._key = key
        self._procedures = procedures
        self._policies = policies_of(settings)
        self._board = Board(settings.deployment, settings.vantage, procedures)
        self._metrics = MetricsBook(self._policies.values(), __version__)
        sources = Sources(self._board, store, self._render_metrics, clock)
        self._face = WebFace(self._site(), sources, settings.static_page.file)
        self._gate = StoreGate(self._store_changed)
        self._channels = channels_of(settings.paging, ChannelContext(clock, self._board.describe))
        self._routes = routes_of(settings.paging)
        self._outbox = Outbox(self._channels, OutboxContext(store, self._gate, clock, self._route, self._metrics))
        self.network = new_network(clock)
        self._sight = Sight(
            make_controls(settings.controls, self.network), SightContext(store, self._gate, clock, self._sight_changed)
        )
        self._metrics.store_writable(is_writable=True)

    def server(self) -> WebServer:
        """Build the web face."""
        return WebServer(self._face.app, self._face.close)

    def join(self, loaded: Loaded, server: WebServer) -> Assembly:
        """Build what depends on what the store held, and have every platform take up where it was."""
        targets = targets_of(self._settings.flag, TargetContext(self._clock, KeptSecrets(self._clock)))
        publisher = Publisher(targets, observer=self._metrics)
        self._board.publishers.append(publisher)
        announcer = Announcer(publisher, self._outbox, self._metrics, self._face, self._clock)
        chain = Chain(loaded.chain)
        context = SettlerContext(
            self._store, self._gate, chain, self._clock, self._route, (self._board.settled, *announcer.listeners())
        )
        bench = Bench(self._store, self._sight, self._metrics, self._clock)
        settlers, loops = [], []
        for name, policy in self._policies.items():
            held, last_alive_at = _taken_up(loaded, name)
            settler = Settler(held, self._seal(policy, chain), context)
            keeper = Keeper(policy, held.state, settler, self._clock)
            settlers.append(settler)
            self._board.keepers[name] = keeper
            loops.extend(self._loops(keeper, policy, bench))
            keeper.hear(Restarted(last_alive_at))
        # After what they kept, and whether they kept anything or not: the proof that the store takes writes.
        self._gate.register(lambda: self._store.alive(self._clock.now()))
        if any(keeper.state.blind for keeper in self._board.keepers.values()):
            self._sight.lost()  # all of them are; a control that answers ends it
        return Assembly(
            store=self._store,
            gate=self._gate,
            sight=self._sight,
            board=self._board,
            settlers=tuple(settlers),
            loops=tuple(loops),
            outbox=self._outbox,
            publisher=publisher,
            copies=CopyWatch(publisher, self._board.keepers, self._clock),
            server=server,
            face=self._face,
            network=self.network,
        )

    def _loops(self, keeper: Keeper, policy: PlatformPolicy, bench: Bench) -> list[ProbeLoop]:
        settings = self._settings.platforms[policy.platform]
        requests = Budget(settings.max_requests_per_minute, self._clock)
        probes = probes_of(
            settings,
            self.network,
            book=lambda probe: StoreBook(self._store, policy.platform, probe),
            requests=requests,
        )
        loops = {name: ProbeLoop(keeper, probe, probes[name], requests, bench) for name, probe in policy.probes.items()}
        keeper.on_call(lambda name: loops[name].call())
        self._board.unrun.extend(loop.unrun for loop in loops.values())
        return list(loops.values())

    def _seal(self, policy: PlatformPolicy, chain: Chain) -> FlagSeal:
        terms = Terms(
            deployment=self._settings.deployment,
            vantage=self._settings.vantage,
            procedure_url=self._procedures[policy.platform].url,
            procedure_sha256=self._procedures[policy.platform].sha256,
            ttl=self._settings.flag.ttl,
            ready_ttl=self._settings.flag.ready_ttl,
            configured_vantages=policy.configured_vantages,
        )
        return FlagSeal(Signer(self._key), terms, lambda: chain.head)

    def _site(self) -> Site:
        watched = {
            name: Watched(policy, self._procedures[name].url, self._procedures[name].text)
            for name, policy in self._policies.items()
        }
        jwk = {
            "kty": "OKP",
            "crv": "Ed25519",
            "x": encode_base64url(self._key.public),
            "kid": self._key.kid,
            "alg": "EdDSA",
            "use": "sig",
        }
        return Site(
            deployment=self._settings.deployment,
            vantage=self._settings.vantage,
            version=__version__,
            platforms=watched,
            keys=(jwk,),
            listen_host=self._settings.listen.host,
        )

    def _route(self, page: Page) -> tuple[str, ...]:
        return route(page, self._routes, tuple(self._channels)).channels

    def _render_metrics(self) -> bytes:
        self._metrics.outcomes_dropped(self._store.dropped)
        return self._metrics.render()

    def _store_changed(self, is_writable: bool, reason: str) -> None:  # noqa: FBT001 - the gate's callback
        self._metrics.store_writable(is_writable=is_writable)
        now = self._clock.now()
        page = store_page(self._settings.deployment, is_writable=is_writable, reason=reason, at=now)
        self._outbox.submit(RoutedPage(page, self._route(page)))

    def _sight_changed(self, is_blind: bool) -> None:  # noqa: FBT001 - the sight's callback
        self._metrics.blind(is_blind=is_blind)
        for keeper in self._board.keepers.values():
            keeper.hear(BlindnessChanged(is_blind))
