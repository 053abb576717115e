"""Holds what the daemon's parts are built from, and joins them. Nothing here decides; nothing runs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from glasswatch import __version__
from glasswatch.chain import GENESIS
from glasswatch.clock import Clock
from glasswatch.flag import keys
from monitor import takeup
from monitor.acknowledgements import telling
from monitor.acting import Acting
from monitor.announce import Announcer, UseAnnouncer
from monitor.auditor import Auditor
from monitor.board import Board
from monitor.channels.build import channels_of, routes_of
from monitor.channels.context import ChannelContext
from monitor.clockwatch import ClockContext, ClockWatch
from monitor.controls import make as make_controls
from monitor.copies import CopyWatch
from monitor.credentials.book import CredentialBook
from monitor.deadman import DeadManContext, DeadManSwitch
from monitor.drilling.desk import DrillDesk, Keeping, Telling
from monitor.exercises.desk import ExerciseDesk
from monitor.flagterms import flag_terms
from monitor.heartbeats import HeartbeatContext, Heartbeats, expected_beats
from monitor.keeper import Keeper
from monitor.metrics.book import MetricsBook
from monitor.model.event import BlindnessChanged, MaintenanceTold, Restarted
from monitor.model.page import Page, PageContext
from monitor.model.policy import PlatformPolicy
from monitor.model.published import PublishedFlag
from monitor.model.record import ChainHead, Loaded, RoutedPage
from monitor.outbox import Outbox, OutboxContext
from monitor.parts import Assembly
from monitor.probes.build import new_network
from monitor.probes.secrets import KeptSecrets
from monitor.procedure import Procedure
from monitor.pruner import Pruner
from monitor.publish import Publisher
from monitor.recent import Recent
from monitor.reload.requests import ReloadRequests
from monitor.reports.budget import BudgetContext, BudgetWatch
from monitor.reports.writer import ReportWriter, wanted_of
from monitor.residue import ResidueDesk
from monitor.rules import unrecorded
from monitor.rules.drillcalendar import Here
from monitor.rules.fallback import Fallback
from monitor.rules.fallback import fallbacks as fallbacks_of
from monitor.rules.periods import Terms as SlaTerms
from monitor.rules.routes import route
from monitor.rules.schedule import Grid, grid_of
from monitor.rules.storepages import store_page, store_page_over
from monitor.rules.wellness import Condition, unwell
from monitor.scheduler import Bench, ProbeLoop
from monitor.seal import FlagSeal
from monitor.settings.controls import tell_of_names
from monitor.settings.dead_man import DeadManSettings
from monitor.settings.policy import policies_of
from monitor.settings.root import MonitorSettings
from monitor.settings.sla import terms
from monitor.settings.watchers import WatcherSettings
from monitor.settle import Chain, Settler, SettlerContext
from monitor.sight import Sight, SightContext
from monitor.signing import Signer
from monitor.siteof import site_of
from monitor.slawatch import SlaContext, SlaWatch
from monitor.store.store import SqlStore
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
from monitor.web.site import Site
from monitor.web.sources import Sources
from monitor.workshop import Tools, Workshop


class Builder:
    """Holds what several parts are built from, now and whenever the settings change (`monitor.reload`)."""

    def __init__(
        self,
        settings: MonitorSettings,
        clock: Clock,
        store: SqlStore,
        key: keys.SigningKey,
        procedures: Mapping[str, Procedure],
    ) -> None:
        self.settings = settings
        self._clock = clock
        self._store = store
        self.key = key
        self.procedures = dict(procedures)
        self._policies = policies_of(settings)
        self._board = Board(settings.deployment, settings.vantage, self.procedures)
        self._metrics = MetricsBook(self._policies.values(), __version__)
        self._gate = StoreGate(self._store_changed)
        self._chain = Chain(ChainHead(0, GENESIS))
        self._auditor = Auditor(store, self._gate, self._chain)
        self._acting = Acting(self._board.keepers)
        self.exercises = ExerciseDesk(self._board, self._acting.act)
        self._register = self._use_register()
        self.drills = self._drill_desk()
        self.credentials = CredentialBook(clock, self._metrics.credentials.show)
        self.heartbeats = self._make_heartbeats()
        self._recent = Recent(clock)
        self.requests = ReloadRequests()
        self._shown_site = self._site()
        self._face = WebFace(self._shown_site, self._sources(), settings.static_page.file)
        self.channel_context = ChannelContext(clock, self._describe)
        channels = channels_of(settings.paging, self.channel_context)
        self._channel_names = tuple(channels)
        self._routes = routes_of(settings.paging)
        self._outbox = Outbox(
            channels, OutboxContext(store, self._gate, clock, self._route, self._metrics, fallbacks=self._fallbacks)
        )
        self._outbox.listen(telling(self._outbox.book, self._auditor.note, self._face.acknowledged, clock))
        self._board.acknowledgements.append(self._outbox.book.acknowledgement)
        self.clockwatch = self._clock_watch()
        self._slawatch = SlaWatch(SlaContext(store, clock, self._sla_terms, self._metrics.sla))
        self._use_announcer = UseAnnouncer(self._outbox, self._metrics, self._face, self._register.open_uses)
        self.network = new_network(clock, has_witness=tell_of_names(settings.controls))
        self.workshop = Workshop(Tools(self.network, store, self.heartbeats, self._recent, clock, self._hear))
        self.distrusted: list[str] = []
        self.config = ""
        self._target_secrets = KeptSecrets(clock)
        self.target_context = TargetContext(clock, self._target_secrets)
        self._sight = Sight(
            make_controls(settings.controls, self.network),
            SightContext(store, self._gate, clock, self._sight_changed, self.network.resolver.forget),
        )
        self._metrics.store_writable(is_writable=True)
        self._metrics.reloaded(clock.now())

    def _sources(self) -> Sources:
        return Sources(
            self._board,
            self._store,
            self._render_metrics,
            self._clock,
            self._auditor.note,
            self._acting.act,
            self._register,
            self.heartbeats,
            self._recent,
            self._metrics.request_refused,
            self.requests.ask,
            ResidueDesk(self._store, self._clock, self._chain.move, self._look_for_forgotten).gone,
            self._store.past,
            self.drills,
            self.exercises,
            self.credentials.concerns,
        )

    def _budget_watch(self) -> BudgetWatch:
        site, store, clock = self._shown_site, self._store, self._clock
        return BudgetWatch(BudgetContext(site.deployment, site.vantage, store, clock, lambda: site.terms, self._tell))

    def _tell(self, page: Page) -> None:
        self._outbox.submit(self.routed(page))

    def _drill_desk(self) -> DrillDesk:
        here, store, gate = Here(self.settings.deployment, self.settings.vantage), self._store, self._gate
        note, moved = self._auditor.note, self._chain.move
        keeping = Keeping(store, gate, self._clock, note, moved, lambda: self.clockwatch.is_trusted)
        submit, changed = (lambda page: self._outbox.submit(page)), (lambda: self._face.drilled())  # noqa: PLW0108 - made later
        return DrillDesk(
            here, self.settings.drills, keeping, Telling(self._metrics.drills, self._route, submit, changed)
        )

    def _report_writer(self) -> ReportWriter:
        # By a clock that is wrong no period is over.
        wanted = lambda: wanted_of(self.settings) if self.clockwatch.is_trusted else {}  # noqa: E731 - asked each time
        return ReportWriter(self.settings.deployment, self.settings.vantage, self._store, wanted, self._clock)

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
            ready_ttl=self.settings.flag.ready_ttl,
        )
        return UseRegister(self.settings.uses.policy(self.settings.deployment), context)

    def _make_heartbeats(self) -> Heartbeats:
        context = HeartbeatContext(self._store, self._gate, self._clock, self._auditor.note, self._metrics.heard)
        return Heartbeats(expected_beats(self.settings), context)

    def _clock_watch(self) -> ClockWatch:
        where = self.settings.deployment, self.settings.vantage, self._clock, self._store, self._gate
        return ClockWatch(ClockContext(*where, self._auditor.note, self._tell, self._metrics.clock_shifted))

    def _sla_terms(self) -> Mapping[str, SlaTerms]:
        return {name: terms(each.sla) for name, each in self.settings.platforms.items()}

    async def _look_for_forgotten(self) -> None:
        self.forgotten(await takeup.forgotten(self._store, self.settings))

    def forgotten(self, names: Sequence[str]) -> None:
        """Have shown what is open that no journey of the settings closes."""
        self._board.unclosed[:] = names
        self._metrics.forgotten(len(names))

    def server(self, certificate: Certificate | None) -> WebServer:
        """Build the web face."""
        front = Front(certificate.context if certificate else None, self.settings.listen.proxy)
        return WebServer(self._face.app, self._face.close, front=front)

    def join(self, loaded: Loaded, published: Mapping[str, PublishedFlag | None], server: WebServer) -> Assembly:
        """Build what depends on what the store held, and have every platform take up where it was."""
        targets = targets_of(self.settings.flag, self.target_context)
        publisher = Publisher(targets, observer=self._metrics)
        self._board.publishers.append(publisher)
        self._board.distrusted.extend(self.distrusted)
        self._chain.move(loaded.chain)
        self._settling = self._settled_by(publisher)
        grid = self.grid()
        bench = Bench(self._store, self._sight, self._metrics, self._clock, grid)
        settlers, loops, is_unrecorded = [], [], False
        for name, policy in self._policies.items():
            settler, keeper, restarted = self.platform(policy, loaded, published.get(name))
            is_unrecorded |= restarted.published is not None
            settlers.append(settler)
            self._board.keepers[name] = keeper
            loops.extend(self._loops(keeper, policy, bench))
            keeper.hear(restarted)
        self._board.unrun.extend(loop.unrun for loop in loops)
        self._board.late.extend(loop.late for loop in loops)
        if loaded.is_torn or is_unrecorded:
            self._outbox.submit(self.routed(store_page_over(self.settings.deployment, self._clock.now())))
        # After what they kept, and whether they kept anything or not: the proof that the store takes writes.
        self._gate.register(lambda: self._store.alive(self._clock.now()))
        if any(keeper.state.blind for keeper in self._board.keepers.values()):
            self._sight.lost()  # all of them are; a control that answers ends it
        parts = Assembly(
            store=self._store,
            gate=self._gate,
            auditor=self._auditor,
            register=self._register,
            heartbeats=self.heartbeats,
            watchers=self.watchers(self.settings.uses.watchers),
            switches=tuple(self.switch(name, each) for name, each in self.settings.dead_man.items()),
            sight=self._sight,
            board=self._board,
            settlers=tuple(settlers),
            loops=tuple(loops),
            outbox=self._outbox,
            publisher=publisher,
            copies=CopyWatch(publisher, self._board.keepers, self._clock),
            versions=VersionWatch(self._board.documents, self._board.keepers),
            clockwatch=self.clockwatch,
            pruner=Pruner(self._store, self._metrics, lambda: self.clockwatch.is_trusted),
            slawatch=self._slawatch,
            reports=self._report_writer(),
            budget=self._budget_watch(),
            drills=self.drills,
            server=server,
            face=self._face,
            network=self.network,
            clock=self._clock,
            bench=bench,
            metrics=self._metrics,
            builder=self,
        )
        self._metrics.dead_man(self.settings.dead_man)
        self._register.watched(lambda: covered(parts.watchers), lambda: blind(parts.watchers))
        return parts

    def _settled_by(self, publisher: Publisher) -> SettlerContext:
        announcer = Announcer(publisher, self._outbox, self._metrics, self._face, self._clock, self.exercises)
        return SettlerContext(
            self._store,
            self._gate,
            self._chain,
            self._clock,
            self._route,
            (self._board.settled, *announcer.listeners(), self._acting.settled, self._slawatch.settled),
        )

    def adopt(self, settings: MonitorSettings, procedures: Mapping[str, Procedure]) -> Mapping[str, PlatformPolicy]:
        """Build by other settings from now on, and show and route by them; return the policies."""
        self.settings = settings
        self.procedures.clear()
        self.procedures.update(procedures)
        self._policies = policies_of(settings)
        self._channel_names = tuple(settings.paging.channels)
        self._routes = routes_of(settings.paging)
        self._shown_site.adopt(self._site())
        return self._policies

    def renew_secrets(self) -> None:
        """Have secrets that programs print read anew."""
        self.workshop.renew()
        self._target_secrets.renew()

    def platform(
        self, policy: PlatformPolicy, loaded: Loaded, published: PublishedFlag | None
    ) -> tuple[Settler, Keeper, Restarted]:
        """Return what settles and keeps a platform, and what the keeper is to hear first."""
        held, last_alive_at = takeup.taken_up(loaded, policy.platform)
        lost = unrecorded.missing(held.ledger, published)
        ledger = held.ledger if lost is None else unrecorded.ledger_with(held.ledger, held.state, lost)
        settler = Settler(replace(held, ledger=ledger), self.seal(policy), self._settling)
        return settler, Keeper(policy, held.state, settler, self._clock), Restarted(last_alive_at, lost)

    def grid(self) -> Grid:
        """Return the grid of all probes that the settings name."""
        probes = [probe for policy in self._policies.values() for probe in policy.probes.values()]
        return grid_of(self.settings.deployment, self.settings.vantage, probes)

    def switch(self, name: str, settings: DeadManSettings) -> DeadManSwitch:
        """Return a dead man's switch, prepared."""
        switch = DeadManSwitch(name, settings, DeadManContext(self._clock, self._unwell, self._metrics.beaten))
        switch.prepare()
        return switch

    def _unwell(self) -> Sequence[str]:
        signed_until = {name: document.expires_at for name, document in self._board.documents.items()}
        board = self._board
        condition = Condition(
            board.waiting_for(), self._gate.is_open, self._sight.is_blind, signed_until, board.late_probes()
        )
        return unwell(condition, self._clock.now())

    def watchers(self, settings: Mapping[str, WatcherSettings]) -> tuple[WatchLoop, ...]:
        """Return watchers' loops. Nothing is read yet."""
        context = LoopContext(self._store, self._gate, self._clock, self._register.find, self._metrics.watcher)
        return watchers_of(settings, context)

    def _loops(self, keeper: Keeper, policy: PlatformPolicy, bench: Bench) -> list[ProbeLoop]:
        settings = self.settings.platforms[policy.platform]
        probes = {name: self.workshop.probe(policy.platform, settings, name) for name in settings.probes}
        return self.workshop.loops(keeper, policy, settings, probes, bench)

    def seal(self, policy: PlatformPolicy) -> FlagSeal:
        """Return what signs a platform's flag."""
        terms = flag_terms(self.settings, self.procedures[policy.platform], policy)
        return FlagSeal(Signer(self.key), terms, lambda: self._chain.head)

    def _site(self) -> Site:
        return site_of(self.settings, self._policies, self.procedures, self.key, lambda: self.config)

    def _hear(self, platform: str, event: MaintenanceTold) -> None:
        keeper = self._board.keepers.get(platform)
        if keeper is not None:  # else it has left the settings
            keeper.hear(event)

    def _route(self, page: Page) -> tuple[str, ...]:
        return route(page, self._routes, self._channel_names).channels

    def _fallbacks(self, page: Page) -> Sequence[Fallback]:
        return fallbacks_of(page, self._routes, self._channel_names)

    def _describe(self, page: Page) -> PageContext:
        """Return what a person needs beside a page, and who else is told."""
        book = self._outbox.book
        return replace(
            self._board.describe(page),
            told=book.of(page),
            acknowledged=book.acknowledgement(page.dedup_key),
            status_page=self.settings.paging.status_page or "",
        )

    def _render_metrics(self) -> Iterable[bytes]:
        self._metrics.outcomes_dropped(self._store.dropped)
        self._metrics.audit_dropped(self._auditor.dropped)
        return self._metrics.pieces()

    def _use_told(self, told: UseTold) -> None:
        self._use_announcer.tell(told)  # which is made later: it shows uses on the face, which asks the register

    def _store_changed(self, is_writable: bool, reason: str) -> None:  # noqa: FBT001 - the gate's callback
        self._metrics.store_writable(is_writable=is_writable)
        now = self._clock.now()
        page = store_page(self.settings.deployment, is_writable=is_writable, reason=reason, at=now)
        self._outbox.submit(self.routed(page))

    def routed(self, page: Page) -> RoutedPage:
        """Return a page with the channels that it goes to now."""
        return RoutedPage(page, self._route(page))

    def _sight_changed(self, is_blind: bool) -> None:  # noqa: FBT001 - the sight's callback
        self._metrics.blind(is_blind=is_blind)
        if not is_blind:
            self.heartbeats.listen_anew()
        for keeper in self._board.keepers.values():
            keeper.hear(BlindnessChanged(is_blind))
