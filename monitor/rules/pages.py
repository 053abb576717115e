"""What deserves a page, and why; also why something deserves none (design 3.7).

1. outage: fires when an outage opens or comes back, resolved when it ends. Its key names the outage. In maintenance it
   is told as `quieting` has it. An exercise has one of its own (`exercise_pages`), which names no outage.
2. flag: fires at each change while the flag is raised (ready or exercise), resolved when it is standby again. It is
   the only kind that fires again without having been resolved: every raise, every change, every act of a person and
   every warning that a cause will end pages everybody. What waits for a second person, what is held closed, and news of
   an act that leaves it sealed have keys of their own (`act_pages`, `news`).
3. unknown: fires when the verdict has been unknown for `unknown_pages_after`, resolved when it isn't unknown.
4. minority_down: fires while too few vantages see it down to say so.
5. degraded: a ticket, fires when the verdict is degraded, resolved when it is up or down. Unknown changes nothing.
   Degraded only because functions that aren't critical are unknown waits as long as unknown does: a start is no news.
6. credentials_refused, per probe: fires at the first outcome that was refused, resolved by the next good or bad one.
7. tls_expiry, per probe: a ticket, fires when a measured outcome warns of it, resolved by one that doesn't and either
   is good or saw the certificate.
8. publish_behind, per target: a ticket, as `monitor.rules.copies` has it; fires once more when the copy has expired.
9. clock: fires while readers refuse every flag that is signed here, as `monitor.rules.versions` has it.
10. What a blind vantage saw pages nobody.
11. A key that nothing can resolve any more (its probe, target or deployment's name is gone) is resolved on restart.
12. What got worse without a page of its own says why: a wider outage, down while its outage is open, unknown that
    waits, degraded that was told, a function that isn't critical, a bad probe whose function isn't down.

Keys are ours: `deployment/platform/kind`, and what else tells one problem from another. Where a page goes, and in
what words a channel puts it, is decided elsewhere.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from glasswatch.instants import unix_ms
from monitor.model.act import ActKind
from monitor.model.event import Observed
from monitor.model.fact import (
    ActDone,
    CauseEnded,
    EndsSoon,
    Fact,
    FlagChanged,
    FunctionChanged,
    InhibitionEnded,
    InhibitionLost,
    OutageEnded,
    OutageWidened,
    PageDecided,
    PageWithheld,
    PlatformChanged,
    ProbeChanged,
)
from monitor.model.outcome import Outcome, OutcomeKind, Reason, Warn
from monitor.model.page import SEVERITY, Page, PageKind, PageStatus, Severity
from monitor.model.policy import PlatformPolicy, ProbePolicy
from monitor.model.state import PlatformState
from monitor.model.verdict import CauseKind, FlagState, Phase, Verdict
from monitor.rules import act_lines, exercise_lines, reasons, summaries
from monitor.rules.probe import is_believed_bad
from monitor.rules.quorum import Tally

QUIET = "/maintenance"  # ends the key of an outage that is told quietly (`quieting`)
EXERCISED = "exercise/"  # begins the detail of what an exercise has paged as an outage is (`exercise_pages`)
_ON_FLAG = frozenset({ActKind.RAISE, ActKind.RENEW, ActKind.LOWER})
_PER_PROBE = frozenset({PageKind.CREDENTIALS_REFUSED, PageKind.TLS_EXPIRY})


@dataclass(frozen=True, slots=True)
class Concern:
    """One thing people may have to be told, and whether it holds now.

    `detail` tells it from others of its kind. `is_news`: it is told although it fires already. `mark` tells apart
    pages of one key and instant. `severity` None: that of its kind.
    """

    kind: PageKind
    holds: bool
    summary: str
    reason: str
    detail: str = ""
    outage: str | None = None
    is_news: bool = False
    mark: str = ""
    severity: Severity | None = None


Firing = Mapping[str, str]


def key_of(policy: PlatformPolicy, kind: PageKind, detail: str = "") -> str:
    """Return the name under which repeats of one problem join."""
    return "/".join((policy.deployment, policy.platform, kind, *((detail,) if detail else ())))


def decide(
    firing: Firing, concerns: Iterable[Concern], policy: PlatformPolicy, now: datetime
) -> tuple[Firing, list[Fact]]:
    """Return which keys fire now, and the pages that follow from what changed."""
    fires = dict(firing)
    facts: list[Fact] = []
    for concern in concerns:
        key = key_of(policy, concern.kind, concern.detail)
        if concern.holds and (concern.is_news or key not in fires):
            fires[key] = concern.kind
            facts.append(PageDecided(_page(concern, key, PageStatus.FIRING, policy.platform, now)))
        elif not concern.holds and fires.pop(key, None) is not None:
            facts.append(PageDecided(_page(concern, key, PageStatus.RESOLVED, policy.platform, now)))
    return fires, facts


def of_platform(
    state: PlatformState, policy: PlatformPolicy, facts: Iterable[Fact], tally: Tally, now: datetime
) -> Iterator[Concern]:
    """Yield what one may have to tell of the platform, after it was judged."""
    facts = tuple(facts)
    yield from _outages(state, facts)
    yield _flag(state, facts)
    yield from _unknown(state, policy, now)
    yield _minority(state, tally)
    yield from _degraded(state, policy, now)


def degraded_waits_until(state: PlatformState, policy: PlatformPolicy) -> datetime | None:
    """Return until when degraded is not told, because nothing worse than unknown was found; None if it is told."""
    found = {held.verdict for held in state.functions.values()} | set(state.others.values())
    if state.verdict is not Verdict.DEGRADED or found & {Verdict.DEGRADED, Verdict.DOWN} or state.verdict_since is None:
        return None
    return state.verdict_since + policy.unknown_pages_after


def of_outcome(state: PlatformState, policy: PlatformPolicy, event: Observed) -> Iterator[Concern]:
    """Yield what one may have to tell because of one outcome. The common case, nothing, is cheap."""
    outcome = event.outcome
    is_refused = outcome.reason is Reason.CREDENTIALS_REFUSED and outcome.kind is OutcomeKind.NOT_MEASURED
    is_concern = is_refused or outcome.warnings or not _PER_PROBE.isdisjoint(state.firing.values())
    if is_concern and not state.blind:
        probe = policy.probes[event.probe]
        for concern in (
            *_refused(policy.platform, probe, outcome, is_refused=is_refused),
            *_expiry(policy.platform, probe, outcome),
        ):
            if concern.holds != (key_of(policy, concern.kind, concern.detail) in state.firing):
                yield concern


def unresolvable(
    firing: Firing, state: PlatformState, policy: PlatformPolicy, now: datetime
) -> tuple[Firing, list[Fact]]:
    """Return which keys can still be resolved by what is watched now, and the pages that resolve the others."""
    outages = tuple(_outage_details(state))
    gone = [(key, PageKind(kind)) for key, kind in firing.items() if not _is_resolvable(key, kind, policy, outages)]
    pages = (
        _page(
            Concern(
                kind, holds=False, summary=summaries.unwatched(policy.platform, key), reason="the settings changed"
            ),
            key,
            PageStatus.RESOLVED,
            policy.platform,
            now,
        )
        for key, kind in gone
    )
    facts: list[Fact] = [PageDecided(page) for page in pages]
    return {key: kind for key, kind in firing.items() if (key, kind) not in gone}, facts


def over(policy: PlatformPolicy, kind: PageKind, why: str, now: datetime, detail: str = "") -> PageDecided:
    """Return a page that resolves what may have been told of the platform, though nothing on record says so."""
    concern = Concern(kind, holds=False, summary=summaries.judged_anew(policy.platform, kind), reason=why)
    return PageDecided(_page(concern, key_of(policy, kind, detail), PageStatus.RESOLVED, policy.platform, now))


def withheld(state: PlatformState, policy: PlatformPolicy, facts: Iterable[Fact]) -> Iterator[PageWithheld]:
    """Yield why what got worse deserves no page of its own; `state` is after all of it."""
    facts = tuple(facts)
    kinds = {fact.page.kind for fact in facts if isinstance(fact, PageDecided)}
    for fact in facts:
        match fact:
            case ProbeChanged(now=Phase.BAD) if is_believed_bad(state.probes[fact.probe]):
                function = policy.probes[fact.probe].function
                if state.functions[function].verdict is not Verdict.DOWN:
                    why = f"probe {fact.probe} is bad, but {function} is {state.functions[function].verdict}"
                    yield PageWithheld(PageKind.OUTAGE, why)
            case FunctionChanged(now=Verdict.DOWN) if not state.functions[fact.function].critical:
                yield PageWithheld(PageKind.OUTAGE, f"{fact.function} is down, but isn't critical")
            case OutageWidened() if PageKind.OUTAGE not in kinds:
                yield PageWithheld(PageKind.OUTAGE, f"outage {fact.outage.id} was paged; now it took more")
            case PlatformChanged():
                yield from _withheld_verdict(state, policy, fact, kinds)
            case _:
                pass


def _withheld_verdict(
    state: PlatformState, policy: PlatformPolicy, fact: PlatformChanged, kinds: set[PageKind]
) -> Iterator[PageWithheld]:
    if fact.now is Verdict.DOWN and PageKind.OUTAGE not in kinds and state.outage is not None:
        yield PageWithheld(PageKind.OUTAGE, f"outage {state.outage.id} was paged and never ended")
    if fact.now is Verdict.UNKNOWN and PageKind.UNKNOWN not in kinds:
        after = reasons.span(policy.unknown_pages_after)
        yield PageWithheld(PageKind.UNKNOWN, f"unknown pages only after {after}: {fact.why}")
    if fact.now is Verdict.DEGRADED and PageKind.DEGRADED not in kinds:
        is_told = key_of(policy, PageKind.DEGRADED) in state.firing
        why = "degraded was told and never ended" if is_told else "only unknown, which is told later"
        yield PageWithheld(PageKind.DEGRADED, f"{why}: {fact.why}")


def _outage_details(state: PlatformState) -> Iterator[str]:
    """Yield the details of pages about outages whose end will be found."""
    if state.outage is not None:
        yield from (state.outage.id, f"{state.outage.id}{QUIET}")
    yield from (f"{EXERCISED}{cause.id}" for cause in state.causes if cause.kind is CauseKind.EXERCISE)


def _is_resolvable(key: str, kind: str, policy: PlatformPolicy, outages: tuple[str, ...]) -> bool:
    own = key_of(policy, PageKind(kind))
    details = {
        PageKind.OUTAGE: outages,
        PageKind.CREDENTIALS_REFUSED: policy.probes,
        PageKind.TLS_EXPIRY: policy.probes,
        PageKind.PUBLISH_BEHIND: policy.targets,
    }
    if kind == PageKind.FLAG:
        return key == own or key.startswith(f"{own}/")  # acts on the flag always come to an end
    if kind not in details:
        return key == own
    return key.startswith(f"{own}/") and key.removeprefix(f"{own}/") in details[PageKind(kind)]


def _refused(platform: str, probe: ProbePolicy, outcome: Outcome, *, is_refused: bool) -> Iterator[Concern]:
    kind = PageKind.CREDENTIALS_REFUSED
    if is_refused:
        yield Concern(
            kind, holds=True, summary=summaries.refused_on(platform, probe), reason=outcome.detail, detail=probe.name
        )
    elif _is_measured(outcome):
        summary, why = summaries.refused_off(platform, probe), f"its last outcome was {outcome.kind}"
        yield Concern(kind, holds=False, summary=summary, reason=why, detail=probe.name)


def _expiry(platform: str, probe: ProbePolicy, outcome: Outcome) -> Iterator[Concern]:
    kind = PageKind.TLS_EXPIRY
    if not _is_measured(outcome):
        return
    if Warn.TLS_DAYS_LEFT in outcome.warnings:
        summary, why = summaries.expiry_on(platform, probe, outcome), "fewer days left than tls_days_left"
        yield Concern(kind, holds=True, summary=summary, reason=why, detail=probe.name)
    elif outcome.is_good or (outcome.tls_expiry_at is not None and outcome.reason is not Reason.TLS_FAILED):
        # What was not accepted may be anybody's: it ends no ticket.
        summary, why = summaries.expiry_off(platform, probe), "its last outcome had no such warning"
        yield Concern(kind, holds=False, summary=summary, reason=why, detail=probe.name)


def _is_measured(outcome: Outcome) -> bool:
    return outcome.is_good or outcome.is_bad


def _outages(state: PlatformState, facts: tuple[Fact, ...]) -> Iterator[Concern]:
    for fact in facts:
        if isinstance(fact, OutageEnded):
            known = fact.outage
            summary = summaries.outage_off(known, fact.why)
            yield Concern(
                PageKind.OUTAGE, holds=False, summary=summary, reason=fact.why, detail=known.id, outage=known.id
            )
    if state.outage is not None and state.outage.ended_at is None:
        known = state.outage
        yield Concern(
            PageKind.OUTAGE,
            holds=True,
            summary=exercise_lines.with_ended(summaries.outage_on(known), state, facts),
            reason=known.reason,
            detail=known.id,
            outage=known.id,
        )


def _flag(state: PlatformState, facts: tuple[Fact, ...]) -> Concern:
    changes = [fact.why for fact in facts if isinstance(fact, FlagChanged)]
    whys = [fact.why for fact in facts if isinstance(fact, CauseEnded)]
    is_raised = state.flag.state is not FlagState.STANDBY
    done = [act_lines.done(state, fact) for fact in facts if isinstance(fact, ActDone) and fact.kind in _ON_FLAG]
    if is_raised and state.acts.inhibition is None:
        over = [fact for fact in facts if isinstance(fact, InhibitionEnded | InhibitionLost)]
        done += [act_lines.not_held_closed(state, fact.why) for fact in over]
    ending = [fact for fact in facts if isinstance(fact, EndsSoon)]
    told = "; ".join((*done, *(act_lines.ends_soon(state, fact) for fact in ending)))
    return Concern(
        PageKind.FLAG,
        holds=is_raised,
        summary=told or _flag_line(state, facts),
        reason="; ".join((*changes, *whys)) or told or "raised before",
        # Some channels get this page alone: it says what can't be done as well.
        outage=_open(state) if is_raised else None,
        is_news=bool(changes or told),
        mark=".".join(("", str(state.flag.change), *_marks(state, done, ending))),
    )


def _flag_line(state: PlatformState, facts: tuple[Fact, ...]) -> str:
    if state.flag.state is FlagState.STANDBY:
        return exercise_lines.off(summaries.flag_off(state), facts)
    return exercise_lines.with_ended(summaries.flag_on(state), state, facts)


def _open(state: PlatformState) -> str | None:
    return state.outage.id if state.outage is not None and state.outage.ended_at is None else None


def _marks(state: PlatformState, done: list[str], ending: list[EndsSoon]) -> Iterator[str]:
    """Yield what tells apart pages of one instant that are about one change of the flag."""
    if done:
        yield f"act-{state.acts.count}"
    yield from (f"ends-{fact.ends_at:%H%M%S}" for fact in ending)


def _unknown(state: PlatformState, policy: PlatformPolicy, now: datetime) -> Iterator[Concern]:
    kind = PageKind.UNKNOWN
    if state.unknown_since is None:
        yield Concern(kind, holds=False, summary=summaries.unknown_off(state), reason=state.why)
    elif now >= state.unknown_since + policy.unknown_pages_after:
        summary = summaries.unknown_on(policy.platform, policy.unknown_pages_after)
        yield Concern(
            kind, holds=True, summary=summary, reason=f"since {reasons.clock(state.unknown_since)}: {state.why}"
        )


def _minority(state: PlatformState, tally: Tally) -> Concern:
    holds = tally.is_minority
    summary = summaries.minority_on(state.platform, tally) if holds else summaries.minority_off(state)
    return Concern(PageKind.MINORITY_DOWN, holds=holds, summary=summary, reason=state.why)


def _degraded(state: PlatformState, policy: PlatformPolicy, now: datetime) -> Iterator[Concern]:
    waits_until = degraded_waits_until(state, policy)
    if state.verdict is Verdict.DEGRADED:
        if waits_until is None or now >= waits_until:
            yield Concern(PageKind.DEGRADED, holds=True, summary=summaries.degraded_on(state), reason=state.why)
    elif state.verdict is not Verdict.UNKNOWN:
        yield Concern(PageKind.DEGRADED, holds=False, summary=summaries.degraded_off(state), reason=state.why)


def _page(concern: Concern, key: str, status: PageStatus, platform: str, now: datetime) -> Page:
    return Page(
        id=f"{key}/{status}/{unix_ms(now)}{concern.mark}",
        kind=concern.kind,
        severity=concern.severity or SEVERITY[concern.kind],
        status=status,
        platform=platform,
        dedup_key=key,
        summary=concern.summary,
        reason=concern.reason,
        decided_at=now,
        outage=concern.outage,
    )
