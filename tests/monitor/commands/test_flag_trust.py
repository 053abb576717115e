"""`monitor flag trust`: show, check, add, retire, revoke."""

import hashlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from glasswatch.cli import run
from glasswatch.clock import SystemClock
from glasswatch.flag import trust
from monitor.commands.flag.group import command
from tests.support.flags import AT, KEY, NOW, OTHER_KEY, jwk, key_number, write_trust

CLOCK = SystemClock()


def _trust(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, ["trust", *map(str, arguments)])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A trust file with a flag key and order keys of two persons."""
    anna, ben = key_number(11), key_number(12)
    return write_trust(
        tmp_path / "trust.json",
        jwk(),
        jwk(anna, role="order", iss="prod", person="anna"),
        jwk(ben, role="order", iss="prod", person="ben"),
    )


def test_show_says_who_may_sign_what(path: Path) -> None:
    """One line for the file with its fingerprint, one for orders, one for each key."""
    done = _trust("show", path)
    assert (done.exit_code, done.stderr) == (0, "")
    file, orders, flag, anna, _ = done.stdout.splitlines()
    assert file == f"{path}  version 1, sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}"
    assert orders == "a ready order needs 2 persons"
    assert flag == f"flag      '{KEY.kid}'  for 'prod/main'  valid"
    assert anna.endswith("for 'prod'  of 'anna'  valid")


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"revoked": True, "exp": AT}, "revoked"),
        ({"exp": 1_900_000_000}, "valid until 2030-03-17T17:46:40Z"),
        ({"exp": 1_000_000_000}, "ended until 2001-09-09T01:46:40Z"),
        ({"nbf": 4_000_000_000}, "not valid yet from 2096-10-02T07:06:40Z"),
        ({"demo": True}, "valid  made by a demo"),
    ],
)
def test_show_says_what_a_key_is_worth(tmp_path: Path, members: dict[str, object], says: str) -> None:
    """Revoked, ended, not valid yet, a demo's: it stands at the end of the line."""
    path = write_trust(tmp_path / "trust.json", jwk(**members))
    assert _trust("show", path).stdout.splitlines()[-1].endswith(f"  {says}")


def test_show_as_json(path: Path) -> None:
    """A program reads the same."""
    said = json.loads(_trust("show", path, "--json").stdout)
    assert (said["version"], said["order_persons"], len(said["keys"])) == (1, 2, 3)
    assert said["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert said["keys"][0] == {
        "kid": KEY.kid,
        "role": "flag",
        "iss": "prod/main",
        "person": None,
        "nbf": None,
        "exp": None,
        "standing": "valid",
        "demo": False,
    }


def test_what_a_file_says_cannot_drive_a_terminal(tmp_path: Path) -> None:
    """Control characters in names are shown as escapes."""
    path = write_trust(tmp_path / "trust.json", jwk(kid="a\x1b[2J", iss="b\nc/d", person="\r", demo=True))
    for verb in ("show", "check"):
        assert _trust(verb, path).stdout.replace("\n", "").isprintable()


def test_check_exits_0_or_1(path: Path, tmp_path: Path) -> None:
    """Nothing wrong is 0; a finding is 1, one line each."""
    done = _trust("check", path)
    assert (done.exit_code, done.stdout) == (0, f"{path}: good\n")
    alone = write_trust(tmp_path / "alone.json", jwk())
    done = _trust("check", alone)
    assert (done.exit_code, done.stdout.count("\n")) == (1, 1)
    assert json.loads(_trust("check", alone, "--json").stdout) == [{"kid": None, "finding": done.stdout.strip()}]
    assert json.loads(_trust("check", path, "--json").stdout) == []


def test_check_looks_ahead_as_far_as_asked(tmp_path: Path, path: Path) -> None:
    """--at and --soon say when a key's end is near."""
    file = json.loads(path.read_text())
    file["keys"][0]["exp"] = AT + 3600
    path.write_text(json.dumps(file))
    assert _trust("check", path, "--at", NOW.isoformat(), "--soon", "1h").exit_code == 1
    assert _trust("check", path, "--at", NOW.isoformat(), "--soon", "59m").exit_code == 0
    assert _trust("check", path, "--soon", "soon").exit_code == 2


def test_changes_raise_the_version(path: Path, tmp_path: Path) -> None:
    """Each change is written, and told with the version that readers must get."""
    source = write_trust(tmp_path / "new.json", jwk(OTHER_KEY))
    done = _trust("add", path, source)
    assert done.stdout == f"{path}  version 2, for every reader: it holds only where it has arrived\n"
    assert "version 3" in _trust("retire", KEY.kid, path, "--at", "2036-01-01T00:00:00Z").stdout
    assert "version 4" in _trust("revoke", KEY.kid, path).stdout
    changed = trust.load(path, CLOCK)
    key = changed.key(KEY.kid)
    assert key is not None
    assert (changed.version, key.exp, key.is_revoked) == (4, 2_082_758_400, True)
    assert changed.key(OTHER_KEY.kid) is not None


FAULTS = {
    "show": ["show", "gone.json"],
    "check": ["check", "gone.json"],
    "revoke": ["revoke", "k", "gone.json"],
    "retire": ["retire", "k", "gone.json", "--at", "2036-01-01T00:00:00Z"],
    "add": ["add", "trust.json", "gone.json"],
}


@pytest.mark.parametrize("arguments", FAULTS.values(), ids=FAULTS)
def test_a_file_that_is_not_there_exits_4(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says which, and nothing is made."""
    monkeypatch.chdir(tmp_path)
    assert run(command, "flag", ["trust", *arguments]) == 4
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "gone.json: can't be read: No such file or directory\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "command_line", [["revoke"], ["retire", "--at", "2030-01-01T00:00:00Z"]], ids=lambda line: line[0]
)
def test_a_key_whose_name_begins_with_a_dash(tmp_path: Path, command_line: list[str]) -> None:
    """A thumbprint may, and whoever must take trust away from it should not have to know what a shell would do."""
    key = next(key for key in map(key_number, range(20, 2000)) if key.kid.startswith("-"))
    path = write_trust(tmp_path / "trust.json", jwk(key))
    done = _trust(*command_line, key.kid, path)
    assert (done.exit_code, done.stderr) == (0, "")
    assert "version 2" in done.stdout


@pytest.mark.parametrize("arguments", [["retire", "k", "t"], ["revoke", "k"], ["add", "t"], ["show"], ["check"]])
def test_wrong_usage_exits_2(arguments: list[str]) -> None:
    """What must be given must be given."""
    assert _trust(*arguments).exit_code == 2
