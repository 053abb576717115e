"""`starttls: postgres` against PostgreSQL itself, without TLS, with it, and with a client certificate asked for."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from monitor.model.outcome import Outcome
from monitor.probes.context import ProbeContext
from tests.support.postgres import Cluster, cluster
from tests.support.sockets import attempt, told
from tests.support.tls import Authority


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    """A cluster of its own: its settings are changed."""
    with cluster() as running:
        yield running


def _secure(server: Cluster, authority: Authority, **settings: str) -> None:
    """Have the server speak TLS with a certificate of the authority's."""
    certificate, owner = authority.issue(), server.sockets.stat()
    for source, name, mode in ((certificate.cert_file, "tls.pem", 0o644), (certificate.key_file, "tls.key", 0o600)):
        place = Path(shutil.copy(source, server.sockets / name))
        place.chmod(mode)
        os.chown(place, owner.st_uid, owner.st_gid)
    files = {"ssl_cert_file": str(server.sockets / "tls.pem"), "ssl_key_file": str(server.sockets / "tls.key")}
    with server.connect() as connection:
        for name, value in {**files, "ssl": "on", **settings}.items():
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())
        connection.execute("SELECT pg_reload_conf()")
    for _ in range(1000):
        with server.connect() as connection:
            if connection.execute("SHOW ssl").fetchone() == ("on",):
                return
        Event().wait(0.01)
    raise AssertionError("PostgreSQL does not turn TLS on")


async def _outcome(context: ProbeContext, server: Cluster, **more: Any) -> Outcome:
    return await attempt(context, "tcp", server.port, starttls="postgres", **more)


async def test_postgres_goes_over_to_tls(context: ProbeContext, server: Cluster, authority: Authority) -> None:
    """Without TLS it says no; with TLS it says yes, and goes on inside."""
    with server.connect() as connection:
        (was,) = connection.execute("SHOW ssl").fetchone() or ("",)
    if was == "off":
        assert told(await _outcome(context, server)) == ("bad", "answer", "the server does not offer TLS")
        _secure(server, authority)
    tls = {"ca_file": str(authority.ca_file)}
    outcome = await _outcome(context, server, tls=tls)
    assert told(outcome) == ("good", "ok", "connected, TLSv1.3")
    # To a start-up message it answers R: it wants to know who we are.
    startup = r"\0\0\0\x19\0\x03\0\0user\0glasswatch\0\0"
    outcome = await _outcome(context, server, tls=tls, steps=[{"send": startup, "expect": "^R"}])
    assert told(outcome) == ("good", "ok", "connected, TLSv1.3, 1 step held")
    assert (await _outcome(context, server)).detail.startswith("certificate not accepted: ")
