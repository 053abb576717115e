"""`monitor flag raise`, `lower`, `inhibit`, `confirm` and `show`: what they send, say, and end with."""

import asyncio
import json
import os
import pty
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from glasswatch.cli import run
from glasswatch.errors import ExitCode
from monitor.cli import command
from monitor.model.act import (
    Act,
    Acted,
    Acts,
    Answer,
    Confirm,
    EndInhibit,
    Inhibit,
    Inhibition,
    Lower,
    Raise,
    Renew,
    Request,
    RequestKind,
    Ruling,
)
from monitor.model.state import Cause
from monitor.model.verdict import CauseKind
from tests.support.clock import START
from tests.support.desk import token
from tests.support.face import World, serving
from tests.support.monitors import ROOT
from tests.support.receiver import Answer as Answered
from tests.support.receiver import Close, receiving
from tests.support.watching import PLATFORM, document, down

HOUR = timedelta(hours=1)
SCOPES = ("flag:raise", "flag:lower", "flag:inhibit", "flag:confirm")
SAID: list[tuple[list[str], Act]] = [
    (["raise", PLATFORM, "--reason", "slow", "--for", "1h"], Raise("slow", HOUR)),
    (["raise", PLATFORM, "--reason", "slow", "--for", "1h", "--ticket", "I-1"], Raise("slow", HOUR, "I-1")),
    (["raise", PLATFORM, "--reason", "slow", "--for", "1h", "--renew", "m-1", "--yes"], Renew("m-1", "slow", HOUR)),
    (["lower", PLATFORM, "--reason", "over"], Lower("over")),
    (["inhibit", PLATFORM, "--reason", "false", "--for", "30m"], Inhibit("false", HOUR / 2)),
    (["inhibit", PLATFORM, "--end"], EndInhibit("")),
    (["confirm", PLATFORM, "raise-1"], Confirm("raise-1")),
]


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLASSWATCH_TOKEN", "secret")


def world(*scopes: str) -> World:
    """Return a monitor that knows the token."""
    found = World()
    found.site = replace(found.site, tokens=(token("secret", *(scopes or SCOPES)),))
    return found


async def flag(there: World, *arguments: str) -> int:
    """Run `monitor flag …` against it; return the exit code."""
    async with serving(there.face()) as (host, port):
        url = f"http://{host}:{port}"
        return await asyncio.to_thread(run, command, "monitor", ["flag", *arguments, "--url", url])


@pytest.mark.parametrize(("arguments", "act"), SAID, ids=lambda value: None if isinstance(value, list) else repr(value))
async def test_what_is_asked_for_is_sent(arguments: list[str], act: Act, capsys: pytest.CaptureFixture[str]) -> None:
    """With a key of its own, and the answer is said: 0, on standard output."""
    there = world()
    assert await flag(there, *arguments) == ExitCode.GOOD
    ((platform, sent, hand),) = there.acts
    assert (platform, sent) == (PLATFORM, act)
    assert len(hand.key) == 32
    said = capsys.readouterr()
    assert said.out.splitlines()[0] == f"{PLATFORM}: done as asked"
    assert said.err == ""


async def test_each_act_has_a_key_of_its_own() -> None:
    """Two commands are two acts."""
    there = world()
    for _ in range(2):
        await flag(there, "lower", PLATFORM, "--reason", "over")
    assert len({hand.key for _, _, hand in there.acts}) == 2


async def test_what_waits_says_that_it_is_not_done(capsys: pytest.CaptureFixture[str]) -> None:
    """It ends with 0, in a line that nobody takes for done."""
    there = world()
    there.acted = Acted(Ruling(Answer.PENDING, "another person must confirm it", "raise-1"), is_recorded=True)
    assert await flag(there, "raise", PLATFORM, "--reason", "slow", "--for", "1h") == ExitCode.GOOD
    assert capsys.readouterr().out.startswith(f"{PLATFORM}: NOT YET DONE, another person must confirm it\n")


async def test_unrecorded_is_said_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    """It took effect: the exit code is the same."""
    there = world()
    there.acted = Acted(Ruling(Answer.DONE, "raised", "m-1"), is_recorded=False)
    assert await flag(there, "raise", PLATFORM, "--reason", "slow", "--for", "1h") == ExitCode.GOOD
    assert capsys.readouterr().err.startswith("not recorded yet: the store can't be written.")


@pytest.mark.parametrize(
    ("answer", "code"), [(Answer.NOT_POSSIBLE, ExitCode.FINDING), (Answer.NO_SUCH, ExitCode.USAGE)]
)
async def test_what_is_refused_says_why(answer: Answer, code: ExitCode, capsys: pytest.CaptureFixture[str]) -> None:
    """1 where it can't be done as things stand, 2 where what it names isn't there."""
    there = world()
    there.acted = Acted(Ruling(answer, "another person must do that"), is_recorded=True)
    assert await flag(there, "lower", PLATFORM, "--reason", "over") == code
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "another person must do that\n")


async def test_who_may_not_is_told_so(capsys: pytest.CaptureFixture[str]) -> None:
    """4: nothing was found out. Without a token it is not even sent: 2."""
    there = world("read")
    assert await flag(there, "lower", PLATFORM, "--reason", "over") == ExitCode.NOT_MEASURED
    assert "flag:lower" in capsys.readouterr().err
    assert there.acts == []


async def test_without_a_token_nothing_is_sent(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The answer says where one is taken from."""
    monkeypatch.delenv("GLASSWATCH_TOKEN")
    assert await flag(world(), "lower", PLATFORM, "--reason", "over") == ExitCode.USAGE
    assert capsys.readouterr().err == "a token is needed: --token-file FILE, or $GLASSWATCH_TOKEN\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["raise", PLATFORM, "--for", "1h"], "Missing option '--reason'"),
        (["raise", PLATFORM, "--reason", "slow"], "Missing option '--for'"),
        (["raise", PLATFORM, "--reason", " ", "--for", "1h"], "expected one line of 1 to 500 printable"),
        (["raise", PLATFORM, "--reason", "a\nb", "--for", "1h"], "expected one line of 1 to 500 printable"),
        (["raise", PLATFORM, "--reason", "slow", "--for", "60"], "expected a duration"),
        (["raise", PLATFORM, "--reason", "slow", "--for", "500ms"], "expected whole seconds"),
        (["raise", PLATFORM, "--reason", "slow", "--for", "8d"], "expected a duration of at most 7d"),
        (["raise", PLATFORM, "--reason", "slow", "--for", "1h", "--ticket", "x" * 65], "1 to 64 printable"),
        (["lower", PLATFORM], "Missing option '--reason'"),
        (["inhibit", PLATFORM], "expected --reason and --for, or --end"),
        (["inhibit", PLATFORM, "--reason", "false"], "expected --reason and --for, or --end"),
        (["inhibit", PLATFORM, "--end", "--for", "1h"], "expected no --for with it"),
        (["confirm", PLATFORM], "Missing argument 'REQUEST'"),
        (["show", "other"], "no platform of that name is watched there: expected one of payments"),
    ],
)
async def test_wrong_usage_sends_nothing(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    """2, and one sentence that says what was expected."""
    there = world()
    assert await flag(there, *arguments) == ExitCode.USAGE
    assert says in capsys.readouterr().err
    assert there.acts == []


# when the answer is lost


async def test_an_act_whose_answer_was_lost_is_sent_again_under_its_key() -> None:
    """So that it can't be done twice."""
    async with receiving() as monitor:
        monitor.script.extend([Close()])
        monitor.default = Answered(500)
        code = await asyncio.to_thread(
            run, command, "monitor", ["flag", "lower", PLATFORM, "--reason", "over", "--url", monitor.url]
        )
        assert code == ExitCode.NOT_MEASURED
        first, second, *_ = (json.loads(request.body)["key"] for request in monitor.received)
        assert first == second


# on a terminal


@contextmanager
def _terminal() -> Iterator[tuple[int, int]]:
    ours, theirs = pty.openpty()
    try:
        yield ours, theirs
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize(("reply", "code", "acts"), [("n", 5, 0), ("y", 0, 1)])
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["raise", PLATFORM, "--reason", "slow", "--for", "1h"], b"marks break-glass of payments READY for 1h"),
        (["inhibit", PLATFORM, "--reason", "false", "--for", "30m"], b"an outage opens nothing on payments for 30m"),
    ],
    ids=["raise", "inhibit"],
)
async def test_on_a_terminal_it_says_what_will_happen_and_asks(
    arguments: list[str], says: bytes, reply: str, code: int, acts: int
) -> None:
    """No means that nothing is sent."""
    there = world()
    with _terminal() as (ours, theirs):
        async with serving(there.face()) as (host, port):
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "monitor", "flag", *arguments, "--url", f"http://{host}:{port}"),
                stdin=theirs,
                stderr=theirs,
                stdout=asyncio.subprocess.DEVNULL,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
            )
            shown = b""
            while b"Go on?" not in shown:
                shown += await asyncio.to_thread(os.read, ours, 4096)
            assert says in shown
            os.write(ours, f"{reply}\n".encode())
            assert await process.wait() == code
    assert len(there.acts) == acts


# show


async def test_show_says_what_raises_it_what_holds_it_closed_and_what_waits(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With the commands that another person runs."""
    there = world()
    manual = Cause(
        CauseKind.MANUAL, "manual-1", START, START + HOUR, by="anna", confirmed_by="ben", ticket="I-1", reason="slow"
    )
    request = Request("raise-1", RequestKind.RAISE, "cleo", "cleo-cli", "slow", HOUR, START, START + HOUR / 4)
    held = Inhibition("inhibit-1", "anna", "ben", "false", START, START + HOUR)
    state = replace(down(), acts=Acts(requests=(request,), inhibition=held))
    there.monitor.states = [replace(state, causes=(replace(state.causes[0], inhibited=True), manual))]
    there.monitor.documents = {PLATFORM: document()}
    assert await flag(there, "show", PLATFORM) == ExitCode.GOOD
    assert capsys.readouterr().out.splitlines() == [
        (
            "payments  break-glass: PERMITTED, but what is signed says sealed: it is about to change, since 2026-03-01 "
            "02:48:11Z"
        ),
        "  outage 01JNP4, since 2026-03-01 02:48:00Z, not in force while it is held closed",
        "  manual manual-1, since 2026-03-01 03:00:00Z, until 04:00:00Z, by anna, confirmed by ben, ticket I-1: slow",
        "  held CLOSED by anna and ben until 04:00:00Z: false; to end it: monitor flag inhibit payments --end",
        (
            "  cleo asks to raise it for 1h: slow; another person confirms by 03:15:00Z: monitor flag confirm payments "
            "raise-1"
        ),
        "  last signed: version 1772334000000, change 3",
    ]


async def test_show_json_is_what_the_monitor_says(capsys: pytest.CaptureFixture[str]) -> None:
    """For programs: a list, one entry a platform."""
    assert await flag(world(), "show", "--json") == ExitCode.GOOD
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["platform"], found["state"], found["pending"]) == (PLATFORM, "standby", [])


async def test_an_act_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """The answer, whole."""
    assert await flag(world(), "lower", PLATFORM, "--reason", "over", "--json") == ExitCode.GOOD
    answer = json.loads(capsys.readouterr().out)
    assert (answer["outcome"], answer["message"], answer["recorded"]) == ("done", "done as asked", True)


async def test_what_a_monitor_says_cannot_drive_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Control characters in an answer are spelled out."""
    there = world()
    there.acted = Acted(Ruling(Answer.DONE, "\x1b[2Jdone", "m-1"), is_recorded=True)
    hostile = Cause(CauseKind.MANUAL, "m\x1b", START, START + HOUR, by="anna", reason="\x1b]0;owned\a")
    there.monitor.states = [replace(down(), causes=(hostile,))]
    assert await flag(there, "lower", PLATFORM, "--reason", "over") == ExitCode.GOOD
    assert "\x1b" not in capsys.readouterr().out


def test_nobody_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """4, and one line."""
    url = "http://127.0.0.1:1"
    assert run(command, "monitor", ["flag", "lower", PLATFORM, "--reason", "over", "--url", url]) == 4
    assert capsys.readouterr().err == f"no monitor answers at {url}: is it running? (monitor run)\n"
