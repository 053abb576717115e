"""Targets are built as the settings name them, and what they are called."""

from pathlib import Path

import pytest

from glasswatch.clock import SystemClock
from monitor.probes.secrets import KeptSecrets
from monitor.settings.root import MonitorSettings
from monitor.targets.build import targets_of
from monitor.targets.command import CommandTarget
from monitor.targets.context import TargetContext
from monitor.targets.file import FileTarget
from monitor.targets.put import PutTarget
from tests.support.publishing import document
from tests.support.settings_files import GOOD, settings_of


def read(directory: Path, publish: str) -> MonitorSettings:
    """Return settings with these targets."""
    return settings_of(directory, f"{GOOD}  publish: {publish}\n")


def names(settings: MonitorSettings) -> list[str]:
    """Return what the targets are called in metrics, pages and logs."""
    return [target.label for target in settings.flag.publish]


async def test_each_kind_has_its_target(tmp_path: Path) -> None:
    """In the order of the settings; a file that was named takes the place of the default one."""
    publish = "[{put: https://flags.example.com/x}, {file: a.jws}, {command: [/bin/true]}]"
    clock = SystemClock()
    targets = targets_of(read(tmp_path, publish).flag, TargetContext(clock, KeptSecrets(clock)))
    assert [type(target) for target in targets] == [PutTarget, FileTarget, CommandTarget]
    assert [target.name for target in targets] == ["flags.example.com/x", f"{tmp_path}/a.jws", "/bin/true"]
    for target in targets:
        await target.aclose()


@pytest.mark.parametrize("publish", ["[{put: https://flags.example.com/x}]", "[{command: [/bin/true]}]"])
async def test_a_file_is_always_among_them(tmp_path: Path, publish: str) -> None:
    """If none is named, the default one beside the settings."""
    clock = SystemClock()
    *_, last = targets_of(read(tmp_path, publish).flag, TargetContext(clock, KeptSecrets(clock)))
    await last.publish(document(1))
    assert (tmp_path / "payments.flag.jws").read_text() == document(1).jws


def test_a_name_derived_holds_no_user_no_query_and_no_argument(tmp_path: Path) -> None:
    """It says where, and nothing that may be a secret; a name that was given is the name."""
    publish = (
        "[{put: 'https://FLAGS.example.com:8443/a/{platform}.jws?sig=hunter2'}, {command: [/bin/tee, hunter2]}, "
        "{put: 'https://flags.example.com/hunter2', name: bucket}]"
    )
    assert names(read(tmp_path, publish)) == [
        "FLAGS.example.com:8443/a/{platform}.jws",
        "/bin/tee",
        "bucket",
        f"{tmp_path}/{{platform}}.flag.jws",
    ]


def test_a_long_name_is_cut_and_stays_one_of_its_own(tmp_path: Path) -> None:
    """A label and a page's key can bear only so much."""
    long = "x" * 300
    first, second, _ = names(
        read(tmp_path, f"[{{put: https://a.example.com/{long}1}}, {{put: https://a.example.com/{long}2}}]")
    )
    assert first != second
    assert len(first) == len(second) < 140
