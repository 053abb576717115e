"""`monitor flag verify`: says whether break-glass is ready by signed documents, and by an order.

It opens or closes production: it ends with 0 only for a flag or an order that is ready (or, where one of its principals
is asked for, an exercise), 1 for one on standby, 2 for wrong usage, and 4 for everything else, a trust file that can't
be relied on included. Alarms go to stderr and change none of it, and neither does an answer that a full disk can't
take.

It runs at every login, so nothing here imports click: `monitor.entry` calls it before click is loaded.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from glasswatch.clock import Clock, SystemClock
from glasswatch.ending import complain
from glasswatch.errors import ExitCode, UsageFault
from glasswatch.flag import trust
from glasswatch.flag.decision import Decider, Decision, Weighed, weigh
from glasswatch.flag.document import payload
from glasswatch.flag.errors import Alarm, AlarmCode, Refusal, Refused, TrustFault, plain
from glasswatch.flag.floor import Floor
from glasswatch.flag.order import OrderLines
from glasswatch.flag.reader import refuse
from glasswatch.flag.selection import Answer, Question
from monitor.commands.flag.keeping import Keeping, floor_in, kept
from monitor.commands.flag.order.telling import order_in_json
from monitor.commands.flag.sources import Sources
from monitor.commands.flag.telling import alarms_in_json, exit_code, raise_alarms, say
from monitor.commands.flag.verify_options import Asked, asked

NAME = "monitor flag verify"
HUMAN_PATH = (
    "no way in by this flag: try its other copies, an order of persons, or use the sealed credential that no reader "
    "guards"
)


def main(argv: Sequence[str]) -> int:
    """Judge, tell, and return the exit code."""
    try:
        wanted = asked(argv)
    except UsageFault as fault:
        complain(f"{NAME}: {fault} (see {NAME} --help)")
        return ExitCode.USAGE
    weighed = _judge(wanted, SystemClock())
    _show(wanted, weighed)
    return exit_code(weighed.decision.state)


def _judge(wanted: Asked, clock: Clock) -> Weighed:
    try:
        trusted = trust.load(Path(wanted.trust), clock)
    except TrustFault as fault:
        closed = refuse(Refusal.TRUST, f"the trust file can't be relied on: {plain(fault)}")
        decision = Decision(closed.state, closed.refusal, closed.reason)
        return Weighed(decision, Answer(closed, None), None, (), Floor())
    sources = Sources(clock)
    documents = [sources.document(name) for name in wanted.documents]
    orders, alarms = _orders(wanted.order, sources)
    is_now = wanted.at is None
    with kept(Keeping(wanted.floor, is_now, wanted.expect.platform if wanted.resets_floor else None), clock) as held:
        question = Question(trusted, wanted.expect, wanted.at or clock.now(), is_now)
        weighed = weigh(documents, orders, question, floor_in(held))
        if held is not None:
            held.keep(weighed.floor)
            alarms = (*held.alarms, *alarms)
    return replace(weighed, alarms=(*alarms, *weighed.alarms))


def _orders(name: str | None, sources: Sources) -> tuple[OrderLines | None, tuple[Alarm, ...]]:
    """Return the lines of the file of orders, if there is one; that it can't be read changes no answer."""
    found = None if name is None else sources.order(name)
    if isinstance(found, Refused):
        return None, (Alarm(AlarmCode.ORDER_UNREADABLE, found.what),)
    return found, ()


def _show(wanted: Asked, weighed: Weighed) -> None:
    raise_alarms(weighed.alarms)
    for place, refused in weighed.flag.passed_over:
        complain(f"passed over ({refused.code.value}): {_about(wanted, refused.code, place)}{refused.what}")
    decision = weighed.decision
    if decision.refusal is not None:
        if wanted.order is not None and weighed.order is None:
            complain(f"no order: there is no file {plain(wanted.order)}, or it can't be read")
        judged = weighed.flag.judged if decision.decided_by is Decider.FLAG else None
        about = _about(wanted, decision.refusal, judged)
        complain(f"refused ({decision.refusal.value}): {about}{decision.reason}\n{HUMAN_PATH}")
    if wanted.as_json:
        say(json.dumps(_json(wanted, weighed)))
    elif decision.refusal is None:
        say(decision.reason)


def _about(wanted: Asked, code: Refusal, place: int | None) -> str:
    """Return which of several documents a line is about; one that could not be had is named in it already."""
    if place is None or code is Refusal.UNREADABLE or len(wanted.documents) == 1:
        return ""
    return f"{plain(wanted.documents[place])}: "


def _json(wanted: Asked, weighed: Weighed) -> dict[str, object]:
    decision, flag = weighed.decision, weighed.flag
    # What an order decided rests on no document, however good.
    rests_on_flag = decision.decided_by is Decider.FLAG
    claims = flag.judgement.claims if rests_on_flag else None
    return {
        "state": decision.state,
        "refusal": decision.refusal,
        "reason": decision.reason,
        "decided_by": decision.decided_by,
        "document": wanted.documents[flag.judged] if rests_on_flag and flag.judged is not None else None,
        "claims": None if claims is None else payload(claims),
        "order": None if weighed.order is None else order_in_json(weighed.order),
        "alarms": alarms_in_json(weighed.alarms),
        "passed_over": [
            {"document": wanted.documents[place], "refusal": refused.code, "what": refused.what}
            for place, refused in flag.passed_over
        ],
    }
