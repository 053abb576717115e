"""docs/guide/keys.md, played: its commands as they stand there, with what readers say before, between and after."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from glasswatch.clock import SystemClock
from glasswatch.flag import keys
from glasswatch.flag.document import Claims, payload
from monitor.signing import Signer
from tests.support.documents import DOCS, blocks, section
from tests.support.flags import READY_CLAIMS, STANDBY_CLAIMS, jwk
from tests.support.verifying import ROOT, fresh

GUIDE = (DOCS / "guide" / "keys.md").read_text()
SETTING_UP = "Setting up"
ROTATING = "A new flag key for an old one"
LEAKED = "A flag's private key has leaked"
AHEAD = "The monitor's clock ran ahead"
LEFT = "Somebody who can order has left, or lost the key"
REPLACED = "Somebody has replaced a trust file"


@dataclass(frozen=True)
class Site:
    """A directory with keys and the trust file as the guide makes them, and a reader that has a copy of its own."""

    root: Path

    @property
    def trust(self) -> Path:
        """The trust file as it is handed out."""
        return self.root / "trust.json"

    def play(self, title: str, number: int = 0, **variables: str) -> str:
        """Run the commands of one block of the guide; return what they say."""
        block = blocks(section(GUIDE, title), "sh")[number]
        done = subprocess.run(
            ["/bin/sh", "-euc", block],
            cwd=self.root,
            env={"PATH": f"{self._programs()}:/usr/bin:/bin", "PYTHONPATH": str(ROOT)} | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=100,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout

    def _programs(self) -> Path:
        programs = self.root / ".bin"
        programs.mkdir(exist_ok=True)
        program = programs / "monitor"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m monitor "$@"\n')
        program.chmod(0o755)
        return programs

    def hand_out(self) -> None:
        """Let the reader have the trust file."""
        shutil.copy(self.trust, self.root / "pinned.json")

    def signs(self, claims: Claims, key: str = "monitor-keys/flag.key", shift: int = 0) -> bytes:
        """Return a flag that the monitor's own signer makes now, with the key that is in a file."""
        dated = replace(claims, **fresh(shift))  # type: ignore[arg-type]  # integers, all three
        return Signer(keys.load(self.root / key, SystemClock())).sign(payload(dated), is_change=True).jws.encode()

    def reader(self, flag: bytes, *more: str | Path) -> tuple[int, str]:
        """Ask a reader in a process of its own; return its exit code and what it says."""
        words = [
            "verify",
            "-",
            "--trust",
            "pinned.json",
            "--audience",
            "prod",
            "--platform",
            "payments",
            *map(str, more),
        ]
        done = subprocess.run(
            [sys.executable, "-m", "monitor", "flag", *words],
            cwd=self.root,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            input=flag,
            capture_output=True,
            check=False,
            timeout=60,
        )
        return done.returncode, (done.stdout + done.stderr).decode()

    def kid(self, key: str) -> str:
        """Return the name of the key in a file."""
        return keys.load(self.root / key, SystemClock()).kid


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site set up by the guide, and handed out."""
    made = Site(tmp_path)
    said = made.play(SETTING_UP)
    assert "trust.json: good" in said
    made.hand_out()
    return made


def test_the_joined_file_lies_beside_the_monitors_key(site: Site) -> None:
    """That is where `monitor check --lockout` counts who can order."""
    assert (site.root / "monitor-keys" / "trust.json").read_bytes() == site.trust.read_bytes()


def test_setting_up_lets_flags_and_orders_in(site: Site) -> None:
    """The reader believes the monitor's flag, and the order that is tried out."""
    assert site.reader(site.signs(READY_CLAIMS))[0] == 0
    assert site.reader(site.signs(STANDBY_CLAIMS))[0] == 1
    said = site.play(SETTING_UP, 1)
    assert said.splitlines()[-1].startswith("break-glass for 'payments' is ready since ")
    assert site.reader(site.signs(STANDBY_CLAIMS), "--order", "tryout.jws")[0] == 0
    assert (site.root / "anna-keys" / "order.key").stat().st_mode & 0o777 == 0o600


def test_a_rotation_locks_nobody_out(site: Site) -> None:
    """At each step every flag that may be met is believed, and at the end the old key is not."""
    old = site.kid("monitor-keys/flag.key")
    floor = ("--floor", site.root / "floor")
    assert site.reader(site.signs(READY_CLAIMS, shift=-30), *floor)[0] == 0

    site.play(ROTATING, 0)
    before = site.signs(READY_CLAIMS, shift=-20)
    assert site.reader(before)[0] == 0, "a reader that has not got the file yet"
    site.hand_out()
    assert site.reader(before, *floor)[0] == 0, "one that has"

    site.play(ROTATING, 1)
    after = site.signs(READY_CLAIMS, shift=-10)
    assert site.kid("monitor-keys/flag.key") == site.kid("next-keys/flag.key") != old
    assert site.reader(before)[0] == 0, "what the old key signed stays valid during the overlap"
    assert site.reader(after, *floor)[0] == 0
    assert "refused (ver_below_floor)" in site.reader(before, *floor)[1], "but never behind a newer one"

    site.play(ROTATING, 2, OLD=old)
    site.hand_out()
    assert "refused (key_revoked)" in site.reader(before)[1]
    code, said = site.reader(site.signs(READY_CLAIMS), *floor)
    assert (code, "alarm" in said) == (0, False)
    assert not (site.root / "monitor-keys" / "flag.key.old").exists()


def test_a_rotation_with_a_date_saves_a_round(site: Site) -> None:
    """Retired in the same file that brings the new key, the old one is believed until then and not longer."""
    old = site.kid("monitor-keys/flag.key")
    site.play(ROTATING, 0)
    ends = SystemClock().now().replace(microsecond=0).isoformat()
    retire = ["flag", "trust", "retire", old, str(site.trust), "--at", ends]
    done = subprocess.run([sys.executable, "-m", "monitor", *retire], cwd=ROOT, check=False, timeout=60)
    assert done.returncode == 0
    site.hand_out()
    flag = site.signs(READY_CLAIMS, shift=-30)
    assert "refused (key_dates)" in site.reader(flag)[1]
    assert site.reader(flag, "--at", "2026-01-01T00:00:00Z")[1].startswith("refused (issued_later)")
    assert site.reader(site.signs(READY_CLAIMS, "next-keys/flag.key"))[0] == 0


def test_a_leaked_key_is_worth_nothing_where_the_file_has_arrived(site: Site) -> None:
    """The thief opens a reader with the old file and no other; the monitor's new key is believed there at once."""
    shutil.copy(site.root / "monitor-keys" / "flag.key", site.root / "stolen.key")
    site.play(LEAKED, OLD=site.kid("stolen.key"))
    forged = site.signs(READY_CLAIMS, "stolen.key")
    assert site.reader(forged)[0] == 0, "a reader that has not got the file yet"
    assert "refused (key_unknown)" in site.reader(site.signs(READY_CLAIMS))[1], "and can't believe the new key"
    site.hand_out()
    for shift in (-600, 0, 30):
        assert "refused (key_revoked)" in site.reader(site.signs(READY_CLAIMS, "stolen.key", shift))[1]
    assert site.reader(site.signs(READY_CLAIMS))[0] == 0


def test_a_lost_key_leaves_the_order(site: Site) -> None:
    """When the last flag has ended the order opens; with a new key the monitor is believed, above the same floor."""
    floor = ("--floor", site.root / "floor")
    old = site.kid("monitor-keys/flag.key")
    assert site.reader(site.signs(STANDBY_CLAIMS, shift=-200), *floor)[0] == 1
    last = site.signs(STANDBY_CLAIMS, shift=-301)
    (site.root / "monitor-keys" / "flag.key").unlink()
    assert "refused (expired)" in site.reader(last)[1]
    site.play(SETTING_UP, 1)
    assert site.reader(last, "--order", "tryout.jws", *floor)[0] == 0
    site.play(LEAKED, OLD=old)
    site.hand_out()
    assert site.reader(site.signs(READY_CLAIMS), *floor)[0] == 0


def test_who_has_left_orders_nothing(site: Site) -> None:
    """Revoked, the key opens and seals no more, what it signed counts no more, and the others still can order."""
    site.play(SETTING_UP, 1)
    flag = site.signs(STANDBY_CLAIMS)
    assert site.reader(flag, "--order", "tryout.jws")[0] == 0
    site.play(LEFT, OLD=site.kid("anna-keys/order.key"))
    assert site.reader(flag, "--order", "tryout.jws")[0] == 0, "until the file has arrived"
    site.hand_out()
    code, said = site.reader(flag, "--order", "tryout.jws")
    assert (code, "does not count (key_revoked)" in said) == (1, True)
    what = ["--platform", "payments", "--audience", "prod", "--state", "ready", "--for", "1m", "--out", "others.jws"]
    for key, words in (("ben", what), ("cara", ["--add", "others.jws", "--yes"])):
        sign = ["flag", "order", "sign", "--key", f"{key}-keys/order.key", "--trust", "trust.json", *words]
        env = os.environ | {"PYTHONPATH": str(ROOT)}
        done = subprocess.run([sys.executable, "-m", "monitor", *sign], cwd=site.root, env=env, check=False, timeout=60)
        assert done.returncode == 0
    assert site.reader(flag, "--order", "others.jws")[0] == 0


def test_a_false_trust_file_is_seen_and_replaced(site: Site) -> None:
    """An older or altered file is an alarm; one above both is none, and what the false one let in is out again."""
    floor = ("--floor", site.root / "floor")
    pinned = site.root / "pinned.json"
    older = pinned.read_bytes()
    site.play(LEFT, OLD=site.kid("anna-keys/order.key"))
    site.hand_out()
    assert site.reader(site.signs(READY_CLAIMS), *floor)[0] == 0
    pinned.write_bytes(older)
    code, said = site.reader(site.signs(READY_CLAIMS), *floor)
    assert (code, "alarm (trust_back)" in said) == (0, True)

    file = json.loads(site.trust.read_text())
    stranger = keys.create(site.root / "stranger.key")
    file["keys"][0] |= {"kid": stranger.kid, "x": jwk(stranger)["x"]}
    pinned.write_text(json.dumps(file))
    code, said = site.reader(site.signs(READY_CLAIMS, "stranger.key"), *floor)
    assert (code, "alarm (trust_forked)" in said) == (0, True), "the machine is taken: nothing there can close it"

    said = site.play(REPLACED)
    assert "version 100, sha256 " in said
    site.hand_out()
    assert "refused (key_unknown)" in site.reader(site.signs(READY_CLAIMS, "stranger.key"), *floor)[1]
    code, said = site.reader(site.signs(READY_CLAIMS, shift=1), *floor)
    assert (code, "alarm" in said) == (0, False)


def test_a_new_vantage_is_believed_while_the_old_one_is_refused(site: Site) -> None:
    """The old one's versions are two hours ahead; the new one's flags have a floor of their own at every reader."""
    old, floor = site.kid("monitor-keys/flag.key"), ("--floor", site.root / "floor")
    assert site.reader(site.signs(STANDBY_CLAIMS, shift=-9000), *floor)[1].startswith("refused (expired)")
    ahead = fresh(7200)
    while_ahead = site.signs(READY_CLAIMS, shift=7200)
    assert site.reader(while_ahead, *floor)[1].startswith("refused (issued_later)")
    mended = replace(READY_CLAIMS, **(dict(fresh()) | {"ver": ahead["ver"] + 1}))  # type: ignore[arg-type]  # integers
    signer = Signer(keys.load(site.root / "monitor-keys/flag.key", SystemClock()))
    refused = signer.sign(payload(mended), is_change=True).jws.encode()
    assert site.reader(refused, *floor)[1].startswith("refused (ver_ahead)")
    assert "refused (ver_ahead)" in site.reader(refused, *floor, "--reset-floor")[1]

    site.play(AHEAD, OLD=old)
    site.hand_out()
    code, said = site.reader(site.signs(replace(READY_CLAIMS, iss="prod/main-2")), *floor)
    assert (code, "alarm" in said) == (0, False)
    assert "refused (key_revoked)" in site.reader(while_ahead, *floor)[1]


def test_every_block_of_the_guide_is_played() -> None:
    """A procedure that is added has to be played too."""
    played = {SETTING_UP: 2, ROTATING: 3, LEAKED: 1, AHEAD: 1, LEFT: 1, REPLACED: 1}
    assert {title: len(blocks(section(GUIDE, title), "sh")) for title in played} == played
    assert len(blocks(GUIDE, "sh")) == sum(played.values())
