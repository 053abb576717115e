"""Builds the daemon's parts and joins them. Nothing here decides; nothing runs until the daemon runs it."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from glasswatch import __version__
from glasswatch.chain import GENESIS
from glasswatch.clock import Clock
from glasswatch.flag import keys
from glasswatch.flag.strict import encode_base64url
from monitor import procedure, takeup, unlock
from monitor.acting import Acting
from monitor.announce import Announcer, UseAnnouncer
from monitor.auditor import Auditor
from monitor.board import Board
from monitor.channels.build import channels_of, routes_of
from monitor.channels.context import ChannelContext
from monitor.controls import make as make_controls
from monitor.copies import CopyWatch
from monitor.deadman import DeadManContext, DeadManSwitch, switches_of
from monitor.heartbeats import Expected, HeartbeatContext, Heartbeats
from monitor.keeper import Keeper
from monitor.metrics.book import MetricsBook
from monitor.model.beat import Rhythm
from monitor.model.event import BlindnessChanged, Restarted
from monitor.model.page import Page
from monitor.model.policy import PlatformPolicy
from monitor.model.published import PublishedFlag
from monitor.model.record import ChainHead, Loaded, RoutedPage
from monitor.outbox import Outbox, OutboxContext
from monitor.parts import Assembly
from monitor.probes.books import StoreBook
from monitor.probes.build import Onlookers, new_network, probes_of
from monitor.probes.context import Own
from monitor.probes.secrets import KeptSecrets
from monitor.procedure import Procedure
from monitor.pruner import Pruner
from monitor.publish import Publisher
from monitor.recent import Recent
from monitor.residue import ResidueDesk
from monitor.rules import unrecorded
from monitor.rules.flag_document import Terms
from monitor.rules.routes import route
from monitor.rules.schedule import Grid, grid_of
from monitor.rules.storepages import store_page, store_page_over
from monitor.rules.wellness import Condition, unwell
from monitor.scheduler import Bench, Budget, ProbeLoop
from monitor.seal import FlagSeal
from monitor.settings.controls import tell_of_names
from monitor.settings.effective import effective
from monitor.settings.heartbeat import HeartbeatProbeSettings
from monitor.settings.policy import policies_of
from monitor.settings.root import MonitorSettings
from monitor.settle import Chain, Settler, SettlerContext
from monitor.sight import Sight, SightContext
from monitor.signing import Signer
from monitor.store.identity import Limits
from monitor.store.store import SqlStore, make_store
from monitor.storegate import StoreGate
from monitor.targets.build import targets_of
from monitor.targets.context import TargetContext
from monitor.useregister import RegisterContext, UseRegister, UseTold
from monitor.versions import VersionWatch
from monitor.watchers.build import blind, covered, watchers_of
from monitor.watchers.loop import LoopContext, WatchLoop
from monitor.web.certificate import Certificate
from monitor.web.door import Front
from monitor.web.face import WebFace
from monitor.web.server import WebServer
from monitor.web.site import Site, Watched
from monitor.web.sources import Sources

log = logging.getLogger("glasswatch.daemon")


async def assemble(settings: MonitorSettings, clock: Clock, config: Path | None = None) -> Assembly:
    """Build everything and take up what the store holds. `config`: where the settings stand, for showing.

    Raises:
        GlasswatchError: a procedure, the key, the port or the store can't be had.
    """
    procedures = {
        name: procedure.read(platform.procedure.url, platform.procedure.file, name)
        for name, platform in settings.platforms.items()
    }
    key = await unlock.flag_key(settings.flag, clock)
    unlock.refuse_demo_key(key, settings)
    store = make_store(
        await unlock.store_url(settings.store),
        deployment=settings.deployment,
        vantage=settings.vantage,
        clock=clock,
        limits=Limits(keep_good=settings.store.keep_good, keep_failures=settings.store.keep_failures),
    )
    for token in settings.tokens:
        if token.expires <= clock.now():
            log.warning("token_expired", extra={"fields": {"token": token.name}})
    certificate = await unlock.certificate(settings.listen.tls)
    await unlock.try_channel_secrets(settings.paging)
    builder = _Builder(settings, clock, store, key, procedures)
    builder.config = str(config or "")
    server = builder.server(certificate)
    server.bind(settings.listen.address.host, settings.listen.address.port)
    try:
        loaded = await store.open()
        await takeup.leave(store, loaded, frozenset(settings.platforms), clock)
        builder.forgotten(await takeup.forgotten(store, settings))
        await builder.heartbeats.take_up()
        flags = await takeup.published_flags(settings, key, clock)
        builder.distrusted = await takeup.distrusted(settings, key, clock)
    except BaseException:
        server.close()
        await builder.network.resolver.aclose()
        await store.close()
        raise
    return replace(builder.join(loaded, flags, server), certificate=certificate)


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
        self._register = self._use_register()
        self.heartbeats = self._make_heartbeats()
        self._recent = Recent(clock)
        sources = Sources(
            self._board,
            store,
            self._render_metrics,
            clock,
            self._auditor.note,
            self._acting.act,
            self._register,
            self.heartbeats,
            self._recent,
            self._metrics.request_refused,
            ResidueDesk(store, clock, self._chain.move, self._look_for_forgotten).gone,
        )
        self._face = WebFace(self._site(), sources, settings.static_page.file)
        self._channels = channels_of(settings.paging, ChannelContext(clock, self._board.describe))
        self._routes = routes_of(settings.paging)
        self._outbox = Outbox(self._channels, OutboxContext(store, self._gate, clock, self._route, self._metrics))
        self._use_announcer = UseAnnouncer(self._outbox, self._metrics, self._face, self._register.open_uses)
        self.network = new_network(clock, has_witness=tell_of_names(settings.controls))
        self.distrusted: list[str] = []
        self.config = ""
        self._sight = Sight(
            make_controls(settings.controls, self.network), SightContext(store, self._gate, clock, self._sight_changed)
        )
        self._metrics.store_writable(is_writable=True)

    def _use_register(self) -> UseRegister:
        context = RegisterContext(
            store=self._store,
            gate=self._gate,
            clock=self._clock,
            route=self._route,
            state=self._board.state,
            moved=self._chain.move,
            tell=self._use_told,
            taken_up=self._metrics.uses_open,
            ready_ttl=self._settings.flag.ready_ttl,
        )
        return UseRegister(self._settings.uses.policy(self._settings.deployment), context)

    def _make_heartbeats(self) -> Heartbeats:
        expected = {
            name: Expected(platform, Rhythm(probe.every, probe.grace))
            for platform, settings in self._settings.platforms.items()
            for name, probe in settings.probes.items()
            if isinstance(probe, HeartbeatProbeSettings)
        }
        context = HeartbeatContext(self._store, self._gate, self._clock, self._auditor.note, self._metrics.heard)
        return Heartbeats(expected, context)

    async def _look_for_forgotten(self) -> None:
        self.forgotten(await takeup.forgotten(self._store, self._settings))

    def forgotten(self, names: Sequence[str]) -> None:
        """Have shown what is open that no journey of the settings closes."""
        self._board.unclosed[:] = names
        self._metrics.forgotten(len(names))

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
            held, last_alive_at = takeup.taken_up(loaded, name)
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
            register=self._register,
            heartbeats=self.heartbeats,
            watchers=self._watchers(),
            switches=self._switches(),
            sight=self._sight,
            board=self._board,
            settlers=tuple(settlers),
            loops=tuple(loops),
            outbox=self._outbox,
            publisher=publisher,
            copies=CopyWatch(publisher, self._board.keepers, self._clock),
            versions=VersionWatch(self._board.documents, self._board.keepers),
            pruner=Pruner(self._store, self._metrics),
            server=server,
            face=self._face,
            network=self.network,
            clock=self._clock,
            grid=grid,
        )

    def _grid(self) -> Grid:
        probes = [probe for policy in self._policies.values() for probe in policy.probes.values()]
        return grid_of(self._settings.deployment, self._settings.vantage, probes)

    def _switches(self) -> tuple[DeadManSwitch, ...]:
        self._metrics.dead_man(self._settings.dead_man)
        return switches_of(self._settings.dead_man, DeadManContext(self._clock, self._unwell, self._metrics.beaten))

    def _unwell(self) -> Sequence[str]:
        signed_until = {name: document.expires_at for name, document in self._board.documents.items()}
        condition = Condition(self._board.waiting_for(), self._gate.is_open, self._sight.is_blind, signed_until)
        return unwell(condition, self._clock.now())

    def _watchers(self) -> tuple[WatchLoop, ...]:
        context = LoopContext(self._store, self._gate, self._clock, self._register.find, self._metrics.watcher)
        loops = watchers_of(self._settings.uses.watchers, context)
        self._register.watched(lambda: covered(loops), lambda: blind(loops))
        return loops

    def _loops(self, keeper: Keeper, policy: PlatformPolicy, bench: Bench) -> list[ProbeLoop]:
        settings = self._settings.platforms[policy.platform]
        requests = Budget(settings.max_requests_per_minute, self._clock)
        probes = probes_of(
            settings,
            self.network,
            own=lambda probe: Own(StoreBook(self._store, policy.platform, probe), self.heartbeats.source(probe)),
            requests=requests,
            onlookers=Onlookers(listen=lambda probe: self._recent.listener(policy.platform, probe)),
        )
        budgets = {
            name: requests if probe.asks else Budget(None, self._clock) for name, probe in settings.probes.items()
        }
        loops = {
            name: ProbeLoop(keeper, probe, probes[name], budgets[name], bench) for name, probe in policy.probes.items()
        }
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
            has_controls=bool(self._settings.controls),
            config=lambda: self.config,
            settings_of=lambda platform, probe: effective(self._settings.platforms[platform].probes[probe]),
        )

    def _route(self, page: Page) -> tuple[str, ...]:
        return route(page, self._routes, tuple(self._channels)).channels

    def _render_metrics(self) -> Iterable[bytes]:
        self._metrics.outcomes_dropped(self._store.dropped)
        self._metrics.audit_dropped(self._auditor.dropped)
        return self._metrics.pieces()

    def _use_told(self, told: UseTold) -> None:
        self._use_announcer.tell(told)  # which is made later: it shows uses on the face, which asks the register

    def _store_changed(self, is_writable: bool, reason: str) -> None:  # noqa: FBT001 - the gate's callback
        self._metrics.store_writable(is_writable=is_writable)
        now = self._clock.now()
        page = store_page(self._settings.deployment, is_writable=is_writable, reason=reason, at=now)
        self._outbox.submit(self._routed(page))

    def _routed(self, page: Page) -> RoutedPage:
        return RoutedPage(page, self._route(page))

    def _sight_changed(self, is_blind: bool) -> None:  # noqa: FBT001 - the sight's callback
        self._metrics.blind(is_blind=is_blind)
        if not is_blind:
            self.heartbeats.listen_anew()
        for keeper in self._board.keepers.values():
            keeper.hear(BlindnessChanged(is_blind))
