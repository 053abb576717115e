"""What a DNS answer is worth.

Rules, in this order; the first that speaks decides:
1. The code must be the one that is expected. NXDOMAIN, SERVFAIL and REFUSED are answers like any other: nobody but the
   one who asks knows what they are worth.
2. Where nothing else is expected of NOERROR, there must be a record of the type. `answers` that is empty expects none.
3. The records must be exactly `answers`, in any order.
4. All of `contains` must be among them.
5. `matches` must be found in one of them.
6. Where it is asked for, the resolver must say that it has authenticated the answer.

A detail names what was expected and the code; of the records it says how many there are. Who wants to know why is told
each rule that was looked at (`told_of`), with what was found: that holds the records, which are others' text.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from monitor.model.explanation import Check
from monitor.model.outcome import OutcomeKind, Reason, Warn
from monitor.rules.expect import Judgement, Pattern, quoted
from monitor.rules.reasons import several

NOERROR = "NOERROR"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an answer must look like. `answers` and `contains`: as they were written, by their canonical forms."""

    kind: str
    rcode: str = NOERROR
    answers: Mapping[bytes, str] | None = None
    contains: Mapping[bytes, str] = field(default_factory=lambda: MappingProxyType({}))
    matches: Pattern | None = None
    is_authenticated: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """What was answered: the records as they are written, by their canonical forms."""

    rcode: str
    records: Mapping[bytes, str]
    is_authenticated: bool


def judge(wanted: Wanted, answered: Answered, warnings: tuple[Warn, ...] = ()) -> Judgement:
    """Return what the answer is worth."""
    for detail in _objections(wanted, answered):
        return Judgement(OutcomeKind.BAD, Reason.ANSWER, detail, warnings)
    detail = f"{answered.rcode}, {_counted(len(answered.records), wanted.kind)}"
    detail += ", authenticated" if answered.is_authenticated else ""
    return Judgement(OutcomeKind.GOOD, Reason.OK, detail, warnings)


def told_of(wanted: Wanted, answered: Answered) -> Iterator[Check]:
    """Yield the rules that were looked at, in their order."""
    yield Check("rcode", wanted.rcode, answered.rcode, answered.rcode == wanted.rcode, is_ours=True)
    found, records = ", ".join(answered.records.values()) or f"no {wanted.kind} record", answered.records
    if wanted.answers is not None:
        exactly = f"exactly {several(list(wanted.answers.values()))}" if wanted.answers else f"no {wanted.kind} record"
        yield Check("answers", exactly, found, records.keys() == wanted.answers.keys())
    elif wanted.rcode == NOERROR:
        yield Check("answers", f"a record of type {wanted.kind}", found, bool(records))
    if wanted.contains:
        among = f"among them {several(list(wanted.contains.values()))}"
        yield Check("contains", among, found, wanted.contains.keys() <= records.keys())
    if wanted.matches is not None:
        match = f"a record that matches {quoted(wanted.matches.pattern)}"
        yield Check("matches", match, found, _is_found(wanted.matches, records.values()))
    if wanted.is_authenticated:
        is_it = answered.is_authenticated
        said = "the AD flag is set" if is_it else "the AD flag is not set"
        yield Check("authenticated", "an answer that the resolver has authenticated", said, is_it, is_ours=True)


def _objections(wanted: Wanted, answered: Answered) -> Iterator[str]:
    if answered.rcode != wanted.rcode:
        yield f"{answered.rcode}, expected {wanted.rcode}"
    if wanted.answers is None:
        if wanted.rcode == NOERROR and not answered.records:
            yield f"{answered.rcode}, and no {wanted.kind} record"
    else:
        missing = _missing(wanted.answers, answered.records)
        if missing:
            yield missing
        others = len(answered.records.keys() - wanted.answers.keys())
        if others:
            yield f"{_counted(others, wanted.kind)} beside those expected"
    missing = _missing(wanted.contains, answered.records)
    if missing:
        yield missing
    if wanted.matches is not None and not _is_found(wanted.matches, answered.records.values()):
        yield f"no {wanted.kind} record matches the pattern"
    if wanted.is_authenticated and not answered.is_authenticated:
        yield "the resolver has not authenticated the answer"


def _missing(wanted: Mapping[bytes, str], records: Mapping[bytes, str]) -> str:
    texts = [text for key, text in wanted.items() if key not in records]
    return f"missing: {several(texts)}" if texts else ""


def _is_found(pattern: Pattern, texts: Iterable[str]) -> bool:
    return any(pattern.search(text.encode("utf-8", "surrogateescape")) for text in texts)


def _counted(count: int, kind: str) -> str:
    return f"{count} {kind} record{'' if count == 1 else 's'}"
