"""Everything that Prometheus reads, in one object.

1. Names, labels and help come from `glasswatch.names.METRICS`, and every metric there is shown.
2. All known label sets exist at 0 from the start; times are absent before their first event.
3. Series of probes, platforms and targets are text of our own making (`exposition.py`), since 1,000 probes through
   prometheus_client cost 240 ms to 1 s (design 5). It keeps what is few and about ourselves.

Used from the event loop only.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from itertools import chain

from monitor.metrics import credential_series, drill_series, own_series, platform_series, publish_series, sla_series
from monitor.metrics.credential_series import CredentialSeries
from monitor.metrics.drill_series import DrillSeries
from monitor.metrics.exposition import Family, in_pieces
from monitor.metrics.own_series import OwnSeries
from monitor.metrics.platform_series import PlatformSeries
from monitor.metrics.probe_series import ProbeSeries
from monitor.metrics.publish_series import PublishSeries
from monitor.metrics.shown import Shown
from monitor.metrics.sla_series import SlaSeries
from monitor.model.act import ActKind
from monitor.model.figures import Figures
from monitor.model.outcome import Outcome
from monitor.model.page import Page
from monitor.model.policy import PlatformPolicy
from monitor.model.record import FlagDocument
from monitor.model.state import Outage, PlatformState
from monitor.model.use import Use
from monitor.rules.clock import Shift

_TEXT = (
    *(*platform_series.FAMILIES, *sla_series.FAMILIES, *publish_series.FAMILIES, *drill_series.FAMILIES),
    *credential_series.FAMILIES,
)
NAMES = frozenset({*ProbeSeries.LINES, *_TEXT, *own_series.NAMES})


class MetricsBook:
    """Told what happens; says it to Prometheus. It is a `PageObserver` and a `PublishObserver`.

    Every platform, probe and target it is told of must be in `policies`; another is a KeyError, a bug of the caller's.
    """

    def __init__(self, policies: Iterable[PlatformPolicy], version: str) -> None:
        self._of_probes = [(Family(name), write) for name, write in ProbeSeries.LINES.items()]
        self._families = {name: Family(name) for name in _TEXT}
        self._platforms: dict[str, PlatformSeries] = {}
        self._probes: dict[tuple[str, str], ProbeSeries] = {}
        self._slas: dict[str, SlaSeries] = {}
        self._targets: dict[str, PublishSeries] = {}
        self._shown = Shown(self._families)
        self._own = OwnSeries(version)
        self.drills = DrillSeries(self._families)
        self.credentials = CredentialSeries(self._families)
        self.begun = 0
        """How many attempts began because they were due."""
        for policy in policies:
            self.adopt(policy)

    def adopt(self, policy: PlatformPolicy) -> None:
        """Show a platform, its probes and targets. What goes on as before keeps its counts."""
        name = policy.platform
        for target in policy.targets:
            if target not in self._targets:
                self._targets[target] = self._shown.of((target,), partial(PublishSeries, target=target))
        if name in self._platforms:
            self._platforms[name].adopt(policy)
        else:
            self._platforms[name] = self._shown.of((name, ""), partial(PlatformSeries, policy=policy))
            self._slas[name] = self._shown.of((name, "sla"), partial(SlaSeries, platform=name))
        for key in [key for key in self._probes if key[0] == name and key[1] not in policy.probes]:
            del self._probes[key]
        for probe in policy.probes.values():
            key = name, probe.name
            held = self._probes.get(key)
            if held is None or not held.is_of(probe):
                self._probes[key] = ProbeSeries(name, probe)

    def forget(self, platform: str) -> None:
        """Show a platform no more, nor anything of it."""
        for key in [key for key in self._probes if key[0] == platform]:
            del self._probes[key]
        if self._platforms.pop(platform, None) is not None:
            self._shown.forget((platform, ""))
            del self._slas[platform]
            self._shown.forget((platform, "sla"))
        for series in self._targets.values():
            series.forget(platform)

    def forget_target(self, target: str) -> None:
        """Show a target no more."""
        if self._targets.pop(target, None) is not None:
            self._shown.forget((target,))

    def reloaded(self, at: datetime) -> None:
        """Show that the settings in force are those of the file, as read then."""
        self._own.reloaded(at)

    def not_reloaded(self) -> None:
        """Show that the file's settings were not taken over."""
        self._own.not_reloaded()

    def outcome(self, platform: str, probe: str, found: Outcome) -> None:
        """Count what an attempt found."""
        self._probes[platform, probe].outcome(found)

    def heard(self, platform: str, probe: str, at: datetime) -> None:
        """Show when a heartbeat was heard last."""
        self._probes[platform, probe].heard(at)

    def state(self, held: PlatformState) -> None:
        """Show what holds of a platform now."""
        self._platforms[held.platform].state(held)

    def sla(self, platform: str, found: Figures) -> None:
        """Show what a platform's availability was, as counted now. One that is just being forgotten shows nothing."""
        if platform in self._slas:
            self._slas[platform].show(found)

    def flag(self, document: FlagDocument) -> None:
        """Show when the flag last signed ends."""
        self._platforms[document.platform].flag(document)

    def publish_tried(self, document: FlagDocument, target: str, *, is_out: bool) -> None:
        """Count that a flag was tried to be published."""
        self._targets[target].tried(document, is_out=is_out)

    def publish_behind(self, target: str, count: int) -> None:
        """Show how many platforms' latest document a target doesn't show."""
        self._targets[target].behind(count)

    def outage_confirmed(self, found: Outage) -> None:
        """Count an outage that was found. Not for one that came back: it is the same outage."""
        self._platforms[found.platform].outage_confirmed(found)

    def acted(self, platform: str, kind: ActKind) -> None:
        """Count what a person did to a flag."""
        self._platforms[platform].acted(kind)

    def use_told(self, use: Use) -> None:
        """Count an attempt at break-glass that was told of. One on a platform that isn't watched counts nowhere."""
        if use.platform in self._platforms:
            self._platforms[use.platform].use_told(use.decision)

    def uses_open(self, uses: Iterable[Use]) -> None:
        """Show how many uses of each platform are open."""
        counts = Counter(use.platform for use in uses)
        for name, series in self._platforms.items():
            series.uses_open(counts[name])

    def watcher(self, name: str, is_seeing: bool) -> None:  # noqa: FBT001 - the watchers' callback
        """Show whether a watcher can read its log."""
        self._own.watcher(name, is_seeing=is_seeing)

    def page_decided(self, page: Page) -> None:
        """Count a page."""
        self._own.page_decided(page.kind)

    def page_delivered(self, page: Page, channel: str) -> None:
        """Nothing is counted: pages that are neither failed nor pending were delivered."""

    def page_failed(self, page: Page, channel: str) -> None:  # noqa: ARG002 - the port's signature
        """Count a page that a channel did not take for good."""
        self._own.page_failed(page.kind)

    def page_fell_back(self, page: Page) -> None:
        """Count a page that was not taken in time, and went to other channels too."""
        self._own.page_fell_back(page.kind)

    def pages_pending(self, count: int) -> None:
        """Show how many deliveries are not settled."""
        self._own.pages_pending(count)

    def lag(self, seconds: float) -> None:
        """Count how late a scheduled attempt started."""
        self.begun += 1
        self._own.lag(seconds)

    def forgotten(self, count: int) -> None:
        """Show how much is open that no journey of the settings closes."""
        self._own.forgotten(count)

    def blind(self, *, is_blind: bool) -> None:
        """Show whether this vantage can't see."""
        self._own.blind(is_blind=is_blind)

    def store_writable(self, *, is_writable: bool) -> None:
        """Show whether the last write to the store went through."""
        self._own.store_writable(is_writable=is_writable)

    def outcomes_dropped(self, total: int) -> None:
        """Show how many outcomes could not be stored since the start: the store's own count of all."""
        self._own.outcomes_dropped(total)

    def outcomes_pruned(self, count: int) -> None:
        """Count outcomes that the store forgot because their time was over."""
        self._own.outcomes_pruned(count)

    def clock_shifted(self, shift: Shift) -> None:
        """Count that the wall clock was set or crept away, or how long the machine slept."""
        self._own.clock_shifted(shift)

    def request_refused(self, code: str) -> None:
        """Count a request that an endpoint refused."""
        self._own.request_refused(code)

    def audit_dropped(self, total: int) -> None:
        """Show how many entries of the audit were dropped since the start: the auditor's own count of all."""
        self._own.audit_dropped(total)

    def dead_man(self, names: Iterable[str]) -> None:
        """Show dead man's switches at 0."""
        self._own.dead_man(names)

    def forget_dead_man(self, name: str) -> None:
        """Show a dead man's switch no more."""
        self._own.forget_dead_man(name)

    def forget_watcher(self, name: str) -> None:
        """Show a watcher no more."""
        self._own.forget_watcher(name)

    def beaten(self, switch: str, is_taken: bool) -> None:  # noqa: FBT001 - the switches' callback
        """Count a beat to a dead man's switch."""
        self._own.beaten(switch, is_taken=is_taken)

    def pieces(self) -> Iterator[bytes]:
        """Yield the exposition in text format 0.0.4, piece by piece; the values are those of each piece's instant."""
        owners = tuple(self._probes.values())
        probes = (family.parts_by(write, owners) for family, write in self._of_probes)
        others = (family.parts() for family in self._families.values())
        return in_pieces(chain.from_iterable((*probes, *others, self._rest())))

    def render(self) -> bytes:
        """Return the exposition of this instant."""
        return b"".join(self.pieces())

    def _rest(self) -> Iterator[str]:
        yield self._own.render()
