"""A real DNS server for tests: dnsmasq on a loopback port, with the records that it is given."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.support.listeners import free_port, listening
from tests.support.programs import require

_QUIET = ("--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--pid-file", "--user=root")


@asynccontextmanager
async def dnsmasq(*records: str) -> AsyncIterator[int]:
    """Run it; yield its port."""
    program, port = require("dnsmasq", package="dnsmasq-base"), free_port()
    where = (f"--port={port}", "--listen-address=127.0.0.1", "--bind-interfaces")
    async with listening(port, program, *_QUIET, *where, *records):
        yield port
