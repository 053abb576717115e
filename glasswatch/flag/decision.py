"""Whether the flag or an order decides, and what: the answer that opens or closes. Pure.

- An order in force beats the flag, whatever that says, and whether or not there is one.
- A ready order is an emergency: who asks for an exercise's principal is refused by it, as by a flag that is ready.
- Otherwise the flag's judgement stands. What was wrong with orders is an alarm, and changes nothing.
- Flag, order and trust file each leave their own mark on the floor.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from glasswatch.flag.advice import ADVICE
from glasswatch.flag.document import FlagState
from glasswatch.flag.errors import Alarm, Refusal, Refused
from glasswatch.flag.floor import Floor, advance
from glasswatch.flag.order import OrderLines
from glasswatch.flag.order_reader import OrderJudgement, judge_orders
from glasswatch.flag.order_rules import OrderAsked
from glasswatch.flag.reader import Judgement
from glasswatch.flag.selection import Answer, Question, judge_all
from glasswatch.flag.trust_mark import trust_alarms, trust_mark


class Decider(StrEnum):
    """What an answer rests on."""

    FLAG = "flag"
    ORDER = "order"


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer: a state or a refusal, one line for a person, and what it rests on."""

    state: FlagState | None
    refusal: Refusal | None
    reason: str
    decided_by: Decider = Decider.FLAG


@dataclass(frozen=True, slots=True)
class Weighed:
    """What was decided; what the flag's documents and the orders said; what to look at; and the floor afterwards.

    `order` is None where none was looked for.
    """

    decision: Decision
    flag: Answer
    order: OrderJudgement | None
    alarms: tuple[Alarm, ...]
    floor: Floor


def weigh(documents: Sequence[bytes | Refused], orders: OrderLines | None, question: Question, seen: Floor) -> Weighed:
    """Judge documents and orders together; never raises, whatever they hold."""
    expect = question.expect
    flag = judge_all(documents, question, seen)
    order = None
    used = trust_mark(question.trust, expect.audience, expect.platform)
    alarms = (*trust_alarms(used, seen), *flag.alarms)
    moved = advance(flag.floor, used)
    if orders is not None:
        asked = OrderAsked(expect.audience, expect.platform, question.is_now)
        order = judge_orders([orders], question.trust, asked, question.now, seen)
        alarms = (*alarms, *order.alarms())
        if order.latest is not None:
            moved = advance(moved, order.latest.mark)
    return Weighed(decide(flag.judgement, order, expect.exercise_principal), flag, order, alarms, moved)


def decide(flag: Judgement, order: OrderJudgement | None, exercise_principal: str | None) -> Decision:
    """Return what is decided by a flag and by orders, if any were looked for."""
    if order is None or order.state is None:
        return Decision(flag.state, flag.refusal, flag.reason)
    if order.state is FlagState.READY and exercise_principal is not None:
        what = "this is an emergency by order, and an exercise was asked for"
        return Decision(None, Refusal.EMERGENCY, f"{what}; {ADVICE[Refusal.EMERGENCY]}", Decider.ORDER)
    return Decision(order.state, None, order.reason, Decider.ORDER)
