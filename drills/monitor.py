"""The running monitor as a drill asks it, through its endpoints on the wire.

- Addresses and methods come from the monitor's own table; answers are read by its shapes.
- What gets no answer is asked once more under the same id: everything that a drill asks may be asked twice.
- A refusal in the monitor's own words is `RequestRefused`. Its own trouble, and being asked to wait, is no answer; for
  how long it is to be left alone (`Retry-After`) goes with it. What else answers is not taken for a monitor. Both are
  `NotMeasured`.
- The token is sent over https, or to this machine only; it is read once.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel, ValidationError

from drills import credentials
from drills.asking import JSON, Asker, Heard, Manner, Question, agent_of
from drills.errors import AskedToWait, RequestRefused
from drills.model.event import Head
from drills.ports import Closing, OpeningFacts
from drills.settings.root import MonitorReachSettings
from glasswatch import visible
from glasswatch.clock import Clock
from glasswatch.errors import NotMeasured
from monitor.wire.answers import ErrorAnswer, OutagesAnswer, StatusAnswer
from monitor.wire.drillpoints import DRILL_ENDPOINTS
from monitor.wire.drills import (
    CalendarAnswer,
    CloseRunBody,
    HeadBody,
    HeadsAnswer,
    OpenRunBody,
    ReceiptAnswer,
    RunAnswer,
    RunQuery,
    RunsAnswer,
)
from monitor.wire.endpoint import Endpoint
from monitor.wire.exercise_endpoints import EXERCISES
from monitor.wire.exercises import (
    EndExerciseBody,
    ExerciseAnswer,
    ExerciseBody,
    ExerciseQuery,
    ExercisesAnswer,
)
from monitor.wire.queries import OutagesQuery
from monitor.wire.seeing_endpoints import OUTAGES, STATUS

Answer = TypeVar("Answer", bound=BaseModel)

_OWN_TROUBLE: Final = 500
_ASKED_TO_WAIT: Final = 429
_LONGEST_LINE: Final = 1000
_LONGEST_NAME: Final = 255
_MOST_NAMES: Final = 100
_ENDPOINTS: Final[Mapping[str, Endpoint]] = {
    # Not the whole table: what all others take and answer need not be loaded for a drill.
    each.name: each
    for each in (STATUS, OUTAGES, *DRILL_ENDPOINTS, *EXERCISES)
}


@dataclass(frozen=True, slots=True)
class Means:
    """What a monitor is asked with. `seconds`: how long it may take for an answer, the second try included."""

    clock: Clock
    secret: credentials.ReadSecret
    seconds: float = 10.0


class MonitorClient:
    """Asks one monitor. It is a `drills.ports.Witness` too."""

    name = "monitor"

    def __init__(self, reach: MonitorReachSettings, means: Means, run: str = "-") -> None:
        self._reach = reach
        self._means = means
        self._run = run
        self._asker = Asker(means.clock)
        self._token: str | None = None

    # Exercises

    async def start_exercise(self, body: ExerciseBody) -> ExerciseAnswer:
        """Start one, or find it started.

        Raises:
            NotMeasured, RequestRefused: see the module.
        """
        return await self._said(ExerciseAnswer, "exercise_begin", body=body)

    async def exercise(self, exercise: str) -> ExerciseAnswer | None:
        """Return one as it stands; None where there is none of this id."""
        try:
            return await self._said(ExerciseAnswer, "exercise", id=exercise)
        except RequestRefused as refused:
            if refused.is_of_no_such:
                return None
            raise

    async def exercises(self, query: ExerciseQuery) -> ExercisesAnswer:
        """Return those that run, and the last that ended."""
        return await self._said(ExercisesAnswer, "exercises", query=query)

    async def end_exercise(self, exercise: str, reason: str) -> None:
        """End one; that it never began, or has ended, is no mistake."""
        try:
            await self._asked("exercise_end", body=EndExerciseBody(reason=reason[:_LONGEST_LINE]), id=exercise)
        except RequestRefused as refused:
            if not refused.is_of_no_such:
                raise

    # Runs of drills

    async def open(self, facts: OpeningFacts, head: Head) -> str:
        """Open a run; return the receipt."""
        body = OpenRunBody(
            run=facts.run.id,
            scenario=facts.run.scenario,
            title=facts.title[:_LONGEST_LINE],
            owner=facts.owner[:_LONGEST_LINE],
            platform=facts.run.platform,
            operator=facts.run.operator,
            scenario_sha256=facts.scenario_sha256,
            cadence=facts.cadence,
            real=facts.real,
            until=facts.until,
            head=_head(head),
        )
        return (await self._said(ReceiptAnswer, "drill_open", body=body)).receipt

    async def tell(self, run: str, head: Head) -> str:
        """Tell of a head; return the receipt."""
        return (await self._said(ReceiptAnswer, "drill_head", body=_head(head), run=run)).receipt

    async def close(self, run: str, closing: Closing, head: Head) -> str:
        """Close a run; return the receipt."""
        return (await self._said(ReceiptAnswer, "drill_close", body=_closing(closing, head), run=run)).receipt

    async def close_by_hand(self, run: str, closing: Closing, head: Head) -> str:
        """Close a run whose journal is lost, with the head that was told of last; return the receipt."""
        body = _closing(closing, head).model_copy(update={"by_hand": True})
        return (await self._said(ReceiptAnswer, "drill_close", body=body, run=run)).receipt

    async def runs(self, query: RunQuery | None = None) -> RunsAnswer:
        """Return runs that were opened there, newest first."""
        return await self._said(RunsAnswer, "drills", query=query)

    async def run(self, run: str) -> RunAnswer | None:
        """Return one run; None where none of this name was opened there."""
        try:
            return await self._said(RunAnswer, "drill", run=run)
        except RequestRefused as refused:
            if refused.is_of_no_such:
                return None
            raise

    async def heads(self, run: str) -> HeadsAnswer:
        """Return every head of a run that was told of."""
        return await self._said(HeadsAnswer, "drill_heads", run=run)

    async def calendar(self) -> CalendarAnswer:
        """Return what is due there."""
        return await self._said(CalendarAnswer, "drill_calendar")

    # How it is

    async def status(self) -> StatusAnswer:
        """Return everything that the monitor holds true."""
        return await self._said(StatusAnswer, "status")

    async def outages(self, query: OutagesQuery | None = None) -> OutagesAnswer:
        """Return outages on record, newest first."""
        return await self._said(OutagesAnswer, "outages", query=query)

    async def _said(
        self,
        kind: type[Answer],
        name: str,
        *,
        body: BaseModel | None = None,
        query: BaseModel | None = None,
        **path: str,
    ) -> Answer:
        content = await self._asked(name, body=body, query=query, **path)
        try:
            return kind.model_validate_json(content)
        except ValidationError:
            raise NotMeasured(f"what answers at {self._reach.url} is not a monitor of this version") from None

    async def _asked(
        self, name: str, *, body: BaseModel | None = None, query: BaseModel | None = None, **path: str
    ) -> bytes:
        endpoint = endpoint_of(name)
        question = Question(
            endpoint.method,
            f"{self._reach.url.rstrip('/')}{endpoint.at(**path)}{_query(query)}",
            await self._headers(body),
            body.model_dump_json().encode() if body is not None else None,
        )
        manner = Manner(await credentials.trust(self._reach.ca_file))
        try:
            heard = await self._asker.heard(question, self._means.seconds / 2, manner)
        except NotMeasured:
            heard = await self._asker.heard(question, self._means.seconds / 2, manner)
        if heard.status not in range(200, 300):
            raise self._refused(heard)
        return heard.body

    async def _headers(self, body: BaseModel | None) -> Mapping[str, str]:
        if self._token is None:
            self._token = await credentials.read_for_header(self._means.secret, self._reach.token)
        kind = {"Content-Type": JSON} if body is not None else {}
        return {
            "User-Agent": agent_of(self._run),
            "Accept": JSON,
            credentials.AUTHORIZATION: f"Bearer {self._token}",
            **kind,
        }

    def _refused(self, heard: Heard) -> Exception:
        try:
            problem = ErrorAnswer.model_validate_json(heard.body).error
        except ValidationError:
            return NotMeasured(f"what answers at {self._reach.url} does so with status {heard.status}")
        if heard.status >= _OWN_TROUBLE or heard.status == _ASKED_TO_WAIT:
            return AskedToWait(f"the monitor can't answer now: {visible.line(problem.message)}", _wait_of(heard))
        return RequestRefused(problem.code, visible.line(problem.message))


def endpoint_of(name: str) -> Endpoint:
    """Return an endpoint of the monitor's table."""
    return _ENDPOINTS[name]


def _wait_of(heard: Heard) -> float:
    """Return for how many seconds an answer asks to be left alone; a second where it does without saying so."""
    wished = next((value for name, value in heard.headers if name == "retry-after"), "")
    if re.fullmatch("[0-9]{1,5}", wished):
        return float(wished)
    return 1.0 if heard.status == _ASKED_TO_WAIT else 0.0


def _head(head: Head) -> HeadBody:
    return HeadBody(seq=head.seq, hash=head.hash)


def _closing(closing: Closing, head: Head) -> CloseRunBody:
    return CloseRunBody.model_validate(
        {
            "verdict": str(closing.verdict),
            "why": closing.why[:_LONGEST_LINE],
            "spans": {str(span): seconds for span, seconds in closing.spans},
            "findings": {str(severity): count for severity, count in closing.findings},
            "residue": tuple(each[:_LONGEST_NAME] for each in closing.residue[:_MOST_NAMES]),
            "head": _head(head),
        }
    )


def _query(query: BaseModel | None) -> str:
    given = query.model_dump(mode="json", exclude_none=True) if query is not None else {}
    return f"?{urlencode(given)}" if given else ""
