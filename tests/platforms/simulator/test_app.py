from collections.abc import Iterator
from time import perf_counter

import pytest

from tests.support.simulator import Answer, Simulated, simulated


@pytest.fixture(scope="module")
def platform() -> Iterator[Simulated]:
    """One process for this file; no test here sets a fault."""
    with simulated() as running:
        yield running


def _ask_for(platform: Simulated, session: str, entitlement: str = "payments-db", seconds: object = 3600) -> Answer:
    body = {"entitlement": entitlement, "reason": "INC-42", "seconds": seconds}
    return platform.ask("POST", "/requests", body, token=session)


def _granted(platform: Simulated, session: str, request: str) -> str:
    deadline = perf_counter() + 20
    while perf_counter() < deadline:
        answer = platform.ask("GET", f"/requests/{request}", token=session)
        if answer.data()["state"] == "granted":
            return answer.text("grant")
    raise AssertionError("never granted")


def test_an_engineer_walks_the_whole_way(platform: Simulated) -> None:
    """Sign in, ask, be approved by a person, use, revoke, and be refused."""
    erin, alex = platform.sign_in("erin"), platform.sign_in("alex")
    asked = _ask_for(platform, erin)
    assert (asked.status, asked.text("state")) == (201, "pending")
    request = asked.text("id")
    approved = platform.ask("POST", f"/requests/{request}/approve", token=alex)
    assert (approved.status, approved.text("decided_by")) == (200, "alex")
    grant = _granted(platform, erin, request)
    assert platform.ask("GET", f"/grants/{grant}", token=erin).data()["is_live"] is True
    assert platform.ask("POST", f"/grants/{grant}/use", token=erin).status == 200
    assert platform.ask("POST", f"/grants/{grant}/revoke", token=erin).text("revoked_by") == "erin"
    refused = platform.ask("POST", f"/grants/{grant}/use", token=erin)
    assert (refused.status, refused.text("error")) == (409, "illegal_move")


def test_a_policy_approves_where_nobody_has_to(platform: Simulated) -> None:
    """An automatic entitlement is granted without a person."""
    probe = platform.sign_in("probe")
    asked = _ask_for(platform, probe, "staging-db")
    assert asked.text("decided_by") == "policy"
    assert platform.ask("POST", f"/grants/{_granted(platform, probe, asked.text('id'))}/use", token=probe).status == 200


def test_a_denied_request_stays_denied(platform: Simulated) -> None:
    """A no is final."""
    erin, alex = platform.sign_in("erin"), platform.sign_in("alex")
    request = _ask_for(platform, erin).text("id")
    assert platform.ask("POST", f"/requests/{request}/deny", token=alex).text("state") == "denied"
    assert platform.ask("POST", f"/requests/{request}/approve", token=alex).status == 409


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/requests"),
        ("GET", "/requests/req-1"),
        ("POST", "/requests/req-1/approve"),
        ("GET", "/grants/grant-1"),
        ("POST", "/grants/grant-1/use"),
        ("POST", "/grants/grant-1/revoke"),
    ],
)
@pytest.mark.parametrize("token", ["", "made-up"])
def test_nothing_works_without_a_session(platform: Simulated, method: str, path: str, token: str) -> None:
    """Every call but sign-in and health needs a live session."""
    body = {"entitlement": "staging-db", "reason": "why", "seconds": 60}
    answer = platform.ask(method, path, body if path == "/requests" else None, token=token)
    assert (answer.status, answer.text("error")) == (401, "not_signed_in")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([], "expected an object with name, secret"),
        ({"name": "erin"}, "secret: expected text"),
        ({"name": 1, "secret": "x"}, "name: expected text"),
    ],
)
def test_a_sign_in_without_its_members_is_refused(platform: Simulated, body: object, message: str) -> None:
    """The answer names the member and what was expected, never what was sent."""
    answer = platform.ask("POST", "/signin", body)
    assert (answer.status, answer.text("message")) == (422, message)


@pytest.mark.parametrize("seconds", [None, "3600", True, 1.5, 10**30, -(10**30), 0, -1])
def test_a_length_that_is_none_is_refused(platform: Simulated, seconds: object) -> None:
    """No number, however odd, is more than a refusal."""
    assert _ask_for(platform, platform.sign_in("erin"), seconds=seconds).status == 422


def test_an_unknown_function_has_no_health(platform: Simulated) -> None:
    """A misspelt health address is not healthy."""
    assert platform.ask("GET", "/health/sign_out").status == 404


def test_the_vendor_says_what_it_was_told_to_say(platform: Simulated) -> None:
    """Its word is set apart from the truth, in the shape of a Statuspage."""
    said = {"indicator": "major", "components": {"sign_in": "major_outage"}}
    assert platform.admin("PUT", "/admin/word", said).status == 200
    summary = platform.ask("GET", "/api/v2/summary.json").data()
    assert summary["status"] == {"indicator": "major", "description": "Partial System Outage"}
    components = summary["components"]
    assert isinstance(components, list)
    assert {each["name"]: each["status"] for each in components}["sign_in"] == "major_outage"
    assert platform.ask("GET", "/health/sign_in").status == 200
    assert platform.admin("DELETE", "/admin/word").status == 200
    status = platform.ask("GET", "/api/v2/status.json").data()
    assert status["status"] == {"indicator": "none", "description": "All Systems Operational"}


@pytest.mark.parametrize(
    "said",
    [
        [],
        {"indicator": "fine"},
        {"indicator": []},
        {"components": {"sign_out": "operational"}},
        {"components": {"sign_in": "great"}},
        {"components": ["sign_in"]},
        {"word": "none"},
        {"maintenances": {}},
        {"maintenances": [{"id": "m1"}]},
        {"maintenances": [{"id": 1, "name": "", "status": "", "scheduled_for": "", "scheduled_until": ""}]},
    ],
)
def test_what_the_page_cant_say_is_refused(platform: Simulated, said: object) -> None:
    """A Statuspage has closed lists of words."""
    before = platform.admin("GET", "/admin/word").data()
    assert platform.admin("PUT", "/admin/word", said).status == 422
    assert platform.admin("GET", "/admin/word").data() == before


def test_the_world_shows_what_it_was_asked_and_no_secret(platform: Simulated) -> None:
    """A person and a program see who asked what and how it was answered, but no token."""
    erin = platform.sign_in("erin")
    platform.ask("GET", "/requests/req-0", token=erin)
    shown = platform.admin("GET", "/admin/world")
    recorded = shown.data()["recorded"]
    assert isinstance(recorded, list)
    last = recorded[-1]
    assert (last["method"], last["path"], last["status"], last["by"]) == ("GET", "/requests/req-0", 404, "erin")
    text = platform.admin("GET", "/admin/world?as=text").body.decode()
    assert "GET /requests/req-0 by erin: 404" in text
    assert erin not in text + shown.body.decode()
    assert "pretend" not in text + shown.body.decode()
