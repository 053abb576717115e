import os
import signal
import subprocess
from pathlib import Path

import pytest

from glasswatch.flag.document import FlagState
from monitor.watchers.entries import by_pattern
from tests.support.programs import require
from tests.support.reader_host import CLOSED, OPEN, SEALED, Host, claims_now

SECRET = b"correct horse battery staple\n"


@pytest.fixture
def sealed(host: Host, tmp_path: Path) -> Path:
    """A secret, sealed for the reader and for two persons."""
    require("openssl", package="openssl")
    place = tmp_path / "payments-db"
    for number, word in ((1, "first words"), (2, "second words")):
        (tmp_path / f"pass{number}").write_text(word)
    done = _seal(host, place)
    assert done == 0
    return place


def _passes(host: Host) -> dict[str, str]:
    return {
        "FIRST_PASSPHRASE_FILE": str(host.directory / "pass1"),
        "SECOND_PASSPHRASE_FILE": str(host.directory / "pass2"),
    }


def _seal(host: Host, place: Path) -> int:
    return subprocess.run(
        [str(host.directory / "readers/secret/seal"), str(place)],
        input=SECRET,
        env=host.environment | _passes(host),
        capture_output=True,
        timeout=60,
        check=False,
    ).returncode


def test_passphrases_may_be_named_from_where_one_stands(host: Host, tmp_path: Path) -> None:
    """The secret is sealed in its own directory; files are looked for where the person is."""
    for number in (1, 2):
        (tmp_path / f"pass{number}").write_text(f"words {number}")
    done = subprocess.run(
        [str(host.directory / "readers/secret/seal"), "payments-db"],
        input=SECRET,
        env=host.environment | {"FIRST_PASSPHRASE_FILE": "pass1", "SECOND_PASSPHRASE_FILE": "./pass2"},
        capture_output=True,
        timeout=60,
        check=False,
        cwd=tmp_path,
    )
    assert (done.returncode, (tmp_path / "payments-db" / "override.enc").exists()) == (0, True), done.stderr


def test_a_ready_flag_opens_the_secret(host: Host, sealed: Path) -> None:
    """The secret comes out whole, and nothing else does."""
    host.publish(claims_now(FlagState.READY))
    done = host.run("secret/open", str(sealed), SUDO_USER="anna")
    assert (done.returncode, done.stdout) == (OPEN, SECRET)
    assert host.reports()[0]["person"] == "anna"


@pytest.mark.parametrize(
    ("state", "code"), [(FlagState.STANDBY, SEALED), (FlagState.EXERCISE, CLOSED)], ids=["standby", "exercise"]
)
def test_anything_else_leaves_it_sealed(host: Host, sealed: Path, state: FlagState, code: int) -> None:
    """Not a byte of it comes out, and the way past is told."""
    host.publish(claims_now(state, principals=("anna",)))
    done = host.run("secret/open", str(sealed), SUDO_USER="anna")
    assert (done.returncode, done.stdout) == (code, b"")
    assert b"override" in done.stderr


def test_a_drill_opens_the_drills_own_secret(host: Host, sealed: Path) -> None:
    """An exercise never shows the real one."""
    host.publish(claims_now(FlagState.EXERCISE, principals=("anna",)))
    assert host.run("secret/open", "--drill", str(sealed), SUDO_USER="anna").returncode != OPEN  # there is none yet
    (sealed / "drill.cms").write_bytes((sealed / "sealed.cms").read_bytes())
    done = host.run("secret/open", "--drill", str(sealed), SUDO_USER="anna")
    assert (done.returncode, done.stdout) == (OPEN, SECRET)


def test_two_persons_go_past_a_dead_reader_and_everybody_hears_it(host: Host, sealed: Path) -> None:
    """No flag, no monitor, no verifier: both passphrases open it, loudly."""
    host.configure(MONITOR="/nonexistent")
    done = host.run("secret/override", str(sealed), "anna", "ben", "all is dark", SUDO_USER="carl", **_passes(host))
    assert (done.returncode, done.stdout) == (0, SECRET)
    lines = host.syslog.lines()
    assert any("OVERRIDE" in line and 'second="ben"' in line for line in lines)
    (report,) = host.reports()
    assert (report["via"], report["decision"], report["state"]) == ("override", "allowed", None)
    assert (report["person"], report["second"]) == ("anna", "ben")
    assert report["login"] == "carl", "names are what was typed"
    assert any('login="carl"' in line for line in lines)
    found = by_pattern(r'OVERRIDE id=(?P<id>\S+) first="(?P<person>[^"]+)" second="(?P<second>[^"]+)"')(lines[0], "")
    assert found is not None
    assert (found.attempt, found.person, found.second) == (report["id"], "anna", "ben")


def test_one_person_does_not(host: Host, sealed: Path) -> None:
    """The same name twice, or one passphrase, opens nothing; the attempt is heard all the same."""
    assert host.run("secret/override", str(sealed), "anna", "anna", "alone", **_passes(host)).returncode == 2
    wrong = _passes(host) | {"FIRST_PASSPHRASE_FILE": str(host.directory / "pass2")}
    done = host.run("secret/override", str(sealed), "anna", "ben", "guessing", **wrong)
    assert done.returncode == 1
    assert SECRET not in done.stdout
    assert any("OVERRIDE" in line for line in host.syslog.lines())


def test_sealing_leaves_nothing_open_behind(sealed: Path) -> None:
    """Neither the secret nor a half of it stays on the disk."""
    names = {path.name for path in sealed.iterdir()}
    assert names == {"reader.key", "reader.crt", "sealed.cms", "override.enc"}
    assert all(SECRET.strip() not in path.read_bytes() for path in sealed.iterdir())
    assert (sealed / "reader.key").stat().st_mode & 0o077 == 0


def test_the_secret_that_is_opened_is_the_one_that_is_named(host: Host, sealed: Path, tmp_path: Path) -> None:
    """A link with a harmless name is told by where it leads; a directory of somebody else's opens nothing."""
    host.publish(claims_now(FlagState.READY))
    (tmp_path / "harmless").symlink_to(sealed)
    assert host.run("secret/open", str(tmp_path / "harmless"), SUDO_USER="anna").stdout == SECRET
    assert [report["target"] for report in host.reports()] == ["secret:payments-db"]
    if os.geteuid() == 0:
        os.chown(sealed, 65534, -1)
        assert host.run("secret/open", str(sealed), SUDO_USER="anna").returncode == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=str)
def test_a_sealing_that_is_broken_off_leaves_nothing_open(host: Host, tmp_path: Path, number: signal.Signals) -> None:
    """While a passphrase is awaited the secret lies in the clear beside it; whatever ends that takes it away."""
    os.mkfifo(tmp_path / "pass1")
    place = tmp_path / "payments-db"
    environment = host.environment | _passes(host)
    words = [str(host.directory / "readers/secret/seal"), str(place)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, env=environment, process_group=0) as process:
        assert process.stdin is not None
        process.stdin.write(SECRET)
        process.stdin.close()
        with (tmp_path / "pass1").open("wb"):  # opens once openssl asks for the passphrase
            assert any(SECRET in path.read_bytes() for path in place.iterdir())
            os.killpg(process.pid, number)
            assert process.wait(20) != 0
    assert {path.name for path in place.iterdir()} == {"reader.key", "reader.crt"}
