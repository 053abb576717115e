"""`starttls: postgres` against PostgreSQL itself, without TLS, with it, and with a client certificate asked for."""

from collections.abc import Iterator
from typing import Any

import pytest

from monitor.model.outcome import Outcome
from monitor.probes.context import ProbeContext
from tests.support.postgres import Cluster, cluster, speak_tls
from tests.support.sockets import attempt, told
from tests.support.tls import Authority


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    """A cluster of its own: its settings are changed."""
    with cluster() as running:
        yield running


async def _outcome(context: ProbeContext, server: Cluster, **more: Any) -> Outcome:
    return await attempt(context, "tcp", server.port, starttls="postgres", **more)


async def test_postgres_goes_over_to_tls(context: ProbeContext, server: Cluster, authority: Authority) -> None:
    """Without TLS it says no; with TLS it says yes, and goes on inside."""
    with server.connect() as connection:
        (was,) = connection.execute("SHOW ssl").fetchone() or ("",)
    if was == "off":
        assert told(await _outcome(context, server)) == ("bad", "answer", "the server does not offer TLS")
        speak_tls(server, authority)
    tls = {"ca_file": str(authority.ca_file)}
    outcome = await _outcome(context, server, tls=tls)
    assert told(outcome) == ("good", "ok", "connected, TLSv1.3")
    # To a start-up message it answers R: it wants to know who we are.
    startup = r"\0\0\0\x19\0\x03\0\0user\0glasswatch\0\0"
    outcome = await _outcome(context, server, tls=tls, steps=[{"send": startup, "expect": "^R"}])
    assert told(outcome) == ("good", "ok", "connected, TLSv1.3, 1 step held")
    assert (await _outcome(context, server)).detail.startswith("certificate not accepted: ")
