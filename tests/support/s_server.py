"""OpenSSL's own server, for what Python's can't be made to do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.support.listeners import free_port, listening
from tests.support.programs import require
from tests.support.tls import Certificate


@asynccontextmanager
async def s_server(certificate: Certificate, *options: str) -> AsyncIterator[int]:
    """Run it with a certificate, and what follows it in its file as its chain; yield its port."""
    program, port = require("openssl", package="openssl"), free_port()
    files = ("-cert", certificate.cert_file, "-key", certificate.key_file, "-cert_chain", certificate.cert_file)
    where = ("-accept", f"127.0.0.1:{port}", "-naccept", "1000")
    async with listening(port, program, "s_server", *map(str, files), *where, *options):
        yield port
