"""The reader behind a real sshd, with real certificates."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from glasswatch.clock import SystemClock
from glasswatch.flag.document import FlagState
from monitor.watchers.entries import by_pattern
from tests.support.documents import DOCS, blocks, section
from tests.support.programs import require
from tests.support.reader_host import READERS, Host, Syslog, claims_now

_REAL, _DRILL = "root", "nobody"  # accounts that every machine has, in place of breakglass and breakglass-drill
_TAKEN = "Authenticated to 127.0.0.1"
_CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {d}/host_key
PidFile none
UsePAM no
StrictModes yes
LogLevel VERBOSE
PermitRootLogin yes
PasswordAuthentication no
SetEnv GLASSWATCH_TEST=1
"""


@dataclass(frozen=True, slots=True)
class Bastion:
    """A running sshd two of whose accounts open to the break-glass authority's certificates."""

    host: Host
    port: int
    log: Path

    def login(
        self,
        principals: str,
        *,
        account: str = _REAL,
        person: str = "anna",
        authority: str = "ca",
        valid: str = "-5m:+1h",
    ) -> bool:
        """Whether somebody with a certificate for these principals gets into an account."""
        place = self.host.directory
        key = place / f"user-{os.urandom(4).hex()}"
        _keygen("-t", "ed25519", "-N", "", "-f", str(key))
        _keygen("-s", str(place / authority), "-I", person, "-n", principals, "-z", "7", "-V", valid, f"{key}.pub")
        words = ["ssh", "-F", "none", "-p", str(self.port), "-i", str(key), "-o", f"CertificateFile={key}-cert.pub"]
        for option in (
            "IdentitiesOnly=yes",
            "StrictHostKeyChecking=no",
            "UserKnownHostsFile=/dev/null",
            "BatchMode=yes",
            "LogLevel=VERBOSE",
        ):
            words += ["-o", option]
        words += [f"{account}@127.0.0.1", "echo", "in"]
        done = subprocess.run(words, capture_output=True, timeout=60, check=False)
        is_taken = _TAKEN in done.stderr.decode()
        # The drill's stand-in has no shell; that sshd took the certificate is what counts.
        assert account == _DRILL or is_taken is (done.stdout == b"in\n")
        return is_taken


def _keygen(*words: str) -> None:
    subprocess.run(["ssh-keygen", "-q", *words], check=True, capture_output=True, timeout=30)


@pytest.fixture
def bastion() -> Iterator[Bastion]:
    """A bastion of root's own: sshd runs a principals' command only where nobody else could have changed it."""
    sshd = require("sshd", package="openssh-server")
    require("ssh", package="openssh-client")
    if os.geteuid() != 0:
        pytest.skip("sshd starts the reader only as root: run this test as root")
    directory = Path(tempfile.mkdtemp(prefix="glasswatch-test-", dir=Path.home()))
    syslog = Syslog(directory / "log")
    try:
        host = Host(directory, syslog)
        with _running(sshd, host) as found:
            yield found
    finally:
        syslog.close()
        shutil.rmtree(directory)


@contextmanager
def _running(sshd: str, host: Host) -> Iterator[Bastion]:
    place = host.directory
    for name in ("host_key", "ca", "override_ca", "other_ca"):
        _keygen("-t", "ed25519", "-N", "", "-f", str(place / name))
    public = (place / "override_ca.pub").read_text()
    (place / "override.keys").write_text(f'cert-authority,principals="breakglass-override" {public}')
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    (place / "sshd_config").write_text(_CONFIG.format(port=port, d=place) + _shipped(host))
    # sshd starts its commands with an environment of its own: this host's settings stand in the program.
    starter = place / "principals"
    lines = [f"export {name}='{value}'" for name, value in host.environment.items()]
    account = f"case $1 in {_REAL}) account=breakglass ;; {_DRILL}) account=breakglass-drill ;; *) account=$1 ;; esac"
    called = f'shift; exec {place}/readers/sshd/principals "$account" "$@"'
    starter.write_text("\n".join(["#!/bin/sh", *lines, account, called, ""]))
    starter.chmod(0o755)
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    with (place / "sshd.log").open("wb") as log:
        process = subprocess.Popen([sshd, "-D", "-e", "-f", str(place / "sshd_config")], stderr=log)
        try:
            _await_port(port, process)
            yield Bastion(host, port, place / "sshd.log")
        finally:
            process.terminate()
            process.wait(10)


def _shipped(host: Host) -> str:
    """Return the shipped settings with this host's accounts and places."""
    text = (READERS / "sshd" / "sshd_config.example").read_text()
    for was, becomes in (
        ("breakglass,breakglass-drill\n", f"{_REAL},{_DRILL}\n"),
        ("Match User breakglass-drill\n", f"Match User {_DRILL}\n"),
        ("Match User breakglass\n", f"Match User {_REAL}\n"),
        ("/etc/ssh/break-glass-ca.pub", f"{host.directory}/ca.pub"),
        ("/usr/local/lib/glasswatch/sshd/principals", f"{host.directory}/principals"),
        ("AuthorizedPrincipalsCommandUser gwreader", "AuthorizedPrincipalsCommandUser root"),
        ("/etc/ssh/break-glass-override.keys", f"{host.directory}/override.keys"),
    ):
        assert was in text
        text = text.replace(was, becomes)
    return text


def _watched() -> str:
    """Return the pattern by which the guide's watcher finds logins, for this machine's account."""
    (settings,) = blocks(section((DOCS / "guide" / "break-glass.md").read_text(), "4. The monitor's settings"), "yaml")
    pattern = yaml.safe_load(settings)["uses"]["watchers"]["bastion-1"]["pattern"]
    assert "for breakglass(?:-drill)? from" in pattern
    return str(pattern).replace("breakglass(?:-drill)?", _REAL)


def _await_port(port: int, process: subprocess.Popen[bytes]) -> None:
    clock = SystemClock()
    ends_at = clock.monotonic() + 30
    while clock.monotonic() < ends_at and process.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
    raise AssertionError("sshd does not listen")


def _times(bastion: Bastion, decision: str) -> int:
    """Return how often it was told: sshd asks twice in a login, and both have one id."""
    told = [report["id"] for report in bastion.host.reports() if report["decision"] == decision]
    assert len(set(told)) == 1
    return len(told)


def test_breakglass_gets_in_only_while_the_flag_is_ready(bastion: Bastion) -> None:
    """Sealed, ready, sealed again: the same certificate is refused, taken, refused."""
    bastion.host.publish(claims_now(FlagState.STANDBY))
    assert not bastion.login("breakglass")
    bastion.host.publish(claims_now(FlagState.READY))
    assert bastion.login("breakglass"), bastion.log.read_text()
    bastion.host.publish(claims_now(FlagState.STANDBY))
    assert not bastion.login("breakglass")
    # sshd asks twice in a login, and tells one attempt of it.
    reported = {(str(report["id"]), report["decision"], report["person"]) for report in bastion.host.reports()}
    assert sorted(each[1:] for each in reported) == [("allowed", "anna"), ("refused", "anna"), ("refused", "anna")]


@pytest.mark.parametrize("principals", ["breakglass", "breakglass-drill", "breakglass,breakglass-drill", _REAL])
def test_an_exercise_never_opens_the_real_account(bastion: Bastion, principals: str) -> None:
    """Whatever the certificate is for."""
    bastion.host.publish(claims_now(FlagState.EXERCISE, principals=("anna",)))
    assert not bastion.login(principals)
    assert {report["decision"] for report in bastion.host.reports()} == {"refused"}


def test_an_exercise_opens_the_drills_account_to_whom_it_names(bastion: Bastion) -> None:
    """With the drill's certificate; everybody else stays out, and so does the real one's."""
    bastion.host.publish(claims_now(FlagState.EXERCISE, principals=("anna",)))
    assert not bastion.login("breakglass", account=_DRILL)
    assert not bastion.login("breakglass-drill", account=_DRILL, person="ben")
    assert bastion.login("breakglass-drill", account=_DRILL), bastion.log.read_text()
    assert [
        (report["person"], report["state"]) for report in bastion.host.reports() if report["decision"] == "allowed"
    ] == [("anna", "exercise")] * _times(bastion, "allowed")


def test_a_key_id_may_say_what_the_certificate_is_for(bastion: Bastion) -> None:
    """Reader and watcher go by the person before the slash, sshd's log has it whole; what comes after names nobody."""
    bastion.host.publish(claims_now(FlagState.EXERCISE, principals=("anna",)))
    assert not bastion.login("breakglass-drill", account=_DRILL, person="ben/anna")
    assert bastion.login("breakglass-drill", account=_DRILL, person="anna/run-1"), bastion.log.read_text()
    assert {(report["person"], report["decision"]) for report in bastion.host.reports()} == {
        ("ben", "refused"),
        ("anna", "allowed"),
    }
    assert "ID anna/run-1 (serial 7)" in bastion.log.read_text()
    watched = by_pattern(_watched().replace(_REAL, _DRILL))
    entries = [watched(line, "") for line in bastion.log.read_text().splitlines()]
    assert [entry.person for entry in entries if entry is not None] == ["anna"]


@pytest.mark.parametrize(
    ("principals", "account", "code"),
    [
        ("breakglass-drill", _REAL, "certificate"),
        ("breakglass-drill", _DRILL, "emergency"),
        ("breakglass", _DRILL, "certificate"),
    ],
)
def test_an_emergency_is_no_drill(bastion: Bastion, principals: str, account: str, code: str) -> None:
    """While the flag is really ready the drill's certificate opens nothing, and nobody is told that it did."""
    bastion.host.publish(claims_now(FlagState.READY))
    assert not bastion.login(principals, account=account)
    assert {(report["decision"], report["code"]) for report in bastion.host.reports()} == {("refused", code)}


def test_a_certificate_that_has_ended_is_told_as_refused(bastion: Bastion) -> None:
    """The reader is asked before sshd looks at its dates: an answer of "ready" would be told as an access."""
    bastion.host.publish(claims_now(FlagState.READY))
    assert not bastion.login("breakglass", valid="-2h:-1h")
    assert {(report["decision"], report["code"]) for report in bastion.host.reports()} == {
        ("refused", "certificate_ended")
    }


def test_what_sshd_was_answered_is_told_as_that(bastion: Bastion) -> None:
    """Whether they got in is not the reader's to say."""
    bastion.host.publish(claims_now(FlagState.READY))
    assert bastion.login("breakglass"), bastion.log.read_text()
    notes = {report["note"] for report in bastion.host.reports()}
    assert notes == {"sshd was answered; whether they got in stands in its log"}


def test_without_a_flag_nobody_gets_in(bastion: Bastion) -> None:
    """No document at all, and one that is rubbish."""
    assert not bastion.login("breakglass")
    bastion.host.publish(b"rubbish")
    assert not bastion.login("breakglass")


def test_a_strangers_certificate_never_counts(bastion: Bastion) -> None:
    """The flag opens to the authority's certificates alone."""
    bastion.host.publish(claims_now(FlagState.READY))
    assert not bastion.login("breakglass", authority="other_ca")


def test_the_override_works_with_the_reader_broken_and_shows_in_the_log(bastion: Bastion) -> None:
    """The daemon itself takes the override authority's principal, and names the person and the serial."""
    (bastion.host.directory / "principals").write_text("#!/bin/sh\nexit 1\n")
    assert not bastion.login("breakglass")
    certificate = {"person": "anna,ben", "authority": "override_ca"}
    assert bastion.login("breakglass-override", **certificate), bastion.log.read_text()
    assert not bastion.login("breakglass-override", account=_DRILL, **certificate)
    assert "ID anna,ben (serial 7)" in bastion.log.read_text()
    entries = [by_pattern(_watched())(line, "") for line in bastion.log.read_text().splitlines()]
    assert [(entry.person, entry.second) for entry in entries if entry is not None] == [("anna", "ben")]


def test_neither_authority_does_what_is_the_others(bastion: Bastion) -> None:
    """Who issues certificates for an emergency can't go past the reader, and the override's can't pass for one."""
    bastion.host.publish(claims_now(FlagState.READY))
    assert not bastion.login("breakglass-override", authority="ca")
    assert not bastion.login("breakglass", authority="override_ca")
