"""What the story and the command look through: the demo's programs over HTTP, and the flag's file.

Each look is one attempt within `LOOK_SECONDS`. What can't be asked, or answers nonsense, is `NotMeasured`, with who it
was; the flag is judged by `glasswatch.flag.reader` on the bytes of the file, as any reader would.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from glasswatch.clock import Clock
from glasswatch.errors import NotMeasured, UsageFault
from glasswatch.flag import disk, trust
from glasswatch.flag.errors import TrustFault
from glasswatch.flag.jws import MAX_BYTES
from glasswatch.flag.reader import Expectation, judge
from monitor.demo.ports import FlagSeen, PageSeen, VerdictSeen
from monitor.wire.answers import StatusAnswer
from platforms.http import AsyncClient, HTTPError, InvalidURL, Response

LOOK_SECONDS = 2.0
_OK = 200
_NOT_ALLOWED = (401, 403)
_WRONG = 422


@dataclass(frozen=True, slots=True)
class Ask:
    """Asks one of our own programs. `who` names it in errors."""

    who: str
    base: str
    client: AsyncClient

    async def __call__(self, method: str, path: str, body: object = None, token: str | None = None) -> Response:
        """Return the answer, whatever its status. Raises `NotMeasured` when there is none in time."""
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        content = None if body is None else json.dumps(body)
        try:
            return await self.client.request(method, f"{self.base}{path}", content=content, headers=headers)
        except (HTTPError, InvalidURL, OSError) as error:
            raise NotMeasured(f"the {self.who} does not answer ({type(error).__name__})") from error


def new_client() -> AsyncClient:
    """Return a client for loopback: no proxy from the environment, one deadline for everything."""
    return AsyncClient(trust_env=False, timeout=LOOK_SECONDS)


class SimulatorControl:
    """The simulated platform's admin face."""

    def __init__(self, client: AsyncClient, admin_url: str, token: str) -> None:
        self._ask = Ask("simulated platform", admin_url, client)
        self._token = token

    async def break_function(self, function: str) -> None:
        """Make a function answer 503. Raises `NotMeasured`."""
        await self.show(function, {"kind": "fail", "status": 503})

    async def show(self, function: str, fault: Mapping[str, object]) -> Mapping[str, object]:
        """Set a fault; return all that are set now. Raises `NotMeasured`, and `UsageFault` for what is no fault."""
        return self._faults(await self._ask("PUT", f"/admin/faults/{function}", fault, self._token))

    async def recover(self) -> None:
        """Take every fault away. Raises `NotMeasured`."""
        self._faults(await self._ask("POST", "/admin/recover", None, self._token))

    def _faults(self, answer: Response) -> Mapping[str, object]:
        data = _json(answer, "simulated platform")
        if answer.status_code in _NOT_ALLOWED:
            raise NotMeasured("the simulated platform that answers is not this directory's")
        if answer.status_code == _WRONG:
            raise UsageFault(str(data.get("message", "this is no fault")))
        if answer.status_code != _OK:
            raise NotMeasured(f"the simulated platform answers {answer.status_code}")
        return data


class StatusApi:
    """The monitor's word on one platform."""

    def __init__(self, client: AsyncClient, url: str, platform: str) -> None:
        self._ask = Ask("monitor", url, client)
        self._platform = platform

    async def is_ready(self) -> bool:
        """Whether the monitor says that it can be relied on; False too while nobody answers."""
        try:
            return (await self._ask("GET", "/-/ready")).status_code == _OK
        except NotMeasured:
            return False

    async def verdict(self) -> VerdictSeen:
        """Return its verdict now. Raises `NotMeasured`."""
        answer = await self._ask("GET", "/api/v1/status")
        if answer.status_code != _OK:
            raise NotMeasured(f"the monitor answers {answer.status_code}")
        try:
            status = StatusAnswer.model_validate_json(answer.content)
        except ValueError:
            raise NotMeasured("the monitor's answer is not its status") from None
        for each in status.platforms:
            if each.platform == self._platform:
                return VerdictSeen(each.verdict, each.why)
        raise NotMeasured(f"the monitor does not watch {self._platform}")


class ReceivedPages:
    """The pages at the receiver."""

    def __init__(self, client: AsyncClient, url: str, clock: Clock) -> None:
        self._ask = Ask("page receiver", url, client)
        self._clock = clock

    async def pages(self) -> Sequence[PageSeen]:
        """Return every page so far, oldest first. Raises `NotMeasured`."""
        data = _json(await self._ask("GET", "/pages"), "page receiver")
        now = self._clock.monotonic()
        pages = data.get("pages")
        if not isinstance(pages, list):
            raise NotMeasured("the page receiver's answer is not a list of pages")
        return [_page(each, now) for each in pages]


class FlagFile:
    """The flag's file and the trust file beside it, as a reader on another machine would judge copies of them."""

    def __init__(self, flag: Path, trust_file: Path, expect: Expectation, clock: Clock) -> None:
        self._flag = flag
        self._trust = trust_file
        self._expect = expect
        self._clock = clock

    async def word(self) -> FlagSeen:
        """Return the reader's word on the file now. Raises `NotMeasured` when a file can't be read."""
        try:
            pinned = trust.load(self._trust, self._clock)
            document = disk.read(self._flag, MAX_BYTES, self._clock).data
        except TrustFault as error:
            raise NotMeasured(f"the trust file can't be relied on: {error}") from error
        except FileNotFoundError:
            return FlagSeen("absent", f"there is no {self._flag.name}")
        except OSError as error:
            raise NotMeasured(f"{self._flag.name} can't be read: {error.strerror or error}") from error
        judgement = judge(document, pinned, self._expect, self._clock.now())
        return FlagSeen("refused" if judgement.state is None else judgement.state.value, judgement.reason)


class Running:
    """A client of a demo that runs in another process, by its state directory's notes. Use as `async with`."""

    def __init__(self, admin_url: str, token: str) -> None:
        self._client = new_client()
        self.control = SimulatorControl(self._client, admin_url, token)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self._client.aclose()


def running_in(note: Path, token_file: Path) -> AbstractAsyncContextManager[Running]:
    """Return the demo whose note this is. Raises `NotMeasured` when none runs there."""
    try:
        data = json.loads(note.read_text("utf-8"))
        return Running(data["admin_url"], token_file.read_text("utf-8").strip())
    except (OSError, ValueError, KeyError, TypeError):
        raise NotMeasured(f"no demo runs in {note.parent}: start one with `monitor demo`") from None


def _json(answer: Response, who: str) -> Mapping[str, object]:
    try:
        data = json.loads(answer.content)
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise NotMeasured(f"the {who} answers {answer.status_code} with something that is not a JSON object")
    return data


def _page(each: object, now: float) -> PageSeen:
    received = each if isinstance(each, dict) else {}
    page = received.get("page")
    members = page if isinstance(page, dict) else {}
    age = received.get("age_seconds")
    names = ("kind", "status", "dedup_key", "summary", "reason", "severity")
    said = {name: str(members.get(name) or "") for name in names}
    return PageSeen(
        kind=said["kind"],
        status=said["status"],
        dedup_key=said["dedup_key"],
        summary=said["summary"] or said["reason"],
        arrived=now - (age if isinstance(age, (int, float)) else 0.0),
        severity=said["severity"] or "page",
    )
