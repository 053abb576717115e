import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from glasswatch.flag.document import FlagState
from tests.support.flags import signed
from tests.support.programs import require
from tests.support.reader_host import READERS, claims_now
from tests.support.receiver import Answer, Behaviour, Close, Garbage, Receiver


@pytest.fixture
async def monitor() -> AsyncIterator[Receiver]:
    """Whatever stands where a monitor should."""
    require("curl", package="curl")
    receiver = Receiver()
    await receiver.start()
    yield receiver
    await receiver.stop()


async def _fetch(monitor: Receiver, file: Path) -> int | None:
    process = await asyncio.create_subprocess_exec(
        str(READERS / "fetch"), f"{monitor.url}/api/v1/flag/payments", str(file)
    )
    async with asyncio.timeout(30):
        return await process.wait()


def _names(place: Path) -> list[str]:
    return [path.name for path in place.iterdir()]


async def test_a_copy_arrives_byte_for_byte(monitor: Receiver, tmp_path: Path) -> None:
    """It asks for the JWS itself and puts it in place whole."""
    document = signed(claims_now(FlagState.STANDBY))
    monitor.default = Answer(body=document)
    assert await _fetch(monitor, tmp_path / "flag.jws") == 0
    assert (tmp_path / "flag.jws").read_bytes() == document
    assert monitor.received[0].headers["accept"] == "application/jose"
    assert _names(tmp_path) == ["flag.jws"]


@pytest.mark.parametrize(
    "behaviour",
    [Answer(status=503), Answer(), Answer(body=b"x" * 20_000), Close(), Garbage()],
    ids=["503", "empty", "too large", "closed", "garbage"],
)
async def test_the_old_copy_stays_where_a_fetch_fails(monitor: Receiver, tmp_path: Path, behaviour: Behaviour) -> None:
    """Nothing but a whole answer takes its place, and no piece is left behind."""
    (tmp_path / "flag.jws").write_bytes(b"old")
    monitor.default = behaviour
    assert await _fetch(monitor, tmp_path / "flag.jws") == 4
    assert (tmp_path / "flag.jws").read_bytes() == b"old"
    assert _names(tmp_path) == ["flag.jws"]
