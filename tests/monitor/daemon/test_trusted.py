"""The trust file beside the key: whether readers who pin it would believe what the monitor signs."""

import json
import logging
from pathlib import Path

import pytest

from glasswatch.clock import SystemClock
from glasswatch.flag.trust import KeyRole, TrustKey
from glasswatch.settings.load import load
from monitor.assembly import assemble
from monitor.published import Own
from monitor.settings.root import MonitorSettings
from monitor.trusted import look, why_not
from tests.support.flags import AT, KEY, NOW, OTHER_KEY, jwk, trusting, write_trust
from tests.support.monitors import Wanted, make_home

OWN = Own(KEY, "prod", "main")
CLOCK = SystemClock()


def _entry(**changes: object) -> TrustKey:
    values: dict[str, object] = {"kid": KEY.kid, "public": KEY.public, "role": KeyRole.FLAG, "iss": "prod/main"}
    return TrustKey(**{**values, **changes})  # type: ignore[arg-type]  # a test names fields that exist


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, ""),
        ({"iss": None}, ""),
        ({"nbf": AT, "exp": AT + 1}, ""),
        ({"kid": OTHER_KEY.kid}, "is not in it"),
        ({"is_revoked": True}, "is revoked"),
        ({"role": KeyRole.ORDER}, "may sign as order, not as flag"),
        ({"iss": "prod/other"}, "signs in another name than prod/main"),
        ({"iss": "prod"}, "signs in another name than prod/main"),
        ({"nbf": AT + 1}, "is outside its dates"),
        ({"exp": AT}, "is outside its dates"),
    ],
)
def test_what_a_reader_would_refuse(changes: dict[str, object], why: str) -> None:
    """Every reason a reader has to refuse a key of ours, and none it doesn't have."""
    said = why_not(trusting(_entry(**changes)), OWN, NOW)
    assert why in said
    assert bool(said) is bool(why)


def test_only_one_vantage_needs_no_name() -> None:
    """A key without a name signs for the vantage `main` and no other."""
    assert "than prod/fra-1" in why_not(trusting(_entry(iss=None)), Own(KEY, "prod", "fra-1"), NOW)
    assert why_not(trusting(_entry(iss="prod/fra-1")), Own(KEY, "prod", "fra-1"), NOW) == ""


async def test_no_trust_file_is_nothing_wrong(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """People may keep it elsewhere."""
    assert await look(OWN, tmp_path / "flag.key", CLOCK) == []
    write_trust(tmp_path / "trust.json", jwk())
    assert await look(OWN, tmp_path / "flag.key", CLOCK) == []
    assert caplog.records == []


async def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """One line that names the file and the reason, in the log and for whoever asks; a damaged file is one too."""
    place = tmp_path / "trust.json"
    with caplog.at_level(logging.ERROR):
        write_trust(place, jwk(revoked=True))
        (line,) = await look(OWN, tmp_path / "flag.key", CLOCK)
        assert line.startswith(f"readers who trust {place} refuse our flags: the key {KEY.kid} is revoked")
        place.write_text("{")
        (line,) = await look(OWN, tmp_path / "flag.key", CLOCK)
        assert line == f"readers who trust {place} refuse our flags: not JSON"
        place.chmod(0o666)
        (line,) = await look(OWN, tmp_path / "flag.key", CLOCK)
        assert "others can write it" in line
    assert [record.message for record in caplog.records] == ["key_not_trusted"] * 3


async def test_the_monitor_starts_all_the_same_but_is_not_ready(tmp_path: Path) -> None:
    """It is said among what is missing before it can be relied on."""
    home = make_home(tmp_path / "home", Wanted("http://127.0.0.1:1/"))
    trust = json.loads(home.trust.read_text())
    trust["keys"][0]["iss"] = "test/elsewhere"
    home.trust.write_text(json.dumps(trust))
    parts = await assemble(load(home.config, MonitorSettings), CLOCK)
    try:
        assert any("signs in another name than test/main" in line for line in parts.board.waiting_for())
    finally:
        await parts.outbox.start()
        await parts.close()
