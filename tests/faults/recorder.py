"""The outsider: looks at a monitor without pause and writes down what it says, and what its store holds at the end.

It reads the published file, asks `/api/v1/flag/PLATFORM` and `/api/v1/status`, and judges every document as a strict
reader does, by its own clock. It decides nothing about what it saw.
"""

import asyncio
import contextlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import unquote

from glasswatch.flag import reader, trust
from glasswatch.flag.document import CauseKind, Claims
from tests.faults.recording import Arrival, Decided, Document, Look, Measured, Recording
from tests.support.monitors import DEPLOYMENT, PLATFORM, Home, MonitorProcess
from tests.support.receiver import Answer, Receiver
from tests.support.siege import CLOCK, Span, moment

LOOK_SECONDS = 0.01
ASK_SECONDS = 0.1
ANSWERS_WITHIN = 2.0
_OUTCOMES = (
    "SELECT started_at, kind FROM outcomes JOIN series ON series.id = outcomes.series "
    f"WHERE platform = '{PLATFORM}' ORDER BY started_at"
)
LOSES = Answer(202, b'{"status": "accepted"}')  # a provider that says so, and tells nobody


class Recorder:
    """Fills a recording until cancelled."""

    def __init__(self, monitor: MonitorProcess, recording: Recording) -> None:
        self.recording = recording
        self._monitor = monitor
        self._home: Home = monitor.home
        self._trusted = trust.load(self._home.trust, CLOCK)
        self._last: dict[str, bytes] = {}
        self._url: tuple[int, str] = (0, "")

    @property
    def state(self) -> str | None:
        """What the interface's flag said last."""
        return self.state_at("api")

    def state_at(self, source: str) -> str | None:
        """Return what one source's flag said last."""
        return next((each.state for each in reversed(self.recording.documents) if each.source == source), None)

    async def run(self) -> None:
        """Look at everything, each at its own pace."""
        async with asyncio.TaskGroup() as looking:
            looking.create_task(self._read_file())
            looking.create_task(self._ask(f"/api/v1/flag/{PLATFORM}", self._take_flag))
            looking.create_task(self._ask("/api/v1/status", self._take_status))

    async def _read_file(self) -> None:
        while True:
            with contextlib.suppress(FileNotFoundError):
                self._judge("file", self._home.flag.read_bytes())
            await asyncio.sleep(LOOK_SECONDS)

    async def _ask(self, path: str, take: Any) -> None:
        while True:
            with contextlib.suppress(OSError, TimeoutError, ValueError, AssertionError, IndexError, EOFError):
                async with asyncio.timeout(ANSWERS_WITHIN):
                    code, body = await self._monitor.ask(path)
                if code == 200:
                    take(json.loads(body))
            await asyncio.sleep(ASK_SECONDS)

    def _take_flag(self, answer: Mapping[str, Any]) -> None:
        self._judge("api", str(answer["jws"]).encode())

    def _take_status(self, answer: Mapping[str, Any]) -> None:
        (platform,) = (each for each in answer["platforms"] if each["platform"] == PLATFORM)
        measured = [_measured_at(each) for each in platform["functions"] if each["critical"]]
        oldest = None if None in measured else min(each for each in measured if each)
        self.recording.looks.append(Look(CLOCK.now(), platform["verdict"], platform["blind"], oldest))

    def _judge(self, source: str, data: bytes) -> None:
        if not data or data.strip() == self._last.get(source):
            return
        self._last[source] = data.strip()
        now = CLOCK.now()
        judged = reader.judge(data, self._trusted, reader.Expectation(DEPLOYMENT, PLATFORM), now)
        digest = sha256(data.strip()).hexdigest()
        if judged.claims is None:
            found = Document(now, source, digest, None, f"{judged.refusal}: {judged.reason}")
        else:
            found = _document(now, source, digest, judged.claims)
        self.recording.documents.append(found)

    def take_pages(self, receivers: Mapping[str, Receiver]) -> None:
        """Write down everything that arrived anywhere, in the order in which it did."""
        came = [_arrival(name, each) for name, server in receivers.items() for each in server.received]
        self.recording.arrivals = sorted(came, key=lambda arrival: arrival.at)

    def read_store(self) -> None:
        """Write down what the store holds."""
        rows, taken = self._home.rows, self.recording
        taken.decided = [
            Decided(str(row["page"]), str(row["dedup_key"]), str(row["status"]))
            for row in rows("SELECT page, dedup_key, status FROM pages ORDER BY id")
        ]
        taken.alive = [
            Span(moment(row["since"]), moment(row["until"])) for row in rows("SELECT * FROM alive_spans ORDER BY id")
        ]
        taken.measured = [Measured(moment(row["started_at"]), str(row["kind"])) for row in rows(_OUTCOMES)]


def _measured_at(function: Mapping[str, Any]) -> datetime | None:
    found = [datetime.fromisoformat(each["last_at"]) for each in function["probes"] if each["last_at"]]
    return max(found, default=None)


def _document(at: datetime, source: str, digest: str, claims: Claims) -> Document:
    outages = [cause.since for cause in claims.causes if cause.kind is CauseKind.OUTAGE]
    return Document(
        at=at,
        source=source,
        sha256=digest,
        state=claims.state.value,
        refusal=None,
        expires=_instant(claims.exp),
        ver=claims.ver,
        change=claims.change,
        prev=claims.prev,
        log_seq=claims.log.seq,
        outage_since=_instant(min(outages)) if outages else None,
    )


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(seconds=seconds)


def _arrival(receiver: str, received: Any) -> Arrival:
    page = received.json()
    return Arrival(
        at=received.at,
        receiver=receiver,
        page=unquote(received.headers["webhook-id"]),
        key=page["dedup_key"],
        kind=page["kind"],
        status=page["status"],
        is_accepted=received.is_accepted,
        is_lost=received.behaviour == LOSES,
        is_unrecorded=page["unrecorded"],
    )
