"""Decides what the status page shows: every word and every choice is settled here, none in the template.

1. Unknown is never shown as good: a probe's mark is good only if it is believed good now and was measured lately.
2. Break-glass is shown as the signed flag has it. No flag, one past its expiry, and one whose version readers refuse
   are said to be no flag.
3. Text from outside (names, reasons, the procedure) shows everything it holds (`glasswatch.visible`), and a link is one
   only if it leads to http or https.
4. A page that is a file can't know how long ago it was written: it gives instants, never how long something lasts.
5. Who may have to break the glass sees the procedure first; else it stands last.
6. Verdict and glass stand before what can wait: drills and credentials to look after have one line at the top.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlsplit

from glasswatch import visible
from monitor.drilling.ports import StoodRun
from monitor.model.credential import Concern
from monitor.model.drill import DrillRun, DueLine
from monitor.model.policy import ProbePolicy
from monitor.model.record import FlagDocument
from monitor.model.state import Cause, FunctionState, Outage, PlatformState
from monitor.model.told import Acknowledgement
from monitor.model.use import Use
from monitor.model.verdict import FlagState, Verdict
from monitor.rules import exercise
from monitor.rules.sealing import Sealing, sealing
from monitor.rules.versions import refused_until
from monitor.web import phrases
from monitor.web.credentialview import credentials_view
from monitor.web.drillview import drills_view, history_views
from monitor.web.pageview import (
    BelowView,
    CauseView,
    CredentialsView,
    DrillsView,
    FunctionView,
    GlassView,
    IndexView,
    Mark,
    OutageView,
    PageView,
    PlatformView,
    ProbeView,
    StandingView,
    Tone,
)
from monitor.web.probeview import probe_view
from monitor.web.seen import Seen
from monitor.web.shaping import functions_of
from monitor.web.site import Site, Watched
from monitor.web.useview import uses_view
from monitor.web.windowview import windows_view
from monitor.wire.endpoints import BY_NAME

REFRESH_SECONDS = 5
_NAME = "[a-z0-9_-]+"

_TONES = {Verdict.UP: Tone.GOOD, Verdict.DEGRADED: Tone.WARN, Verdict.DOWN: Tone.BAD, Verdict.UNKNOWN: Tone.UNKNOWN}
_MAY_NEED_GLASS = {Verdict.DOWN, Verdict.UNKNOWN}
_WORST_FIRST = (Verdict.DOWN, Verdict.UNKNOWN, Verdict.DEGRADED, Verdict.UP)


@dataclass(frozen=True, slots=True)
class Held:
    """What the page is made from. A platform's `outages` are None where the store could not be read.

    `unpublished` names, by platform, the targets that can't be given its latest flag; `forgotten` what is open that no
    journey of the settings closes; `acknowledged`, by platform, who deals with its outage. `runs` and `due` are the
    runs of drills to be looked after, and the scenarios that are due; `history`, by scenario, its last runs.
    `credentials` are those to look after.
    """

    states: Sequence[PlatformState]
    documents: Mapping[str, FlagDocument]
    outages: Mapping[str, Sequence[Outage] | None]
    unpublished: Mapping[str, Sequence[str]] = field(default_factory=dict)
    open_uses: Sequence[Use] = ()
    blind_watchers: Sequence[str] = ()
    forgotten: Sequence[str] = ()
    acknowledged: Mapping[str, Acknowledgement | None] = field(default_factory=dict)
    runs: Sequence[StoodRun] = ()
    due: Sequence[DueLine] = ()
    history: Mapping[str, Sequence[DrillRun]] = field(default_factory=dict)
    credentials: Sequence[Concern] = ()


@dataclass(frozen=True, slots=True)
class Material:
    """What one platform's part of the page is made from."""

    anchor: str
    state: PlatformState
    watched: Watched
    document: FlagDocument | None
    outages: Sequence[Outage] | None
    unpublished: Sequence[str]
    acknowledged: Acknowledgement | None


def materials(site: Site, held: Held) -> list[Material]:
    """Return what each platform's part is made from, in the order of the settings."""
    states = {state.platform: state for state in held.states}
    return [
        Material(
            anchor=f"platform-{number}",
            state=states.get(name, PlatformState(platform=name)),
            watched=watched,
            document=held.documents.get(name),
            outages=held.outages.get(name),
            unpublished=held.unpublished.get(name, ()),
            acknowledged=held.acknowledged.get(name),
        )
        for number, (name, watched) in enumerate(site.platforms.items(), 1)
    ]


def page_view(site: Site, held: Held, now: datetime, *, is_file: bool) -> PageView:
    """Return the whole page as of `now`; `is_file`: it will be read some time later, from a file."""
    seen = Seen(now, is_file)
    found = materials(site, held)
    platforms = tuple(replace(platform_view(each, seen), functions=tuple(function_views(each, seen))) for each in found)
    return replace(frame_view(site, held, found, seen), platforms=platforms)


def frame_view(site: Site, held: Held, found: Sequence[Material], seen: Seen) -> PageView:
    """Return what stands around the platforms' parts."""
    now, is_file = seen.now, seen.is_file
    platforms = [each.state for each in found]
    drills, credentials = drills_view(held.runs, held.due, seen), credentials_view(held.credentials)
    worst = min((state.verdict for state in platforms), key=_WORST_FIRST.index, default=Verdict.UNKNOWN)
    return PageView(
        title=_title(site, platforms, held, now),
        icon=_TONES[worst],
        deployment=visible.line(site.deployment),
        vantage=visible.line(site.vantage),
        version=site.version,
        at=seen.moment(now),
        refresh_seconds=0 if is_file else REFRESH_SECONDS,
        is_file=is_file,
        is_blind=any(state.blind for state in platforms),
        uses=uses_view(held.open_uses, seen),
        blind_watchers=tuple(visible.line(each) for each in held.blind_watchers),
        forgotten=tuple(visible.line(each) for each in held.forgotten),
        drills=drills,
        drilled=history_views(held.history, seen),
        credentials=credentials,
        below=tuple(_below(drills, credentials, len(held.credentials))),
        index=tuple(
            IndexView(
                anchor=each.anchor,
                name=visible.line(each.state.platform),
                mark=_verdict_mark(each.state),
                glass=glass_mark(each.document, now),
            )
            for each in found
        ),
    )


def _below(drills: DrillsView | None, credentials: CredentialsView | None, count: int) -> Iterator[BelowView]:
    if drills is not None:
        yield BelowView("drills", f"Drills to look after: {len(drills.shown)}", drills.shown[0].mark)
    if credentials is not None:
        yield BelowView("credentials", f"Credentials to look after: {count}", credentials.shown[0].mark)


def _title(site: Site, platforms: Sequence[PlatformState], held: Held, now: datetime) -> str:
    critical = sum(use.is_critical for use in held.open_uses)
    uses = f"{critical} CRITICAL USE{'S' if critical > 1 else ''}, " if critical else ""
    return uses + _title_of_platforms(site, platforms, held.documents, now)


def _title_of_platforms(
    site: Site, platforms: Sequence[PlatformState], documents: Mapping[str, FlagDocument], now: datetime
) -> str:
    if len(platforms) == 1:
        only = platforms[0]
        glass = glass_mark(documents.get(only.platform), now).word
        return f"{only.verdict.value.upper()}, break-glass {glass}: {visible.line(only.platform)}"
    counts = Counter(state.verdict for state in platforms)
    words = ", ".join(f"{counts[verdict]} {verdict.value}" for verdict in _WORST_FIRST if counts[verdict])
    return f"{words}: {visible.line(site.deployment)}"


def platform_view(material: Material, seen: Seen) -> PlatformView:
    """Return a platform without its functions (`function_views`)."""
    state, watched = material.state, material.watched
    outages, note = _outages(state, material.outages, seen)
    ends = sealing(state, watched.policy.lower_after, seen.now)
    glass = _glass(state, material.document, ends, seen)
    return PlatformView(
        anchor=material.anchor,
        name=visible.line(state.platform),
        mark=_verdict_mark(state),
        sentence=phrases.VERDICT_SENTENCES[state.verdict],
        since=seen.maybe(state.verdict_since),
        why=visible.line(state.why),
        acknowledged=_acknowledged(material.acknowledged),
        glass=glass,
        behind=tuple(visible.line(target) for target in material.unpublished),
        causes=tuple(_cause(cause, seen) for cause in state.causes),
        standing=tuple(_standing(state, seen)),
        maintenance=windows_view(state.maintenance, seen),
        procedure_url=visible.line(watched.procedure_url),
        procedure_link=_link(watched.procedure_url),
        procedure_text=visible.lines(watched.procedure_text).strip("\n"),
        is_procedure_first=state.verdict in _MAY_NEED_GLASS or glass.mark.tone is not Tone.SEALED,
        functions=(),
        outages=outages,
        outages_note=note,
    )


def _verdict_mark(state: PlatformState) -> Mark:
    return Mark(_TONES[state.verdict], state.verdict.value.upper())


def _acknowledged(found: Acknowledgement | None) -> str:
    if found is None:
        return ""
    return visible.line(f"{found.by} deals with it, since {found.at:%Y-%m-%d %H:%M:%SZ} (through {found.channel})")


def glass_mark(document: FlagDocument | None, now: datetime) -> Mark:
    """Return whether the glass may be broken, as the signed flag has it now."""
    if document is None or document.expires_at <= now or refused_until(document) is not None:
        return Mark(Tone.UNKNOWN, phrases.NO_FLAG_WORD)
    state = FlagState(document.state)
    return Mark(Tone.OPEN if state is FlagState.READY else Tone.SEALED, phrases.GLASS_WORDS[state])


def _glass(state: PlatformState, document: FlagDocument | None, ends: Sealing | None, seen: Seen) -> GlassView:
    mark = glass_mark(document, seen.now)
    if document is None:
        return GlassView(mark, phrases.NO_FLAG_SENTENCE, None, None, (phrases.OTHER_WAYS,))
    if (until := refused_until(document)) is not None:
        notes = (f"{phrases.CLOCK_RAN_AHEAD} until {phrases.moment(until)}.", phrases.AN_ORDER, phrases.OTHER_WAYS)
        return GlassView(mark, phrases.NO_FLAG_SENTENCE, None, None, notes)
    if mark.tone is Tone.UNKNOWN:
        expired = f"The last one expired at {phrases.moment(document.expires_at)}."
        return GlassView(mark, phrases.NO_FLAG_SENTENCE, None, None, (expired, phrases.OTHER_WAYS))
    flag = FlagState(document.state)
    is_settled = flag is state.flag.state
    # Where nobody can tell, "don't" would be an order that we have no ground for.
    is_open_question = flag is FlagState.STANDBY and state.verdict is Verdict.UNKNOWN
    notes = (
        phrases.OTHER_WAYS if is_open_question else "",
        "" if is_settled else f"The flag is about to change to {state.flag.state.value}.",
        phrases.sealed_again(ends.at, is_if_up=ends.is_if_up) if is_settled and ends is not None else "",
    )
    return GlassView(
        mark=mark,
        sentence=phrases.NOT_RAISED_SENTENCE if is_open_question else phrases.GLASS_SENTENCES[flag],
        since=seen.maybe(state.flag.since) if is_settled else None,
        valid_until=seen.moment(document.expires_at),
        notes=tuple(note for note in notes if note),
    )


def _cause(cause: Cause, seen: Seen) -> CauseView:
    notes = [
        f"by {cause.by}" if cause.by else "",
        f"confirmed by {cause.confirmed_by}" if cause.confirmed_by else "",
        f"ticket {cause.ticket}" if cause.ticket else "",
        f"renewed by {cause.renewed_by}" if cause.renewed_by else "",
        f"reason: {cause.reason}" if cause.reason else "",
        "held back after a gap in watching until it is confirmed again" if cause.suspended else "",
        "held closed by two persons" if cause.inhibited else "",
    ]
    return CauseView(
        title=f"{phrases.CAUSE_WORDS[cause.kind]} {visible.line(cause.id)}",
        since=seen.moment(cause.since),
        until=seen.maybe(cause.until),
        notes=tuple(visible.line(note) for note in notes if note),
    )


def _standing(state: PlatformState, seen: Seen) -> Iterator[StandingView]:
    """Yield what a person may have to do something about: held closed, or waiting for a second one."""
    held = state.acts.inhibition
    if held is not None:
        yield StandingView(
            title=visible.line(f"Held closed by {held.by} and {held.confirmed_by}: {held.reason}"),
            since=seen.moment(held.since),
            until=seen.moment(held.until),
            hint="Any one person ends it:",
            command=visible.line(f"monitor flag inhibit {state.platform} --end"),
        )
    running = exercise.running(state)
    if running is not None:
        yield StandingView(
            title=visible.line(
                f"Exercise, no outage: {running.by} drills run {running.wish.run}, and its own probes reach nothing; "
                f"only {', '.join(running.wish.principals)} may break the glass in it"
            ),
            since=seen.moment(running.began_at),
            until=seen.moment(running.until),
            hint="The real probes go on. Whoever may lower the flag ends it:",
            command=visible.line(f"monitor flag lower {state.platform}"),
        )
    for request in state.acts.requests:
        what = phrases.REQUEST_WORDS[request.kind]
        yield StandingView(
            title=visible.line(f"{request.by} asks {what} for {phrases.duration(request.span)}: {request.reason}"),
            since=seen.moment(request.asked_at),
            until=seen.moment(request.expires_at),
            hint="Another person confirms it:",
            command=visible.line(f"monitor flag confirm {state.platform} {request.id}"),
        )


def function_views(material: Material, seen: Seen) -> Iterator[FunctionView]:
    """Yield a platform's functions with their probes."""
    state, watched = material.state, material.watched
    for name, probes in functions_of(watched.policy).items():
        policies = [watched.policy.probes[probe] for probe in probes]
        found = state.functions.get(name, FunctionState(critical=any(policy.critical for policy in policies)))
        yield FunctionView(
            name=visible.line(name),
            mark=Mark(_TONES[found.verdict], found.verdict.value),
            is_critical=found.critical,
            why=visible.line(found.why),
            since=seen.maybe(found.since),
            probes=tuple(_probe(policy, state, seen) for policy in policies),
        )


def _probe(policy: ProbePolicy, state: PlatformState, seen: Seen) -> ProbeView:
    shown = probe_view(policy, state.probes.get(policy.name), seen, is_blind=state.blind)
    if seen.is_file or not all(re.fullmatch(_NAME, name) for name in (state.platform, policy.name)):
        return shown
    # Relative: a proxy may serve the page under a path of its own.
    link = BY_NAME["probe_page"].at(platform=state.platform, probe=policy.name).removeprefix("/")
    return replace(shown, link=link)


def _outages(state: PlatformState, stored: Sequence[Outage] | None, seen: Seen) -> tuple[tuple[OutageView, ...], str]:
    """Return outages to show and a line about them. An unreadable store hides past ones, never the present one."""
    if stored is None:
        present = () if state.outage is None else (state.outage,)
        return tuple(_outage(found, seen) for found in present), "Past outages can't be read now."
    return tuple(_outage(found, seen) for found in stored), "" if stored else "None on record."


def _outage(found: Outage, seen: Seen) -> OutageView:
    is_over = found.ended_at is not None
    now = None if seen.is_file else seen.now
    until = found.ended_at if found.ended_at is not None else now
    return OutageView(
        mark=Mark(Tone.GOOD, "over") if is_over else Mark(Tone.BAD, "going on"),
        opened=seen.moment(found.opened_at),
        ended=seen.maybe(found.ended_at),
        length="" if until is None else phrases.duration(until - found.opened_at),
        functions=visible.line(", ".join(found.functions)),
        reason=visible.line(found.reason),
    )


def _link(url: str) -> str:
    """Return the address if following it does no more than open a page; empty otherwise."""
    try:
        scheme = urlsplit(url).scheme.lower()
    except ValueError:
        return ""
    return url if scheme in {"http", "https"} and visible.line(url) == url else ""
