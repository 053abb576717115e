"""Making one exchange through the transport, and what came of it."""

import asyncio
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from platforms.errors import TransportFault
from platforms.http import Request, Response
from platforms.transport.http import HttpTransport, Terms, content_of, expiry_in
from platforms.transport.http2 import speak
from platforms.transport.reach import Network
from platforms.transport.stopwatch import Phase, Stopwatch
from platforms.transport.tape import Tape
from platforms.transport.tls import HTTP_1, HTTP_2, TlsOptions
from tests.support.waiting import until

MEBIBYTE = 1024 * 1024


@dataclass(slots=True)
class Exchange:
    """One exchange to make, with `within` seconds for all of it."""

    network: Network
    url: str
    method: str = "GET"
    content: bytes | None = None
    ca_file: Path | None = None
    min_version: str = "1.2"
    server_name: str | None = None
    max_body: int = MEBIBYTE
    within: float = 30.0
    headers: Mapping[str, str] | None = None
    is_http2: bool = False
    body_for: Container[int] | None = None
    tape: Tape | None = None
    watch: Stopwatch = field(init=False)
    _deadline: asyncio.Timeout | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.watch = Stopwatch(self.network.clock)

    async def response(self) -> Response:
        """Make it and return the answer."""
        tls = TlsOptions(self.ca_file, self.min_version, HTTP_2 if self.is_http2 else HTTP_1)
        terms = Terms(self.max_body, tls, self.body_for, speak=speak if self.is_http2 else None)
        extensions = {"sni_hostname": self.server_name} if self.server_name else None
        request = Request(self.method, self.url, headers=self.headers, content=self.content, extensions=extensions)
        async with asyncio.timeout(self.within) as self._deadline:
            return await HttpTransport(self.network, terms, self.watch, self.tape).handle_async_request(request)

    async def runs_out_in(self, phase: Phase) -> None:
        """Make it, and let its deadline pass when it has come to a phase. Raises what it then raises."""
        going = asyncio.create_task(self.response())
        await until(lambda: self.watch.running is phase or going.done())
        await asyncio.sleep(0.05)  # what a server sends at once in this phase is here, too
        assert self._deadline is not None
        self._deadline.reschedule(asyncio.get_running_loop().time())
        await going

    async def body(self) -> bytes:
        """Make it and return the body."""
        return content_of(await self.response(), self.max_body)

    async def expiry(self) -> datetime | None:
        """Make it and return when the server's certificate ends."""
        return expiry_in(await self.response())

    async def fault(self) -> TransportFault:
        """Make it and return what went wrong."""
        try:
            await self.body()
        except TransportFault as fault:
            return fault
        raise AssertionError("nothing went wrong")
