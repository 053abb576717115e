"""Ending and starting again: in time whatever hangs, with the right exit code, and going on where it was."""

import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from glasswatch.clock import SystemClock
from glasswatch.flag.document import FlagState
from monitor.daemon import STOP_WITHIN
from tests.support.monitors import Wanted, make_home, monitor_in
from tests.support.receiver import Answer, Hang, Receiver, receiving
from tests.support.siege import Witness, witnessing
from tests.support.waiting import until

SECONDS = 20.0  # a few, and what a busy machine adds


@pytest.fixture
async def target() -> AsyncIterator[Receiver]:
    """A target that answers."""
    async with receiving() as server:
        yield server


@pytest.fixture
async def pages() -> AsyncIterator[Receiver]:
    """A receiver of pages."""
    async with receiving() as server:
        yield server


async def test_it_ends_in_time_though_target_and_receiver_hang(
    tmp_path: Path, target: Receiver, pages: Receiver
) -> None:
    """SIGTERM ends it with 0 within seconds; the page that nobody took is sent by the next start."""
    home = make_home(tmp_path / "home", Wanted(target.url, receiver=pages.url))
    async with monitor_in(home) as monitor:
        await monitor.start()
        await monitor.verdict_is("up")
        pages.default = Hang()
        target.default = Hang()
        await pages.wait_until(lambda pages: any(page.json()["kind"] == "outage" for page in pages.received), 20)
        begun = SystemClock().monotonic()
        assert await monitor.end(within=SECONDS) == 0
        assert SystemClock().monotonic() - begun < SECONDS
        assert "Traceback" not in monitor.said
        assert not pages.accepted

        pages.default = Answer()
        await monitor.start()
        await pages.wait_until(
            lambda pages: {"outage", "flag"} <= {page.json()["kind"] for page in pages.accepted}, within=20
        )
        assert not any(page.json()["unrecorded"] for page in pages.accepted)
        assert await monitor.end() == 0


async def test_it_ends_in_time_though_everything_hangs(tmp_path: Path, target: Receiver, pages: Receiver) -> None:
    """A store that somebody has locked, a receiver that never answers: the bounds of the steps don't add up."""
    home = make_home(tmp_path / "home", Wanted(target.url, receiver=pages.url))
    async with monitor_in(home) as monitor:
        await monitor.start()
        await monitor.verdict_is("up")
        with closing(sqlite3.connect(home.store, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            pages.default = Hang()
            target.default = Hang()
            await pages.wait_until(lambda pages: any(page.json()["kind"] == "outage" for page in pages.received), 30)
            begun = SystemClock().monotonic()
            assert await monitor.end() == 0
            took = SystemClock().monotonic() - begun
        assert took < STOP_WITHIN.total_seconds() + 5, monitor.said  # and what a busy machine adds
        assert "Traceback" not in monitor.said


async def test_ctrl_c_is_an_interruption(tmp_path: Path, target: Receiver) -> None:
    """SIGINT ends it with 5, never with 1, and as orderly as SIGTERM does."""
    home = make_home(tmp_path / "home", Wanted(target.url))
    async with monitor_in(home) as monitor:
        await monitor.start()
        assert await monitor.end(signal.SIGINT, SECONDS) == 5
        assert "monitor_stopping" in monitor.said
        assert "Traceback" not in monitor.said


async def test_it_goes_on_where_it_was(tmp_path: Path, target: Receiver, pages: Receiver) -> None:
    """The same outage, the same flag, no page twice: a restart in the middle of an outage is no news."""
    home = make_home(tmp_path / "home", Wanted(target.url, receiver=pages.url))
    async with monitor_in(home) as monitor, witnessing(home) as witness:
        await monitor.start()
        await monitor.verdict_is("up")
        target.default = Answer(503)
        await _until_state(witness, FlagState.READY)
        # The first page of all, that access can't be had, and that the glass may be broken.
        await until(lambda: {"outage", "flag"} <= {page.json()["kind"] for page in pages.accepted}, 20)
        assert await monitor.end() == 0
        before, told = witness.claims[-1], len(pages.accepted)

        await monitor.start()
        await until(lambda: witness.claims[-1].ver > before.ver, 20)
        await monitor.verdict_is("down")
        assert (witness.claims[-1].change, witness.claims[-1].causes) == (before.change, before.causes)
        assert len(home.rows("SELECT * FROM outages")) == 1
        target.default = Answer()
        await until(lambda: home.rows("SELECT * FROM outages")[0]["ended_at"] is not None, 20)
        assert await monitor.end() == 0
        news = {(page.json()["kind"], page.json()["status"]) for page in pages.accepted[told:]}
        assert ("outage", "firing") not in news
        assert ("outage", "resolved") in news
        assert not witness.wrong


async def _until_state(witness: Witness, state: FlagState) -> None:
    await until(lambda: witness.state is state, 20, every=0.01)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "frozen"])
async def test_after_a_long_gap_ready_is_signed_only_when_confirmed_again(
    tmp_path: Path, target: Receiver, how: signal.Signals
) -> None:
    """Away for longer than `ready_ttl`: standby first, then ready for the same outage once a new round confirmed it."""
    wanted = Wanted(target.url, flag={"ttl": "2s", "ready_ttl": "2s", "lower_after": "1s"})
    home = make_home(tmp_path / "home", wanted)
    async with monitor_in(home) as monitor:
        await monitor.start()
        await monitor.verdict_is("up")
        target.default = Answer(503)
        await until(lambda: home.rows("SELECT * FROM flag_documents WHERE state = 'ready'"), 20)
        last_alive = home.rows("SELECT until FROM alive_spans ORDER BY id DESC")[0]["until"]
        monitor.send(how)
        # The flag says when: it was signed a moment before, and readers refuse it by now.
        gone = SystemClock().monotonic()
        await until(lambda: SystemClock().monotonic() - gone > 4, 10, every=0.1)
        if how is signal.SIGSTOP:
            monitor.send(signal.SIGCONT)
        else:
            await monitor.ended()
            assert last_alive
            await monitor.start()
        await until(lambda: len(home.rows("SELECT * FROM flag_documents")) >= 3, 20)
        documents = [str(row["state"]) for row in home.rows("SELECT state FROM flag_documents ORDER BY ver")]
        assert documents[:3] == ["ready", "standby", "ready"]
        assert len(home.rows("SELECT * FROM outages")) == 1
        (suspended,) = home.rows("SELECT * FROM transitions WHERE kind = 'cause_ended'")
        assert "away for" in str(suspended["why"])
        assert await monitor.end() == 0
