"""What must never be found in a recording. Pure: each returns what is wrong, one line each.

1. No false ready: a reader is let in only for an outage that was there, long enough to be confirmed, while a control
   answered; and no longer after it than sealing takes.
2. No missed outage: one that lasts longer than finding it takes lets readers in and wakes somebody in time, and does
   not stop letting them in while it lasts. Time in which that is known to be impossible does not count.
3. No lost page: each that was decided arrives everywhere it goes to, in order; what fired is resolved.
4. Bounded duplicates: a page arrives again only where its receipt may have been lost, an outage is told again only
   where it may have begun again.
5. No version goes back, and none has two meanings; nothing is published that a strict reader refuses.
6. No gap counts as up: what is shown as up was measured lately, no sign of life spans a time without life, and nothing
   good is on record of a time when the platform was bad or nobody watched.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from tests.faults.openings import Opening, every_opening, openings, overlap, uncovered, windows
from tests.faults.recording import Arrival, Document, Promised, Recording
from tests.support.siege import BLUR, Span

BACK = timedelta(seconds=3)  # after an absence, and until then: how long old news may still be shown

Invariant = Callable[[Recording], Iterator[str]]


def no_false_ready(recording: Recording) -> Iterator[str]:
    """Find readers let in without an outage, or long after it."""
    for opening in every_opening(recording):
        told = f"ready at {opening.source} from {opening.start.time()} to {opening.end.time()}"
        outages = [span for span in (*recording.bad, *recording.stalls) if _could_open(recording, span, opening)]
        if not outages:
            yield f"{told}, but the platform was not down"
            continue
        if recording.is_clock_true and not _began(recording, opening):
            yield f"{told} for an outage since {opening.first.outage_since}, when the platform was good"
        if any(_unseen(recording, opening, span) for span in recording.unseeing):
            yield f"{told}, confirmed while no control answered"
        if _stayed(recording, opening) > timedelta():
            yield f"{told}, {_stayed(recording, opening)} longer than sealing it takes"


def _could_open(recording: Recording, outage: Span, opening: Opening) -> bool:
    pace = recording.pace
    last = outage.end or recording.until()
    return outage.start + pace.confirms - BLUR <= opening.start <= last + pace.tells + pace.slack


def _began(recording: Recording, opening: Opening) -> bool:
    since = opening.first.outage_since
    if since is None:
        return False
    # Documents count whole seconds: the outage may have begun any time in that one.
    return any(
        span.holds(since, BLUR) or span.holds(since + timedelta(seconds=1), BLUR)
        for span in (*recording.bad, *recording.stalls)
    )


def _unseen(recording: Recording, opening: Opening, silence: Span) -> bool:
    """Whether this outage began and was told of while nobody could know that it is not us."""
    since = opening.first.outage_since
    if since is None or not recording.is_clock_true:
        return False
    return silence.holds(since, -BLUR) and silence.holds(opening.start, -BLUR)


def _stayed(recording: Recording, opening: Opening) -> timedelta:
    """Return how much longer it was open than it takes to seal it after the last outage."""
    before = [span for span in (*recording.bad, *recording.stalls) if span.start <= opening.end]
    last = max((span.end or recording.until() for span in before), default=opening.start)
    after = Span(last, max(last, opening.end))
    excused = [*recording.away, *recording.unseeing, *(each.span for each in recording.hindrances)]
    allowed = recording.pace.lowers + recording.pace.slack + overlap(after, excused, recording.until())
    return max(timedelta(), opening.end - last - allowed)


def no_missed_outage(recording: Recording) -> Iterator[str]:
    """Find outages that let nobody in, or woke nobody, in time; and readers locked out while one goes on."""
    takes = recording.pace.detects + recording.pace.tells + recording.pace.slack
    for outage in recording.bad:
        for promise, keeps in ((Promised.READY, _let_in), (Promised.FILE, _let_in_by_file), (Promised.PAGE, _told)):
            for window in windows(recording, outage, promise):
                due, end = window.start + takes, window.end or recording.until()
                if due < end and (at := keeps(recording, outage, Span(due, end))):
                    yield f"down since {outage.start.time()}, and no {promise} at {at.time()}"
    for opening in every_opening(recording):
        if opening.is_sealed and _is_down(recording, opening.end):
            yield f"sealed at {opening.source} at {opening.end.time()}, while the platform was down"


def _let_in(recording: Recording, _outage: Span, due: Span) -> datetime | None:
    return uncovered(due.start, due.end or recording.until(), every_opening(recording))


def _let_in_by_file(recording: Recording, _outage: Span, due: Span) -> datetime | None:
    return uncovered(due.start, due.end or recording.until(), openings(recording, "file"))


def _told(recording: Recording, _outage: Span, due: Span) -> datetime | None:
    told = [each for each in recording.arrivals if each.kind == "outage" and _reached(each) and each.at <= due.start]
    return None if told and told[-1].status == "firing" else due.start


def _is_down(recording: Recording, at: datetime) -> bool:
    """Whether it was down for sure, and nothing had come between that excuses a seal."""
    excused = [*recording.away, *recording.stalls, *(each.span for each in recording.hindrances)]
    patience = recording.pace.ready_ttl + recording.pace.slack
    if any(span.start <= at and (span.end or recording.until()) + patience >= at for span in excused):
        return False
    return any(span.holds(at, -BLUR) for span in recording.bad)


def no_lost_page(recording: Recording) -> Iterator[str]:
    """Find pages that did not arrive, came out of order, or were never resolved."""
    if not recording.is_told:
        return
    for receiver in recording.receivers:
        came = [each for each in recording.arrivals if each.receiver == receiver and each.is_accepted]
        order = {page: number for number, page in reversed(list(enumerate(each.page for each in came)))}
        for decided in recording.decided:
            if decided.page not in order:
                yield f"{decided.key} {decided.status} was decided, and never arrived at {receiver}"
        for before, after in _neighbours(recording):
            if order.get(before, -1) > order.get(after, len(came)):
                yield f"{after} overtook {before} at {receiver}"
        last = {each.key: each.status for each in came if each.kind not in recording.lasting}
        yield from (f"{key} was never resolved at {receiver}" for key, status in last.items() if status == "firing")
    for decided in recording.decided:
        if not any(each.page == decided.page and _reached(each) for each in recording.arrivals):
            yield f"{decided.key} {decided.status} reached nobody"


def _neighbours(recording: Recording) -> Iterator[tuple[str, str]]:
    pages: dict[str, list[str]] = defaultdict(list)
    for decided in recording.decided:
        pages[decided.key].append(decided.page)
    for each in pages.values():
        yield from pairwise(each)


def bounded_duplicates(recording: Recording) -> Iterator[str]:
    """Find pages that came too often."""
    # A receipt is lost with a monitor that is killed, or that stands still until its own deadline is over.
    disturbed = len(recording.away) + len(recording.stalls)
    times: dict[tuple[str, str], int] = defaultdict(int)
    told: dict[str, set[str]] = defaultdict(set)
    for each in recording.arrivals:
        times[each.receiver, each.page] += each.is_accepted
        if each.kind == "outage" and each.status == "firing":
            told[each.key].add(each.page)
    for (receiver, page), count in times.items():
        if count > 1 + disturbed:
            yield f"{page} arrived {count} times at {receiver}"
    for key, pages in told.items():
        if len(pages) > len(recording.bad) + disturbed:
            yield f"{key} was told of as {len(pages)} different pages"


def no_version_going_back(recording: Recording) -> Iterator[str]:
    """Find versions and changes that go back or mean two things, and documents that readers refuse."""
    believed = [document for document in recording.documents if document.refusal is None]
    if recording.is_clock_true:
        for document in recording.documents:
            if document.refusal is not None:
                yield f"refused at {document.source} at {document.at.time()}: {document.refusal}"
    yield from _ambiguous(believed)
    for source in recording.sources:
        for before, after in pairwise(each for each in believed if each.source == source):
            for name, was, now in (
                ("version", before.ver, after.ver),
                ("change", before.change, after.change),
                ("audit", 0 if recording.is_restored else before.log_seq, after.log_seq),
            ):
                if now < was:
                    yield f"the {name} at {source} went back from {was} to {now}"


def _ambiguous(documents: Iterable[Document]) -> Iterator[str]:
    hashes: dict[int, str] = {}
    prevs: dict[int, str | None] = {}
    for document in documents:
        if hashes.setdefault(document.ver, document.sha256) != document.sha256:
            yield f"version {document.ver} has two documents"
        if prevs.setdefault(document.change, document.prev) != document.prev:
            yield f"change {document.change} has two documents before it"


def no_gap_counted_as_up(recording: Recording) -> Iterator[str]:
    """Find what is said to be up, or good, of a time when nobody knows or it was bad."""
    pace = recording.pace
    for look in recording.looks:
        is_back = any(span.holds(look.at, BACK) for span in (*recording.away, *recording.stalls))
        fresh = look.measured_at is not None and look.measured_at >= look.at - pace.stale - BACK
        if look.verdict == "up" and not fresh and not is_back and recording.is_clock_true:
            yield f"up at {look.at.time()}, but last measured at {look.measured_at}"
    if not recording.is_clock_true:
        return
    for life in recording.alive:
        yield from (
            f"a sign of life from {life.start.time()} to {life.end and life.end.time()} spans a death"
            for span in recording.dead
            if life.holds(span.start) and life.holds(span.end or recording.until())
        )
    for measured in recording.measured:
        if measured.kind == "good" and any(
            span.holds(measured.at, -BLUR) for span in (*recording.bad, *recording.dead)
        ):
            yield f"good at {measured.at.time()}, when the platform was bad or nobody watched"


def _reached(arrival: Arrival) -> bool:
    return arrival.is_accepted and not arrival.is_lost


INVARIANTS: tuple[Invariant, ...] = (
    no_false_ready,
    no_missed_outage,
    no_lost_page,
    bounded_duplicates,
    no_version_going_back,
    no_gap_counted_as_up,
)


def wrong(recording: Recording) -> list[str]:
    """Return everything that must not be, with the invariant that says so."""
    return [f"{each.__name__}: {line}" for each in INVARIANTS for line in each(recording)]
