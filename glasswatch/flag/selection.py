"""Which of several documents is judged, against which floor, and what of them is remembered.

1. A document counts if a trusted key signed it and it is of the platform and deployment asked for (`AUTHENTIC`).
   Whoever can put documents before us gains nothing by one that doesn't, and takes nothing away.
2. Each issuer speaks by its document of the highest version, expired or not, refused or not: an older one shown beside
   a newer one is never believed.
3. Two documents of one issuer and version with other bytes refuse each other; the one that the floor has accepted
   stays. Anyway it is an alarm.
4. Of all issuers' words the one with the highest version is judged. One whose version can't be believed (dated ahead,
   said twice, or behind what the floor has accepted) silences its own issuer alone: neither a vantage with a wrong
   clock nor who shows an old copy may lock anybody out. Only where there is no other is it judged, and refused.
5. Every issuer's word that passes all but `ANSWERING` moves the floor, judged or not.

A single document is the simplest case of it. Pure: floors come in and go out as values.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from cryptography.hazmat.primitives.hashes import SHA256, Hash

from glasswatch.flag import floor as floors
from glasswatch.flag.errors import Alarm, AlarmCode, Refusal, Refused, shown
from glasswatch.flag.floor import Floor, Mark
from glasswatch.flag.jws import FLAG_TYP
from glasswatch.flag.reader import (
    ANSWERING,
    AUTHENTIC,
    RULES,
    Case,
    Expectation,
    Judgement,
    answer,
    check,
    read,
    refuse,
)
from glasswatch.flag.trust import Trust

_UNBELIEVABLE = frozenset({Refusal.ISSUED_LATER, Refusal.VER_AHEAD, Refusal.EQUIVOCATION})
_EQUIVOCATION = "its signer signed two documents of this version, and nobody can tell which is meant"
_FURTHEST = (Refusal.TRUST, Refusal.UNREADABLE, *Refusal)  # of several refusals the one that came furthest is told


@dataclass(frozen=True, slots=True)
class Question:
    """What documents are judged by. `is_now` is whether `now` is this machine's own clock."""

    trust: Trust
    expect: Expectation
    now: datetime
    is_now: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """The judgement and the place of the document it is about; what was wrong with others; the floor afterwards.

    `judged` is None where nothing could be judged by anything.
    """

    judgement: Judgement
    judged: int | None
    passed_over: tuple[tuple[int, Refused], ...] = ()
    alarms: tuple[Alarm, ...] = ()
    floor: Floor = field(default_factory=Floor)


@dataclass(frozen=True, slots=True)
class _Word:
    """One authentic document by its place, the mark it would leave, and why it must not be believed, if so."""

    place: int
    case: Case
    mark: Mark
    refusal: Refused | None = None
    is_behind: bool = False

    @property
    def rank(self) -> tuple[bool, int, int, str]:
        """Return what is highest in the word that is judged."""
        # Behind the floor is behind it whatever else is wrong: an earlier rule may have named the refusal.
        is_believable = not self.is_behind and (self.refusal is None or self.refusal.code not in _UNBELIEVABLE)
        return is_believable, self.mark.ver, self.mark.iat, self.mark.iss


def judge_all(documents: Sequence[bytes | Refused], question: Question, floor: Floor) -> Answer:
    """Judge at least one document; one that could not be had is given as its refusal. Never raises."""
    words: list[_Word] = []
    refused: list[tuple[int, Refused]] = []
    for place, document in enumerate(documents):
        try:
            words.append(_word(place, document, question))
        except Refused as refusal:
            refused.append((place, refusal))
    if not words:
        place, told = max(refused, key=lambda one: _FURTHEST.index(one[1].code))
        rest = tuple(one for one in refused if one[0] != place)
        return Answer(refuse(told.code, told.what), place, rest, floor=floor)
    heads = [_head(said, question, floor) for said in _by_issuer(words)]
    judged = max(heads, key=lambda head: head.rank)
    others = [(head.place, head.refusal) for head in heads if head is not judged and head.refusal is not None]
    moved, alarms = _remembered(heads, floor)
    return Answer(
        _judgement(judged), judged.place, (*refused, *others), (*_equivocations(words, floor), *alarms), moved
    )


def sha256(document: bytes) -> str:
    """Return what a floor knows a document by: one trailing newline is no part of it."""
    digest = Hash(SHA256())
    digest.update(document.removesuffix(b"\n"))
    return digest.finalize().hex()


def _word(place: int, document: bytes | Refused, question: Question) -> _Word:
    if isinstance(document, Refused):
        raise document
    case = read(document, question.trust, question.expect, question.now)
    check(case, AUTHENTIC)
    claims = case.claims
    mark = Mark(
        typ=FLAG_TYP,
        iss=claims.iss,
        sub=claims.sub,
        ver=claims.ver,
        sha256=sha256(document),
        iat=claims.iat,
        change=claims.change,
        prev=claims.prev,
        log=claims.log,
    )
    return _Word(place, case, mark)


def _by_issuer(words: Iterable[_Word]) -> list[list[_Word]]:
    said: dict[str, list[_Word]] = {}
    for word in words:
        said.setdefault(word.mark.iss, []).append(word)
    return list(said.values())


def _head(said: Sequence[_Word], question: Question, floor: Floor) -> _Word:
    """Return the word that an issuer is taken by, with its refusal."""
    highest = max(word.mark.ver for word in said)
    newest = [word for word in said if word.mark.ver == highest]
    known = floor.mark(newest[0].mark)
    accepted = [word for word in newest if known is not None and word.mark.sha256 == known.sha256]
    if not accepted and len({word.mark.sha256 for word in newest}) > 1:
        return replace(newest[0], refusal=Refused(Refusal.EQUIVOCATION, _EQUIVOCATION))
    is_behind = known is not None and not accepted and highest <= known.ver
    head = replace((accepted or newest)[0], is_behind=is_behind)
    try:
        check(head.case, RULES)
        floors.check(head.mark, floor, head.case.now_ms if question.is_now else None)
    except Refused as refusal:
        return replace(head, refusal=refusal)
    return head


def _judgement(judged: _Word) -> Judgement:
    try:
        if judged.refusal is not None:
            raise judged.refusal
        check(judged.case, ANSWERING)
    except Refused as refused:
        return refuse(refused.code, refused.what)
    return answer(judged.case)


def _remembered(heads: Iterable[_Word], floor: Floor) -> tuple[Floor, list[Alarm]]:
    """Return the floor moved by every head that is true, and what did not follow from the floor before."""
    moved, alarms = floor, list[Alarm]()
    for head in heads:
        if head.refusal is None:
            alarms += floors.alarms(head.mark, floor)
            moved = floors.advance(moved, head.mark)
    return moved, alarms


def _equivocations(words: Iterable[_Word], floor: Floor) -> list[Alarm]:
    seen: dict[tuple[str, int], set[str]] = {}
    for word in words:
        key = word.mark.iss, word.mark.ver
        same = floor.mark(word.mark)
        seen.setdefault(key, set()).add(word.mark.sha256)
        if same is not None and same.ver == word.mark.ver:
            seen[key].add(same.sha256)
    return [
        Alarm(AlarmCode.EQUIVOCATION, f"{shown(iss)} signed two documents of version {ver}: find out who holds its key")
        for (iss, ver), hashes in seen.items()
        if len(hashes) > 1
    ]
