"""What every action of the registry keeps, whatever it does."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from drills.model.found import Found
from drills.model.step import Status
from drills.ports import Action, Tools
from drills.registries import ACTIONS
from drills.settings.step import StepSettings
from tests.support.drill_actions import SECRET, TOKEN, attempt, children, made, outcome, step_of, tools
from tests.support.flags import jwk, write_trust
from tests.support.listeners import free_port
from tests.support.receiver import Answer, Behaviour, Close, Garbage, Hang, Receiver, Reset, receiving

_NO_HTTP = "300ms"  # whoever waits for a request waits for ever; their own tests have listeners of their kind
ECHO = "echo"
"""Answers with all that it was sent, credentials included."""


@dataclass(frozen=True)
class Case:
    """How an action is made that asks `url`. `asks`: it asks somebody who may be gone, hang or talk nonsense.

    `seconds`: how long it may take.
    """

    settings: Callable[[str, Path], dict[str, Any]]
    drill: Callable[[str, Path], dict[str, Any]] = lambda _url, _path: {}
    asks: bool = True
    seconds: float = 20.0

    def step(self, name: str, url: str, directory: Path) -> StepSettings:
        """Return its settings."""
        return step_of(name, **self.settings(url, directory))

    def tools(self, url: str, directory: Path) -> Tools:
        """Return what it is made with."""
        return tools(directory, **self.drill(url, directory))


def _ways(url: str, *steps: dict[str, Any]) -> dict[str, Any]:
    return {"with": {"url": url, "secrets": {"password": TOKEN}, "steps": list(steps)}}


_KEY = {"headers": {"X-Key": "${password}"}}
_OPENS = {
    "id": "request",
    "request": {"method": "POST", "path": "/requests", "json": {"reason": "${run}"}, **_KEY},
    "capture": {"request": {"json": "id", "keep": True}},
    "undo": {
        "request": {"method": "DELETE", "path": "/requests/${request}", **_KEY},
        "find": {
            "request": {"path": "/requests?reason=${run}", **_KEY},
            "capture": {"request": {"json": "[0].id"}},
            "certain_after": "1s",
        },
    },
}
_ENDS = {"id": "end", "request": {"method": "DELETE", "path": "/access", **_KEY}}
_REFUSED = {"id": "use", "request": {"path": "/access", **_KEY}, "expect": {"status": [403]}, "refused": True}


def _look(url: str, **others: Any) -> dict[str, Any]:
    return {"action": "http", "with": {"url": url, "auth": {"bearer": TOKEN}}, **others}


def _key_file(directory: Path) -> Path:
    key = directory / "key"
    key.write_text("nothing\n")
    return key


def _monitor(url: str, _directory: Path) -> dict[str, Any]:
    return {"monitor": {"url": url, "token": TOKEN}}


# What each action is tried with. Every one of them is given the secret where it takes one.
CASES = {
    "http": Case(lambda url, _: {"with": {"url": f"{url}/a", "auth": {"bearer": TOKEN}, "headers": {"X-Key": TOKEN}}}),
    "command": Case(
        lambda _url, _: {"with": {"argv": ["/bin/sh", "-c", "cat; sleep 600 & sleep 600"], "stdin": TOKEN}}, asks=False
    ),
    "ssh": Case(
        lambda url, path: {
            "with": {
                "host": "127.0.0.1",
                "port": int(url.rpartition(":")[2]),
                "user": "root",
                "timeout": _NO_HTTP,
                "key": str(_key_file(path)),
                "host_keys": ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIII"],
            }
        }
    ),
    "sql": Case(
        lambda url, _: {
            "with": {
                "url": f"postgresql+psycopg://root@{url.removeprefix('http://')}/postgres",
                "password": TOKEN,
                "statement": "SELECT 1",
                "timeout": _NO_HTTP,
            }
        }
    ),
    "aws": Case(
        lambda url, _: {
            "with": {
                "region": "eu-central-1",
                "endpoint_url": url,
                "credentials": {"access_key_id": "AKIA", "secret_access_key": TOKEN},
                "service": "sts",
                "operation": "GetCallerIdentity",
            }
        }
    ),
    "kubernetes": Case(
        lambda url, _: {"with": {"server": url, "token": TOKEN, "review": {"verb": "get", "resource": "pods"}}}
    ),
    "exercise": Case(lambda _url, _: {"with": {"principals": ["p"]}}, _monitor),
    "fault": Case(lambda url, _: {"with": {"url": url, "token": TOKEN, "fault": {"kind": "hang"}}}),
    "expect_flag": Case(
        lambda url, path: {
            "with": {"url": f"{url}/flag", "auth": {"bearer": TOKEN}, "trust": write_trust(path / "trust", jwk())},
            "expect": {"state": "ready"},
        }
    ),
    "expect_page": Case(lambda url, _: {"with": {"pagerduty": {"url": url, "token": TOKEN}}}),
    "expect_metric": Case(
        lambda _url, _: {"with": {"query": "up"}, "expect": {"present": False}}, lambda url, _: {"prometheus": url}
    ),
    "manual": Case(lambda _url, _: {"with": {"ask": "Is it so?"}}, asks=False),
    "wait": Case(lambda _url, _: {"with": {"for": "10m"}}, asks=False),
    "expect_audit": Case(
        lambda url, _: {"with": {"http_json": {"url": f"{url}/?q=${{run}}", "headers": {"X-Key": TOKEN}}}}
    ),
    "rotate": Case(
        lambda url, _: {
            "with": {
                "command": {"argv": ["/bin/cat"], "stdin": TOKEN},
                "old_works": _look(url),
                "old_refused": _look(url, refused=True),
                "new_works": {"action": "http", "with": {"url": url, "auth": {"bearer": {"env": "NEW"}}}},
            }
        }
    ),
    "request_access": Case(lambda url, _: _ways(url, _OPENS), seconds=1.0),
    "revoke_access": Case(lambda url, _: _ways(url, _ENDS, _REFUSED)),
}
ASKING = [name for name, case in CASES.items() if case.asks]


def _action(name: str, url: str, directory: Path) -> Action:
    case = CASES[name]
    return made(case.step(name, url, directory), case.tools(url, directory))


@asynccontextmanager
async def _echoing(status: int) -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        receiver.decide = lambda target, body: Answer(status, target.encode() + SECRET.encode() + body)
        yield receiver


def test_every_action_is_tried() -> None:
    """One that is added is added here."""
    assert list(CASES) == list(ACTIONS)


@pytest.mark.parametrize("name", CASES)
def test_its_settings_say_what_it_is(name: str, tmp_path: Path) -> None:
    """A line, what it may disturb, how it is taken back; no secret in any of it."""
    step = CASES[name].step(name, "http://127.0.0.1:1", tmp_path)
    planned = step.planned(step.undo_line, ())
    assert planned.line
    assert re.fullmatch("[a-z_]+", planned.action)
    assert SECRET not in repr(planned) + repr(step)
    assert planned.is_real is (name not in {"fault", "wait"})
    assert step.names() <= {"run"}
    assert not any(step.captures().values())


@pytest.mark.parametrize("name", CASES)
async def test_making_it_touches_nothing(name: str, tmp_path: Path, others: set[int]) -> None:
    """No secret is read and nobody is asked before it acts."""
    case = CASES[name]
    async with receiving() as receiver:
        step, given = case.step(name, receiver.url, tmp_path), case.tools(receiver.url, tmp_path)

        def secret(_reference: object) -> Any:
            raise AssertionError

        made(step, Tools(given.clock, given.settings, given.directory, given.confirmations, secret))
        await asyncio.sleep(0)
        assert receiver.received == []
    assert children() == others


@pytest.mark.parametrize("is_undo", [False, True])
@pytest.mark.parametrize("name", ASKING)
async def test_whom_it_asks_is_not_there(name: str, is_undo: bool, tmp_path: Path) -> None:  # noqa: FBT001 - two cases
    """Not measured: neither passed nor failed. Taking back passes only where there is nothing to take back."""
    action = _action(name, f"http://127.0.0.1:{free_port()}", tmp_path)
    given = attempt(seconds=CASES[name].seconds)
    _is_not_measured(name, await outcome(action, given, is_undo=is_undo), is_undo=is_undo)


@pytest.mark.parametrize("behaviour", [Hang(), Close(), Reset(), Garbage()], ids=lambda each: type(each).__name__)
@pytest.mark.parametrize("name", ASKING)
async def test_whom_it_asks_does_not_answer(name: str, behaviour: Behaviour, tmp_path: Path) -> None:
    """Within its time, which is over soon where nobody answers."""
    async with receiving(default=behaviour) as receiver:
        given = attempt(seconds=0.2 if isinstance(behaviour, Hang) else CASES[name].seconds)
        for is_undo in (False, True):
            action = _action(name, receiver.url, tmp_path)
            _is_not_measured(name, await outcome(action, given, is_undo=is_undo), is_undo=is_undo)


def _is_not_measured(name: str, found: Found, *, is_undo: bool) -> None:
    is_plain = is_undo and not CASES[name].step(name, "http://127.0.0.1:1", Path("/tmp")).undo_line
    assert found.status is (Status.PASSED if is_plain else Status.NOT_MEASURED), found.detail
    assert SECRET not in found.detail


@pytest.mark.parametrize("status", [200, 401, 500])
@pytest.mark.parametrize("name", ASKING)
async def test_no_secret_is_told(name: str, status: int, tmp_path: Path) -> None:
    """Whatever an answer repeats of what it was sent."""
    async with _echoing(status) as receiver:
        action = _action(name, receiver.url, tmp_path)
        for is_undo in (False, True):
            try:
                found: object = await (action.undo if is_undo else action.act)(attempt(seconds=CASES[name].seconds))
            except Exception as fault:  # noqa: BLE001 - whatever it is
                found = (str(fault), repr(fault), repr(fault.__cause__), repr(fault.__context__))
            assert SECRET not in repr(found) + repr(action) + str(getattr(found, "detail", ""))


@pytest.mark.parametrize("name", CASES)
async def test_a_secret_that_is_missing_is_not_measured(name: str, tmp_path: Path) -> None:
    """Where it takes one."""
    case = CASES[name]
    settings = _without_the_secret(case.settings("http://127.0.0.1:1", tmp_path))
    drill = _without_the_secret(case.drill("http://127.0.0.1:1", tmp_path))
    action = made(step_of(name, **settings), tools(tmp_path, **drill))
    if settings != case.settings("http://127.0.0.1:1", tmp_path) or drill != case.drill("http://127.0.0.1:1", tmp_path):
        found = await outcome(action, attempt())
        assert (found.status, "MISSING" in found.detail) == (Status.NOT_MEASURED, True)


def _without_the_secret(settings: Any) -> Any:
    if settings == TOKEN:
        return {"env": "MISSING"}
    return (
        {key: _without_the_secret(each) for key, each in settings.items()} if isinstance(settings, dict) else settings
    )


@pytest.mark.parametrize("name", CASES)
async def test_cancelled_at_any_instant_nothing_is_left(name: str, tmp_path: Path, others: set[int]) -> None:
    """No task, no process; whom it asked sees it go."""
    async with receiving(default=Hang()) as receiver:
        action = _action(name, receiver.url, tmp_path)
        before = asyncio.all_tasks()
        for call in (action.act, action.undo):
            for rounds in (0, 1, 2, 4, 8, 64):
                task = asyncio.ensure_future(call(attempt()))
                for _ in range(rounds):
                    await asyncio.sleep(0)
                task.cancel()
                await asyncio.wait({task}, timeout=20)
                assert task.done()
                assert task.cancelled() or task.exception() or task.result().status is not Status.FAILED
        serving = {each for each in asyncio.all_tasks() if "_serve" in repr(each.get_coro())}
        assert asyncio.all_tasks() - before - serving == set()
    assert children() == others


@pytest.mark.parametrize("name", CASES)
async def test_taking_back_twice_what_never_was_is_the_same(name: str, tmp_path: Path) -> None:
    """It never fails; what has a way to take back passes (each by its own tests, where somebody answers)."""
    async with receiving(default=Answer(body=b"{}")) as receiver:
        action = _action(name, receiver.url, tmp_path)
        given = attempt(seconds=CASES[name].seconds)
        found = [await outcome(action, given, is_undo=True) for _ in range(2)]
    assert found[0].status is found[1].status
    assert found[0].status is not Status.FAILED
