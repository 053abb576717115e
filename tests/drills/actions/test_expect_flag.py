"""The action `expect_flag`: a flag is judged as a reader at a door would, whoever hands it out."""

import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from drills.model.found import Found
from drills.model.step import Status
from drills.ports import Action
from glasswatch.flag.document import Claims
from glasswatch.flag.jws import EVIDENCE_TYP, sign
from tests.support.clock import ManualClock
from tests.support.drill_actions import RUN, attempt, made, outcome, step_of, tools
from tests.support.flags import (
    EXERCISE,
    EXERCISE_CLAIMS,
    NOW,
    OTHER_KEY,
    READY_CLAIMS,
    STANDBY_CLAIMS,
    jwk,
    signed,
    write_trust,
)
from tests.support.listeners import free_port
from tests.support.receiver import Answer, Behaviour, Hang, receiving

OURS = replace(EXERCISE_CLAIMS, causes=(replace(EXERCISE, run=RUN.id),))
FORGED = signed(READY_CLAIMS, OTHER_KEY)
PRINCIPAL = "breakglass-drill"


def _action(directory: Path, expect: dict[str, Any], clock: ManualClock | None = None, **with_: Any) -> Action:
    trust = write_trust(directory / "trust.json", jwk())
    given = {"file": directory / "flag.jws", **with_} if "url" not in with_ else with_
    return made(
        step_of("expect_flag", with_=given, expect=expect),
        tools(directory, None, clock or ManualClock(NOW), trust=trust),
    )


async def _read(directory: Path, document: Claims | bytes | None, expect: dict[str, Any], **with_: Any) -> Found:
    if document is not None:
        (directory / "flag.jws").write_bytes(document if isinstance(document, bytes) else signed(document))
    return await outcome(_action(directory, expect, **with_), attempt())


@pytest.mark.parametrize(
    ("document", "expect", "with_", "status"),
    [
        (READY_CLAIMS, {"state": "ready"}, {}, Status.PASSED),
        (READY_CLAIMS, {"state": "standby"}, {}, Status.FAILED),
        (STANDBY_CLAIMS, {"state": "standby"}, {}, Status.PASSED),
        (OURS, {"state": "exercise"}, {"principal": PRINCIPAL}, Status.PASSED),
        (OURS, {"state": "exercise"}, {"principal": "somebody"}, Status.FAILED),
        (EXERCISE_CLAIMS, {"state": "exercise"}, {"principal": PRINCIPAL}, Status.FAILED),
        (OURS, {"state": "exercise"}, {}, Status.FAILED),
        (OURS, {"refusal": "exercise"}, {}, Status.PASSED),
        (FORGED, {"state": "ready"}, {}, Status.FAILED),
        (FORGED, {"refusal": "key_unknown"}, {}, Status.PASSED),
        (FORGED, {"refusal": "any"}, {}, Status.PASSED),
        (FORGED, {"refusal": "expired"}, {}, Status.FAILED),
        (READY_CLAIMS, {"refusal": "any"}, {}, Status.FAILED),
        (READY_CLAIMS, {"refusal": "platform"}, {"platform": "hr"}, Status.PASSED),
        (READY_CLAIMS, {"refusal": "lifetime"}, {"max_ttl": "1m"}, Status.PASSED),
        (b"", {"refusal": "any"}, {}, Status.PASSED),
        (None, {"refusal": "any"}, {}, Status.NOT_MEASURED),
        (None, {"state": "ready"}, {}, Status.NOT_MEASURED),
        (READY_CLAIMS, {"state": "ready"}, {"trust": "/nowhere/trust.json"}, Status.NOT_MEASURED),
        (READY_CLAIMS, {"refusal": "any"}, {"trust": "/nowhere/trust.json"}, Status.NOT_MEASURED),
    ],
)
async def test_what_a_flag_is_worth(
    tmp_path: Path, document: Claims | bytes | None, expect: dict[str, Any], with_: dict[str, Any], status: Status
) -> None:
    """Believed, refused for a reason, or not to be had, which is neither."""
    found = await _read(tmp_path, document, expect, **with_)
    assert found.status is status, found.detail


@pytest.mark.parametrize(("document", "state"), [(signed(READY_CLAIMS), "ready"), (FORGED, "ready"), (b"a.b.c", None)])
async def test_what_it_says_is_kept_with_its_hash(tmp_path: Path, document: bytes, state: str | None) -> None:
    """Believed or not; in a form that nobody takes for a token."""
    kept, *_ = (await _read(tmp_path, document, {"state": "ready"})).outputs
    found = json.loads(kept.content)
    assert found["sha256"] == hashlib.sha256(document).hexdigest()
    assert (found["claims"] or {}).get("state") == state


TOKEN = sign(b'{"sub":"anna"}', OTHER_KEY, EVIDENCE_TYP).encode()


@pytest.mark.parametrize(
    ("document", "is_flag"), [(signed(READY_CLAIMS), True), (FORGED, True), (TOKEN, False), (b"a.b.c", False)]
)
async def test_a_flag_itself_is_kept_too(tmp_path: Path, document: bytes, *, is_flag: bool) -> None:
    """Believed or not, anybody may have it, and check its signature later. What is no flag may be somebody's token."""
    _, *kept = (await _read(tmp_path, document, {"state": "ready"})).outputs
    assert [(each.name, each.content, each.is_public) for each in kept] == [("flag.jws", document, True)] * is_flag


async def test_it_happened_when_it_was_seen(tmp_path: Path) -> None:
    """A flag may have been signed long before anybody could read it."""
    assert (await _read(tmp_path, READY_CLAIMS, {"state": "ready"})).at == NOW


async def test_an_older_flag_is_not_believed_after_a_newer_one(tmp_path: Path) -> None:
    """The floor lasts as long as the step."""
    action = _action(tmp_path, {"state": "ready"})
    newer = replace(READY_CLAIMS, iat=READY_CLAIMS.iat + 1, ver=READY_CLAIMS.ver + 1000)
    statuses = []
    for claims in (newer, READY_CLAIMS):
        (tmp_path / "flag.jws").write_bytes(signed(claims))
        statuses.append((await outcome(action, attempt())).status)
    assert statuses == [Status.PASSED, Status.FAILED]


@pytest.mark.parametrize(
    ("expect", "status"), [("any", Status.NOT_MEASURED), ("issued_later", Status.PASSED), ("expired", Status.FAILED)]
)
async def test_a_clock_that_may_be_ours_refuses_nothing(tmp_path: Path, expect: str, status: Status) -> None:
    """Unless just that is expected."""
    (tmp_path / "flag.jws").write_bytes(signed(READY_CLAIMS))
    clock = ManualClock(NOW - timedelta(hours=1))
    assert (await outcome(_action(tmp_path, {"refusal": expect}, clock), attempt())).status is status


@pytest.mark.parametrize(
    ("behaviour", "status"),
    [
        (Answer(body=signed(READY_CLAIMS)), Status.PASSED),
        (Answer(body=signed(READY_CLAIMS) + b"\n"), Status.PASSED),
        (Answer(body=json.dumps({"jws": signed(READY_CLAIMS).decode()}).encode()), Status.PASSED),
        (Answer(body=b'{"state": "ready"}'), Status.NOT_MEASURED),
        (Answer(404, signed(READY_CLAIMS)), Status.NOT_MEASURED),
        (Hang(), Status.NOT_MEASURED),
    ],
)
async def test_an_address_hands_it_out_as_it_is_or_in_json(
    tmp_path: Path, behaviour: Behaviour, status: Status
) -> None:
    """Only the signature proves anything."""
    async with receiving(default=behaviour) as server:
        action = _action(tmp_path, {"state": "ready"}, url=f"{server.url}/api/v1/flag/payments")
        found = await outcome(action, attempt(seconds=0.3 if isinstance(behaviour, Hang) else 20.0))
    assert found.status is status, found.detail


async def test_nobody_there_is_not_measured(tmp_path: Path) -> None:
    """Also where a refusal is expected."""
    action = _action(tmp_path, {"refusal": "any"}, url=f"http://127.0.0.1:{free_port()}/flag")
    assert (await outcome(action, attempt())).status is Status.NOT_MEASURED


@pytest.mark.parametrize(
    "settings",
    [
        {"with": {"file": "/a"}, "expect": {}},
        {"with": {"file": "/a"}, "expect": {"state": "ready", "refusal": "any"}},
        {"with": {"file": "/a", "url": "https://a/"}, "expect": {"state": "ready"}},
        {"with": {}, "expect": {"state": "ready"}},
        {"with": {"file": "/a"}, "expect": {"refusal": "no_order"}},
        {"with": {"file": "/a"}, "expect": {"state": "ready"}, "refused": True},
        {"with": {"url": "http://a.example/", "auth": {"bearer": {"env": "A"}}}, "expect": {"state": "ready"}},
    ],
)
def test_wrong_settings_are_mistakes(settings: dict[str, Any]) -> None:
    """One place, and one thing that is expected."""
    with pytest.raises(ValidationError):
        step_of("expect_flag", **settings)
