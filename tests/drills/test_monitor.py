"""The client of the monitor, and the program that is a witness."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from drills.errors import AskedToWait, RequestRefused
from drills.model.event import Head
from drills.model.step import Span
from drills.model.verdict import Severity, Verdict
from drills.monitor import Means, MonitorClient, endpoint_of
from drills.ports import Closing, OpeningFacts, Witness
from drills.settings.root import MonitorReachSettings
from drills.witness import CommandWitness
from glasswatch.clock import SystemClock
from glasswatch.errors import NotMeasured
from monitor.wire.drills import RunQuery
from tests.support.drill_actions import RUN, SECRET, secret_of
from tests.support.fake_monitor import FakeMonitor, fake_monitor
from tests.support.receiver import Answer, Behaviour, Close, Garbage, Hang, HugeBody

HEAD = Head(7, "ab" * 32)
OPENING = OpeningFacts(
    RUN, "A title", "berta", "cd" * 32, "quarterly", real=True, until=datetime(2026, 3, 1, 4, tzinfo=UTC)
)
CLOSING = Closing(Verdict.PASSED, "why", [(Span.DETECT, 9.5)], [(Severity.MINOR, 2)], ["a lease"])
SPECIFIC = {"act": "open", "run": RUN.id, "seq": 7, "hash": "ab" * 32}


def _client(monitor: FakeMonitor, seconds: float = 20.0) -> MonitorClient:
    reach = MonitorReachSettings.model_validate(monitor.reach)
    return MonitorClient(reach, Means(SystemClock(), secret_of, seconds), RUN.id)


async def test_a_run_is_opened_told_of_and_closed() -> None:
    """With the token, and the run in the user agent; what returns is the receipt."""
    async with fake_monitor() as monitor:
        client: Witness = _client(monitor)
        receipts = [
            await client.open(OPENING, HEAD),
            await client.tell(RUN.id, HEAD),
            await client.close(RUN.id, CLOSING, HEAD),
        ]
        got = monitor.receiver.received
    head = {"seq": 7, "hash": "ab" * 32}
    assert receipts == ["a.b.c"] * 3
    assert [request.target for request in got[1:]] == [
        endpoint_of(name).at(run=RUN.id) for name in ("drill_head", "drill_close")
    ]
    assert monitor.heads[0] == {
        "run": RUN.id,
        "scenario": "outage",
        "title": "A title",
        "owner": "berta",
        "platform": "payments",
        "operator": "anna",
        "scenario_sha256": "cd" * 32,
        "cadence": "quarterly",
        "real": True,
        "until": "2026-03-01T04:00:00Z",
        "head": head,
    }
    assert monitor.heads[1:] == [
        head,
        {
            "verdict": "passed",
            "why": "why",
            "spans": {"detect": 9.5},
            "findings": {"minor": 2},
            "residue": ["a lease"],
            "head": head,
            "by_hand": False,
        },
    ]
    assert {request.headers["authorization"] for request in got} == {f"Bearer {SECRET}"}
    assert got[0].headers["user-agent"].endswith(RUN.id)


async def test_a_run_that_is_not_there_is_none() -> None:
    """As is an exercise."""
    async with fake_monitor() as monitor:
        monitor.refusal = (404, "no_such", "there is no such thing")
        client = _client(monitor)
        assert (await client.run(RUN.id), await client.exercise("x")) == (None, None)
        await client.end_exercise("x", "why")


async def test_a_refusal_is_the_monitors_own_words() -> None:
    """Its code, and one visible line."""
    async with fake_monitor() as monitor:
        monitor.refusal = (409, "not_possible", "a run\u202e is open")
        with pytest.raises(RequestRefused, match=r"a run.*u202e is open") as caught:
            await _client(monitor).open(OPENING, HEAD)
        assert (caught.value.code, len(monitor.receiver.received)) == ("not_possible", 1)


@pytest.mark.parametrize(
    "behaviour",
    [
        Close(),
        Garbage(),
        Hang(),
        HugeBody(),
        Answer(body=b"{}"),
        Answer(404, b"<html>"),
        Answer(302, headers={"Location": "/"}),
        Answer(429, b'{"error": {"code": "throttled", "message": "later"}}'),
        Answer(503, b'{"error": {"code": "busy", "message": "later"}}'),
    ],
)
async def test_what_is_no_answer_of_a_monitors_is_not_measured(behaviour: Behaviour) -> None:
    """And holds nothing of the token."""
    async with fake_monitor() as monitor:
        monitor.receiver.script.extend([behaviour, behaviour])
        client = _client(monitor, 0.6 if isinstance(behaviour, Hang) else 20.0)
        with pytest.raises(NotMeasured) as caught:
            await client.tell(RUN.id, HEAD)
    assert SECRET not in str(caught.value) + repr(client) + repr(caught.value.__cause__)


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [(429, {"Retry-After": "37"}, 37), (429, {}, 1), (503, {"Retry-After": "soon"}, 0)],
)
async def test_it_is_told_for_how_long_to_be_left_alone(status: int, headers: dict[str, str], seconds: float) -> None:
    """In whole seconds, as a monitor says it."""
    async with fake_monitor() as monitor:
        monitor.receiver.script.append(Answer(status, b'{"error": {"code": "x", "message": "later"}}', headers))
        with pytest.raises(AskedToWait) as caught:
            await _client(monitor).tell(RUN.id, HEAD)
    assert caught.value.seconds == seconds


async def test_what_got_no_answer_is_told_once_more() -> None:
    """The same again is known."""
    async with fake_monitor() as monitor:
        monitor.receiver.script.append(Close())
        assert await _client(monitor).tell(RUN.id, HEAD) == "a.b.c"
        assert len({request.body for request in monitor.receiver.received}) == 1
        assert len(monitor.receiver.received) == 2


async def test_runs_are_asked_for_as_the_query_says() -> None:
    """Nothing that isn't set."""
    async with fake_monitor() as monitor:
        monitor.receiver.script.append(Answer(body=b'{"runs": []}'))
        assert (await _client(monitor).runs(RunQuery(scenario="outage"))).runs == ()
        assert monitor.receiver.received[0].target == f"{endpoint_of('drills').path}?scenario=outage&limit=100"


def _witness(directory: Path, script: str, seconds: float = 20.0) -> CommandWitness:
    return CommandWitness(("/bin/sh", "-c", script, "sh", str(directory / "told")), seconds)


async def test_a_program_is_told_and_its_first_line_is_the_receipt(tmp_path: Path) -> None:
    """One line of JSON for each."""
    witness: Witness = _witness(tmp_path, 'cat >> "$1"; echo "a.b.c"; echo more')
    assert await witness.open(OPENING, HEAD) == "a.b.c"
    assert await witness.tell(RUN.id, HEAD) == "a.b.c"
    assert await witness.close(RUN.id, CLOSING, HEAD) == "a.b.c"
    told: list[dict[str, Any]] = [json.loads(line) for line in (tmp_path / "told").read_text().splitlines()]
    assert [each["act"] for each in told] == ["open", "head", "close"]
    assert {name: told[0][name] for name in SPECIFIC} == SPECIFIC
    assert (told[0]["until"], told[0]["operator"]) == ("2026-03-01T04:00:00+00:00", "anna")
    assert (told[2]["verdict"], told[2]["spans"], told[2]["findings"]) == ("passed", {"detect": 9.5}, {"minor": 2})


@pytest.mark.parametrize("script", ["exit 1", "kill -9 $$", "printf 'a\\033b'", "head -c 20000 /dev/zero | tr '\\0' a"])
async def test_a_program_that_fails_was_not_told(tmp_path: Path, script: str) -> None:
    """Also one that prints what is no receipt."""
    with pytest.raises(NotMeasured):
        await _witness(tmp_path, script).tell(RUN.id, HEAD)


async def test_a_program_may_print_nothing_and_not_take_for_ever(tmp_path: Path) -> None:
    """No receipt is an empty one; too slow is not told."""
    assert await _witness(tmp_path, "cat > /dev/null").tell(RUN.id, HEAD) == ""
    with pytest.raises(NotMeasured, match=r"0\.3 s"):
        await _witness(tmp_path, "sleep 600", 0.3).tell(RUN.id, HEAD)
