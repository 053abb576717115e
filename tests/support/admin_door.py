"""A gateway's shipped settings, put in place here, and the door that they make, knocked at with a certificate."""

import asyncio
import ssl
from collections.abc import Mapping
from pathlib import Path

from tests.support.listeners import is_up
from tests.support.tls import Authority


def adapted(shipped: Path, changes: Mapping[str, str]) -> str:
    """Return shipped settings with this machine's ports and places; each that is changed must be there."""
    text = shipped.read_text()
    for was, becomes in changes.items():
        assert was in text, was
        text = text.replace(was, becomes)
    return text


async def knock(authority: Authority, port: int, request: str, second: str | None = None) -> int:
    """Return the status that anna gets with her certificate, or with that of two persons."""
    client = ssl.create_default_context(cafile=str(authority.ca_file))
    shown = authority.issue_to("anna", second)
    client.load_cert_chain(shown.cert_file, shown.key_file)
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client, server_hostname="localhost")
    writer.write(request.encode())
    async with asyncio.timeout(20):
        head = await reader.read()
    writer.close()
    return int(head.split()[1])


async def all_up(*ports: int) -> bool:
    """Return whether somebody listens at each."""
    return all([await is_up(port) for port in ports])
