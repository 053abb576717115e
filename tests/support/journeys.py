"""A small journey, and the driver's part played by hand: every order is answered by a function of it."""

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from platforms.journey.model import (
    Answer,
    Ask,
    Capture,
    Ending,
    Expect,
    Failed,
    Find,
    Journey,
    JsonValue,
    Keep,
    Opening,
    OpenState,
    Order,
    Planned,
    Seen,
    Step,
    Undo,
    Until,
)
from platforms.journey.rules.course import Course, Run
from tests.support.clock import START

ORIGIN = "https://access.example.com"
RUN = "run-1"
_BEARER = {"Authorization": "Bearer ${session}"}

FIND = Find(
    Ask(path="/requests?reason=${run}", headers=_BEARER),
    Expect(),
    (Capture("request", json=("requests", 0, "id")),),
)
UNDO = Undo(Ask("POST", "/requests/${request}/withdraw", headers=_BEARER), Expect(), (404, 410, 409), FIND)
SIGN_IN = Step(
    "sign_in",
    Ask("POST", "/signin", json={"secret": "${password}"}, has_json=True),
    Expect((201,)),
    (Capture("session", json=("session",)),),
    span="sign_in",
    sends_secret=True,
)
REQUEST = Step(
    "request",
    Ask("POST", "/requests", headers=_BEARER, json={"reason": "${run}"}, has_json=True),
    Expect((201,)),
    (Capture("request", json=("id",), keep=True),),
    undo=UNDO,
    span="request",
)
GRANTED = Step(
    "granted",
    Ask(path="/requests/${request}", headers=_BEARER),
    capture=(Capture("grant", json=("grant",), keep=True),),
    until=Until(json=(JsonValue("state", ("state",), "granted"),), denied=(JsonValue("state", ("state",), "denied"),)),
    span="grant",
)
USE = Step("use", Ask("POST", "/grants/${grant}/use", headers=_BEARER), span="use")
REVOKE = Step("revoke", Ask("POST", "/grants/${grant}/revoke", headers=_BEARER), closes="request", span="revoke")
REFUSED = Step(
    "use_refused", Ask("POST", "/grants/${grant}/use", headers=_BEARER), Expect((409,)), is_refused=True, span="revoke"
)
JOURNEY = Journey(ORIGIN, (SIGN_IN, REQUEST, GRANTED, USE, REVOKE, REFUSED))


def with_step(step: Step, journey: Journey = JOURNEY) -> Journey:
    """Return the journey with a step in place of the one of its name."""
    return replace(journey, steps=tuple(step if each.id == step.id else each for each in journey.steps))


def answer(status: int = 200, headers: Sequence[tuple[str, str]] = (), **members: object) -> Answer:
    """Return an answer with a JSON object."""
    return Answer(status, headers, json.dumps(members).encode())


@dataclass
class Played:
    """What a journey asked for, in order, and the record as it was left."""

    answers: Mapping[str, Callable[[], Answer | Failed]]
    book: dict[tuple[str, str], Opening] = field(default_factory=dict)
    sent: list[Planned] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    at: float = 100.0
    writes: Callable[[Opening], Failed | None] = lambda _opening: None

    def drive(self, way: Generator[Order, Seen, Ending]) -> Ending:
        """Go it to its end; each request takes 1 s, each pause its seconds."""
        try:
            order = next(way)
            while True:
                order = way.send(self._seen(order))
        except StopIteration as end:
            ending: Ending = end.value
            return ending

    def _seen(self, order: Order) -> Seen:
        self.orders.append(order)
        if isinstance(order, Keep):
            return Seen(self.at, self._kept(order.opening))
        if isinstance(order, Planned):
            self.at += 1
            self.sent.append(order)
            return Seen(self.at, self.answers[order.step]())
        self.at += order.seconds
        return Seen(self.at)

    def _kept(self, opening: Opening) -> Failed | None:
        failed = self.writes(opening)
        if failed is None and opening.state is OpenState.CLOSED:
            self.book.pop((opening.run, opening.step), None)
        elif failed is None:
            self.book[opening.run, opening.step] = opening
        return failed

    @property
    def steps(self) -> list[str]:
        """The steps that were sent, in order."""
        return [planned.step for planned in self.sent]


def good_answers(**others: Answer | Failed) -> dict[str, Callable[[], Answer | Failed]]:
    """Return answers with which every step holds, others in place of some; `a__b` stands for `a of b`."""
    table: dict[str, Answer | Failed] = {
        "sign_in": answer(201, session="s-1"),
        "request": answer(201, id="req-1"),
        "granted": answer(200, state="granted", grant="grant-1"),
        "use": answer(200),
        "revoke": answer(200),
        "use_refused": answer(409),
        "undo of request": answer(200),
        "find of request": answer(200, requests=[{"id": "req-1"}]),
    }
    table |= {name.replace("__", " of "): each for name, each in others.items()}
    return {name: lambda each=each: each for name, each in table.items()}  # type: ignore[misc]  # a default binds it


def gone(journey: Journey = JOURNEY, **others: Answer | Failed) -> tuple[Ending, Course, Played]:
    """Go a journey with these answers; return how it ended, the run, and what was asked for."""
    played = Played(good_answers(**others))
    course = Course(journey, Run(RUN, START, {"password": "hunter2"}))
    return played.drive(course.go(played.at)), course, played
