"""The page receiver: what would be a pager, as its own process. `python -m monitor.demo.receiver --secret-file FILE`.

- `POST /page` takes a page whose Standard Webhooks signature fits, once per `webhook-id`: a repeat is counted, not
  kept again. What doesn't fit is refused with 401 and counted.
- `GET /pages` lists what arrived, oldest first. `age_seconds` is how long ago, by this machine's monotonic clock, so
  that a reader can place the arrival on its own time line.
- `PUT /down` has it answer every page with 503 until `DELETE /down`: a pager that is out of order. Both answer 204.
- Each page that is new is printed in plain words.

The first line on standard output is JSON: `{"event": "ready", "pid": …, "url": …}`. In memory only, the last 1000.
"""

import asyncio
import json
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from glasswatch.cli import end
from glasswatch.clock import Clock, SystemClock
from monitor.demo.errors import SignatureRefused
from monitor.demo.signature import check, key_of
from platforms.simulator.lifeline import tie_to_parent
from platforms.simulator.listener import Listener, loopback

_KEPT = 1000
_LARGEST_BODY = 256 * 1024
_SAID = ("kind", "severity", "status", "platform", "summary", "reason")


@dataclass(slots=True)
class Received:
    """One page as it arrived first; `body` is its JSON, whatever that is."""

    id: str
    body: object
    arrived_at: datetime
    arrived: float
    deliveries: int = 1


class Inbox:
    """The pages that arrived, by id."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.refused = 0
        self._say = say
        self._pages: dict[str, Received] = {}

    def take(self, page_id: str, body: object, now: datetime, monotonic: float) -> None:
        """Keep and print a page that is new; count one that is not."""
        known = self._pages.get(page_id)
        if known is not None:
            known.deliveries += 1
            return
        page = Received(page_id, body, now, monotonic)
        self._pages[page_id] = page
        if len(self._pages) > _KEPT:
            del self._pages[next(iter(self._pages))]
        self._say(plain_words(page))

    def as_data(self, monotonic: float) -> dict[str, object]:
        """Return everything as JSON values."""
        return {
            "refused": self.refused,
            "pages": [
                {
                    "id": page.id,
                    "arrived_at": page.arrived_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                    "age_seconds": monotonic - page.arrived,
                    "deliveries": page.deliveries,
                    "page": page.body,
                }
                for page in self._pages.values()
            ],
        }


def plain_words(page: Received) -> str:
    """Return a page as one line for a person, whatever its body holds."""
    body = page.body if isinstance(page.body, dict) else {}
    said = {name: value if isinstance(value := body.get(name), str) else "" for name in _SAID}
    gist = said["summary"] or said["reason"] or "(no words)"
    head = f"{said['severity'].upper() or 'PAGE'} {said['kind'] or '?'} {said['status'] or '?'}"
    platform = said["platform"] or "?"
    line = f"{page.arrived_at:%H:%M:%S}  {head}  {platform}: {gist.removeprefix(f'{platform}: ')}"
    return "".join(each if each.isprintable() else " " for each in line)


class Receiver:
    """The receiver's HTTP face."""

    def __init__(self, key: bytes, inbox: Inbox, clock: Clock) -> None:
        self._key = key
        self._inbox = inbox
        self._clock = clock
        self._is_down = False

    def app(self) -> Starlette:
        """Return the app."""
        return Starlette(
            routes=[
                Route("/page", self.page, methods=["POST"]),
                Route("/pages", self.pages, methods=["GET"]),
                Route("/down", self.down, methods=["PUT", "DELETE"]),
            ]
        )

    async def page(self, request: Request) -> Response:
        """Take one page."""
        if self._is_down:
            return self._refuse(503, "this pager is out of order")
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > _LARGEST_BODY:
                return self._refuse(413, "the body is larger than 256 KiB")
        now = self._clock.now()
        try:
            page_id = check(self._key, request.headers, body, now)
        except SignatureRefused as error:
            return self._refuse(401, str(error))
        try:
            data = json.loads(body)
        except (ValueError, RecursionError):
            return self._refuse(422, "the body is not JSON")
        self._inbox.take(page_id, data, now, self._clock.monotonic())
        return Response(status_code=204)

    async def pages(self, request: Request) -> Response:
        """List what arrived."""
        del request
        return JSONResponse(self._inbox.as_data(self._clock.monotonic()))

    async def down(self, request: Request) -> Response:
        """Be out of order from now on, or in order again."""
        self._is_down = request.method == "PUT"
        return Response(status_code=204)

    def _refuse(self, status: int, why: str) -> Response:
        self._inbox.refused += 1
        return JSONResponse({"error": "refused", "message": why}, status_code=status)


async def run_until_told(listener: Listener, say: Callable[[str], None]) -> None:
    """Listen, say the ready line, and stop once SIGTERM or SIGINT arrives."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    await listener.open()
    try:
        say(json.dumps({"event": "ready", "pid": os.getpid(), "url": listener.url}))
        await told.wait()
    finally:
        await listener.close()


@click.command()
@click.option("--listen", default="127.0.0.1:0", show_default=True, help="Where pages are taken; port 0: any.")
@click.option("--secret-file", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=True)
@click.option("--parent", type=int, help="End when this process ends.  [default: whoever started it]")
def command(listen: str, secret_file: Path, parent: int | None) -> None:
    """Take pages and print them, until SIGTERM, or until the parent ends."""
    tie_to_parent(os.getppid() if parent is None else parent)
    key = key_of(secret_file.read_text("utf-8").strip())
    receiver = Receiver(key, Inbox(click.echo), SystemClock())
    asyncio.run(run_until_told(Listener(receiver.app(), *loopback(listen)), click.echo))


if __name__ == "__main__":
    end(command, "python -m monitor.demo.receiver")
