"""`monitor status`: what the running monitor says, and what is said when something else answers, or nobody."""

import asyncio
import json
import socket
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from glasswatch.cli import run
from glasswatch.errors import ExitCode
from monitor.cli import command
from monitor.wire.answers import StatusAnswer
from tests.servers.http import answer, answering, dribbling, repeating
from tests.servers.raw import Script, serving
from tests.support.clock import START
from tests.support.settings_files import GOOD, write

SINCE = START.isoformat()


def _platform(verdict: str = "up", **changes: object) -> dict[str, Any]:
    probe = {
        "probe": "portal",
        "critical": True,
        "phase": "good",
        "confirming": False,
        "bad_since": None,
        "last_reason": "ok",
        "last_detail": "status 200",
        "last_at": SINCE,
        "warnings": [],
    }
    return {
        "platform": "payments",
        "verdict": verdict,
        "since": SINCE,
        "why": f"it is {verdict}",
        "vote": verdict,
        "blind": False,
        "break_glass": {
            "state": "ready" if verdict == "down" else "standby",
            "since": SINCE,
            "change": 3,
            "causes": [],
            "signed_state": "ready" if verdict == "down" else "standby",
            "signed_until": (START + timedelta(minutes=5)).isoformat(),
        },
        "outage": None,
        "functions": [
            {
                "function": "sign_in",
                "critical": True,
                "verdict": verdict,
                "since": SINCE,
                "why": "",
                "probes": [probe],
            }
        ],
        "procedure_url": "https://wiki.example.com/glass",
        **changes,
    }


def _body(*platforms: dict[str, Any]) -> bytes:
    body = {"deployment": "prod", "vantage": "main", "version": "0.1.0", "at": SINCE, "platforms": list(platforms)}
    return StatusAnswer.model_validate(body).model_dump_json().encode()


def _answer(*platforms: dict[str, Any]) -> bytes:
    return answer(200, _body(*platforms))


async def _status(script: Script, *arguments: str) -> int:
    async with serving(script) as server:
        url = server.url("")
        return await asyncio.to_thread(run, command, "monitor", ["status", "--url", url, *arguments])


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        (["up"], ExitCode.GOOD),
        (["degraded"], ExitCode.FINDING),
        (["down"], ExitCode.FINDING),
        (["unknown"], ExitCode.NOT_MEASURED),
        (["up", "unknown"], ExitCode.NOT_MEASURED),
        (["unknown", "degraded", "up"], ExitCode.FINDING),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else None,
)
async def test_the_exit_code_is_the_worst_verdicts(verdicts: list[str], code: ExitCode) -> None:
    """Up 0, degraded or down 1, unknown 4; a finding outweighs what is not known."""
    assert await _status(answering(_answer(*map(_platform, verdicts)))) == code


async def test_a_person_reads_verdict_reason_and_whether_the_glass_may_be_broken(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What is down and why, permitted or sealed, and each function with its probes."""
    assert await _status(answering(_answer(_platform("down")))) == ExitCode.FINDING
    assert capsys.readouterr().out.splitlines() == [
        "payments  DOWN since 2026-03-01 03:00:00Z",
        "  it is down",
        "  break-glass: PERMITTED, signed until 03:05:00Z",
        "  sign_in          down      portal: status 200",
    ]


@pytest.mark.parametrize(("if_up", "said"), [(True, " if it stays up"), (False, "")])
async def test_a_person_reads_when_it_is_sealed_again(
    capsys: pytest.CaptureFixture[str], *, if_up: bool, said: str
) -> None:
    """Up again, still permitted: until when, and on what that depends."""
    platform = _platform("up")
    platform["break_glass"] |= {"state": "ready", "sealed_again": {"at": SINCE, "if_up": if_up}}
    assert await _status(answering(_answer(platform))) == ExitCode.GOOD
    assert f"  sealed again at 2026-03-01 03:00:00Z{said}" in capsys.readouterr().out.splitlines()


async def test_who_deals_with_it_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever acknowledged the page; a name from outside can't hide anything."""
    taken_on = _platform("down", acknowledged={"by": "Anna\u202e", "at": SINCE, "channel": "pager"})
    await _status(answering(_answer(taken_on)))
    said = "  Anna\\u202e deals with it, since 2026-03-01 03:00:00Z (through pager)"
    assert said in capsys.readouterr().out.splitlines()


async def test_open_uses_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """People still have to class them; the exit code is the platform's."""
    used = _platform("up")
    used["break_glass"] |= {"open_uses": 2, "critical_uses": 1}
    assert await _status(answering(_answer(used))) == ExitCode.GOOD
    assert "  open uses: 2, 1 CRITICAL (monitor uses list --open)" in capsys.readouterr().out


async def test_drills_to_look_after_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """What is left behind by name, what is not heard of, and what is due; the exit code is the platform's."""
    told = {
        "scenario": "restore",
        "title": "",
        "owner": "",
        "platform": "payments",
        "operator": "anna",
        "why": "",
        "scenario_sha256": "5" * 64,
        "real": True,
        "opened": SINCE,
        "until": SINCE,
        "heard": SINCE,
        "closed": None,
        "verdict": "",
        "spans": {},
        "findings": {},
        "residue": (),
        "head": {"seq": 1, "hash": "a" * 64},
    }
    left = {**told, "run": "d", "standing": "closed", "residue": ("user drill-7", "rule\x1b")}
    stands = {"a": "open", "b": "silent", "c": "overdue"}
    runs = [{**told, "run": name, "standing": each} for name, each in stands.items()]
    due = {"scenario": "rotate", "platform": "payments", "cadence": "yearly", "last_passed": None, "due": SINCE}
    due |= {"overdue": SINCE, "state": "overdue"}
    body = json.loads(_body(_platform("up"))) | {"drills": {"runs": [*runs, left], "scenarios": [due]}}
    assert await _status(answering(answer(200, json.dumps(body, default=list).encode()))) == ExitCode.GOOD
    said = [line for line in capsys.readouterr().out.splitlines() if line.startswith("drill: ")]
    assert said[0] == "drill: payments: restore (a) by anna: running"
    assert [line.partition("by anna: ")[2].partition(" ")[0] for line in said[1:3]] == ["not", "not"]
    assert said[3].endswith("left behind: user drill-7; rule\\u001b (drill resume d --clean-up-only)")
    assert said[4].startswith("drill: payments: rotate is overdue, since ")


async def test_credentials_to_look_after_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """By their place, with whose word it is; the exit code is the platform's."""
    due = {"credential": "flag.key\x1b", "ends": SINCE, "source": "settings", "ended": True, "what": "ended"}
    unreadable = {"credential": "x", "ends": None, "source": None, "ended": False, "what": "can't be read"}
    body = json.loads(_body(_platform("up"))) | {"credentials": [due, unreadable | {"readable": False}]}
    assert await _status(answering(answer(200, json.dumps(body).encode()))) == ExitCode.GOOD
    said = capsys.readouterr().out.splitlines()
    assert "credential: flag.key\\u001b ended: renew it" in said
    assert "credential: x can't be read" in said


async def test_before_the_first_outcome_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """Not run yet, not signed yet."""
    first = _platform("unknown")
    first["break_glass"] |= {"signed_state": None, "signed_until": None}
    first["functions"][0]["probes"][0] |= {"last_detail": "", "last_at": None, "last_reason": None}
    assert await _status(answering(_answer(first))) == ExitCode.NOT_MEASURED
    said = capsys.readouterr().out
    assert "break-glass: sealed, not signed yet" in said
    assert "portal: not run yet" in said


async def test_json_is_the_monitors_own_answer(capsys: pytest.CaptureFixture[str]) -> None:
    """For programs, whole."""
    assert await _status(answering(_answer(_platform())), "--json") == ExitCode.GOOD
    said = json.loads(capsys.readouterr().out)
    assert said["platforms"][0]["break_glass"]["change"] == 3


async def test_what_a_monitor_says_cannot_drive_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Control characters are spelled out, in names as in reasons."""
    hostile = "\x1b[2J\nup"
    wrong = _platform("down", platform=hostile, why=hostile)
    wrong["functions"][0]["probes"][0]["last_detail"] = hostile
    wrong["functions"][0]["function"] = hostile
    assert await _status(answering(_answer(wrong))) == ExitCode.FINDING
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert said.count("\n") == 4


def _not_ours(**body: object) -> bytes:
    return answer(200, json.dumps(body).encode())


NOT_A_MONITOR: dict[str, tuple[Script, str]] = {
    "nonsense": (answering(answer(200, b"<html>hello")), "is not a monitor of this version"),
    "another program's JSON": (answering(_not_ours(status="ok")), "is not a monitor of this version"),
    "no platform": (answering(_answer()), "watches no platform"),
    "an error": (answering(answer(500)), "status 500"),
    "no such path": (answering(answer(404)), "status 404"),
    "elsewhere": (answering(answer(302, headers=[("Location", "http://127.0.0.1:1/")])), "status 302"),
    "not HTTP": (answering(b"SSH-2.0-OpenSSH_9.2\r\n"), "no monitor answers"),
    "half an answer": (answering(answer(200, b"{}")[:-1]), "no monitor answers"),
    "too much": (repeating(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 1048576), "sends more than 16 MiB"),
}


@pytest.mark.parametrize("what", NOT_A_MONITOR)
async def test_whoever_else_answers_is_not_taken_for_a_monitor(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 4 and one line; nothing of what it sent is shown."""
    script, says = NOT_A_MONITOR[what]
    assert await _status(script) == ExitCode.NOT_MEASURED
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert says in said.err


async def test_one_that_hangs_is_given_up(capsys: pytest.CaptureFixture[str]) -> None:
    """It sends a byte now and then and never comes to an end: after 5 s nobody answers."""
    assert await _status(dribbling(answer(200, b"x" * 10_000))) == ExitCode.NOT_MEASURED
    assert "no monitor answers at http://127.0.0.1:" in capsys.readouterr().err


@pytest.mark.parametrize(
    "url",
    ["", "x", "ftp://127.0.0.1/", "http://", "http://[::1", "http://127.0.0.1:99999", "http://a b", "http://a\x00b"],
)
def test_what_is_no_address_is_wrong_usage(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line that says what is expected."""
    assert run(command, "monitor", ["status", "--url", url]) == ExitCode.USAGE
    assert capsys.readouterr().err == "--url: expected an address such as http://127.0.0.1:9780\n"


def test_a_password_in_an_address_is_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    """It is refused, and not shown."""
    assert run(command, "monitor", ["status", "--url", "http://anna:Sw0rdfish@127.0.0.1:1/"]) == ExitCode.USAGE
    assert "Sw0rdfish" not in capsys.readouterr().err


def test_the_address_comes_from_the_settings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`listen` says where; port 0 doesn't."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = taken.getsockname()[1]
    config = str(write(tmp_path, f"{GOOD}listen: 127.0.0.1:{free}\n"))
    assert run(command, "monitor", ["status", "--config", config]) == ExitCode.NOT_MEASURED
    assert capsys.readouterr().err == f"no monitor answers at http://127.0.0.1:{free}: is it running? (monitor run)\n"
    write(tmp_path, f"{GOOD}listen: 127.0.0.1:0\n")
    assert run(command, "monitor", ["status", "--config", config]) == ExitCode.USAGE
    assert "name its address with --url" in capsys.readouterr().err


async def test_a_person_reads_that_an_exercise_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """Plainly: it is no outage, whose it is, for whom and until when."""
    exercise = {
        "id": "ex-1",
        "run": "quarterly-1",
        "platform": "payments",
        "state": "detected",
        "by": "drill-runner",
        "principals": ["drill-anna"],
        "targets": [],
        "began": SINCE,
        "until": (START + timedelta(minutes=15)).isoformat(),
        "detected": SINCE,
        "detection_seconds": 12.5,
        "ended": None,
        "why": "",
    }
    assert await _status(answering(_answer(_platform(exercise=exercise)))) == ExitCode.GOOD
    line = "  EXERCISE, no outage: run quarterly-1 by drill-runner, for drill-anna only, until 2026-03-01 03:15:00Z"
    assert line in capsys.readouterr().out.splitlines()
