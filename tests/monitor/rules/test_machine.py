"""Everything together: random histories through the rules, beside a naive second model."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from monitor.model.act import Act, Confirm, EndInhibit, Inhibit, Lower, Raise, Renew
from monitor.model.event import BlindnessChanged, ClockSetBack, Event, Observed, Restarted, Ticked, VotesChanged
from monitor.model.fact import (
    CauseAdded,
    CauseEnded,
    OutageEnded,
    OutageOpened,
    OutageReopened,
    OutageWidened,
    PageDecided,
)
from monitor.model.outcome import Attempt, Outcome, OutcomeKind, Reason, Warn
from monitor.model.page import PageKind, PageStatus
from monitor.model.policy import PlatformPolicy, ProbePolicy
from monitor.model.state import Cause, Outage, PlatformState
from monitor.model.verdict import CauseKind, FlagState, Role, Verdict
from monitor.rules import causes, reduce
from monitor.rules.probe import completes_round, is_believed_bad, is_stale, round_is_on
from tests.support import naive
from tests.support.rulings import HOUR, INSTANT, MINUTE, SECOND, Platform, policy, probe

PORTAL = probe("portal")
QUICK = replace(probe("quick"), confirm_attempts=1, recover=1)
API = replace(probe("api", "request"), confirm_attempts=2, confirm_every=2 * SECOND, recover=2)
ACCESS = replace(
    probe("access", role=Role.DECIDING), interval=5 * MINUTE, confirm_attempts=2, confirm_every=30 * SECOND, recover=1
)
SPARE = replace(probe("spare"), critical=False)
EXTRA = replace(probe("extra", "approve"), critical=False, confirm_attempts=2, recover=2)
BEAT = replace(probe("beat", role=Role.SECOND_HAND), confirm_attempts=1)
WORD = replace(probe("word", "vendor", Role.SECOND_HAND), critical=False)
SIGN = replace(probe("sign", "vendor", Role.SECOND_HAND), critical=False, confirm_attempts=1, recover=1)
LOUD = replace(probe("loud", "gateway", Role.SECOND_HAND), confirm_attempts=2)

PLATFORMS = [
    (PORTAL,),
    (QUICK,),
    (PORTAL, QUICK),
    (PORTAL, SPARE, BEAT),
    (QUICK, WORD),
    (WORD, SIGN, LOUD),
    (PORTAL, ACCESS),
    (QUICK, API),
    (QUICK, API, EXTRA),
    (PORTAL, QUICK, API, ACCESS, EXTRA),
]
SHORT = st.sampled_from([SECOND / 2, SECOND, 5 * SECOND, 15 * SECOND])
LONG = st.sampled_from([SECOND, 15 * SECOND, 50 * SECOND, MINUTE, 2 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR])
AWAY = st.sampled_from([SECOND, MINUTE, 3 * MINUTE, 4 * MINUTE, HOUR, None, -MINUTE])
WARNINGS = st.sampled_from([(), (), (Warn.DURATION,), (Warn.TLS_DAYS_LEFT,)])
VERDICTS = st.sampled_from(list(Verdict))
NUMBERS = st.integers(0, 9)
PERSONS = st.sampled_from(["anna", "Anna", "anna@example.com", "ben", "cleo"])
SPANS = st.sampled_from([SECOND, 5 * SECOND, MINUTE, 12 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR])
_STAMP = re.compile(r"(?<=-)\d{8}T\d{9}Z-")


@dataclass(frozen=True)
class Way:
    """How an attempt ends, beside good or bad."""

    attempt: Attempt = Attempt.SCHEDULED
    answered: bool | None = True
    warnings: tuple[Warn, ...] = ()
    reason: Reason = Reason.OK


WAYS = st.builds(
    Way,
    attempt=st.sampled_from(list(Attempt)),
    answered=st.sampled_from([True, True, True, False, None]),
    warnings=WARNINGS,
    reason=st.sampled_from([Reason.OK, Reason.CREDENTIALS_REFUSED]),
)


class Machine(RuleBasedStateMachine):
    """Has everything happen that can, in any order, and compares."""

    platform: Platform

    @initialize(probes=st.sampled_from(PLATFORMS), vantages=st.sampled_from([1, 1, 3]), persons=st.sampled_from([1, 2]))
    def start(self, probes: tuple[ProbePolicy, ...], vantages: int, persons: int) -> None:
        """Start the monitor for the first time."""
        watched = replace(policy(*probes, vantages=vantages), manual_persons=persons, manual_max=2 * HOUR)
        self.first = replace(watched, lower_after=40 * SECOND, ready_ttl=3 * MINUTE, unknown_max=30 * MINUTE)
        self.platform = Platform(self.first)
        self.history = [naive.Entry(self.platform.now, Restarted(None), self.first)]
        self.outages: dict[str, Outage] = {}
        self.told: set[str] = set()
        self.in_force: set[str] = set()
        self.was = PlatformState("payments")
        self.note()

    # what happens

    def happen(self, event: Event | naive.Raised | naive.Did, act: Callable[[], object] | None = None) -> None:
        """Have one thing happen to both models."""
        self.was = self.platform.state
        if act is not None:
            act()
        elif not isinstance(event, naive.Raised | naive.Did):
            self.platform.hear(event)
        self.history.append(naive.Entry(self.platform.now, event, self.platform.policy))
        self.note()

    @property
    def at(self) -> datetime:
        """When something happened last."""
        return self.history[-1].now

    def pick(self, number: int) -> str:
        """Return one of the probes that are configured now."""
        names = sorted(self.platform.policy.probes)
        return names[number % len(names)]

    def observe(self, name: str, kind: OutcomeKind, way: Way = Way()) -> None:
        """Have an attempt end, as the scheduler would report it."""
        held, now = self.platform.state.probes[name], self.platform.now
        needs_answer = kind is OutcomeKind.BAD and completes_round(held, self.platform.policy.probes[name])
        outcome = Outcome(
            kind=kind,
            reason=way.reason,
            detail="status 503",
            started_at=max(now - SECOND / 10, self.at),
            duration_seconds=0.1,
            warnings=way.warnings,
            attempt=Attempt.CONFIRMATION if round_is_on(held) else way.attempt,
        )
        self.happen(Observed(name, outcome, now, way.answered if needs_answer else None))

    @rule(number=NUMBERS, kind=st.sampled_from(list(OutcomeKind)), span=SHORT, way=WAYS)
    def outcome(self, number: int, kind: OutcomeKind, span: timedelta, way: Way) -> None:
        """A probe's attempt ends, in any way."""
        self.platform.after(span)
        before = self.platform.verdict()
        is_judged = self.platform.step.wake_at is None or self.platform.now < self.platform.step.wake_at
        self.observe(self.pick(number), kind, way)
        if is_judged and kind in {OutcomeKind.NOT_MEASURED, OutcomeKind.SKIPPED}:
            assert self.platform.verdict() is before

    @rule(count=st.integers(1, 4), span=SHORT)
    def all_good(self, count: int, span: timedelta) -> None:
        """Every probe is good, a few times."""
        for _ in range(count):
            self.platform.after(span)
            for name in sorted(self.platform.policy.probes):
                self.platform.after(SECOND / 10)
                self.observe(name, OutcomeKind.GOOD)

    @rule(number=NUMBERS)
    def fails(self, number: int) -> None:
        """A probe is bad for a whole round."""
        name = self.pick(number)
        for _ in range(self.platform.policy.probes[name].confirm_attempts):
            self.platform.after(SECOND)
            self.observe(name, OutcomeKind.BAD)

    @rule()
    def all_fail(self) -> None:
        """Every probe is bad for a whole round."""
        for number in range(len(self.platform.policy.probes)):
            self.fails(number)

    @rule(number=NUMBERS)
    def recovers(self, number: int) -> None:
        """A probe is good for a whole row."""
        name = self.pick(number)
        for _ in range(self.platform.policy.probes[name].recover):
            self.platform.after(SECOND)
            self.observe(name, OutcomeKind.GOOD)

    @rule(span=LONG, is_noticed=st.booleans())
    def time_passes(self, span: timedelta, is_noticed: bool) -> None:  # noqa: FBT001 - a strategy's argument
        """Time passes, noticed or not."""
        self.platform.after(span)
        if is_noticed:
            self.happen(Ticked())

    @rule()
    def wakes(self) -> None:
        """Somebody wakes up when the rules said so."""
        self.platform.now = max(self.platform.now, self.platform.step.wake_at or self.platform.now)
        self.happen(Ticked())

    @rule(by=st.sampled_from([SECOND * 1.5, MINUTE, 10 * MINUTE, HOUR]))
    def clock_is_set_back(self, by: timedelta) -> None:
        """The clock shows nothing of the time that just passed: it was set back by as much."""
        self.happen(ClockSetBack(by))

    @rule(blind=st.booleans())
    def blindness(self, blind: bool) -> None:  # noqa: FBT001 - a strategy's argument
        """The controls answer, or don't."""
        self.happen(BlindnessChanged(blind))

    @precondition(lambda self: self.platform.policy.configured_vantages > 1)
    @rule(first=VERDICTS, second=VERDICTS)
    def votes(self, first: Verdict, second: Verdict) -> None:
        """The other vantages vote."""
        self.happen(VotesChanged({"b": first, "c": second}))

    @rule(away=AWAY, change=st.sampled_from(["", "", "", "settings", "fewer", "renamed", "all"]), number=NUMBERS)
    def restart(self, away: timedelta | None, change: str, number: int) -> None:
        """The monitor comes back, perhaps with other settings, perhaps with a clock that went back."""
        alive_at = self.platform.now
        self.platform.policy = self.changed(change, self.pick(number))
        if away is None:
            self.happen(Restarted(None))
            return
        if away < timedelta(0):
            alive_at -= away
        else:
            self.platform.after(away)
        self.happen(Restarted(alive_at))

    def changed(self, change: str, name: str) -> PlatformPolicy:
        """Return other settings: one probe changed, one gone, everything renamed, or all as in the beginning."""
        known = self.platform.policy
        if change == "settings":
            other = replace(known.probes[name], fingerprint=known.probes[name].fingerprint + "x")
            return replace(known, probes={**known.probes, name: other})
        if change == "fewer" and len(known.probes) > 1:
            return replace(known, probes={key: each for key, each in known.probes.items() if key != name})
        if change == "renamed":
            renamed = (
                replace(each, name=f"{each.name}_", function=f"{each.function}_") for each in known.probes.values()
            )
            return replace(known, probes={each.name: each for each in renamed})
        return self.first if change == "all" else known

    @rule(span=LONG)
    def drills(self, span: timedelta) -> None:
        """A drill raises the flag for its principals."""
        now = self.platform.now
        cause = Cause(CauseKind.EXERCISE, f"drill-{len(self.history)}", now, until=now + span, by="anna")
        self.happen(naive.Raised(cause), lambda: self.platform.raise_flag(cause))

    def acts(self, person: str, act: Act, did: naive.Did) -> None:
        """A person acts, and both models answer alike."""
        before, answers = self.platform.state.acts.count, []
        self.happen(did, lambda: answers.append(self.platform.act(act, person)))
        (ruling,) = answers
        assert ruling.answer == naive.read(self.history).answer
        assert self.platform.state.acts.count - before == (not ruling.is_refused)
        told = [fact for fact in self.platform.step.facts if isinstance(fact, PageDecided)]
        assert ruling.is_refused or any(fact.page.kind is PageKind.FLAG for fact in told)

    @rule(person=PERSONS, span=SPANS)
    def raises(self, person: str, span: timedelta) -> None:
        """A person raises the flag, or asks to."""
        self.acts(person, Raise("needed", span), naive.Did("raise", person, span))

    @rule(person=PERSONS, span=SPANS, number=NUMBERS)
    def renews(self, person: str, span: timedelta, number: int) -> None:
        """A person renews one of the causes, or one that isn't there."""
        held = [*self.platform.state.causes, None]
        cause = held[number % len(held)]
        if cause is None:
            self.acts(person, Renew("none", "needed", span), naive.Did("renew", person, span))
            return
        name = str(cause.by) if cause.kind is CauseKind.MANUAL else cause.id
        self.acts(person, Renew(cause.id, "needed", span), naive.Did("renew", person, span, (cause.kind.value, name)))

    @rule(person=PERSONS)
    def lowers(self, person: str) -> None:
        """A person lowers the flag."""
        self.acts(person, Lower("over"), naive.Did("lower", person))

    @rule(person=PERSONS, span=SPANS)
    def inhibits(self, person: str, span: timedelta) -> None:
        """A person asks to hold outages closed."""
        self.acts(person, Inhibit("false alarm", span), naive.Did("inhibit", person, span))

    @rule(person=PERSONS)
    def ends_inhibit(self, person: str) -> None:
        """A person ends that."""
        self.acts(person, EndInhibit(), naive.Did("end", person))

    @rule(person=PERSONS, number=NUMBERS)
    def confirms(self, person: str, number: int) -> None:
        """A person confirms what waits, or what doesn't."""
        waiting = [*self.platform.state.acts.requests, None]
        request = waiting[number % len(waiting)]
        if request is None:
            self.acts(person, Confirm("none"), naive.Did("confirm", person))
            return
        did = naive.Did("confirm", person, target=(request.kind.value, request.by))
        self.acts(person, Confirm(request.id), did)

    def teardown(self) -> None:
        """In the end all is well again: then nothing fires, and the flag is standby."""
        if not hasattr(self, "platform"):
            return
        self.happen(BlindnessChanged(blind=False))
        self.happen(VotesChanged(dict.fromkeys("bc", Verdict.UP) if self.first.configured_vantages > 1 else {}))
        for _ in range(2):  # news of what is over by the first tick are over by the second
            self.platform.after(5 * HOUR)
            self.happen(Ticked())
        for _ in range(30):
            self.platform.after(4 * SECOND)
            for name in self.platform.policy.probes:
                self.observe(name, OutcomeKind.GOOD)
        assert self.platform.verdict() is Verdict.UP
        assert self.platform.flag() is FlagState.STANDBY
        assert self.platform.state.firing == {}
        assert all(outage.ended_at is not None for outage in self.outages.values())

    # what was found

    def note(self) -> None:
        """Take the facts of one step, and check what they may be."""
        for fact in self.platform.step.facts:
            if isinstance(fact, OutageOpened | OutageWidened | OutageEnded | OutageReopened):
                self.outages[fact.outage.id] = fact.outage
            if isinstance(fact, PageDecided) and fact.page.status is PageStatus.FIRING:
                assert fact.page.dedup_key not in self.told or fact.page.kind is PageKind.FLAG
                self.told.add(fact.page.dedup_key)
            elif isinstance(fact, PageDecided):
                self.told.remove(fact.page.dedup_key)
            if isinstance(fact, CauseAdded | CauseEnded) and fact.cause.kind is not CauseKind.EXERCISE:
                (self.in_force.add if isinstance(fact, CauseAdded) else self.in_force.remove)(fact.cause.id)
        assert self.told == set(self.platform.state.firing)
        held = [cause for cause in self.platform.state.causes if cause.kind is not CauseKind.EXERCISE]
        assert self.in_force == {cause.id for cause in held if not cause.is_held_back}
        assert self.platform.state.flag.change - self.was.flag.change in {0, 1}

    # what must hold

    @invariant()
    def agrees(self) -> None:
        """The naive model sees the same."""
        state, watched = self.platform.state, self.platform.policy
        book = naive.read(self.history)
        assert {name: held.verdict for name, held in state.functions.items()} == book.functions
        assert state.verdict == book.verdict
        spans = [(each.id, each.opened_at, each.ended_at, each.interruptions) for each in self.outages.values()]
        assert spans == [(each.id, each.opened, each.ended, tuple(each.gaps)) for each in book.outages]
        in_force = frozenset(
            (
                cause.kind.value,
                str(cause.by) if cause.kind is CauseKind.MANUAL else cause.id,
                str(cause.until),
            )
            for cause in state.causes
            if not cause.is_held_back
        )
        assert (state.flag.state.value, in_force) == book.flags[-1]
        assert state.flag.change == book.change()
        prefix = (watched.deployment, watched.platform)
        firing = {_STAMP.sub("", key) for key in state.firing}
        assert firing == {"/".join((*prefix, *key)) for key in book.firing()}
        assert len(firing) == len(state.firing)
        assert (state.acts.inhibition and state.acts.inhibition.until) == book.closed_until

    @invariant()
    def ready_for_a_reason(self) -> None:
        """Nothing is ready without a confirmed outage or a manual cause in force."""
        state = self.platform.state
        if state.flag.state is FlagState.READY:
            in_force = causes.in_force(state.causes, self.at)
            assert any(
                cause.kind is CauseKind.MANUAL or (cause.kind is CauseKind.OUTAGE and cause.id in self.outages)
                for cause in in_force
            )

    @invariant()
    def no_missed_outage(self) -> None:
        """A critical function whose whole deciding set is confirmed bad and measured is down, unless we are blind.

        And then the flag is ready, unless two persons hold it closed.
        """
        state, watched = self.platform.state, self.platform.policy
        if state.blind or watched.configured_vantages > 1:
            return
        groups: dict[str, list[ProbePolicy]] = {}
        for each in watched.probes.values():
            groups.setdefault(each.function, []).append(each)
        for name, probes in groups.items():
            deciding = naive.deciders(probes)
            is_bad = [
                is_believed_bad(state.probes[each.name]) and not is_stale(state.probes[each.name], each, self.at)
                for each in deciding
            ]
            if deciding and all(is_bad) and any(each.critical for each in probes):
                assert state.functions[name].verdict is Verdict.DOWN
                assert state.verdict is Verdict.DOWN
                is_raised = state.flag.state is FlagState.READY
                assert is_raised or state.acts.inhibition is not None

    @invariant()
    def second_hand_never_decides(self) -> None:
        """A function that has second-hand probes only is never down, and no outage is opened by one."""
        state, watched = self.platform.state, self.platform.policy
        for name, held in state.functions.items():
            first_hand = [
                each for each in watched.probes.values() if each.function == name and each.role is not Role.SECOND_HAND
            ]
            assert first_hand or held.verdict is not Verdict.DOWN
        assert all(
            opener[:4] not in {"beat", "word", "sign", "loud"}
            for each in self.outages.values()
            for opener in each.openers
        )

    @invariant()
    def spans_in_order(self) -> None:
        """Outages and their interruptions are half-open, in order, and never overlap."""
        edges: list[datetime] = []
        for outage in self.outages.values():
            edges.append(outage.opened_at)
            edges += [edge for interruption in outage.interruptions for edge in interruption]
            edges += [outage.ended_at] if outage.ended_at else []
            assert outage.confirmed_at >= outage.opened_at
        assert edges == sorted(edges)
        assert all(outage.ended_at is not None for outage in list(self.outages.values())[:-1])

    @invariant()
    def time_alone(self) -> None:
        """Nothing changes by time alone before `wake_at`, and nothing by judging the same again."""
        state, wake_at = self.platform.state, self.platform.step.wake_at
        assert state.wake_at == wake_at
        assert wake_at is None or wake_at > self.at
        late = self.at + 365 * 24 * HOUR if wake_at is None else wake_at - INSTANT
        for now in (self.at, late):
            step = reduce.advance(state, self.platform.policy, Ticked(), now)
            assert step.facts == ()
            assert replace(step.state, wake_at=wake_at) == state


TestMachine = Machine.TestCase
TestMachine.settings = settings(
    deadline=None, max_examples=40, stateful_step_count=30, suppress_health_check=list(HealthCheck)
)
