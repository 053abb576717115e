"""Reading our own flags back: only what our own key said, in our name, about this platform."""

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from glasswatch.clock import SystemClock
from glasswatch.flag import document
from glasswatch.flag.jws import FLAG_TYP, sign
from monitor import published
from monitor.model.published import PublishedFlag
from monitor.model.state import Cause
from monitor.model.verdict import CauseKind, FlagState, Verdict
from monitor.published import Own
from tests.support.flags import EXERCISE, KEY, MANUAL, NOW, OTHER_KEY, READY_CLAIMS, STANDBY_CLAIMS, signed

OWN = Own(KEY, "prod", "main")
CLOCK = SystemClock()


async def _read(*places: Path, own: Own = OWN) -> PublishedFlag | None:
    return await published.read(own, "payments", places, CLOCK)


async def test_what_a_flag_said(tmp_path: Path) -> None:
    """Every claim that a start needs, also of a flag that ended long ago; a newline at its end is nothing."""
    place = tmp_path / "flag"
    place.write_bytes(signed(READY_CLAIMS) + b"\n")
    found = await _read(place)
    assert found is not None
    assert (found.ver, found.change, found.state) == (READY_CLAIMS.ver, READY_CLAIMS.change, FlagState.READY)
    assert [(cause.kind, cause.id, cause.since) for cause in found.causes] == [
        (CauseKind.OUTAGE, "out-1", NOW.replace(minute=58, hour=2))
    ]
    assert (found.verdict, found.outage) == (Verdict(READY_CLAIMS.verdict), READY_CLAIMS.outage)
    assert found.jws.encode() == signed(READY_CLAIMS)
    assert found.prev == READY_CLAIMS.prev


async def test_what_people_raised(tmp_path: Path) -> None:
    """Who raised it, and until when, comes back as it was signed."""
    place = tmp_path / "flag"
    place.write_bytes(signed(replace(READY_CLAIMS, causes=(MANUAL, EXERCISE))))
    found = await _read(place)
    assert found is not None
    manual, exercise = found.causes
    assert (manual.by, manual.ticket, manual.until) == ("anna", "INC-7", NOW.replace(hour=4))
    assert isinstance(exercise, Cause)
    assert (exercise.run, exercise.principals, exercise.targets) == ("run-1", ("breakglass-drill",), ("db-1",))


async def test_the_latest_of_several(tmp_path: Path) -> None:
    """Of several places the highest version counts; one that isn't there says nothing."""
    older, newer = tmp_path / "older", tmp_path / "newer"
    older.write_bytes(signed(STANDBY_CLAIMS))
    newer.write_bytes(signed(replace(READY_CLAIMS, ver=STANDBY_CLAIMS.ver + 5)))
    found = await _read(tmp_path / "none", newer, older)
    assert found is not None
    assert found.ver == STANDBY_CLAIMS.ver + 5


async def test_no_file_is_no_news(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A first start finds none, and nothing is said about it."""
    assert await _read(tmp_path / "none") is None
    assert caplog.records == []


def _otherwise(**claims: object) -> bytes:
    return signed(replace(STANDBY_CLAIMS, **claims))  # type: ignore[arg-type]  # claims that exist


def _forged() -> bytes:
    theirs, ours = signed(STANDBY_CLAIMS), signed(replace(STANDBY_CLAIMS, change=99))
    return b".".join((*ours.split(b".")[:2], theirs.split(b".")[2]))


IGNORED: Mapping[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "three parts"),
    "too much": (lambda: b"x" * 20_000, "more than 16384 bytes"),
    "no JWS": (lambda: b"ready", "three parts"),
    "another key": (lambda: sign(b"{}", OTHER_KEY, FLAG_TYP).encode(), "another key than ours"),
    "forged": (_forged, "its signature does not fit"),
    "no JSON": (lambda: sign(b"{", KEY, FLAG_TYP).encode(), "not JSON"),
    "no claims": (lambda: sign(b"{}", KEY, FLAG_TYP).encode(), "v is missing"),
    "another name": (lambda: _otherwise(iss="prod/other"), "another name than this deployment and vantage"),
    "another platform": (lambda: _otherwise(sub="ledger"), "about another platform"),
    "another state": (lambda: _otherwise(state=document.FlagState.READY), "does not follow from its causes"),
}


@pytest.mark.parametrize("name", IGNORED)
async def test_anything_else_is_ignored_with_a_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """What we did not sign as it stands there decides nothing, and the log says which file and why."""
    make, why = IGNORED[name]
    place = tmp_path / "flag"
    place.write_bytes(make())
    with caplog.at_level(logging.WARNING):
        assert await _read(place) is None
    (record,) = caplog.records
    assert record.message == "published_flag_ignored"
    assert why in str(record.fields["why"])  # type: ignore[attr-defined]  # our own
    assert record.fields["file"] == str(place)  # type: ignore[attr-defined]  # our own


async def test_a_file_that_can_t_be_read_is_ignored(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Nor does a directory, or a pipe that nobody fills, hold up the start."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    async with asyncio.timeout(20):
        assert await _read(tmp_path, pipe) is None
    assert len(caplog.records) == 2
