"""Persons who act on a flag while its monitor is killed again and again, and what must have come of it.

An act whose answer was lost is sent again, under its key, until it is answered. So of every act it is known in the end
whether it was done; `wrong_*` say where the monitor, its audit or the pages know otherwise.
"""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from platforms.http import HTTPError, Response
from tests.support.monitors import Home, MonitorProcess
from tests.support.persons import Person
from tests.support.receiver import Receiver

PERSONS = ("anna", "ben", "cleo")
ANSWERED_WITHIN = 60.0


@dataclass(frozen=True, slots=True)
class Deed:
    """One act of a person. `reason` is no other's; of a confirmation it is that of what is confirmed."""

    person: str
    act: str
    reason: str
    body: Mapping[str, object]


@dataclass
class Deeds:
    """What was done so far, and what must hold because of it."""

    monitor: MonitorProcess
    chance: random.Random
    raised: set[str] = field(default_factory=set)
    waiting: dict[str, Deed] = field(default_factory=dict)
    held_by: str | None = None
    done: list[tuple[str, str]] = field(default_factory=list)  # kind in the audit, and reason
    wrong: list[str] = field(default_factory=list)
    unanswered: Deed | None = None
    _count: int = 0

    def any(self) -> Deed:
        """Return some act, by some person: possible or not."""
        self._count += 1
        person, reason, key = self.chance.choice(PERSONS), f"deed-{self._count:04}", f"key-{self._count}"
        ways: list[tuple[str, dict[str, object]]] = [
            ("raise", {"reason": reason, "for_seconds": 3600}),
            ("raise", {"reason": reason, "for_seconds": 3600}),
            ("inhibit", {"reason": reason, "for_seconds": 1800}),
            ("lower", {"reason": reason}),
            ("inhibit", {"reason": reason, "end": True}),
        ]
        asked: list[tuple[str, dict[str, object]]] = [("confirm", {"request": each}) for each in self.waiting]
        act, body = self.chance.choice([*ways, *asked, *asked])
        about = self.waiting[str(body["request"])].reason if act == "confirm" else reason
        return Deed(person, act, about, {**body, "key": key})

    async def do(self, deed: Deed, *, is_heard: bool = True) -> None:
        """Send an act; it stays unanswered if the monitor is killed meanwhile, or if the answer is not heard."""
        self.unanswered = deed
        try:
            answer = await Person(deed.person, self.monitor).posts(deed.act, deed.body)
        except HTTPError:
            return
        if is_heard:
            self._note(deed, answer)

    async def settle(self) -> None:
        """Have the act whose answer was lost answered, and everything on record."""
        async with asyncio.timeout(ANSWERED_WITHIN):
            while self.unanswered is not None:
                await self.do(self.unanswered)
                await asyncio.sleep(0.02)

    def _note(self, deed: Deed, answer: Response) -> None:
        if answer.status_code in {404, 409}:
            self.unanswered = None
            return
        if answer.status_code != 200:
            self.wrong.append(f"{deed}: {answer.status_code} {answer.text}")
            return
        said = answer.json()
        if not said["recorded"]:
            return  # it is sent again until it is: a kill may still undo it
        self.unanswered = None
        self._done(deed, str(said["id"]), is_pending=said["outcome"] == "pending")

    def _done(self, deed: Deed, subject: str, *, is_pending: bool) -> None:
        kind = deed.act
        if deed.act == "confirm":
            kind = self.waiting.pop(str(deed.body["request"])).act
        if is_pending:
            kind += "_asked"
            self.waiting[subject] = deed
        elif kind == "raise":
            self.raised.add(subject)
        elif kind == "lower":
            self.raised.clear()
        elif deed.body.get("end"):
            kind, self.held_by = "inhibit_end", None
        else:
            self.held_by = subject
        self.done.append((f"flag_{kind}", deed.reason))

    async def wrong_now(self) -> list[str]:
        """Return where the running monitor holds something else than what was answered."""
        glass = (await self.monitor.status())["break_glass"]
        assert isinstance(glass, dict)
        manual = {cause["id"] for cause in glass["causes"] if cause["kind"] == "manual"}
        pending = {request["id"] for request in glass["pending"]}
        held_by = glass["inhibit"] and glass["inhibit"]["id"]
        pairs = ((manual, self.raised), (pending, set(self.waiting)), (held_by, self.held_by))
        return [f"it holds {found}, but {wanted} was answered" for found, wanted in pairs if found != wanted]

    def wrong_audit(self, home: Home) -> list[str]:
        """Return where the audit knows of other acts, or of one twice."""
        entries = [json.loads(str(row["entry"])) for row in home.rows("SELECT entry FROM audit ORDER BY seq")]
        bodies = ((str(entry["kind"]), entry["body"]) for entry in entries)
        found = Counter((kind, body["reason"]) for kind, body in bodies if kind.startswith("flag_") and "token" in body)
        wanted = Counter(self.done)
        return [
            *(f"{act} was done {count} times more than it was answered" for act, count in (found - wanted).items()),
            *(f"{act} was answered and is not on record" for act in wanted - found),
        ]

    def wrong_pages(self, pages: Receiver) -> list[str]:
        """Return what was done and nobody was ever paged for."""
        fired = [page for page in (each.json() for each in pages.accepted) if page["status"] == "firing"]
        told = "\n".join(str(page["summary"]) for page in fired if page["kind"] == "flag")
        return [f"{kind} for {reason} fired no page" for kind, reason in self.done if reason not in told]
