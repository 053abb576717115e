import fcntl
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from glasswatch.cli import run
from glasswatch.clock import SystemClock
from glasswatch.flag import keys, trust
from glasswatch.flag.document import unix_ms
from glasswatch.flag.errors import KeyExists, NotWritten, TrustFault
from monitor.commands.flag.group import command
from tests.support.flags import (
    READY_CLAIMS,
    STANDBY_CLAIMS,
    signed,
)

_ROOT = Path(__file__).parents[3]


def _keygen(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, ["keygen", *map(str, arguments)])


@pytest.mark.parametrize(
    ("role", "issuer"), [("flag", "prod/main"), ("order", "prod"), ("evidence", "prod/drills")], ids=str
)
def test_keygen_makes_a_key_and_trusts_it(tmp_path: Path, role: str, issuer: str) -> None:
    """DIR/ROLE.key is a private key of mode 0600; DIR/trust.json holds its public half, named by thumbprint."""
    made = tmp_path / "new" / "keys"
    done = _keygen(made, "--role", role, "--issuer", issuer, "--person", "anna")
    assert (done.exit_code, done.stderr) == (0, "")
    key = keys.load(made / f"{role}.key", SystemClock())
    assert (made / f"{role}.key").stat().st_mode & 0o777 == 0o600
    entry = trust.load(made / "trust.json", SystemClock()).key(key.kid)
    assert entry == trust.TrustKey(key.kid, key.public, trust.KeyRole(role), issuer, "anna")
    assert key.kid in done.stdout


def test_keygen_writes_from_when_to_when(tmp_path: Path) -> None:
    """--not-before and --expires become nbf and exp of the trust file."""
    dates = ["--not-before", "2036-01-01T00:00:00Z", "--expires", "2036-01-01T02:00:00+01:00"]
    assert _keygen(tmp_path, "--issuer", "prod/main", *dates).exit_code == 0
    (entry,) = trust.load(tmp_path / "trust.json", SystemClock()).keys.values()
    assert (entry.nbf, entry.exp) == (2_082_758_400, 2_082_758_400 + 3600)


def test_keygen_adds_to_a_trust_file(tmp_path: Path) -> None:
    """Keys of all roles share one trust file, whose version rises."""
    for role in ("flag", "order", "evidence"):
        assert _keygen(tmp_path, "--role", role, "--person", "anna").exit_code == 0
    read = trust.load(tmp_path / "trust.json", SystemClock())
    assert read.version == 3
    assert [key.role.value for key in read.keys.values()] == ["flag", "order", "evidence"]


def test_keygen_says_what_was_left_open(tmp_path: Path) -> None:
    """Without issuer or person the key is made, and what that means is said on stderr."""
    assert "readers expect flags of this key from DEPLOYMENT/main" in _keygen(tmp_path).stderr
    assert "can't count as one of the two persons" in _keygen(tmp_path, "--role", "order").stderr


def test_keygen_never_overwrites(tmp_path: Path) -> None:
    """A second key of the same role is refused as wrong usage; key and trust file stay as they were."""
    assert _keygen(tmp_path).exit_code == 0
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    done = _keygen(tmp_path)
    assert isinstance(done.exception, KeyExists)
    assert run(command, "flag", ["keygen", str(tmp_path)]) == 2
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_keygen_makes_nothing_beside_a_faulty_trust_file(tmp_path: Path) -> None:
    """Where the trust file can't be added to, no key is left behind."""
    (tmp_path / "trust.json").write_text("{")
    (tmp_path / "trust.json").chmod(0o644)
    assert isinstance(_keygen(tmp_path).exception, TrustFault)
    assert run(command, "flag", ["keygen", str(tmp_path)]) == 4
    assert [path.name for path in tmp_path.iterdir()] == ["trust.json"]


def test_keygen_that_can_not_be_trusted_leaves_no_key(tmp_path: Path) -> None:
    """Where adding to the trust file fails after the key was made, the key is taken away again."""
    holder = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(holder, fcntl.LOCK_EX)
        assert "somebody else is changing the trust file" in str(_keygen(tmp_path).exception)
    finally:
        os.close(holder)
    assert list(tmp_path.iterdir()) == []
    assert _keygen(tmp_path).exit_code == 0


def test_keygen_in_a_place_that_is_no_directory(tmp_path: Path) -> None:
    """A file where the directory should be is told in one line."""
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        done = _keygen(place)
        assert isinstance(done.exception, NotWritten)
        assert "\n" not in str(done.exception)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--role", "admin"),
        ("--issuer", "prod"),
        ("--issuer", "prod/"),
        ("--issuer", "a/b/c"),
        ("--issuer", ""),
        ("--role", "order", "--issuer", "prod/main"),
        ("--expires", "2020-01-01T00:00:00Z"),
        ("--expires", "2036-01-01"),
        ("--not-before", "2036-01-01T00:00:00Z", "--expires", "2036-01-01T00:00:00Z"),
        ("--person", "a\nb"),
        ("--person", "x" * 201),
    ],
    ids=" ".join,
)
def test_keygen_with_wrong_arguments_exits_2(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Roles, issuers and persons that can't be meant are wrong usage, and nothing is made."""
    assert _keygen(tmp_path / "keys", *arguments).exit_code == 2
    assert not (tmp_path / "keys").exists()


def _monitor(*arguments: str | Path, stdin: bytes | None = None) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [sys.executable, "-m", "monitor", "flag", *map(str, arguments)],
        cwd=_ROOT,
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        check=False,
        timeout=60,
    )


def test_the_whole_way_in_a_real_process(tmp_path: Path) -> None:
    """Keys made by one process verify, in another, what a third signed now: 0 ready, 1 standby, 4 damaged, 2 usage."""
    assert _monitor("keygen", tmp_path, "--issuer", "prod/main").returncode == 0
    key = keys.load(tmp_path / "flag.key", SystemClock())
    now_ms = unix_ms(SystemClock().now())
    dates = {"iat": now_ms // 1000, "exp": now_ms // 1000 + 300, "ver": now_ms}
    asked = ["--trust", str(tmp_path / "trust.json"), "--audience", "prod", "--platform", "payments"]
    ready = signed(replace(READY_CLAIMS, **dates), key)  # type: ignore[arg-type]  # integers, all three
    standby = signed(replace(STANDBY_CLAIMS, **dates), key)  # type: ignore[arg-type]  # integers, all three
    (tmp_path / "flag.jws").write_bytes(ready)
    assert _monitor("verify", tmp_path / "flag.jws", *asked).returncode == 0
    assert _monitor("verify", "-", *asked, stdin=standby).returncode == 1
    refused = _monitor("verify", "-", *asked, stdin=ready[:-2])
    assert refused.returncode == 4
    assert b"Traceback" not in refused.stderr
    assert _monitor("verify", tmp_path / "flag.jws").returncode == 2
