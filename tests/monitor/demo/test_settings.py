import stat
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path

import pytest

from glasswatch.clock import SystemClock
from glasswatch.flag import keys, trust
from glasswatch.settings.load import load
from monitor.commands.demo import FAULTS, TARGETS
from monitor.demo import settings
from monitor.demo.errors import DirectoryInUse
from monitor.demo.settings import FUNCTIONS, Addresses, Places, clear, held, make_secrets, write_settings
from monitor.settings.http import HttpProbeSettings
from monitor.settings.root import MonitorSettings
from platforms.simulator import faults

ADDRESSES = Addresses("http://127.0.0.1:1001", "http://127.0.0.1:1002", "http://127.0.0.1:1003", "127.0.0.1:9780")


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """A state directory that does not exist yet."""
    return Places(tmp_path / "var" / "demo")


def holding(places: Places) -> AbstractContextManager[None]:
    """Hold it, where nothing is to be said."""
    return held(places, lambda _line: None, SystemClock())


def _written(places: Places) -> MonitorSettings:
    make_secrets(places, SystemClock())
    write_settings(places, ADDRESSES, SystemClock())
    return load(places.settings, MonitorSettings)


def test_the_settings_are_ones_that_the_daemon_takes(places: Places) -> None:
    """What the demo writes passes the same check as a user's own file."""
    with holding(places):
        read = _written(places)
    assert (read.deployment, read.vantage) == (settings.DEPLOYMENT, settings.VANTAGE)
    platform = read.platforms[settings.PLATFORM]
    assert {probe.function for probe in platform.probes.values()} == set(FUNCTIONS)
    probe = platform.probes["sign_in"]
    assert isinstance(probe, HttpProbeSettings)
    assert probe.url == "http://127.0.0.1:1001/health/sign_in"
    assert (probe.interval, probe.confirm.attempts) == (timedelta(seconds=1), 3)
    assert read.flag.lower_after == timedelta(seconds=settings.LOWER_AFTER_SECONDS)
    assert read.flag.publish[0].place_for(settings.PLATFORM) == str(places.flag)
    assert read.static_page.file == places.status_page
    assert platform.procedure.file == places.procedure


def test_the_key_is_the_one_that_the_trust_file_names(places: Places) -> None:
    """A reader who pins the trust file believes this demo's flag and no other's."""
    with holding(places):
        make_secrets(places, SystemClock())
        key = keys.load(places.key, SystemClock())
        pinned = trust.load(places.trust, SystemClock()).key(key.kid)
    assert pinned is not None
    assert (pinned.public, pinned.role, pinned.iss) == (key.public, trust.KeyRole.FLAG, "demo/main")
    assert key.is_demo
    assert pinned.is_demo


def test_secrets_are_the_owners_alone(places: Places) -> None:
    """Nobody else on the machine may read keys, or change settings."""
    with holding(places):
        _written(places)
        for path in (places.key, places.webhook_secret, places.admin_token, places.settings):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(places.root.stat().st_mode) == 0o700


def test_every_demo_starts_fresh(places: Places) -> None:
    """What an earlier demo left is gone, with its store and its key; what is not a demo's stays."""
    with holding(places):
        _written(places)
        first = places.key.read_bytes()
        for name in ("glasswatch.db", "glasswatch.db-wal", "payments.flag.jws", "notes.txt"):
            (places.root / name).write_text("left")
        (places.logs / "monitor.log").write_text("left")
    with holding(places):
        assert not list(places.root.glob("glasswatch.db*"))
        assert not places.flag.exists()
        assert not list(places.logs.iterdir())
        assert (places.root / "notes.txt").read_text() == "left"
        make_secrets(places, SystemClock())
        assert places.key.read_bytes() != first


def test_clearing_leaves_nothing_but_what_is_not_ours(places: Places) -> None:
    """The directory goes too, unless somebody else's file is in it."""
    with holding(places):
        _written(places)
        clear(places)
    assert not places.root.exists()
    with holding(places):
        (places.root / "notes.txt").write_text("mine")
        clear(places)
    assert [path.name for path in places.root.iterdir()] == ["notes.txt"]


def test_a_directory_that_is_not_a_demos_is_refused_untouched(places: Places) -> None:
    """A mistyped --dir deletes nothing."""
    places.root.mkdir(parents=True)
    (places.root / "glasswatch.yaml").write_text("mine")
    with pytest.raises(DirectoryInUse, match="holds files that are not a demo's"), holding(places):
        pass
    assert [path.read_text() for path in places.root.iterdir()] == ["mine"]


def test_two_demos_never_share_a_directory(places: Places) -> None:
    """The second is refused and leaves the first one's files alone."""
    with holding(places):
        make_secrets(places, SystemClock())
        with pytest.raises(DirectoryInUse, match="a demo runs in"), holding(places):
            pass
        assert places.key.exists()


def test_a_directory_that_cant_be_made_is_one_clear_line(places: Places) -> None:
    """A file in the way is said to be one."""
    places.root.parent.mkdir()
    places.root.write_text("a file")
    with pytest.raises(DirectoryInUse, match=r"can't be used: (File exists|Not a directory)"), holding(places):
        pass


def test_the_commands_words_are_the_simulators() -> None:
    """Help lists what the simulated platform knows, no more and no less."""
    assert TARGETS == faults.TARGETS
    assert tuple(faults.FaultKind) == FAULTS
    assert set(FUNCTIONS) <= set(faults.FUNCTIONS)
