"""A report as the wire has it."""

from collections.abc import Iterable, Sequence

from glasswatch.spans import Span
from monitor.model.past import Word
from monitor.model.state import Outage
from monitor.reports.method import rules_of
from monitor.rules.sla import Account
from monitor.rules.slavalues import BurnRate, Claim, Excluded, SlaReport, Watch
from monitor.web import shaping
from monitor.wire import sla
from monitor.wire.answers import SpanAnswer


def answer(deployment: str, vantage: str, reports: Sequence[SlaReport]) -> sla.SlaAnswer:
    """Return the accounts of several platforms."""
    return sla.SlaAnswer(
        deployment=deployment,
        vantage=vantage,
        method=rules_of(reports),
        platforms=tuple(_platform(each) for each in reports),
    )


def _platform(report: SlaReport) -> sla.PlatformSlaAnswer:
    return sla.PlatformSlaAnswer(
        platform=report.subject.platform,
        period=report.period.name,
        start=report.period.span.start,
        end=report.period.span.end,
        timezone=report.terms.timezone,
        standing=report.standing.value,
        read_at=report.read_at,
        not_measured=report.terms.not_measured.value,
        account=_account(report.account),
        objective=_objective(report),
        functions=tuple(
            sla.FunctionAccountAnswer(function=name, account=_account(each)) for name, each in report.functions.items()
        ),
        rolling=tuple(sla.RollingAnswer(window=name, account=_account(each)) for name, each in report.rolling.items()),
        burn_rates=tuple(_burn(each) for each in report.burns),
        outages=tuple(_outage(report, each) for each in report.outages),
        maintenance=tuple(_maintenance(each) for each in report.excluded),
        not_measured_spans=_spans(report.unmeasured),
        claims=tuple(_claim(each) for each in report.claims),
        response_times=tuple(
            sla.PaceAnswer(probe=each.probe, median_seconds=each.median_seconds, p95_seconds=each.p95_seconds)
            for each in report.paces
        ),
        days=tuple(_account(each) for each in report.days),
        measured_by=tuple(_watch(each) for each in report.watches),
        references=tuple(report.references),
        record=None if report.proof is None else sla.RecordAnswer(entry=report.proof.seq, sha256=report.proof.head),
        notes=tuple(report.notes),
    )


def _outage(report: SlaReport, each: Outage) -> sla.CountedOutageAnswer:
    return sla.CountedOutageAnswer(
        **dict(shaping.outage(each)),
        counted_seconds=report.counted_seconds.get(each.id, 0.0),
        audit_entries=() if report.proof is None else tuple(report.proof.entries.get(each.id, ())),
    )


def _watch(each: Watch) -> sla.WatchAnswer:
    return sla.WatchAnswer(
        probe=each.probe,
        type=each.type,
        function=each.function,
        target=each.target,
        role=each.role.value,
        critical=each.critical,
        interval_seconds=each.interval.total_seconds(),
        timeout_seconds=each.timeout.total_seconds(),
        confirm_attempts=each.confirm_attempts,
        confirm_every_seconds=each.confirm_every.total_seconds(),
    )


def _account(found: Account) -> sla.AccountAnswer:
    return sla.AccountAnswer(
        start=found.period.start,
        end=found.period.end,
        availability=found.availability,
        coverage=found.coverage,
        up_seconds=found.up_seconds,
        down_seconds=found.down_seconds,
        not_measured_seconds=found.unmeasured_seconds,
        maintenance_seconds=found.excluded_seconds,
        counted_seconds=found.counted_seconds,
        outages=found.outages,
        detect_seconds=found.detect_seconds,
        recover_seconds=found.recover_seconds,
    )


def _objective(report: SlaReport) -> sla.ObjectiveAnswer | None:
    if report.terms.objective is None:
        return None
    return sla.ObjectiveAnswer(
        objective=report.terms.objective,
        breached=report.breached,
        budget_seconds=report.budget_seconds,
        budget_remaining_ratio=report.budget_remaining,
        credit=report.credit,
        credits=tuple(sla.CreditStepAnswer(below=step.below, credit=step.credit) for step in report.terms.credits),
    )


def _burn(each: BurnRate) -> sla.BurnAnswer:
    return sla.BurnAnswer(
        short_seconds=each.burn.short.total_seconds(),
        long_seconds=each.burn.long.total_seconds(),
        factor=each.burn.factor,
        short_rate=each.short,
        long_rate=each.long,
        firing=each.is_firing,
    )


def _maintenance(each: Excluded) -> sla.SlaMaintenanceAnswer:
    return sla.SlaMaintenanceAnswer(
        window=each.window,
        by=each.by,
        confirmed_by=each.confirmed_by,
        agreed_at=each.agreed_at,
        reason=each.reason,
        functions=tuple(each.functions),
        spans=_spans(each.spans),
    )


def _claim(each: Claim) -> sla.ClaimAnswer:
    return sla.ClaimAnswer(
        probe=each.probe,
        availability=each.availability,
        well_seconds=each.seconds[Word.WELL],
        degraded_seconds=each.seconds[Word.DEGRADED],
        maintenance_seconds=each.seconds[Word.MAINTENANCE],
        outage_seconds=each.seconds[Word.OUTAGE],
        not_told_seconds=each.seconds[Word.NOT_TOLD],
        unsaid_down_seconds=each.unsaid_down_seconds,
        outages=_spans(each.outages),
    )


def _spans(spans: Iterable[Span]) -> tuple[SpanAnswer, ...]:
    return tuple(SpanAnswer(start=span.start, end=span.end) for span in spans)
