"""Adding keys to a trust file, revoking one, ending one."""

import fcntl
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from glasswatch.flag import trust, trust_change
from glasswatch.flag.errors import NotWritten, Refusal, TrustFault
from glasswatch.flag.reader import judge
from glasswatch.flag.trust import KeyRole
from tests.support.clock import ManualClock
from tests.support.flags import (
    AT,
    EXPECT,
    KEY,
    NOW,
    OTHER_KEY,
    READY_CLAIMS,
    jwk,
    key_number,
    signed,
    trust_key,
    write_trust,
)

CLOCK = ManualClock()


def test_adding_starts_a_file_and_then_keeps_what_is_there(tmp_path: Path) -> None:
    """Each key added raises the version and leaves the keys there as they were, dates and all."""
    path = tmp_path / "trust.json"
    assert trust_change.add_key(path, trust_key(), CLOCK).version == 1
    by_hand = json.loads(path.read_text())
    by_hand["keys"][0] |= {"exp": 2_000_000_000, "revoked": 1_900_000_000}
    path.write_text(json.dumps(by_hand))
    added = trust_change.add_key(path, trust_key(OTHER_KEY, KeyRole.ORDER), CLOCK)
    assert added == trust.load(path, CLOCK)
    assert added.version == 2
    assert list(added.keys) == [KEY.kid, OTHER_KEY.kid]
    assert json.loads(path.read_text())["keys"][0] == by_hand["keys"][0]
    assert path.stat().st_mode & 0o777 == 0o644
    assert [entry.name for entry in tmp_path.iterdir()] == ["trust.json"]


def test_a_key_is_added_once(tmp_path: Path) -> None:
    """Adding the same key again is a fault and leaves the file as it was."""
    path = tmp_path / "trust.json"
    trust_change.add_key(path, trust_key(), CLOCK)
    before = path.read_bytes()
    with pytest.raises(TrustFault, match="stands there already"):
        trust_change.add_key(path, trust_key(), CLOCK)
    assert path.read_bytes() == before


def test_nothing_is_added_to_a_file_at_fault(tmp_path: Path) -> None:
    """A file that can't be read is not written over."""
    path = tmp_path / "trust.json"
    path.write_text("{")
    with pytest.raises(TrustFault, match="not JSON"):
        trust_change.add_key(path, trust_key(), CLOCK)
    assert path.read_text() == "{"


def test_two_do_not_add_at_the_same_time(tmp_path: Path) -> None:
    """While somebody else adds a key, adding one is a fault that says to try again."""
    holder = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(holder, fcntl.LOCK_EX)
        with pytest.raises(TrustFault, match="somebody else is changing the trust file: try again"):
            trust_change.add_key(tmp_path / "trust.json", trust_key(), CLOCK)
    finally:
        os.close(holder)
    assert trust_change.add_key(tmp_path / "trust.json", trust_key(), CLOCK).version == 1


def test_a_missing_directory_is_said(tmp_path: Path) -> None:
    """What can't be written is said in one line."""
    with pytest.raises(NotWritten, match="can't be written: No such file or directory"):
        trust_change.add_key(tmp_path / "gone" / "trust.json", trust_key(), CLOCK)


def test_a_revoked_key_is_believed_no_more(tmp_path: Path) -> None:
    """Revoking writes since when, raises the version, and leaves everything else as it was written."""
    path = write_trust(tmp_path / "trust.json", jwk(), jwk(OTHER_KEY, alg="EdDSA", exp=2_000_000_000), version=7)
    changed = trust_change.revoke(path, KEY.kid, NOW, CLOCK)
    assert changed == trust.load(path, CLOCK)
    assert judge(signed(READY_CLAIMS), changed, EXPECT, NOW).refusal is Refusal.KEY_REVOKED
    assert json.loads(path.read_text()) == {
        "version": 8,
        "keys": [jwk(revoked=AT), jwk(OTHER_KEY, alg="EdDSA", exp=2_000_000_000)],
    }


def test_a_retired_key_is_believed_until_its_end(tmp_path: Path) -> None:
    """Retiring writes an end; until then the key is believed, and it may be moved to earlier."""
    path = write_trust(tmp_path / "trust.json", jwk())
    trust_change.retire(path, KEY.kid, datetime.fromtimestamp(AT + 60, UTC), CLOCK)
    changed = trust_change.retire(path, KEY.kid, datetime.fromtimestamp(AT + 1, UTC), CLOCK)
    assert changed.version == 3
    assert judge(signed(READY_CLAIMS), changed, EXPECT, NOW).refusal is None
    assert judge(signed(READY_CLAIMS), changed, EXPECT, datetime.fromtimestamp(AT + 1, UTC)).refusal is (
        Refusal.KEY_DATES
    )


def test_the_number_of_persons_survives_a_change(tmp_path: Path) -> None:
    """A member of the file that a change is not about stays."""
    path = tmp_path / "trust.json"
    path.write_text(json.dumps({"order_persons": 3, "version": 1, "keys": [jwk()]}))
    path.chmod(0o644)
    assert trust_change.add_key(path, trust_key(OTHER_KEY, KeyRole.ORDER, "prod"), CLOCK).order_persons == 3


def test_keys_of_another_file_are_added_as_they_are_written(tmp_path: Path) -> None:
    """All keys of the other file come in one change, with their dates, role and person."""
    path = write_trust(tmp_path / "trust.json", jwk(), version=4)
    new = [jwk(OTHER_KEY, role="order", person="anna"), jwk(key_number(3), nbf=5, revoked=True)]
    source = write_trust(tmp_path / "new.json", *new)
    assert trust_change.add_keys_of(path, source, CLOCK).version == 5
    assert json.loads(path.read_text())["keys"] == [jwk(), *new]


def test_a_file_is_started_by_the_keys_of_another(tmp_path: Path) -> None:
    """Where there is none yet, the keys of the other file make one."""
    source = write_trust(tmp_path / "new.json", jwk())
    assert list(trust_change.add_keys_of(tmp_path / "trust.json", source, CLOCK).keys) == [KEY.kid]


LATER = datetime.fromtimestamp(AT + 60, UTC)
FAULTS: dict[str, tuple[dict[str, object], Callable[[Path], object], str]] = {
    "a key there is none of": ({}, lambda path: trust_change.revoke(path, "k", NOW, CLOCK), "there is no key 'k': "),
    "revoked already": (
        {"revoked": True},
        lambda path: trust_change.revoke(path, KEY.kid, NOW, CLOCK),
        "is revoked already",
    ),
    "an end moved to later": (
        {"exp": AT},
        lambda path: trust_change.retire(path, KEY.kid, LATER, CLOCK),
        "ends at 2026-03-01T03:00:00Z already: make a new one instead",
    ),
    "an end before the beginning": (
        {"nbf": AT + 60},
        lambda path: trust_change.retire(path, KEY.kid, LATER, CLOCK),
        "would end before it begins: revoke it instead",
    ),
    "its own keys": ({}, lambda path: trust_change.add_keys_of(path, path, CLOCK), "stands there already"),
    "keys of no file": (
        {},
        lambda path: trust_change.add_keys_of(path, path.with_name("gone"), CLOCK),
        "gone: can't be read",
    ),
}


@pytest.mark.parametrize(("members", "change", "message"), FAULTS.values(), ids=FAULTS)
def test_what_can_not_be_changed_stays_as_it_was(
    tmp_path: Path, members: dict[str, object], change: Callable[[Path], object], message: str
) -> None:
    """The fault is one line, and the file has the bytes it had."""
    path = write_trust(tmp_path / "trust.json", jwk(**members))
    before = path.read_bytes()
    with pytest.raises(TrustFault, match=message) as caught:
        change(path)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["trust.json"]
