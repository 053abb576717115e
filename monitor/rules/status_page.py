"""What a status page's word is worth. It is second-hand: it says what others hold true, not what an engineer meets.

Atlassian Statuspage (`summary.json`):
1. Where components are chosen they alone count, not the page's indicator: it speaks of parts that nobody here uses.
2. `operational` is good; `degraded_performance` is good and marked; `partial_outage` and `major_outage` are bad.
3. `under_maintenance`, and a scheduled maintenance of it that is under way, is good and marked: it may work or not, and
   the page doesn't say. One that is planned says nothing about now. An outage during maintenance is an outage.
4. An incident that is not resolved marks the components that it names, whatever is said of their state.
5. Where none is chosen the indicator counts: `none` is good, `minor` good and marked, `major` and `critical` bad,
   `maintenance` as above.

Any other document: one value, which is among the good ones, among those that mark, or else bad.

What can't be read, a component that isn't there or is there more than once, and a word that isn't known are not
measured: a page that doesn't say how the platform is says nothing against it. One component that is said to be bad
outweighs another of which nothing is said.

A detail holds the names that the settings chose, and words of the lists below; nothing else that the page said.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

from glasswatch.strict_json import NOTHING, find, is_same, parse
from monitor.model.outcome import Outcome, OutcomeKind, Reason, Warn
from monitor.model.past import Word
from monitor.rules import reasons
from monitor.rules.expect import JsonScalar, Judgement

_SETTLED: Final = frozenset({"resolved", "postmortem"})
_UNDER_WAY: Final = frozenset({"in_progress", "verifying"})


class Worth(IntEnum):
    """What one word is worth, the worst last."""

    WELL = 0
    MAINTENANCE = 1
    WARNED = 2
    UNTOLD = 3
    BAD = 4


_WARNINGS: Final = {Worth.MAINTENANCE: Warn.MAINTENANCE, Worth.WARNED: Warn.TOLD}
_STATUS: Final = {
    "operational": Worth.WELL,
    "degraded_performance": Worth.WARNED,
    "partial_outage": Worth.BAD,
    "major_outage": Worth.BAD,
    "under_maintenance": Worth.MAINTENANCE,
}
_INDICATOR: Final = {
    "none": Worth.WELL,
    "minor": Worth.WARNED,
    "major": Worth.BAD,
    "critical": Worth.BAD,
    "maintenance": Worth.MAINTENANCE,
}


@dataclass(frozen=True, slots=True)
class ValueWanted:
    """A place in a JSON document, as written and as steps, and which values there are good or mark it."""

    path: str
    steps: Sequence[str | int]
    good: Sequence[JsonScalar]
    warn: Sequence[JsonScalar] = ()


@dataclass(frozen=True, slots=True)
class _Word:
    """One thing that the page says; `text` is ours."""

    worth: Worth
    text: str


def judge_statuspage(components: Sequence[str], body: bytes) -> Judgement:
    """Return what a page of Atlassian Statuspage is worth."""
    try:
        page = parse(body)
    except ValueError as error:
        return _not_told(f"the page is not JSON: {error}")
    words = list(_of_components(page, components) if components else _of_page(page))
    worst = max(word.worth for word in words)
    told = reasons.several([word.text for word in words if word.worth is worst], "; ")
    if worst is Worth.UNTOLD:
        return _not_told(f"the page does not tell: {told}")
    kind, reason = (OutcomeKind.BAD, Reason.ANSWER) if worst is Worth.BAD else (OutcomeKind.GOOD, Reason.OK)
    found = {word.worth for word in words}
    warnings = tuple(warning for worth, warning in _WARNINGS.items() if worth in found)
    return Judgement(kind, reason, f"the page says {told}", warnings)


def judge_value(wanted: ValueWanted, body: bytes) -> Judgement:
    """Return what a value in some other document is worth."""
    try:
        found = find(parse(body), wanted.steps)
    except ValueError as error:
        return _not_told(f"the page is not JSON: {error}")
    if found is NOTHING or isinstance(found, dict | list):
        return _not_told(f"json {wanted.path} is {'missing' if found is NOTHING else 'not a single value'}")
    if any(is_same(value, found) for value in wanted.good):
        return Judgement(OutcomeKind.GOOD, Reason.OK, f"json {wanted.path} is good")
    if any(is_same(value, found) for value in wanted.warn):
        return Judgement(OutcomeKind.GOOD, Reason.OK, f"json {wanted.path} warns", (Warn.TOLD,))
    return Judgement(OutcomeKind.BAD, Reason.ANSWER, f"json {wanted.path} is not one of the values that are good")


def as_told(outcome: Outcome) -> Outcome:
    """Return what an attempt to read a page is worth: a page that can't be read says nothing of the platform."""
    if not outcome.is_bad or outcome.reason is Reason.ANSWER:
        return outcome
    detail = f"the page can't be read: {outcome.detail}"
    return replace(outcome, kind=OutcomeKind.NOT_MEASURED, reason=Reason.NOT_TOLD, detail=detail)


def word(outcome: Outcome) -> Word | None:
    """Return what a page said, by the outcome of reading it; None: it was not looked at."""
    match outcome.kind:
        case OutcomeKind.SKIPPED:
            return None
        case OutcomeKind.NOT_MEASURED:
            return Word.NOT_TOLD
        case OutcomeKind.BAD:
            return Word.OUTAGE
    if Warn.TOLD in outcome.warnings:
        return Word.DEGRADED
    return Word.MAINTENANCE if Warn.MAINTENANCE in outcome.warnings else Word.WELL


def _not_told(detail: str) -> Judgement:
    return Judgement(OutcomeKind.NOT_MEASURED, Reason.NOT_TOLD, detail)


def _of_page(page: object) -> Iterator[_Word]:
    yield _known(_INDICATOR, find(page, ("status", "indicator")), "as a whole")
    if _is_going_on(page, "scheduled_maintenances", None):
        yield _Word(Worth.MAINTENANCE, "maintenance is under way")


def _of_components(page: object, names: Sequence[str]) -> Iterator[_Word]:
    for name in names:
        found = [each for each in _listed(page, "components") if name in (each.get("id"), _trimmed(each.get("name")))]
        if len(found) != 1:
            times = f"is there {len(found)} times: choose it by its id" if found else "is not there"
            yield _Word(Worth.UNTOLD, f"{name} {times}")
            continue
        yield _known(_STATUS, found[0].get("status"), name)
        yield from _about(page, name, found[0].get("id"))


def _about(page: object, name: str, component: object) -> Iterator[_Word]:
    """Yield what is going on around one component."""
    if not isinstance(component, str):
        return
    if _is_going_on(page, "incidents", component):
        yield _Word(Worth.WARNED, f"{name} has an incident")
    if _is_going_on(page, "scheduled_maintenances", component):
        yield _Word(Worth.MAINTENANCE, f"{name} is being maintained")


def _is_going_on(page: object, kind: str, component: str | None) -> bool:
    """Return whether something of a kind is under way now; with `component`, something that names it."""
    for each in _listed(page, kind):
        status = str(each.get("status"))
        is_on = status in _UNDER_WAY if kind == "scheduled_maintenances" else status not in _SETTLED
        if is_on and (component is None or any(one.get("id") == component for one in _listed(each, "components"))):
            return True
    return False


def _listed(document: object, key: str) -> Iterable[Mapping[str, object]]:
    found = find(document, (key,))
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else ()


def _known(worths: Mapping[str, Worth], said: object, about: str) -> _Word:
    if not isinstance(said, str) or said not in worths:
        return _Word(Worth.UNTOLD, f"{about}: nothing that is known here")
    return _Word(worths[said], f"{about}: {said.replace('_', ' ')}")


def _trimmed(name: object) -> object:
    return name.strip() if isinstance(name, str) else name
