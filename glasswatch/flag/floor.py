"""The floor: what a reader remembers of the documents it accepted, so that an older one is not believed again.

It holds one mark per `typ`, `iss` and `sub`: that of the document with the highest version accepted so far. A document
is given as the mark it would leave. The rules (design 3.4):

1. A version below its mark's refuses.
2. The same version with other bytes refuses this document alone: the mark stays, and so does what it was made from.
3. An own clock more than 60 s behind the highest `iat` accepted of this deployment refuses, whoever issued it, a
   monitor or persons, for whichever platform: a clock set back would make expired documents valid again, and what it
   was set back behind is the same for all of them. Not asked when judging as of another instant.
4. A `change` below the mark's, the mark's `change` with another `prev`, a log that is shorter than the mark's or as
   long with another head: alarms, no refusals. A document of another type has none of the three.
5. A mark moves to a higher version and never back; the highest `iat` stays. No local clock's time is ever in it.

Pure: keeping it in a file is `floor_file`'s.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from glasswatch.flag.document import TOLERANCE_MS, LogHead
from glasswatch.flag.errors import Alarm, AlarmCode, Malformed, Refusal, Refused, shown
from glasswatch.flag.strict import Members, loads

FORMAT = 1
MAX_BYTES = 1024 * 1024  # some 2,500 marks
NO_DATE = 0  # of a mark whose document bears none, or whose date was forgotten


@dataclass(frozen=True, slots=True)
class Mark:
    """What is remembered of one accepted document. `change`, `prev` and `log` are None where its type has none."""

    typ: str
    iss: str
    sub: str
    ver: int
    sha256: str
    iat: int
    change: int | None = None
    prev: str | None = None
    log: LogHead | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what a floor has one mark for."""
        return self.typ, self.iss, self.sub

    @property
    def deployment(self) -> str:
        """Return whose it is: flags are issued by `deployment/vantage`, all else by the deployment itself."""
        return self.iss.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Floor:
    """All marks of one reader."""

    marks: Mapping[tuple[str, str, str], Mark] = field(default_factory=dict)

    def mark(self, found: Mark) -> Mark | None:
        """Return the mark that a document is to be judged against, if there is one."""
        return self.marks.get(found.key)

    def highest_iat(self, deployment: str) -> int | None:
        """Return the latest date that was accepted of a deployment, of any type, issuer and platform."""
        return max((mark.iat for mark in self.marks.values() if mark.deployment == deployment), default=None)


@dataclass(frozen=True, slots=True)
class Against:
    """What a rule of the floor is given. `now_ms` is None where another instant than now is judged as of."""

    found: Mark
    floor: Floor
    now_ms: int | None


def check(found: Mark, floor: Floor, now_ms: int | None) -> None:
    """Judge a document, given as the mark it would leave, against the floor.

    Raises:
        Refused: it is older than what was accepted, or not what was accepted, or the clock was set back.
    """
    for rule in RULES:
        rule(Against(found, floor, now_ms))


def alarms(found: Mark, floor: Floor) -> tuple[Alarm, ...]:
    """Return what does not follow from the document accepted before; nothing is refused for it."""
    before = floor.mark(found)
    if before is None:
        return ()
    return (*_change_alarms(before, found), *_log_alarms(before, found))


def advance(floor: Floor, found: Mark) -> Floor:
    """Return the floor after a document was accepted; the same one where nothing is to be remembered anew."""
    before = floor.mark(found)
    if before is not None and found.ver <= before.ver:
        return floor
    iat = found.iat if before is None else max(found.iat, before.iat)
    return Floor({**floor.marks, found.key: replace(found, iat=iat)})


def forget(floor: Floor, sub: str) -> Floor:
    """Return the floor without the marks of a platform, whoever issued them, and without the others' dates.

    The clock is held against those as well: with them it would go on refusing what is to be believed again.
    """
    return Floor({key: replace(mark, iat=NO_DATE) for key, mark in floor.marks.items() if mark.sub != sub})


def dump(floor: Floor) -> bytes:
    """Return the floor as the bytes of its file."""
    marks = [_members(mark) for _, mark in sorted(floor.marks.items())]
    return json.dumps({"format": FORMAT, "marks": marks}, indent=1).encode("ascii") + b"\n"


def format_of(raw: bytes) -> int:
    """Return which format a floor's file is in.

    Raises:
        Malformed: it is no floor of any format.
    """
    return Members(loads(raw)).count("format")


def parse(raw: bytes) -> Floor:
    """Return the floor in a file's bytes.

    Raises:
        Malformed: it is not a floor of format 1 in every detail.
    """
    if len(raw) > MAX_BYTES:
        raise Malformed(f"more than {MAX_BYTES} bytes")
    file = Members(loads(raw))
    if file.count("format") != FORMAT:
        raise Malformed(f"format must be {FORMAT}")
    marks: dict[tuple[str, str, str], Mark] = {}
    for member in file.objects("marks"):
        mark = _parse_mark(member)
        if mark.key in marks:
            raise Malformed(f"{member.path('sub')} has a mark that stands there already")
        marks[mark.key] = mark
    return Floor(marks)


def _version_is_not_lower(case: Against) -> None:
    before = case.floor.mark(case.found)
    if before is not None and case.found.ver < before.ver:
        raise Refused(
            Refusal.VER_BELOW_FLOOR, f"its version {case.found.ver} is older than {before.ver}, accepted before"
        )


def _bytes_are_the_same(case: Against) -> None:
    before = case.floor.mark(case.found)
    if before is not None and case.found.ver == before.ver and case.found.sha256 != before.sha256:
        raise Refused(
            Refusal.EQUIVOCATION, f"another document of version {before.ver} was accepted before: its signer signed two"
        )


def _clock_was_not_set_back(case: Against) -> None:
    latest = case.floor.highest_iat(case.found.deployment)
    if case.now_ms is None or latest is None:
        return
    behind_ms = latest * 1000 - case.now_ms
    if behind_ms > TOLERANCE_MS:
        raise Refused(
            Refusal.CLOCK_BEHIND,
            f"this machine's clock is {behind_ms // 1000} s behind a document that was accepted before",
        )


RULES: tuple[Callable[[Against], None], ...] = (_version_is_not_lower, _bytes_are_the_same, _clock_was_not_set_back)


def _change_alarms(before: Mark, found: Mark) -> tuple[Alarm, ...]:
    if before.change is None or found.change is None:
        return ()
    if found.change < before.change:
        what = f"change {found.change} after change {before.change}: the signer's store was restored, or copied"
        return (Alarm(AlarmCode.CHANGE_BACK, f"{shown(found.iss)} went back to {what}"),)
    if found.change == before.change and found.prev != before.prev:
        what = f"signed change {found.change} twice, after two different documents: it has two histories"
        return (Alarm(AlarmCode.CHANGE_FORKED, f"{shown(found.iss)} {what}"),)
    return ()


def _log_alarms(before: Mark, found: Mark) -> tuple[Alarm, ...]:
    if before.log is None or found.log is None:
        return ()
    if found.log.seq < before.log.seq:
        what = f"its audit log went back from entry {before.log.seq} to {found.log.seq}: entries are missing"
        return (Alarm(AlarmCode.LOG_BACK, f"{shown(found.iss)}: {what}"),)
    if found.log.seq == before.log.seq and found.log.head != before.log.head:
        what = f"entry {found.log.seq} of its audit log is not the one it was: the log was rewritten"
        return (Alarm(AlarmCode.LOG_FORKED, f"{shown(found.iss)}: {what}"),)
    return ()


def _members(mark: Mark) -> dict[str, object]:
    return {
        "typ": mark.typ,
        "iss": mark.iss,
        "sub": mark.sub,
        "ver": mark.ver,
        "sha256": mark.sha256,
        "iat": mark.iat,
        "change": mark.change,
        "prev": mark.prev,
        "log": None if mark.log is None else {"seq": mark.log.seq, "head": mark.log.head},
    }


def _parse_mark(mark: Members) -> Mark:
    return Mark(
        typ=mark.text("typ"),
        iss=mark.text("iss"),
        sub=mark.text("sub"),
        ver=mark.count("ver"),
        sha256=mark.digest("sha256"),
        iat=mark.seconds("iat"),
        change=None if mark.is_null("change") else mark.count("change"),
        prev=mark.digest_or_none("prev"),
        log=None if mark.is_null("log") else _parse_log(mark.members("log")),
    )


def _parse_log(log: Members) -> LogHead:
    return LogHead(log.count("seq"), log.digest("head"))
