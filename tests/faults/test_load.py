"""A thousand probes at work, a channel that hangs, and an outage among all that."""

from datetime import timedelta
from pathlib import Path

from tests.faults.recording import Pace
from tests.faults.stage import Setup, staged
from tests.servers.http import answer, answering
from tests.servers.raw import serving
from tests.support.receiver import Hang

CROWD = 1000
PACE = Pace(
    interval=timedelta(seconds=5),
    timeout=timedelta(seconds=2),
    attempts=3,
    every=timedelta(seconds=1),
    lower_after=timedelta(seconds=1),
    ready_ttl=timedelta(minutes=15),
)
_PROBE = "      p{number}: {{type: http, function: f{few}, url: '{url}', interval: 15s, timeout: 10s}}\n"


def crowd(url: str) -> str:
    """Return another platform of a thousand probes, as YAML."""
    probes = "".join(_PROBE.format(number=number, few=number % 5, url=url) for number in range(CROWD))
    return f"  crowd:\n    procedure: {{url: 'https://wiki.example.com/b', file: procedure.md}}\n    probes:\n{probes}"


async def test_a_thousand_probes_and_a_channel_that_hangs(tmp_path: Path) -> None:
    """The page is as early as without them: what `make bench` measures has its place in docs/performance.md."""
    async with serving(answering(answer(200))) as others:
        setup = Setup(pace=PACE, platforms=crowd(f"http://127.0.0.1:{others.port}/"))
        async with staged(tmp_path / "home", setup) as stage:
            await stage.rises()
            stage.providers["ops"].default = Hang()
            await stage.outage()
            assert stage.told("outage") == ["firing"]
            assert not stage.told("outage", "ops")
            await stage.ends()
