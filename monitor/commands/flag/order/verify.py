"""`monitor flag order verify`: says whether an order is in force, and what it says.

As `monitor flag verify`, it opens or closes production: 0 for an order that is ready, 1 for one on standby, 2 for wrong
usage, and 4 for everything else. It imports no click, and `monitor.entry` calls it before click is loaded.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from glasswatch import arguments
from glasswatch.arguments import Option
from glasswatch.clock import Clock, SystemClock
from glasswatch.ending import complain
from glasswatch.errors import ExitCode, UsageFault
from glasswatch.flag import trust
from glasswatch.flag.advice import ORDER_ADVICE
from glasswatch.flag.errors import Alarm, AlarmCode, Refusal, Refused, TrustFault, plain
from glasswatch.flag.floor import advance
from glasswatch.flag.order import OrderLines
from glasswatch.flag.order_reader import OrderJudgement, judge_orders
from glasswatch.flag.order_rules import OrderAsked
from glasswatch.flag.trust import Trust
from glasswatch.flag.trust_mark import trust_alarms, trust_mark
from monitor.commands.flag.keeping import Keeping, floor_in, kept
from monitor.commands.flag.order.telling import order_in_json
from monitor.commands.flag.sources import STDIN, Sources
from monitor.commands.flag.telling import alarms_in_json, exit_code, raise_alarms, say
from monitor.commands.flag.verify_options import AT, AUDIENCE, FLOOR, JSON, PLATFORM, TRUST, check_floor_alone

NAME = "monitor flag order verify"
FILE = "FILE"
MAX_FILES = 8
HUMAN_PATH = (
    "no way in by this order: try its other copies, the flag, or use the sealed credential that no reader guards"
)
OPTIONS: tuple[Option, ...] = (TRUST, AUDIENCE, PLATFORM, FLOOR, AT, JSON)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was asked: which files, against which others, for whom, and as of which instant."""

    files: tuple[str, ...]
    trust: str
    whom: OrderAsked
    floor: str | None
    at: datetime | None
    as_json: bool


def main(argv: Sequence[str]) -> int:
    """Judge, tell, and return the exit code."""
    try:
        wanted = _asked(argv)
    except UsageFault as fault:
        complain(f"{NAME}: {fault} (see {NAME} --help)")
        return ExitCode.USAGE
    judgement, alarms = _judge(wanted, SystemClock())
    _show(wanted, judgement, alarms)
    return exit_code(judgement.state)


def _asked(argv: Sequence[str]) -> _Asked:
    given = arguments.read(argv, OPTIONS)
    if not given.words:
        raise UsageFault(f"{FILE} is missing: one or more files, or - for standard input")
    if not all(given.words) or any("\0" in word for word in given.words):
        raise UsageFault(f"{FILE}: expected a file, found no name of one")
    if len(given.words) > MAX_FILES:
        raise UsageFault(f"more than {MAX_FILES} files")
    if given.words.count(STDIN) > 1:
        raise UsageFault("standard input is given twice")
    check_floor_alone(given, given.words)
    at = given.get("--at", datetime)
    return _Asked(
        files=given.words,
        trust=given.demand("--trust", str),
        whom=OrderAsked(given.demand("--audience", str), given.demand("--platform", str), is_now=at is None),
        floor=given.get("--floor", str),
        at=at,
        as_json=given.has("--json"),
    )


def _judge(wanted: _Asked, clock: Clock) -> tuple[OrderJudgement, tuple[Alarm, ...]]:
    try:
        trusted = trust.load(Path(wanted.trust), clock)
    except TrustFault as fault:
        return _refuse(Refusal.TRUST, f"the trust file can't be relied on: {plain(fault)}"), ()
    sources = Sources(clock)
    found = [sources.order(name) for name in wanted.files]
    missing = [name for name, lines in zip(wanted.files, found, strict=True) if lines is None]
    unread = [f"{plain(name)}: can't be read: there is no such file" for name in missing]
    unread += [refused.what for refused in found if isinstance(refused, Refused)]
    files = [lines for lines in found if isinstance(lines, OrderLines)]
    if not files:
        return _refuse(Refusal.UNREADABLE, unread[0]), ()
    judgement, alarms = _against_floor(wanted, files, trusted, clock)
    return judgement, (*(Alarm(AlarmCode.ORDER_UNREADABLE, what) for what in unread), *alarms)


def _against_floor(
    wanted: _Asked, files: Sequence[OrderLines], trusted: Trust, clock: Clock
) -> tuple[OrderJudgement, tuple[Alarm, ...]]:
    with kept(Keeping(wanted.floor, wanted.whom.is_now), clock) as held:
        seen = floor_in(held)
        used = trust_mark(trusted, wanted.whom.deployment, wanted.whom.platform)
        judgement = judge_orders(files, trusted, wanted.whom, wanted.at or clock.now(), seen)
        alarms = (*trust_alarms(used, seen), *judgement.alarms())
        if held is None:
            return judgement, alarms
        moved = advance(seen, used)
        held.keep(moved if judgement.latest is None else advance(moved, judgement.latest.mark))
        return judgement, (*held.alarms, *alarms)


def _refuse(code: Refusal, what: str) -> OrderJudgement:
    return OrderJudgement(None, code, f"{what}; {ORDER_ADVICE[code]}")


def _show(wanted: _Asked, judgement: OrderJudgement, alarms: Sequence[Alarm]) -> None:
    raise_alarms(alarms)
    if judgement.refusal is not None:
        complain(f"refused ({judgement.refusal.value}): {judgement.reason}\n{HUMAN_PATH}")
    if wanted.as_json:
        say(json.dumps(order_in_json(judgement) | {"alarms": alarms_in_json(alarms)}))
    elif judgement.refusal is None:
        say(judgement.reason)
