#!/usr/bin/env python3
"""Answers a gateway's "may this pass?" by the signed flag: nginx' `auth_request`, Envoy's `ext_authz`, and others.

    verifier.py SOCKET          serves HTTP/1.1 on a Unix socket that only the gateway can reach

1. 204 while break-glass is ready, 403 while it is sealed or can't be told, 400 for a request that names nobody. A
   gateway passes 2xx and nothing else, so a verifier that is dead keeps it closed.
2. Who asks stands in `X-Break-Glass-Person`, for what in `X-Break-Glass-Target`; the gateway sets both itself, from
   the client's certificate, and never passes on what a client sent under these names. `X-Break-Glass-Drill: 1` asks
   for an exercise that names the person.
3. Every answer comes from `ask`, which logs and reports. An answer is kept for two seconds for the same person and
   target, so that a page with a hundred pictures is one attempt. What is decided alike within a quarter of an hour, by
   the same flag or order, has one id; anything else is told as an attempt of its own.

It needs nothing but Python's own library.
"""

import asyncio
import hashlib
import os
import sys
import time
from pathlib import Path

ASK = Path(__file__).resolve().parent.parent / "ask"
KEPT_SECONDS = 2.0
SESSION_SECONDS = 900
DEADLINE_SECONDS = 8.0
HEAD_BYTES = 16 * 1024
MOST_KEPT = 4096
_LINES = {204: "No Content", 400: "Bad Request", 403: "Forbidden"}


class Verifier:
    """Asks for each person and target at most once every two seconds."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str, bool], tuple[float, asyncio.Task[bool]]] = {}

    async def is_open(self, person: str, target: str, *, is_drill: bool) -> bool:
        """Whether this person may pass now."""
        key = (person, target, is_drill)
        now = time.monotonic()
        found = self._kept.get(key)
        if found is None or now - found[0] >= KEPT_SECONDS:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            found = self._kept[key] = (now, asyncio.create_task(ask(person, target, is_drill=is_drill)))
        return await asyncio.shield(found[1])

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection's requests, one after another."""
        try:
            while True:
                async with asyncio.timeout(60):
                    head = await reader.readuntil(b"\r\n\r\n")
                status = await self._judge(head)
                writer.write(f"HTTP/1.1 {status} {_LINES[status]}\r\ncontent-length: 0\r\n\r\n".encode())
                await writer.drain()
        except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError):
            pass  # the gateway went away, or speaks something else: nothing was allowed
        finally:
            writer.close()

    async def _judge(self, head: bytes) -> int:
        headers = _headers(head)
        person, target = headers.get("x-break-glass-person"), headers.get("x-break-glass-target")
        if not person or not target:
            return 400
        return 204 if await self.is_open(person, target, is_drill=headers.get("x-break-glass-drill") == "1") else 403


async def ask(person: str, target: str, *, is_drill: bool) -> bool:
    """Whether `ask` says ready. Whatever goes wrong is no."""
    who = f"{person}\0{target}\0{int(time.time()) // SESSION_SECONDS}"
    session = "gateway-" + hashlib.sha256(who.encode()).hexdigest()[:24]
    words = ["--person", person, "--target", target, "--session", session, *(["--drill"] if is_drill else [])]
    try:
        process = await asyncio.create_subprocess_exec(str(ASK), *words, stdin=asyncio.subprocess.DEVNULL)
    except (OSError, ValueError):
        return False
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            return await process.wait() == 0
    except TimeoutError:
        process.kill()
        await process.wait()
        return False


def _headers(head: bytes) -> dict[str, str]:
    """Return the headers of a request; one that stands there twice counts as missing: nobody knows which was meant."""
    found: dict[str, str] = {}
    twice: set[str] = set()
    for line in head.decode("latin-1").split("\r\n")[1:]:
        name, colon, value = line.partition(":")
        if colon:
            name = name.strip().lower()
            twice |= {name} & found.keys()
            found[name] = value.strip()
    return {name: value for name, value in found.items() if name not in twice}


async def main(path: str) -> None:
    """Serve until ended."""
    server = await asyncio.start_unix_server(Verifier().serve, path, limit=HEAD_BYTES)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    if len(sys.argv) != 2:  # noqa: PLR2004 - the program and one argument
        sys.exit("usage: verifier.py SOCKET")
    Path(sys.argv[1]).unlink(missing_ok=True)
    os.umask(0o007)  # the socket is for the gateway's group alone
    try:
        asyncio.run(main(sys.argv[1]))
    except KeyboardInterrupt:
        sys.exit(5)
