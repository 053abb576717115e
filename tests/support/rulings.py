"""Short ways to say what rules are given: policies, outcomes, events, and a platform to which things happen."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import HealthCheck, settings

from monitor.model.act import Act, Hand, Ruling
from monitor.model.event import BlindnessChanged, Event, Observed, PersonActed, Restarted, Ticked, VotesChanged
from monitor.model.fact import Fact, PageDecided, Step
from monitor.model.outcome import Attempt, Outcome, OutcomeKind, Reason, Warn
from monitor.model.page import Page
from monitor.model.policy import PlatformPolicy, ProbePolicy
from monitor.model.state import Cause, Outage, PlatformState, ProbeState
from monitor.model.verdict import FlagState, Role, Verdict
from monitor.rules import reduce
from monitor.rules.probe import completes_round
from tests.support.clock import START

# How far a property is searched: enough for rules this small, whatever else the machine does meanwhile.
BOUNDED = settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
INSTANT = timedelta(microseconds=1)

_REASONS = {
    OutcomeKind.GOOD: (Reason.OK, ""),
    OutcomeKind.BAD: (Reason.STATUS, "status 503, expected 200"),
    OutcomeKind.NOT_MEASURED: (Reason.RATE_LIMITED, "status 429: too many requests"),
    OutcomeKind.SKIPPED: (Reason.BUDGET, "max_requests_per_minute was spent"),
}


def probe(name: str = "portal", function: str = "sign_in", role: Role = Role.FIRST_HAND) -> ProbePolicy:
    """Return a critical probe with the defaults of the settings; change it with `replace`."""
    return ProbePolicy(
        name=name,
        function=function,
        critical=True,
        role=role,
        interval=15 * SECOND,
        timeout=5 * SECOND,
        confirm_attempts=3,
        confirm_every=5 * SECOND,
        recover=3,
        fingerprint="f0",
    )


def policy(*probes: ProbePolicy, vantages: int = 1) -> PlatformPolicy:
    """Return a platform of these probes (one, if none is named) with the defaults of the settings."""
    return PlatformPolicy(
        deployment="prod",
        platform="payments",
        probes={each.name: each for each in probes or (probe(),)},
        configured_vantages=vantages,
        lower_after=15 * MINUTE,
        ready_ttl=15 * MINUTE,
        unknown_max=4 * HOUR,
        unknown_pages_after=2 * MINUTE,
        manual_max=4 * HOUR,
        manual_persons=1,
    )


def outcome(
    kind: OutcomeKind,
    at: datetime = START,
    *,
    attempt: Attempt = Attempt.SCHEDULED,
    reason: Reason | None = None,
    warnings: tuple[Warn, ...] = (),
) -> Outcome:
    """Return an outcome of an attempt that took 100 ms and ended at `at`."""
    why, detail = _REASONS[kind]
    return Outcome(
        kind=kind,
        reason=reason or why,
        detail=detail,
        started_at=at - SECOND / 10,
        duration_seconds=0.1,
        warnings=warnings,
        attempt=attempt,
    )


class Platform:
    """A platform to which things happen; keeps its state, the time, and everything that was found."""

    def __init__(self, watched: PlatformPolicy | None = None, now: datetime = START) -> None:
        self.policy = watched or policy()
        self.now = now
        self.facts: list[Fact] = []
        self.step: Step = reduce.advance(PlatformState("payments"), self.policy, Restarted(None), now)
        self.facts += self.step.facts

    @property
    def state(self) -> PlatformState:
        """What is held now."""
        return self.step.state

    def verdict(self) -> Verdict:
        """Return what is held true of the platform now."""
        return self.state.verdict

    def flag(self) -> FlagState:
        """Return what the flag says now."""
        return self.state.flag.state

    def outage(self) -> Outage:
        """Return the latest outage, which must be held."""
        assert self.state.outage is not None
        return self.state.outage

    def hear(self, event: Event) -> Step:
        """Have one event happen now."""
        self.step = reduce.advance(self.state, self.policy, event, self.now)
        self.facts += self.step.facts
        return self.step

    def after(self, span: timedelta) -> "Platform":
        """Let time pass, unnoticed."""
        self.now += span
        return self

    def tick(self, span: timedelta = timedelta(0)) -> Step:
        """Let time pass and have it noticed."""
        return self.after(span).hear(Ticked())

    def see(self, kind: OutcomeKind, name: str = "portal", *, answered: bool | None = None, **how: object) -> Step:
        """Have a probe's attempt end now; the controls' answer comes only where a round would be complete."""
        needs_answer = kind is OutcomeKind.BAD and completes_round(self.state.probes[name], self.policy.probes[name])
        if needs_answer and answered is None:
            answered = True
        seen = outcome(kind, self.now, **how)  # type: ignore[arg-type]  # passed on as it is
        return self.hear(Observed(name, seen, self.now, answered))

    def good(self, *names: str, **how: object) -> Step:
        """Have probes (all, if none is named) be good, one second apart."""
        for name in names or tuple(self.policy.probes):
            self.after(SECOND).see(OutcomeKind.GOOD, name, **how)  # type: ignore[arg-type]  # passed on as it is
        return self.step

    def bad(self, *names: str, **how: object) -> Step:
        """Have probes be bad once, one second apart."""
        for name in names or tuple(self.policy.probes):
            self.after(SECOND).see(OutcomeKind.BAD, name, **how)  # type: ignore[arg-type]  # passed on as it is
        return self.step

    def not_measured(self, *names: str, **how: object) -> Step:
        """Have probes not be measured once, one second apart."""
        for name in names or tuple(self.policy.probes):
            self.after(SECOND).see(OutcomeKind.NOT_MEASURED, name, **how)  # type: ignore[arg-type]  # passed on
        return self.step

    def confirm(self, *names: str) -> Step:
        """Have probes confirmed bad, each by a whole round, its attempts five seconds apart."""
        for name in names or tuple(self.policy.probes):
            for number in range(self.policy.probes[name].confirm_attempts):
                why = Attempt.CONFIRMATION if number else Attempt.SCHEDULED
                self.after(5 * SECOND).see(OutcomeKind.BAD, name, attempt=why)
        return self.step

    def recover(self, *names: str) -> Step:
        """Have probes recover, each by a whole row of good outcomes."""
        for name in names or tuple(self.policy.probes):
            for _ in range(self.policy.probes[name].recover):
                self.good(name)
        return self.step

    def blind(self, *, blind: bool = True) -> Step:
        """Have this vantage turn blind, or see again."""
        return self.hear(BlindnessChanged(blind))

    def vote(self, **others: Verdict) -> Step:
        """Have the other vantages vote."""
        return self.hear(VotesChanged(others))

    def restart(self, away: timedelta | None = SECOND, watched: PlatformPolicy | None = None) -> Step:
        """Have the monitor come back after a time away (None: nobody knows), with these settings."""
        self.policy = watched or self.policy
        alive_at = None if away is None else self.now
        self.after(away or timedelta(0))
        return self.hear(Restarted(alive_at))

    def act(self, act: Act, person: str = "anna", key: str = "") -> Ruling:
        """Have a person act on the flag; return the answer."""
        ruling = self.hear(PersonActed(act, Hand(person, f"{person}-cli", key))).ruling
        assert ruling is not None
        return ruling

    def raise_flag(self, *causes: Cause) -> Step:
        """Have causes be added, as a drill will."""
        return self._with_causes((*self.state.causes, *causes))

    def lower_flag(self, causes: Iterable[Cause]) -> Step:
        """Have a person leave only these causes."""
        return self._with_causes(tuple(causes))

    def _with_causes(self, causes: tuple[Cause, ...]) -> Step:
        turn = reduce._Turn(self.policy, self.now)
        self.step = reduce._settled(self.state, replace(self.state, causes=causes), [], turn)
        self.facts += self.step.facts
        return self.step

    def found(self, *kinds: type[Fact]) -> list[Fact]:
        """Return the facts of these kinds, of the whole history."""
        return [fact for fact in self.facts if isinstance(fact, kinds)]

    def pages(self) -> list[Page]:
        """Return the pages of the whole history."""
        return [fact.page for fact in self.facts if isinstance(fact, PageDecided)]

    def probe(self, name: str = "portal") -> ProbeState:
        """Return what is believed of a probe."""
        return self.state.probes[name]

    def functions(self) -> Mapping[str, Verdict]:
        """Return what is held true of each function."""
        return {name: held.verdict for name, held in self.state.functions.items()}


def up(*probes: ProbePolicy, vantages: int = 1) -> Platform:
    """Return a platform whose probes were all good once."""
    platform = Platform(policy(*probes, vantages=vantages))
    platform.good()
    return platform


def down(*probes: ProbePolicy, vantages: int = 1) -> Platform:
    """Return a platform that was up, and whose probes were then all confirmed bad."""
    platform = up(*probes, vantages=vantages)
    platform.confirm()
    return platform
