"""A server in a loop and a thread of its own, for commands that have a loop too."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from tests.servers.raw import Script, serving


@contextmanager
def served(script: Script) -> Iterator[str]:
    """Run a server; give its address."""
    loop = asyncio.new_event_loop()
    ready, ending = loop.create_future(), asyncio.Event()

    async def serve() -> None:
        async with serving(script) as server:
            ready.set_result(server.url())
            await ending.wait()

    async def url() -> str:
        return str(await ready)

    thread = Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        yield asyncio.run_coroutine_threadsafe(url(), loop).result(10)
    finally:
        loop.call_soon_threadsafe(ending.set)
        thread.join()
        loop.close()
