"""The action `kubernetes`: the real kubectl, against an API server as Kubernetes documents it."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from drills.model.found import Found
from drills.model.step import Status
from tests.support.api_server import ApiServer, api_server
from tests.support.drill_actions import RUN, SECRET, TOKEN, attempt, children, made, outcome, step_of, tools
from tests.support.listeners import free_port
from tests.support.programs import require
from tests.support.tls import Authority

_PODS = {"review": {"verb": "get", "resource": "pods", "namespace": "payments"}}
_LIST = {"get": "/api/v1/namespaces/${space}/pods"}


@pytest.fixture(scope="module")
def cluster(authority: Authority) -> Iterator[ApiServer]:
    """One server for all of them."""
    require("kubectl", package="kubernetes-client")
    with api_server(authority.issue()) as running:
        running.tokens[SECRET] = ("get pods",)
        running.tokens["sealed"] = ()
        yield running


@dataclass(frozen=True, slots=True)
class Asking:
    """A server, whom it is trusted by, and a place for files."""

    cluster: ApiServer
    ca_file: str
    directory: Path

    async def tried(self, **more: Any) -> Found:
        """Return what a step found; nothing of it is left."""
        given = {"server": self.cluster.url, "ca_file": self.ca_file, "token": TOKEN, **more.pop("given", _PODS)}
        step = step_of("kubernetes", with_={name: each for name, each in given.items() if each is not None}, **more)
        before = _held()
        found = await outcome(made(step, tools(self.directory)), attempt({"space": "payments"}, seconds=60.0))
        assert _held() == before
        assert SECRET not in repr(found) + found.detail + "".join(str(each.content) for each in found.outputs)
        return found


@pytest.fixture
def asking(cluster: ApiServer, authority: Authority, tmp_path: Path) -> Asking:
    """The server, trusted."""
    cluster.asked.clear()
    return Asking(cluster, str(authority.ca_file), tmp_path)


def _held() -> tuple[set[int], list[str]]:
    """Return processes, and files in memory."""
    held: list[str] = []
    for each in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the server's threads close theirs when they like
            held += [str(each.readlink())]
    return children(), [each for each in held if "memfd:" in each]


def _of(token: str, directory: Path) -> dict[str, Any]:
    """Return settings that show another token."""
    file = directory / "token"
    file.write_text(token)
    return {"token": {"file": str(file)}}


async def test_a_review_is_asked_once_and_names_the_run(asking: Asking) -> None:
    """With the token, which stands in nobody's arguments."""
    found = await asking.tried()
    assert found.status is Status.PASSED, found.detail
    (asked,) = asking.cluster.asked
    assert (asked.method, asked.token, asked.query["glasswatch-run"]) == ("POST", SECRET, [RUN.id])


@pytest.mark.parametrize(
    ("given", "whose", "outcomes"),
    [
        (_PODS, SECRET, (Status.PASSED, Status.FAILED)),
        (_PODS, "sealed", (Status.FAILED, Status.PASSED)),
        (_LIST, SECRET, (Status.PASSED, Status.FAILED)),
        (_LIST, "sealed", (Status.FAILED, Status.PASSED)),
        (_PODS, "unknown", (Status.FAILED, Status.PASSED)),
        (_LIST, "unknown", (Status.FAILED, Status.PASSED)),
        ({"get": "/api/v1/absent"}, SECRET, (Status.FAILED, Status.NOT_MEASURED)),
        ({"get": "/api/v1/busy"}, SECRET, (Status.NOT_MEASURED, Status.NOT_MEASURED)),
        ({**_PODS, "program": "/nowhere/kubectl"}, SECRET, (Status.NOT_MEASURED, Status.NOT_MEASURED)),
        ({**_PODS, "server": f"https://127.0.0.1:{free_port()}"}, SECRET, (Status.NOT_MEASURED, Status.NOT_MEASURED)),
    ],
)
async def test_only_the_api_servers_own_word_is_a_refusal(
    asking: Asking, given: dict[str, Any], whose: str, outcomes: tuple[Status, Status]
) -> None:
    """Denied by a review, forbidden, or no longer known."""
    given = {**given, **_of(whose, asking.directory)}
    for is_refused, status in zip((False, True), outcomes, strict=True):
        found = await asking.tried(given=given, refused=is_refused)
        assert found.status is status, found.detail


async def test_a_review_that_could_not_be_decided_refuses_nothing(asking: Asking) -> None:
    """The authoriser itself was in trouble."""
    asking.cluster.trouble = "the webhook timed out"
    try:
        found = await asking.tried(given={**_PODS, **_of("sealed", asking.directory)}, refused=True)
    finally:
        asking.cluster.trouble = ""
    assert found.status is Status.NOT_MEASURED


async def test_a_server_that_is_not_trusted_is_shown_nothing(asking: Asking, stranger: Authority) -> None:
    """It neither lets in nor refuses."""
    found = await asking.tried(given={**_PODS, "ca_file": str(stranger.ca_file)}, refused=True)
    assert (found.status, "trusted" in found.detail) == (Status.NOT_MEASURED, True)
    assert asking.cluster.asked == []


async def test_a_document_is_looked_into(asking: Asking) -> None:
    """As any other answer."""
    right = {"json": {"kind": "List"}}
    capture = {"version": {"json": "metadata.resourceVersion"}}
    found = await asking.tried(given=_LIST, expect=right, capture=capture)
    assert (found.status, found.captured["version"].text) == (Status.PASSED, "7"), found.detail
    wrong = {"json": {"kind": "Pod"}}
    assert (await asking.tried(given=_LIST, expect=wrong)).status is Status.FAILED


async def test_kubectls_own_settings_may_be_used(asking: Asking) -> None:
    """By the context that is named."""
    users = [{"name": name, "user": {"token": name}} for name in ("sealed", "nobody")]
    contexts = [{"name": name, "context": {"cluster": "c", "user": name}} for name in ("sealed", "nobody")]
    ours = {"server": asking.cluster.url, "certificate-authority": asking.ca_file}
    file = asking.directory / "kubeconfig"
    config = {"apiVersion": "v1", "kind": "Config", "clusters": [{"name": "c", "cluster": ours}]}
    file.write_text(json.dumps({**config, "users": users, "contexts": contexts, "current-context": "nobody"}))
    given = {"server": None, "ca_file": None, "token": None, "kubeconfig": str(file), **_PODS}
    for context, word in (("sealed", "not allowed"), (None, "Unauthorized")):
        found = await asking.tried(given={**given, "context": context}, refused=True)
        assert (found.status, word in found.detail) == (Status.PASSED, True), found.detail
        named = {"reason": ["NotAllowed"]}
        found = await asking.tried(given={**given, "context": context}, refused=True, expect=named)
        assert found.status is (Status.PASSED if context else Status.NOT_MEASURED), found.detail
    found = await asking.tried(given={**given, "context": "none"}, refused=True)
    assert found.status is Status.NOT_MEASURED


_AT = {"server": "https://k8s", "token": TOKEN, **_PODS}


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({"with": {**_AT, "token": "plain"}}, ("with", "token")),
        ({"with": {**_AT, "server": "http://k8s"}}, ("with", "server")),
        ({"with": {"server": "https://k8s", **_PODS}}, ("with",)),
        ({"with": {**_AT, "kubeconfig": "/k"}}, ("with",)),
        ({"with": {**_AT, "context": "c"}}, ("with", "context")),
        ({"with": {**_AT, "get": "/version"}}, ("with",)),
        ({"with": {**_AT, "review": {"verb": "${a}", "resource": "pods"}}}, ("with", "review", "verb")),
        ({"with": _AT, "expect": {"json": {"a": 1}}}, ("expect",)),
        ({"with": _AT, "expect": {"reason": ["Forbidden"]}}, ("expect",)),
        ({"with": _AT, "refused": True, "expect": {"reason": ["Other"]}}, ("expect", "reason", 0)),
        ({"with": _AT, "refused": True, "expect": {"reason": ["Forbidden"], "json": {"a": 1}}}, ("expect",)),
        ({"with": _AT, "capture": {"a": {"json": "b"}}}, ("capture",)),
    ],
)
def test_wrong_settings_are_told_by_their_place(settings: dict[str, Any], place: tuple[str | int, ...]) -> None:
    """One cluster, one question, no token in the scenario."""
    with pytest.raises(ValidationError) as caught:
        step_of("kubernetes", **settings)
    assert place in [each["loc"] for each in caught.value.errors()]
