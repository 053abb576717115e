"""Builds the daemon's parts and joins them. Nothing here decides; nothing runs until the daemon runs it."""

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from glasswatch import __version__
from glasswatch.chain import GENESIS
from glasswatch.clock import Clock
from glasswatch.flag import keys
from glasswatch.flag.errors import KeyFault
from glasswatch.flag.strict import encode_base64url
from glasswatch.flag.trust import DEMO_DEPLOYMENT
from monitor import procedure, published, trusted, unlock
from monitor.acting import Acting
from monitor.announce import Announcer
from monitor.auditor import Auditor
from monitor.board import Board
from monitor.channels.build import channels_of, routes_of
from monitor.channels.context import ChannelContext
from monitor.controls import make as make_controls
from monitor.copies import CopyWatch
from monitor.deadline import Deadline
from monitor.errors import StoreError
from monitor.keeper import Keeper
from monitor.metrics.book import MetricsBook
from monitor.model.event import BlindnessChanged, Restarted
from monitor.model.page import Page
from monitor.model.policy import PlatformPolicy
from monitor.model.published import PublishedFlag
from monitor.model.record import AuditEntry, ChainHead, Commit, FlagLedger, Loaded, LoadedPlatform, RoutedPage
from monitor.model.state import PlatformState
from monitor.outbox import Outbox, OutboxContext
from monitor.probes.build import new_network, probes_of
from monitor.probes.secrets import KeptSecrets
from monitor.procedure import Procedure
from monitor.publish import Publisher
from monitor.published import Own
from monitor.rules import unrecorded
from monitor.rules.flag_document import Terms
from monitor.rules.routes import route
from monitor.rules.schedule import Grid, grid_of
from monitor.rules.storepages import store_page, store_page_over
from monitor.scheduler import Bench, Budget, ProbeLoop
from monitor.seal import FlagSeal
from monitor.settings.policy import policies_of
from monitor.settings.root import MonitorSettings
from monitor.settle import Chain, Settler, SettlerContext
from monitor.sight import Sight, SightContext
from monitor.signing import Signer
from monitor.store.store import SqlStore, make_store
from monitor.storegate import StoreGate
from monitor.targets.build import targets_of
from monitor.targets.context import TargetContext
from monitor.web.certificate import Certificate
from monitor.web.face import WebFace
from monitor.web.server import Front, WebServer
from monitor.web.site import Site, Watched
from monitor.web.sources import Sources
from platforms.transport.http import Network

# What each step of the end may take at most, and all of them together.
CLOSE_WITHIN: Final = timedelta(seconds=5)
FLAGS_WITHIN: Final = timedelta(seconds=2)
PAGES_WITHIN: Final = timedelta(seconds=3)
AUDIT_WITHIN: Final = timedelta(seconds=2)
STORE_WITHIN: Final = timedelta(seconds=2)

log = logging.getLogger("glasswatch.daemon")


@dataclass(frozen=True, slots=True)
class Assembly:
    """The daemon's parts, joined."""

    store: SqlStore
    gate: StoreGate
    auditor: Auditor
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
    clock: Clock
    grid: Grid
    certificate: Certificate | None = None

    def services(self) -> list[Coroutine[Any, Any, None]]:
        """Return what runs from start to stop, beside watching and settling."""
        renewing = [self.certificate.watch()] if self.certificate else []
        return [self.gate.watch(), self.auditor.run(), self.server.run(), self.face.static.run(), *renewing]

    async def close(self, deadline: Deadline | None = None) -> None:
        """Let go of everything, last the store, whatever goes wrong, by one deadline."""
        ends = deadline or Deadline(self.clock, CLOSE_WITHIN)
        async with AsyncExitStack() as steps:  # the last one goes first
            steps.push_async_callback(lambda: self.store.close(ends.left(STORE_WITHIN)))
            steps.push_async_callback(lambda: self._part(ends.left(STORE_WITHIN)))
            steps.push_async_callback(lambda: self.auditor.finish(ends.left(AUDIT_WITHIN)))
            steps.push_async_callback(self.network.resolver.aclose)
            steps.callback(self.server.close)
            # The outbox takes up to a second more, to write how far it got and to close its channels.
            steps.push_async_callback(lambda: self.outbox.stop(ends.left(PAGES_WITHIN, but=timedelta(seconds=1.5))))
            steps.push_async_callback(lambda: self.publisher.stop(ends.left(FLAGS_WITHIN, but=timedelta(seconds=2))))

    async def _part(self, within: timedelta) -> None:
        """Note that all is on record, if it is: else the next run has to see what this one told last."""
        is_settled = all(settler.is_settled for settler in self.settlers) and self.outbox.is_on_record
        if self.gate.is_open and is_settled:
            try:
                async with asyncio.timeout(within.total_seconds()):
                    await self.store.ended(self.clock.now())
            except (StoreError, TimeoutError) as fault:
                log.warning("end_not_written", extra={"fields": {"error": str(fault) or "timed out"}})


async def assemble(settings: MonitorSettings, clock: Clock) -> Assembly:
    """Build everything and take up what the store holds.

    Raises:
        GlasswatchError: a procedure, the key, the port or the store can't be had.
    """
    procedures = {
        name: procedure.read(platform.procedure.url, platform.procedure.file, name)
        for name, platform in settings.platforms.items()
    }
    key = await unlock.flag_key(settings.flag, clock)
    _refuse_demo_key(key, settings)
    store = make_store(
        await unlock.store_url(settings.store), deployment=settings.deployment, vantage=settings.vantage, clock=clock
    )
    for token in settings.tokens:
        if token.expires <= clock.now():
            log.warning("token_expired", extra={"fields": {"token": token.name}})
    certificate = await unlock.certificate(settings.listen.tls)
    await unlock.try_channel_secrets(settings.paging)
    builder = _Builder(settings, clock, store, key, procedures)
    server = builder.server(certificate)
    server.bind(settings.listen.address.host, settings.listen.address.port)
    try:
        loaded = await store.open()
        await _leave(store, loaded, frozenset(settings.platforms), clock)
        flags = await _published(settings, key, clock)
        builder.distrusted = await _distrusted(settings, key, clock)
    except BaseException:
        server.close()
        await builder.network.resolver.aclose()
        await store.close()
        raise
    return replace(builder.join(loaded, flags, server), certificate=certificate)


def _taken_up(loaded: Loaded, name: str) -> tuple[LoadedPlatform, datetime | None]:
    """Return a platform as it was last written, and when it was last watched; None: never, or nobody knows."""
    held = loaded.platforms.get(name)
    if held is None:
        return LoadedPlatform(PlatformState(name), 0, FlagLedger()), None
    left_at = held.state.unwatched_since
    back = replace(held, state=replace(held.state, unwatched_since=None))
    return back, loaded.last_alive_at if left_at is None else left_at


async def _published(settings: MonitorSettings, key: keys.SigningKey, clock: Clock) -> dict[str, PublishedFlag | None]:
    """Return each platform's flag as it stands where readers look."""
    own = Own(key, settings.deployment, settings.vantage)
    files = [target for target in settings.flag.publish if target.kind == "file"]
    return {
        name: await published.read(own, name, [Path(file.place_for(name)) for file in files], clock)
        for name in settings.platforms
    }


async def _distrusted(settings: MonitorSettings, key: keys.SigningKey, clock: Clock) -> list[str]:
    own, file = Own(key, settings.deployment, settings.vantage), settings.flag.key.file
    return [] if file is None else await trusted.look(own, file, clock)


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


def _refuse_demo_key(key: keys.SigningKey, settings: MonitorSettings) -> None:
    if key.is_demo and settings.deployment != DEMO_DEPLOYMENT:
        raise KeyFault(
            f"flag.key: secret from {settings.flag.key}: a demo made this key, and no reader of another deployment "
            "believes it: make one with `monitor flag keygen`"
        )


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
        self._gate = StoreGate(self._store_changed)
        self._chain = Chain(ChainHead(0, GENESIS))
        self._auditor = Auditor(store, self._gate, self._chain)
        self._acting = Acting(self._board.keepers)
        sources = Sources(
            self._board,
            store,
            self._render_metrics,
            clock,
            self._auditor.note,
            self._acting.act,
            self._metrics.request_refused,
        )
        self._face = WebFace(self._site(), sources, settings.static_page.file)
        self._channels = channels_of(settings.paging, ChannelContext(clock, self._board.describe))
        self._routes = routes_of(settings.paging)
        self._outbox = Outbox(self._channels, OutboxContext(store, self._gate, clock, self._route, self._metrics))
        self.network = new_network(clock)
        self.distrusted: list[str] = []
        self._sight = Sight(
            make_controls(settings.controls, self.network), SightContext(store, self._gate, clock, self._sight_changed)
        )
        self._metrics.store_writable(is_writable=True)

    def server(self, certificate: Certificate | None) -> WebServer:
        """Build the web face."""
        front = Front(certificate.context if certificate else None, self._settings.listen.proxy)
        return WebServer(self._face.app, self._face.close, front=front)

    def join(self, loaded: Loaded, published: Mapping[str, PublishedFlag | None], server: WebServer) -> Assembly:
        """Build what depends on what the store held, and have every platform take up where it was."""
        targets = targets_of(self._settings.flag, TargetContext(self._clock, KeptSecrets(self._clock)))
        publisher = Publisher(targets, observer=self._metrics)
        self._board.publishers.append(publisher)
        self._board.distrusted.extend(self.distrusted)
        announcer = Announcer(publisher, self._outbox, self._metrics, self._face, self._clock)
        self._chain.move(loaded.chain)
        context = SettlerContext(
            self._store,
            self._gate,
            self._chain,
            self._clock,
            self._route,
            (self._board.settled, *announcer.listeners(), self._acting.settled),
        )
        grid = self._grid()
        bench = Bench(self._store, self._sight, self._metrics, self._clock, grid)
        settlers, loops, is_unrecorded = [], [], False
        for name, policy in self._policies.items():
            held, last_alive_at = _taken_up(loaded, name)
            lost = unrecorded.missing(held.ledger, published.get(name))
            is_unrecorded |= lost is not None
            ledger = held.ledger if lost is None else unrecorded.ledger_with(held.ledger, held.state, lost)
            settler = Settler(replace(held, ledger=ledger), self._seal(policy, self._chain), context)
            keeper = Keeper(policy, held.state, settler, self._clock)
            settlers.append(settler)
            self._board.keepers[name] = keeper
            loops.extend(self._loops(keeper, policy, bench))
            keeper.hear(Restarted(last_alive_at, lost))
        if loaded.is_torn or is_unrecorded:
            self._outbox.submit(self._routed(store_page_over(self._settings.deployment, self._clock.now())))
        # After what they kept, and whether they kept anything or not: the proof that the store takes writes.
        self._gate.register(lambda: self._store.alive(self._clock.now()))
        if any(keeper.state.blind for keeper in self._board.keepers.values()):
            self._sight.lost()  # all of them are; a control that answers ends it
        return Assembly(
            store=self._store,
            gate=self._gate,
            auditor=self._auditor,
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
            clock=self._clock,
            grid=grid,
        )

    def _grid(self) -> Grid:
        probes = [probe for policy in self._policies.values() for probe in policy.probes.values()]
        return grid_of(self._settings.deployment, self._settings.vantage, probes)

    def _loops(self, keeper: Keeper, policy: PlatformPolicy, bench: Bench) -> list[ProbeLoop]:
        settings = self._settings.platforms[policy.platform]
        requests = Budget(settings.max_requests_per_minute, self._clock)
        probes = probes_of(settings, self.network)
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
            hosts=(self._settings.listen.address.host, *self._settings.listen.hosts),
            is_local=self._settings.listen.is_local,
            proxies=self._settings.listen.proxy,
            tokens=tuple(row.token() for row in self._settings.tokens),
        )

    def _route(self, page: Page) -> tuple[str, ...]:
        return route(page, self._routes, tuple(self._channels)).channels

    def _render_metrics(self) -> bytes:
        self._metrics.outcomes_dropped(self._store.dropped)
        self._metrics.audit_dropped(self._auditor.dropped)
        return self._metrics.render()

    def _store_changed(self, is_writable: bool, reason: str) -> None:  # noqa: FBT001 - the gate's callback
        self._metrics.store_writable(is_writable=is_writable)
        now = self._clock.now()
        page = store_page(self._settings.deployment, is_writable=is_writable, reason=reason, at=now)
        self._outbox.submit(self._routed(page))

    def _routed(self, page: Page) -> RoutedPage:
        return RoutedPage(page, self._route(page))

    def _sight_changed(self, is_blind: bool) -> None:  # noqa: FBT001 - the sight's callback
        self._metrics.blind(is_blind=is_blind)
        for keeper in self._board.keepers.values():
            keeper.hear(BlindnessChanged(is_blind))
