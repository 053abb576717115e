"""The action `aws`, on moto's server, whose IAM refuses."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from drills import apart
from drills.actions.aws import AwsAction
from drills.model.found import Found
from drills.model.step import Status
from drills.settings.actions.aws import AwsStep
from tests.support.apart import answered_here
from tests.support.drill_actions import RUN, TOKEN, attempt, children, outcome, step_of, tools
from tests.support.moto_server import REGION, Aws, aws


@pytest.fixture(scope="module")
def cloud() -> Iterator[Aws]:
    """One server for all of them."""
    with aws() as running:
        yield running


def _step(cloud: Aws, directory: Path, **more: Any) -> AwsStep:
    secret = directory / "secret"
    secret.write_text(cloud.secret)
    given = {
        "region": REGION,
        "endpoint_url": cloud.url,
        "credentials": {"access_key_id": cloud.key_id, "secret_access_key": {"file": str(secret)}},
        "role": {"arn": cloud.role},
        "service": "s3",
        "operation": "ListBuckets",
        **more.pop("given", {}),
    }
    step = step_of("aws", with_={name: each for name, each in given.items() if each is not None}, **more)
    assert isinstance(step, AwsStep)
    return step


async def _tried(
    cloud: Aws, directory: Path, values: dict[str, str] | None = None, ask: apart.Ask = answered_here, **more: Any
) -> Found:
    found = await outcome(
        AwsAction(_step(cloud, directory, **more), tools(directory), ask), attempt(values, seconds=60.0)
    )
    assert cloud.secret not in repr(found) + found.detail + "".join(str(each.content) for each in found.outputs)
    return found


async def test_the_roles_session_has_the_runs_name(cloud: Aws, tmp_path: Path) -> None:
    """By which CloudTrail knows it."""
    found = await _tried(
        cloud,
        tmp_path,
        given={"service": "sts", "operation": "GetCallerIdentity"},
        expect={"json": {"Account": "123456789012"}},
        capture={"who": {"json": "Arn"}},
    )
    assert found.status is Status.PASSED, found.detail
    assert found.captured["who"].text == f"arn:aws:sts::123456789012:assumed-role/break-glass/{RUN.id}"


_MISSING = {"operation": "ListObjectsV2", "parameters": {"Bucket": "none"}}
_DENIED = {"code": ["AccessDenied"], "at": "call"}
_DELETE = {"operation": "DeleteBucket", "parameters": {"Bucket": "${bucket}"}}


@pytest.mark.parametrize(
    ("given", "status", "refused"),
    [
        ({}, Status.PASSED, Status.FAILED),
        ({"role": None}, Status.FAILED, Status.PASSED),
        (_DELETE, Status.FAILED, Status.PASSED),
        (_MISSING, Status.FAILED, Status.NOT_MEASURED),
        ({"credentials": {"access_key_id": "AKIAGONE", "secret_access_key": TOKEN}}, Status.FAILED, Status.PASSED),
        ({"operation": "NoSuchThing"}, Status.NOT_MEASURED, Status.NOT_MEASURED),
        ({"service": "nothing"}, Status.NOT_MEASURED, Status.NOT_MEASURED),
        ({"parameters": {"Nothing": 1}}, Status.NOT_MEASURED, Status.NOT_MEASURED),
    ],
)
async def test_only_aws_own_word_is_a_refusal(
    cloud: Aws, tmp_path: Path, given: dict[str, Any], status: Status, refused: Status
) -> None:
    """What failed for another reason, or could not be asked, refuses nothing."""
    values = {"bucket": "audit"}
    assert (await _tried(cloud, tmp_path, values, given=given)).status is status
    found = await _tried(cloud, tmp_path, values, given=given, refused=True)
    assert found.status is refused, found.detail
    found = await _tried(cloud, tmp_path, values, given=given, refused=True, expect=_DENIED)
    assert found.status is (Status.NOT_MEASURED if "credentials" in given else refused), found.detail


async def test_a_wrong_key_may_be_a_wrong_clock(cloud: Aws, tmp_path: Path) -> None:
    """A signature that does not match is nobody's refusal."""
    credentials = {"access_key_id": cloud.key_id, "secret_access_key": TOKEN}
    found = await _tried(cloud, tmp_path, refused=True, given={"credentials": credentials})
    assert (found.status, "SignatureDoesNotMatch" in found.detail) == (Status.NOT_MEASURED, True)


async def test_what_it_expects_and_captures_must_be_there(cloud: Aws, tmp_path: Path) -> None:
    """As in any other answer."""
    right = {"json": {"Buckets[0].Name": "audit"}}
    assert (await _tried(cloud, tmp_path, expect=right)).status is Status.PASSED
    assert (await _tried(cloud, tmp_path, expect={"json": {"Buckets[0].Name": "b"}})).status is Status.FAILED
    assert (await _tried(cloud, tmp_path, capture={"a": {"json": "Buckets"}})).status is Status.FAILED


async def test_a_sessions_credentials_are_not_kept(cloud: Aws, tmp_path: Path) -> None:
    """Not even where the call itself hands them out."""
    given = {"service": "sts", "operation": "AssumeRole", "role": None}
    parameters = {"RoleArn": cloud.role, "RoleSessionName": "${run}"}
    found = await _tried(
        cloud,
        tmp_path,
        given={**given, "parameters": parameters},
        capture={"key": {"json": "Credentials.SecretAccessKey", "secret": True}},
    )
    assert found.status is Status.PASSED, found.detail
    assert found.captured["key"].text not in "".join(str(each.content) for each in found.outputs)


async def test_in_a_process_apart_it_is_the_same_and_takes_nothing_of_ours(
    cloud: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment's key is another's, unless it is asked for."""
    before = children()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", cloud.key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", cloud.secret)
    wrong = {"credentials": {"access_key_id": "AKIAGONE", "secret_access_key": TOKEN}}
    found = await _tried(cloud, tmp_path, ask=apart.ask, refused=True, given=wrong)
    assert found.status is Status.PASSED, found.detail
    found = await _tried(cloud, tmp_path, ask=apart.ask, given={"credentials": None, "ambient": True})
    assert found.status is Status.PASSED, found.detail
    assert children() == before


def test_the_plan_says_when_the_session_ends(cloud: Aws, tmp_path: Path) -> None:
    """Nobody takes it back."""
    step = _step(cloud, tmp_path, given={"role": {"arn": cloud.role, "duration": "20m"}})
    (session,) = step.touches
    assert "20m" in session
    assert "s3:ListBuckets" in step.rights


_AT = {"region": "r1", "service": "s3", "operation": "ListBuckets", "ambient": True}


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({"with": {**_AT, "ambient": False}}, ("with",)),
        ({"with": {**_AT, "credentials": {"access_key_id": "a", "secret_access_key": TOKEN}}}, ("with",)),
        (
            {"with": {**_AT, "credentials": {"access_key_id": "a", "secret_access_key": "b"}}},
            ("with", "credentials", "secret_access_key"),
        ),
        ({"with": {**_AT, "operation": "${a}"}}, ("with", "operation")),
        ({"with": {**_AT, "service": "${a}"}}, ("with", "service")),
        ({"with": {**_AT, "parameters": [1]}}, ("with", "parameters")),
        ({"with": {**_AT, "endpoint_url": "http://aws.example.com"}}, ("with", "endpoint_url")),
        ({"with": {**_AT, "role": {"arn": "x"}}}, ("with", "role", "arn")),
        ({"with": _AT, "refused": True, "expect": {"json": {"a": 1}}}, ("expect",)),
        ({"with": _AT, "refused": True, "expect": {"code": ["NoSuchBucket"]}}, ("expect", "code", 0)),
        ({"with": _AT, "expect": {"at": "call"}}, ("expect", "at")),
        ({"with": _AT, "refused": True, "capture": {"a": {"json": "b"}}}, ("capture",)),
    ],
)
def test_wrong_settings_are_told_by_their_place(settings: dict[str, Any], place: tuple[str | int, ...]) -> None:
    """The call is literal, its key is a reference, and nothing is taken silently."""
    with pytest.raises(ValidationError) as caught:
        step_of("aws", **settings)
    assert place in [each["loc"] for each in caught.value.errors()]
