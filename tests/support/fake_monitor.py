"""A monitor as a drill asks it, with exercises and runs alone: the paths are those of the monitor's own table."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from drills.monitor import endpoint_of
from tests.support.receiver import Answer, Behaviour, Receiver, receiving

TOKEN = "planted-s3cret-7f"
EXERCISE: Mapping[str, Any] = {
    "by": "drill",
    "targets": [],
    "began": "2026-03-01T03:00:00Z",
    "until": "2026-03-01T03:30:00Z",
    "detected": None,
    "detection_seconds": None,
    "ended": None,
    "why": "",
}
RUN: Mapping[str, Any] = {
    **dict.fromkeys(("scenario", "title", "owner", "platform", "operator", "scenario_sha256"), "x"),
    **dict.fromkeys(("opened", "until", "heard"), "2026-03-01T03:00:00Z"),
    "real": True,
    "standing": "open",
    "closed": None,
    "verdict": "",
    "why": "",
    "spans": {},
    "findings": {},
    "residue": [],
    "quiet_seconds": 130.0,
    "head": {"seq": 1, "hash": "a" * 64},
}


@dataclass
class FakeMonitor:
    """What it holds. The receiver's script goes before all."""

    receiver: Receiver
    exercises: dict[str, dict[str, Any]] = field(default_factory=dict)
    heads: list[dict[str, Any]] = field(default_factory=list)
    refusal: tuple[int, str, str] | None = None
    quiet: list[float] = field(default_factory=list)
    """For how long nothing was heard of a run, each time that it is asked; long enough once none is left."""
    run: dict[str, Any] = field(default_factory=dict)
    """What else is said of it."""

    @property
    def reach(self) -> dict[str, Any]:
        """The setting `drill.monitor` that reaches it."""
        return {"url": self.receiver.url, "token": {"env": "PLANTED"}}

    def detect(self, exercise: str) -> None:
        """Have an exercise be detected."""
        detected = {"state": "detected", "detected": "2026-03-01T03:00:09Z", "detection_seconds": 9.0}
        self.exercises[exercise] |= detected

    def decide(self, target: str, body: bytes) -> Behaviour | None:
        """Answer as the monitor would; None where the script says what happens."""
        if self.receiver.script:
            return None
        if self.refusal is not None:
            status, code, message = self.refusal
            return _answer({"error": {"code": code, "message": message}}, status)
        given = json.loads(body) if body else {}
        for name, act in (
            ("exercise_end", self._end),
            ("exercise_begin", self._begin),
            ("exercise", self._show),
            ("drill_head", self._head),
            ("drill_close", self._head),
            ("drill_open", self._head),
            ("drill_heads", lambda _body, run: _answer({"run": run, "heads": []})),
            ("drill", self._run),
        ):
            path = re.sub(r"\\\{\w+\\\}", "([^/]+)", re.escape(endpoint_of(name).path))
            found = re.fullmatch(path, target)
            if found is not None and bool(body) == endpoint_of(name).writes:
                return act(given, *found.groups())
        return _answer({"error": {"code": "not_found", "message": "nothing lives here"}}, 404)

    def _begin(self, body: dict[str, Any]) -> Answer:
        wish = {name: body[name] for name in ("id", "run", "platform", "principals")}
        return _answer(self.exercises.setdefault(body["id"], {**EXERCISE, **wish, "state": "running"}))

    def _show(self, _body: dict[str, Any], exercise: str) -> Answer:
        found = self.exercises.get(exercise)
        return _answer(found) if found else _answer({"error": {"code": "no_such", "message": "no such exercise"}}, 404)

    def _end(self, body: dict[str, Any], exercise: str) -> Answer:
        found = self.exercises.get(exercise)
        if found is not None and found["state"] != "ended":  # how it ended first stands
            found |= {"state": "ended", "ended": "2026-03-01T03:01:00Z", "why": body["reason"]}
        return self._show({}, exercise)

    def _run(self, _body: dict[str, Any], run: str) -> Answer:
        quiet = {"quiet_seconds": self.quiet.pop(0)} if self.quiet else {}
        return _answer({**RUN, **self.run, **quiet, "run": run})

    def _head(self, body: dict[str, Any], run: str = "") -> Answer:
        self.heads.append(body)
        return _answer({"run": run or body["run"], "receipt": "a.b.c"})


def _answer(value: Mapping[str, Any], status: int = 200) -> Answer:
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json"})


@asynccontextmanager
async def fake_monitor() -> AsyncIterator[FakeMonitor]:
    """Run one for the length of a block."""
    async with receiving() as receiver:
        monitor = FakeMonitor(receiver)
        receiver.decide = monitor.decide
        yield monitor
