"""The series about the monitor itself, kept by prometheus_client in a registry of their own."""

import platform
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest

from glasswatch.names import METRICS
from monitor.model.page import PageKind
from monitor.rules.clock import Shift, ShiftKind
from monitor.wire.refusals import REFUSALS

PAGES = "jit_pages_total"
PAGES_FAILED = "jit_pages_failed_total"
PAGES_PENDING = "jit_pages_pending"
PAGES_FELL_BACK = "jit_pages_fell_back_total"
LAG = "jit_monitor_probe_lag_seconds"
FORGOTTEN = "jit_monitor_residue_forgotten"
BLIND = "jit_monitor_vantage_blind"
WATCHER_SEEING = "jit_break_glass_watcher_seeing"
STORE_WRITABLE = "jit_monitor_store_writable"
DROPPED = "jit_monitor_outcomes_dropped_total"
PRUNED = "jit_monitor_outcomes_pruned_total"
REFUSED = "jit_monitor_requests_refused_total"
UNAUDITED = "jit_monitor_audit_entries_dropped_total"
BEATS = "jit_monitor_dead_man_beats_total"
BEATS_FAILED = "jit_monitor_dead_man_beats_failed_total"
CLOCK_JUMPS = "jit_monitor_clock_jumps_total"
ASLEEP = "jit_monitor_suspended_seconds_total"
RELOADED = "jit_monitor_config_last_reload_successful"
RELOADED_AT = "jit_monitor_config_last_reload_success_timestamp_seconds"
BUILD = "jit_monitor_build_info"
NAMES = (
    *(PAGES, PAGES_FAILED, PAGES_PENDING, PAGES_FELL_BACK, WATCHER_SEEING, LAG, BLIND, STORE_WRITABLE, DROPPED),
    *(FORGOTTEN, PRUNED, REFUSED, UNAUDITED, BEATS, BEATS_FAILED, CLOCK_JUMPS, ASLEEP, RELOADED, RELOADED_AT, BUILD),
)

# From a loop in good order to one that is late by an interval.
_LAG_BOUNDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0)


class OwnSeries:
    """Counts what the monitor does. `version` is the application's."""

    def __init__(self, version: str) -> None:
        # Text format 0.0.4 has no place for `_created`: it would come as one more gauge for each counter.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library left it without
        self._registry = CollectorRegistry()
        self._pages = self._counter(PAGES)
        self._failed = self._counter(PAGES_FAILED)
        self._fell_back = self._counter(PAGES_FELL_BACK)
        for kind in PageKind:
            for counter in (self._pages, self._failed, self._fell_back):
                counter.labels(kind.value)
        self._pending = self._gauge(PAGES_PENDING)
        self._lag = Histogram(LAG, METRICS[LAG].help, registry=self._registry, buckets=_LAG_BOUNDS)
        self._blind = self._gauge(BLIND)
        self._forgotten = self._gauge(FORGOTTEN)
        self._watchers = self._gauge(WATCHER_SEEING)
        self._store_writable = self._gauge(STORE_WRITABLE)
        self._dropped = self._counter(DROPPED)
        self._dropped_before = 0
        self._pruned = self._counter(PRUNED)
        self._refused = self._counter(REFUSED)
        for code in REFUSALS:
            self._refused.labels(code)
        self._unaudited = self._counter(UNAUDITED)
        self._unaudited_before = 0
        self._beats = self._counter(BEATS)
        self._beats_failed = self._counter(BEATS_FAILED)
        self._clock_jumps = self._counter(CLOCK_JUMPS)
        for direction in (ShiftKind.FORWARD, ShiftKind.BACK):
            self._clock_jumps.labels(direction.value)
        self._asleep = self._counter(ASLEEP)
        self._reloaded = self._gauge(RELOADED)
        self._reloaded_at = self._gauge(RELOADED_AT)
        self._gauge(BUILD).labels(version, platform.python_version()).set(1)

    def page_decided(self, kind: PageKind) -> None:
        """Count a page."""
        self._pages.labels(kind.value).inc()

    def page_failed(self, kind: PageKind) -> None:
        """Count a page that a channel did not take."""
        self._failed.labels(kind.value).inc()

    def page_fell_back(self, kind: PageKind) -> None:
        """Count a page that was not taken in time, and went to other channels too."""
        self._fell_back.labels(kind.value).inc()

    def pages_pending(self, count: int) -> None:
        """Show how many pages are on their way."""
        self._pending.set(count)

    def lag(self, seconds: float) -> None:
        """Count how late an attempt started."""
        self._lag.observe(seconds)

    def blind(self, *, is_blind: bool) -> None:
        """Show whether this vantage can't see."""
        self._blind.set(is_blind)

    def forgotten(self, count: int) -> None:
        """Show how much is open that no journey of the settings closes."""
        self._forgotten.set(count)

    def watcher(self, name: str, *, is_seeing: bool) -> None:
        """Show whether a watcher can read its log; before it looked there is nothing to show."""
        self._watchers.labels(name).set(is_seeing)

    def store_writable(self, *, is_writable: bool) -> None:
        """Show whether the last write went through."""
        self._store_writable.set(is_writable)

    def outcomes_dropped(self, total: int) -> None:
        """Bring the count of dropped outcomes up to what the store counted in all."""
        self._dropped.inc(max(total - self._dropped_before, 0))
        self._dropped_before = total

    def outcomes_pruned(self, count: int) -> None:
        """Count outcomes that the store forgot."""
        self._pruned.inc(count)

    def clock_shifted(self, shift: Shift) -> None:
        """Count a shift of the wall clock, or the time asleep."""
        if shift.kind is ShiftKind.SLEPT:
            self._asleep.inc(shift.by.total_seconds())
        else:
            self._clock_jumps.labels(shift.kind.value).inc()

    def request_refused(self, code: str) -> None:
        """Count a request that was refused."""
        self._refused.labels(code).inc()

    def audit_dropped(self, total: int) -> None:
        """Bring the count of dropped entries up to what the auditor counted in all."""
        self._unaudited.inc(max(total - self._unaudited_before, 0))
        self._unaudited_before = total

    def dead_man(self, names: Iterable[str]) -> None:
        """Show dead man's switches at 0."""
        for name in names:
            self._beats.labels(name)
            self._beats_failed.labels(name)

    def forget_dead_man(self, name: str) -> None:
        """Show a dead man's switch no more."""
        self._beats.remove(name)
        self._beats_failed.remove(name)

    def forget_watcher(self, name: str) -> None:
        """Show a watcher no more; one that never looked was never shown."""
        with suppress(KeyError):
            self._watchers.remove(name)

    def reloaded(self, at: datetime) -> None:
        """Show that the settings in force are the file's."""
        self._reloaded.set(1)
        self._reloaded_at.set(at.timestamp())

    def not_reloaded(self) -> None:
        """Show that they are not."""
        self._reloaded.set(0)

    def beaten(self, switch: str, *, is_taken: bool) -> None:
        """Count a beat to a dead man's switch."""
        self._beats.labels(switch).inc()
        if not is_taken:
            self._beats_failed.labels(switch).inc()

    def render(self) -> str:
        """Return the text of all of them."""
        return generate_latest(self._registry).decode()

    def _counter(self, name: str) -> Counter:
        return Counter(name, METRICS[name].help, _labels(name), registry=self._registry)

    def _gauge(self, name: str) -> Gauge:
        return Gauge(name, METRICS[name].help, _labels(name), registry=self._registry)


def _labels(name: str) -> Sequence[str]:
    return METRICS[name].labels
