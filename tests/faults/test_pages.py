"""Page providers that hang, refuse, put off, break off, or lie: who can be told is told, and nothing is forgotten."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

from tests.faults.recorder import LOSES
from tests.faults.stage import Setup, Stage, staged
from tests.support.receiver import Answer, Behaviour, Close, Garbage, Hang, Received, Reset

ASKED = timedelta(seconds=3)
FAILING: Mapping[str, Behaviour] = {
    "hangs": Hang(),
    "fails": Answer(500),
    "busy": Answer(429, headers={"Retry-After": "3"}),
    "breaks": Reset(),
    "closes": Close(),
    "babbles": Garbage(),
}


async def test_providers_that_fail(tmp_path: Path) -> None:
    """One is well, and told at once; the others hear of the beginning and the end as soon as they are."""
    async with staged(tmp_path / "home", Setup(providers=("spare", *FAILING))) as stage:
        await stage.rises()
        for name, how in FAILING.items():
            stage.providers[name].default = how
        await stage.outage()
        await stage.recovers()
        assert stage.told("outage") == ["firing", "resolved"]
        assert not any(stage.told("outage", name) for name in FAILING)
        await stage.settles()
        assert {name: stage.told("outage", name) for name in FAILING} == {
            name: ["firing", "resolved"] for name in FAILING
        }
        first, second, *_ = _tries(stage, "busy")
        assert second.at - first.at >= ASKED


async def test_a_provider_that_loses_pages(tmp_path: Path) -> None:
    """A receipt is all that can be had: it is not asked again, and only another provider tells anybody."""
    async with staged(tmp_path / "home") as stage:
        await stage.rises()
        stage.providers["ops"].default = LOSES
        await stage.outage()
        await stage.recovers()
        await stage.settles()
        assert any(each.is_lost for each in stage.recording.arrivals)
        pages = [each.page for each in stage.recording.arrivals if each.receiver == "ops"]
        assert len(pages) == len(set(pages))


def _tries(stage: Stage, provider: str) -> list[Received]:
    return [each for each in stage.providers[provider].received if "/outage/" in unquote(each.headers["webhook-id"])]
