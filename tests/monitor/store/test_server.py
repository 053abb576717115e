"""What only a server can do: be away, refuse us, forget us, or take us for somebody else."""

import asyncio
import os
import signal
import socket
import traceback
from dataclasses import replace

import psycopg
import pytest

from monitor.errors import StoreConflict, StoreUnavailable, StoreUnusable
from monitor.store.faults import translate
from monitor.store.identity import Limits
from monitor.store.store import SqlStore
from tests.support.commits import at, story
from tests.support.postgres import PASSWORD, Cluster
from tests.support.stores import IMPATIENT, QUICK, StorePlace, until_done
from tests.support.waiting import until

SECRET = "hunter2-hunter2"


async def refusal(store: SqlStore) -> str:
    """Return the one line with which opening the store is refused; no secret may be in it, nor behind it."""
    with pytest.raises(StoreUnavailable) as caught:
        await store.open()
    everything = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert SECRET not in everything
    assert PASSWORD not in everything
    assert "\n" not in str(caught.value)
    return str(caught.value)


async def test_a_password_is_used_and_never_shown(empty_server_place: StorePlace, postgres: Cluster) -> None:
    """The right one opens the store through a port; a wrong one is refused without being repeated."""
    database = empty_server_place.url.split("?")[0].rsplit("/", 1)[1]
    right = empty_server_place.store(url=postgres.tcp_url(database))
    await right.open()
    await right.close()
    message = await refusal(empty_server_place.store(url=postgres.tcp_url(database, SECRET)))
    assert message.startswith(f"the store 127.0.0.1:{postgres.port}/{database} ")
    assert "password authentication failed" in message


def test_a_password_in_the_drivers_own_words_is_struck_out() -> None:
    """Whatever a driver may say one day: one line of it, without the password."""
    fault = translate(psycopg.OperationalError(f"can't use {SECRET} here\nDETAIL: {SECRET}"), "host:1/name", SECRET)
    assert str(fault) == "the store host:1/name can't be reached: can't use … here"


async def test_a_missing_database_is_named(server_place: StorePlace, postgres: Cluster) -> None:
    """A name that doesn't exist shows."""
    message = await refusal(server_place.store(url=postgres.tcp_url("nowhere")))
    assert "nowhere" in message


async def test_a_server_that_is_not_there_is_unavailable(server_place: StorePlace) -> None:
    """Nobody listens."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        url = f"postgresql+psycopg://user:{SECRET}@127.0.0.1:{port}/name"
        message = await refusal(server_place.store(url=url))
    assert message.startswith(f"the store 127.0.0.1:{port}/name can't be reached:")


async def test_a_server_that_never_answers_is_unavailable_in_time(server_place: StorePlace) -> None:
    """Something takes the connection and says nothing: the opening is bounded."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql+psycopg://user:{SECRET}@127.0.0.1:{silent.getsockname()[1]}/name"
        loop = asyncio.get_running_loop()
        before = loop.time()
        await refusal(server_place.store(url=url, limits=replace(QUICK, deadline_seconds=0.3)))
        assert loop.time() - before < QUICK.deadline_seconds


async def test_a_server_that_talks_nonsense_is_unavailable(server_place: StorePlace) -> None:
    """Another protocol behind the port is not a crash of ours."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1024)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        url = f"postgresql+psycopg://user:{SECRET}@127.0.0.1:{port}/name"
        assert "can't be reached" in await refusal(server_place.store(url=url))


async def test_a_role_without_rights_is_told_what_it_needs(empty_server_place: StorePlace, postgres: Cluster) -> None:
    """A role that may not create tables is refused by name of what it lacks."""
    empty_server_place.sql("DROP ROLE IF EXISTS reader")
    empty_server_place.sql("CREATE ROLE reader LOGIN")
    url = empty_server_place.url.replace("glasswatch@", "reader@")
    assert "let it create and write tables" in await refusal(empty_server_place.store(url=url))


async def test_a_database_in_another_encoding_is_refused(postgres: Cluster) -> None:
    """Text must come back as it was."""
    name = postgres.new_database("ENCODING 'SQL_ASCII' TEMPLATE template0")
    place = StorePlace("postgresql", postgres.url(name), "main")
    with pytest.raises(StoreUnusable, match="is encoded as SQL_ASCII: make a database with UTF8"):
        await place.store().open()


async def test_a_read_only_server_is_named_as_such(empty_server_place: StorePlace) -> None:
    """A standby, say: the primary is asked for."""
    name = empty_server_place.url.split("?")[0].rsplit("/", 1)[1]
    empty_server_place.sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    assert "is read-only, perhaps a standby: name the primary server" in await refusal(empty_server_place.store())


async def test_a_broken_connection_costs_one_call(server_place: StorePlace) -> None:
    """The server ended our session: one call says so, the next one is on a new session under the same lock."""
    store = server_place.store()
    await store.open()
    await store.commit(story()[0])
    _end(server_place, store)
    with pytest.raises(StoreUnavailable):
        await store.commit(story()[1])
    await store.commit(story()[1])
    with pytest.raises(StoreUnavailable, match="another monitor has the vantage"):
        await server_place.store(limits=IMPATIENT).open()


async def test_who_lost_the_lock_writes_no_more(server_place: StorePlace) -> None:
    """Another monitor took over while our session was gone: we can't write until it ends."""
    store, other = server_place.store(limits=IMPATIENT), server_place.store()
    await store.open()
    await store.commit(story()[0])
    _end(server_place, store)
    await other.open()
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            await store.commit(story()[1])
    await other.commit(story()[1])
    await other.close()
    with pytest.raises(StoreConflict):
        await until_done(lambda: store.commit(story()[1]))


async def test_our_own_forgotten_session_does_not_lock_us_out(server_place: StorePlace) -> None:
    """The network broke and the server still holds our old session: we end it and go on."""
    store = server_place.store()
    await store.open()
    await store.commit(story()[0])
    database = store._database
    assert database._connection is not None
    forgotten = database._connection  # alive on the server, lost to us
    database._connection = None
    await store.commit(story()[1])
    with pytest.raises(StoreUnavailable):
        await server_place.store(limits=IMPATIENT).open()
    forgotten.invalidate()
    forgotten.close()


async def test_a_session_that_stands_still_is_unavailable_in_time(server_place: StorePlace) -> None:
    """The server's process is stopped for real: the deadline holds, and afterwards all is well."""
    store = server_place.store(limits=Limits(deadline_seconds=20))
    await store.open()
    await store.commit(story()[0])
    (row,) = _sessions(server_place, store)
    store._writer._limits = Limits(deadline_seconds=0.3)  # type: ignore[union-attr]  # only what comes now is short
    os.kill(row, signal.SIGSTOP)
    try:
        with pytest.raises(StoreUnavailable, match=r"did not answer within 0\.3 s"):
            await store.commit(story()[1])
    finally:
        os.kill(row, signal.SIGCONT)
    store._writer._limits = Limits(deadline_seconds=20)  # type: ignore[union-attr]
    await until(lambda: not store._writer._is_stuck)  # type: ignore[union-attr]
    await store.commit(story()[1])
    assert server_place.count("pages") == 1
    await store.alive(at(1))


def _sessions(place: StorePlace, store: SqlStore) -> list[int]:
    name = f"glasswatch monitor {store._identity.run}"
    return [
        row["pid"] for row in place.sql("SELECT pid FROM pg_stat_activity WHERE application_name = :name", name=name)
    ]


def _end(place: StorePlace, store: SqlStore) -> None:
    for pid in _sessions(place, store):
        place.sql("SELECT pg_terminate_backend(:pid, 5000)", pid=pid)
