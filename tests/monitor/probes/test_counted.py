"""What an attempt sends beyond its first request counts in the platform's budget, whether it fits or not."""

from dataclasses import replace

import pytest

from monitor.model.outcome import Attempt
from monitor.probes.context import ProbeContext
from tests.servers.http import OK, answer, answering
from tests.servers.raw import Talk, serving
from tests.servers.tokens import TokenEndpoint
from tests.support.probing import attempt


class Purse:
    """`RequestBudget` that is spent, and counts."""

    def __init__(self) -> None:
        self.counted = 0

    def take(self, why: Attempt) -> bool:
        """See `RequestBudget`."""
        return False

    def count(self) -> None:
        """See `RequestBudget`."""
        self.counted += 1


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRST_SECRET", "first-s3cr3t")
    monkeypatch.setenv("SECOND_SECRET", "second-s3cr3t")


@pytest.fixture
def purse() -> Purse:
    """A purse of the test's own."""
    return Purse()


@pytest.fixture
def counting(context: ProbeContext, purse: Purse) -> ProbeContext:
    """A context whose requests are counted."""
    return replace(context, requests=purse, kept=None)


async def test_the_first_request_is_the_attempts_own(counting: ProbeContext, purse: Purse) -> None:
    """It was taken out of the budget before."""
    async with serving(answering(OK)) as server:
        assert (await attempt(counting, server.url())).is_good
    assert purse.counted == 0


async def test_redirects_count(counting: ProbeContext, purse: Purse) -> None:
    """Each is a request more."""

    async def script(talk: Talk) -> None:
        head = await talk.head()
        left = len(head.split()[1])
        away = answer(302, headers=[("Location", "/" + "x" * (left - 2))])
        await talk.say(away if left > 1 else OK)

    async with serving(script) as server:
        assert (await attempt(counting, server.url("/xxxx"), follow_redirects="9")).is_good
        assert (purse.counted, server.connections) == (4, 5)


async def test_the_second_principal_counts(counting: ProbeContext, purse: Purse) -> None:
    """Its first request is the attempt's second."""
    auth, second = {"bearer": {"env": "FIRST_SECRET"}}, {"auth": {"bearer": {"env": "SECOND_SECRET"}}}
    async with serving(answering(answer(401))) as server:
        assert (await attempt(counting, server.url(), auth=auth, second=second)).is_bad
    assert purse.counted == 1


async def test_a_request_for_a_token_counts(counting: ProbeContext, purse: Purse) -> None:
    """Once, as long as the token serves."""
    async with serving(TokenEndpoint().script) as endpoint, serving(answering(OK)) as server:
        oauth2 = {"token_url": endpoint.url(), "client_id": "probe", "client_secret": {"env": "FIRST_SECRET"}}
        for _ in range(2):
            assert (await attempt(counting, server.url(), auth={"oauth2": oauth2})).is_good
    assert purse.counted == 1
