import pytest

from monitor.errors import StoreUnavailable
from monitor.wire.answers import ErrorAnswer
from monitor.wire.refusals import REFUSALS
from platforms.http import Response
from tests.support.face import World, asking
from tests.support.watching import PLATFORM


def refusal(response: Response, code: str) -> str:
    """Check that a refusal has its one shape and its status; return its message."""
    error = ErrorAnswer.model_validate_json(response.content).error
    assert response.headers["content-type"] == "application/json"
    assert set(response.json()) == {"error"}
    assert (error.code, response.status_code) == (code, REFUSALS[code].status)
    return error.message


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/metrics/",
        "/api/v1/flag",
        "/api/v1/flag/a/b",
        "/api/v1/status/x",
        "/index.html",
        "/%2e%2e/etc/passwd",
    ],
)
async def test_unknown_paths_are_not_found(path: str) -> None:
    """Nothing lives there, and no redirect guesses."""
    async with asking(World().face()) as client:
        message = refusal(await client.get(path), "not_found")
    assert "passwd" not in message


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
async def test_other_methods_are_refused_and_told(method: str) -> None:
    """A path says which methods it takes."""
    async with asking(World().face()) as client:
        response = await client.request(method, "/api/v1/status")
    assert refusal(response, "method_not_allowed") == "this path takes GET, HEAD"
    assert response.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("limit=0", "limit: expected a whole number from 1 to 1000"),
        ("limit=1001", "limit: expected a whole number from 1 to 1000"),
        ("limit=many", "limit: expected a whole number from 1 to 1000"),
        ("platform=", "platform: expected the name of a platform"),
        ("since=yesterday", "since: expected a time such as 2026-03-01T03:00:00Z"),
        ("since=1772334000", "since: expected a time such as 2026-03-01T03:00:00Z"),
        ("since=2026-03-01T03:00:00", "since: expected a time such as 2026-03-01T03:00:00Z"),
        ("limit=5&limit=6", "limit: expected once, not several times"),
        ("hunter2=1", "unknown parameter: expected only platform, since, until, function, open, limit"),
        (
            "hunter2=1&limit=hunter2&since=hunter2&platform=a&platform=b",
            (
                "platform: expected once, not several times; since: expected a time such as 2026-03-01T03:00:00Z; "
                "limit: expected a whole number from 1 to 1000; "
                "unknown parameter: expected only platform, since, until, function, open, limit"
            ),
        ),
    ],
)
async def test_all_mistakes_of_a_query_are_named_and_none_repeated(query: str, message: str) -> None:
    """Each parameter that is wrong is named with what was expected, never with what was sent."""
    async with asking(World().face()) as client:
        assert refusal(await client.get(f"/api/v1/outages?{query}"), "bad_query") == message


async def test_an_endpoint_without_parameters_takes_none() -> None:
    """A parameter where none belongs is a mistake, not ignored."""
    async with asking(World().face()) as client:
        message = refusal(await client.get("/api/v1/status?platform=payments"), "bad_query")
    assert message == "unknown parameter: none are taken here"


@pytest.mark.parametrize("path", ["/", "/metrics", "/-/healthy", "/-/ready"])
async def test_a_decorated_link_still_opens(path: str) -> None:
    """Who comes to the page or a check through a link with something added is not turned away."""
    async with asking(World().face()) as client:
        assert (await client.get(f"{path}?utm_source=chat")).status_code == 200


async def test_an_unknown_platform_is_refused_by_name_of_the_mistake() -> None:
    """A platform that isn't watched has no flag, and its name is not repeated."""
    async with asking(World().face()) as client:
        flag = refusal(await client.get("/api/v1/flag/<script>"), "unknown_platform")
        outages = refusal(await client.get("/api/v1/outages?platform=paymnets"), "unknown_platform")
    assert "script" not in flag
    assert "paymnets" not in outages


async def test_a_flag_not_signed_yet_is_said_to_be() -> None:
    """Before the first signature there is nothing to give out."""
    world = World()
    world.monitor.documents.clear()
    async with asking(world.face()) as client:
        refusal(await client.get(f"/api/v1/flag/{PLATFORM}"), "not_signed")


async def test_a_form_we_do_not_have_is_refused() -> None:
    """`Accept` that leaves out both forms is answered with the forms there are."""
    async with asking(World().face()) as client:
        response = await client.get(f"/api/v1/flag/{PLATFORM}", headers={"accept": "text/html, application/*;q=0"})
    assert refusal(response, "not_acceptable") == "this answer comes as application/json or application/jose"


async def test_a_store_that_can_not_be_read_is_said_to_be() -> None:
    """Its own words stay in the log."""
    world = World()
    world.store.fail("outages", error=StoreUnavailable("/secret/path is locked"))
    async with asking(world.face()) as client:
        message = refusal(await client.get("/api/v1/outages"), "store_unavailable")
    assert "secret" not in message


async def test_a_bug_of_ours_is_one_json_answer(caplog: pytest.LogCaptureFixture) -> None:
    """A fault is logged with its traceback and answered without."""
    world = World()
    face = world.face()
    world.monitor.states = None  # type: ignore[assignment]  # a bug, for once on purpose
    async with asking(face) as client:
        message = refusal(await client.get("/api/v1/status"), "own_fault")
    assert message == "a fault of the monitor's own; its log has more"
    assert [record.message for record in caplog.records] == ["request_failed"]
