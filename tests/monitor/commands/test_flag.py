import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from glasswatch.cli import run
from glasswatch.clock import SystemClock
from glasswatch.flag import keys, trust
from glasswatch.flag.document import Claims, payload, unix_ms
from glasswatch.flag.errors import KeyExists, NotWritten, TrustFault
from monitor.commands.flag.group import command
from tests.support.flags import (
    EXERCISE_CLAIMS,
    NOW,
    READY_CLAIMS,
    STANDBY_CLAIMS,
    jwk,
    signed,
    write_trust,
)

_ROOT = Path(__file__).parents[3]
_AT = ["--at", NOW.isoformat()]
_HUMAN_PATH = "no way in by this flag: try its other copies, or use the sealed credential that no reader guards"


@pytest.fixture
def verify(tmp_path: Path) -> Callable[..., Result]:
    """Return a way to call `flag verify` on claims as a signed file, with a trust file beside it."""
    trust_file = write_trust(tmp_path / "trust.json", jwk())

    def call(document: Claims | bytes | str, *more: str, at: list[str] = _AT) -> Result:
        place = document
        if not isinstance(document, str):
            raw = document if isinstance(document, bytes) else signed(document)
            (tmp_path / "flag.jws").write_bytes(raw)
            place = str(tmp_path / "flag.jws")
        asked = ["--trust", str(trust_file), "--audience", "prod", "--platform", "payments"]
        return CliRunner().invoke(command, ["verify", str(place), *asked, *at, *more])

    return call


def test_ready_exits_0(verify: Callable[..., Result]) -> None:
    """A flag that is ready ends with 0 and one line on stdout."""
    done = verify(READY_CLAIMS)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("break-glass for 'payments' is ready")
    assert done.stdout.count("\n") == 1


def test_standby_exits_1(verify: Callable[..., Result]) -> None:
    """A flag on standby ends with 1, as a finding, not as a fault."""
    done = verify(STANDBY_CLAIMS)
    assert (done.exit_code, done.stderr) == (1, "")
    assert done.stdout.startswith("break-glass for 'payments' is sealed")


REFUSED = {
    "expired": (replace(READY_CLAIMS, exp=READY_CLAIMS.iat + 1), "expired"),
    "of an exercise": (EXERCISE_CLAIMS, "exercise"),
    "of another platform": (replace(READY_CLAIMS, sub="billing"), "platform"),
    "empty": (b"", "parts"),
    "too large": (b"A" * 20_000, "too_large"),
    "missing": ("no-such-file", "unreadable"),
    "a directory": ("/", "unreadable"),
    "endless": ("/dev/zero", "too_large"),
}


@pytest.mark.parametrize(("document", "code"), REFUSED.values(), ids=REFUSED)
def test_refused_exits_4(verify: Callable[..., Result], document: Claims | bytes | str, code: str) -> None:
    """What can't be trusted ends with 4: the reason and the human path on stderr, nothing on stdout."""
    done = verify(document)
    assert (done.exit_code, done.stdout) == (4, "")
    reason, human_path = done.stderr.splitlines()
    assert reason.startswith(f"refused ({code}): ")
    assert human_path == _HUMAN_PATH


def test_without_at_the_clock_judges(verify: Callable[..., Result]) -> None:
    """A flag of years ago has expired by the machine's own clock."""
    assert verify(READY_CLAIMS, at=[]).stderr.startswith("refused (expired): ")


def test_json_says_the_same(verify: Callable[..., Result]) -> None:
    """With --json a program reads state, refusal, reason and claims; a refused document's claims are not shown."""
    ready = verify(READY_CLAIMS, "--json")
    said = json.loads(ready.stdout)
    assert (ready.exit_code, said["state"], said["refusal"]) == (0, "ready", None)
    assert said["claims"] == payload(READY_CLAIMS)
    refused = verify(EXERCISE_CLAIMS, "--json")
    assert refused.exit_code == 4
    said = json.loads(refused.stdout)
    assert (said["state"], said["refusal"], said["claims"]) == (None, "exercise", None)
    assert said["reason"] in refused.stderr


def test_the_cap_and_the_vantages_are_the_readers(verify: Callable[..., Result]) -> None:
    """--max-ttl and --min-agreeing decide; the document can't talk them away."""
    assert verify(READY_CLAIMS, "--max-ttl", "5m").exit_code == 0
    assert verify(READY_CLAIMS, "--max-ttl", "4m59s").stderr.startswith("refused (lifetime): ")
    assert verify(READY_CLAIMS, "--min-agreeing", "1").exit_code == 0
    assert verify(READY_CLAIMS, "--min-agreeing", "2").stderr.startswith("refused (too_few_agreeing): ")


@pytest.mark.parametrize(
    "more",
    [
        ("--max-ttl", "20"),
        ("--max-ttl", "0s"),
        ("--max-ttl", "-5m"),
        ("--min-agreeing", "-1"),
        ("--min-agreeing", "one"),
        ("--at", "yesterday"),
        ("--at", "2026-03-01T03:00:00"),
        ("--audience", "prod/ready"),
        ("--audience", ""),
        ("--platform", ""),
        ("--floor", "x"),
        ("another.jws",),
    ],
    ids=" ".join,
)
def test_wrong_usage_exits_2(verify: Callable[..., Result], more: tuple[str, ...]) -> None:
    """An argument that can't be meant is wrong usage, even for a flag that is ready."""
    done = verify(READY_CLAIMS, *more)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "Usage:" in done.stderr


@pytest.mark.parametrize("missing", ["--trust", "--audience", "--platform"])
def test_what_must_be_given_must_be_given(missing: str) -> None:
    """Without trust file, deployment or platform there is nothing to judge by."""
    options = {"--trust": "t", "--audience": "a", "--platform": "p"}
    del options[missing]
    done = CliRunner().invoke(command, ["verify", "x", *[word for pair in options.items() for word in pair]])
    assert done.exit_code == 2


@pytest.mark.parametrize("fault", ["{", '{"version":1,"keys":[{"kty":"RSA"}]}', None])
def test_a_trust_file_at_fault_exits_4(tmp_path: Path, fault: str | None) -> None:
    """Without a trust file that holds nothing can be believed: closed, with the place of the fault."""
    path = tmp_path / "trust.json"
    if fault is not None:
        path.write_text(fault)
        path.chmod(0o644)
    (tmp_path / "flag.jws").write_bytes(signed(READY_CLAIMS))
    asked = ["--trust", str(path), "--audience", "prod", "--platform", "payments", *_AT]
    done = CliRunner().invoke(command, ["verify", str(tmp_path / "flag.jws"), *asked])
    assert (done.exit_code, done.stdout) == (4, "")
    assert done.stderr.startswith(f"refused (trust): the trust file can't be relied on: {path}: ")


def test_standard_input_is_a_document(tmp_path: Path) -> None:
    """`-` reads the flag from standard input."""
    trust_file = write_trust(tmp_path / "trust.json", jwk())
    asked = ["verify", "-", "--trust", str(trust_file), "--audience", "prod", "--platform", "payments", *_AT]
    assert CliRunner().invoke(command, asked, input=signed(READY_CLAIMS) + b"\n").exit_code == 0
    assert CliRunner().invoke(command, asked, input=b"").exit_code == 4


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


def test_verify_with_standard_input_closed(tmp_path: Path) -> None:
    """A program started without standard input is refused, not broken."""
    trust_file = write_trust(tmp_path / "trust.json", jwk())
    words = [sys.executable, "-m", "monitor", "flag", "verify", "-", "--trust", str(trust_file)]
    words += ["--audience", "prod", "--platform", "payments"]
    closed = ["/bin/sh", "-c", 'exec "$@" <&-', "sh", *words]
    done = subprocess.run(closed, cwd=_ROOT, capture_output=True, check=False, timeout=60)
    assert done.returncode == 4
    assert done.stderr.startswith(b"refused (unreadable): -: can't be read: ")
