"""What this machine can't do is told from what the other side does, and nothing is left open."""

import asyncio
import errno
import gc
import os
import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from platforms.errors import FaultKind
from platforms.transport.reach import Network
from platforms.transport.resolver import Address
from platforms.transport.wire import connect_fault, dial
from tests.servers.http import OK, answer, answering, closing, repeating, silent, then_hanging, then_resetting
from tests.servers.raw import Script, serving
from tests.support.descriptors import open_files
from tests.support.exchanges import Exchange
from tests.support.tls import Authority, Certificate
from tests.support.waiting import until


@contextmanager
def _no_descriptor_left() -> Iterator[None]:
    """Let this process open no file any more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    holders = [os.open("/dev/null", os.O_RDONLY)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(holders[0], *open_files()) + 1, hard))
    try:
        with suppress(OSError):  # until the gaps are filled too
            while True:
                holders.append(os.open("/dev/null", os.O_RDONLY))
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for holder in holders:
            os.close(holder)


async def test_no_descriptors_left(network: Network) -> None:
    """Running out of descriptors is our own fault."""
    async with serving(answering(OK)) as server:
        with _no_descriptor_left():
            fault = await Exchange(network, server.url()).fault()
        assert (fault.kind, str(fault)) == (FaultKind.OWN, "too many open files in this process")
        assert (await Exchange(network, server.url()).response()).status_code == 200


async def test_no_descriptors_left_for_the_resolver(network: Network) -> None:
    """A resolver that can't be started for lack of descriptors is our own fault, and starts later."""
    async with serving(answering(OK)) as server:
        url = server.url(host="localhost")
        with _no_descriptor_left():
            fault = await Exchange(network, url).fault()
        assert fault.kind is FaultKind.OWN
        assert (await Exchange(network, url).response()).status_code == 200


async def test_a_refused_connection(network: Network) -> None:
    """Nothing listening is told from everything else."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        fault = await Exchange(network, f"http://127.0.0.1:{unused.getsockname()[1]}/").fault()
    assert (fault.kind, str(fault)) == (FaultKind.REFUSED, "the connection was refused")
    assert isinstance(fault.__cause__, ConnectionRefusedError)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (errno.EMFILE, FaultKind.OWN),
        (errno.ENFILE, FaultKind.OWN),
        (errno.ENOMEM, FaultKind.OWN),
        (errno.ENOBUFS, FaultKind.OWN),
        (errno.EADDRNOTAVAIL, FaultKind.OWN),
        (errno.EACCES, FaultKind.OWN),
        (errno.EPERM, FaultKind.OWN),
        (errno.EAFNOSUPPORT, FaultKind.OWN),
        (errno.ECONNREFUSED, FaultKind.REFUSED),
        (errno.ECONNRESET, FaultKind.LOST),
        (errno.ETIMEDOUT, FaultKind.UNREACHABLE),
        (errno.EHOSTUNREACH, FaultKind.UNREACHABLE),
        (errno.ENETUNREACH, FaultKind.UNREACHABLE),
        (errno.EINVAL, FaultKind.UNREACHABLE),
        (None, FaultKind.UNREACHABLE),
    ],
)
def test_what_the_system_says_of_a_connection(code: int | None, kind: FaultKind) -> None:
    """Only what this machine lacks is our own fault."""
    fault = connect_fault(OSError(code, "secret") if code is not None else OSError())
    assert fault.kind is kind
    assert "secret" not in str(fault)


async def test_an_address_that_no_connection_can_be_made_to(network: Network) -> None:
    """A broadcast address is refused by this machine or its network, in words of ours."""
    fault = await Exchange(network, "http://255.255.255.255:80/").fault()
    assert fault.kind in {FaultKind.UNREACHABLE, FaultKind.OWN}


async def test_a_bug_in_a_receiver_reaches_the_one_who_waits(network: Network) -> None:
    """An error that is no fault of the server's is not turned into one."""

    class Broken:
        def feed(self, data: bytes) -> bool:
            raise ZeroDivisionError

        def eof(self) -> None:
            raise AssertionError

    async with serving(answering(OK)) as server:
        wire = await dial(Address("127.0.0.1", server.port, socket.AF_INET), 1000)
        wire.send(b"GET / HTTP/1.1\r\n\r\n")
        with pytest.raises(ZeroDivisionError):
            await wire.receive(Broken())
        wire.abort()


@pytest.mark.parametrize("is_tls", [False, True], ids=["clear", "tls"])
@pytest.mark.parametrize(
    "script",
    [
        pytest.param(answering(OK), id="good"),
        pytest.param(closing, id="closed"),
        pytest.param(silent, id="silent"),
        pytest.param(then_hanging(OK[:-1]), id="hanging"),
        pytest.param(then_resetting(OK[:-1]), id="reset"),
        pytest.param(answering(answer(200, b"x" * 2000)), id="too large"),
        pytest.param(repeating(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536), id="endless"),
        pytest.param(answering(b"garbage"), id="garbage"),
    ],
)
async def test_nothing_is_left_open(
    network: Network, certificate: Certificate, authority: Authority, script: Script, *, is_tls: bool
) -> None:
    """Whatever happens to an exchange, its socket is closed."""
    async with serving(script, certificate.context() if is_tls else None) as server:
        before = len(open_files())
        for _ in range(3):
            exchange = Exchange(network, server.url(), ca_file=authority.ca_file, max_body=1000, within=0.1)
            await asyncio.gather(exchange.response(), return_exceptions=True)
        await until(lambda: len(open_files()) <= before)


async def test_cancelled_at_any_moment(network: Network, certificate: Certificate, authority: Authority) -> None:
    """An exchange that is cancelled after any number of steps of the loop leaves nothing open."""
    async with serving(answering(OK), certificate.context()) as server:
        exchange = Exchange(network, server.url(host="localhost"), ca_file=authority.ca_file)
        await exchange.response()  # starts the resolver
        before = len(open_files())
        for steps in range(40):
            attempt = asyncio.create_task(exchange.response())
            for _ in range(steps):
                await asyncio.sleep(0)
            attempt.cancel()
            await asyncio.gather(attempt, return_exceptions=True)
        await until(lambda: len(open_files()) <= before)
        gc.collect()  # a forgotten transport would warn here, and warnings are errors
