"""`monitor page-test`: one channel, its receipt, and the exit code that follows."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from glasswatch.cli import run
from glasswatch.errors import ExitCode
from monitor.cli import command
from tests.support.receiver import Answer, Behaviour, Close, Receiver, receiving
from tests.support.settings_files import GOOD, write


@contextmanager
def provider(behaviour: Behaviour) -> Iterator[Receiver]:
    """Run a provider in a loop of its own: the command has one too."""
    loop = asyncio.new_event_loop()
    ready, ending = loop.create_future(), asyncio.Event()

    async def serve() -> None:
        async with receiving(default=behaviour) as receiver:
            ready.set_result(receiver)
            await ending.wait()

    async def started() -> Receiver:
        found: Receiver = await ready
        return found

    thread = Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        yield asyncio.run_coroutine_threadsafe(started(), loop).result(10)
    finally:
        loop.call_soon_threadsafe(ending.set)
        thread.join()
        loop.close()


def config(directory: Path, url: str) -> Path:
    """Write settings with two channels."""
    return write(
        directory,
        f"{GOOD}paging:\n  status_page: https://status.example.com/\n  channels:\n"
        f"    ops: {{type: webhook, url: '{url}/x'}}\n    am: {{type: alertmanager, urls: ['{url}']}}\n",
    )


def ran(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any, str]:
    """Run it; return its exit code, what it printed as JSON, and what it complained of."""
    code = run(command, "monitor", ["page-test", *arguments, "--json"])
    shown = capsys.readouterr()
    return code, json.loads(shown.out) if shown.out else None, shown.err


def test_a_page_that_was_taken_shows_its_receipt(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 0; the page says that it is a test wherever one looks, and is about no platform."""
    with provider(Answer(202, b'{"id": "evt_7"}')) as receiver:
        code, told, _ = ran(capsys, "ops", "--config", str(config(tmp_path, receiver.url)))

    body = receiver.received[0].json()
    assert code == ExitCode.GOOD
    assert (told["result"], told["receipt"], told["channel"], told["type"]) == (
        *("delivered", "202 evt_7"),
        *("ops", "webhook"),
    )
    assert (body["kind"], body["severity"], body["status"], body["platform"]) == ("test", "page", "firing", "")
    assert body["summary"] == "TEST of channel ops: nothing is wrong, nothing has to be done"
    assert body["dedup_key"] == told["dedup_key"] == "prod/test/ops"
    assert body["break_glass"]["permitted"] is None
    assert body["status_page"] == "https://status.example.com/"


@pytest.mark.parametrize(
    ("behaviour", "code", "result"),
    [
        (Answer(400), ExitCode.FINDING, "refused"),
        (Answer(500), ExitCode.NOT_MEASURED, "not known"),
        (Answer(429), ExitCode.NOT_MEASURED, "not known"),
        (Close(), ExitCode.NOT_MEASURED, "not known"),
    ],
)
def test_what_was_not_taken_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], behaviour: Behaviour, code: ExitCode, result: str
) -> None:
    """1 where the provider refused it, 4 where nobody knows; it is tried once."""
    with provider(behaviour) as receiver:
        found, told, _ = ran(capsys, "ops", "--config", str(config(tmp_path, receiver.url)))

    assert (found, told["result"], told["receipt"]) == (code, result, "")
    assert told["error"].startswith(f"ops: {receiver.url} ")
    assert len(receiver.received) == 1


def test_an_earlier_test_is_resolved_and_a_ticket_is_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--resolve` goes under the same key; `--ticket` has the quiet severity."""
    with provider(Answer()) as receiver:
        file = str(config(tmp_path, receiver.url))
        assert ran(capsys, "am", "--config", file, "--ticket")[0] == ExitCode.GOOD
        assert ran(capsys, "am", "--config", file, "--resolve")[0] == ExitCode.GOOD

    ticket, over = (got.json() for got in receiver.received)
    assert ticket[0]["labels"]["severity"] == "ticket"
    assert ticket[0]["labels"] in [alert["labels"] for alert in over]


def test_a_name_that_is_no_channel_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It names those there are."""
    code, told, error = ran(capsys, "pager", "--config", str(config(tmp_path, "http://127.0.0.1:1")))
    assert (code, told) == (ExitCode.USAGE, None)
    assert "no channel is called pager: expected one of ops, am" in error


def test_wrong_settings_send_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 3, like every command."""
    code, told, _ = ran(capsys, "ops", "--config", str(write(tmp_path, f"{GOOD}paging: {{channels: 7}}\n")))
    assert (code, told) == (ExitCode.INVALID, None)


def test_people_read_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Which channel, what became of it, how long it took, the receipt; then the key to look for."""
    with provider(Answer(202)) as receiver:
        run(command, "monitor", ["page-test", "ops", "--config", str(config(tmp_path, receiver.url))])
    line, key = capsys.readouterr().out.splitlines()
    assert line.startswith("ops (webhook)  DELIVERED  ")
    assert line.endswith(" s  202")
    assert key == "  key prod/test/ops"
