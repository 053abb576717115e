"""`flag verify --floor`: what one call accepted binds the next, and no trouble with the file changes an answer."""

import fcntl
import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from glasswatch.flag import floor
from glasswatch.flag.document import Claims
from glasswatch.flag.floor import Floor, Mark
from glasswatch.flag.jws import FLAG_TYP
from glasswatch.flag.strict import decode_base64url
from tests.support.flags import EXERCISE_CLAIMS, READY_CLAIMS, STANDBY_CLAIMS, signed
from tests.support.verifying import HUMAN_PATH, ROOT, Desk, fresh


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return a directory with a trust file; its readers judge by the machine's clock and keep a floor."""
    tmp_path.chmod(0o700)
    desk = Desk(tmp_path)
    del desk.options["--at"]
    desk.options["--floor"] = str(tmp_path / "floor.json")
    return desk


def _now(claims: Claims, shift: int = 0, **changes: object) -> Claims:
    return replace(claims, **(dict(fresh(shift)) | changes))  # type: ignore[arg-type]  # any claim


def _floor(desk: Desk) -> Floor:
    return floor.parse(Path(desk.options["--floor"]).read_bytes())


def _flags(desk: Desk) -> list[Mark]:
    return [mark for mark in _floor(desk).marks.values() if mark.typ == FLAG_TYP]


def _refusal(err: str) -> str:
    refused, human_path = err.splitlines()[-2:]
    assert human_path == HUMAN_PATH
    return refused.partition("(")[2].partition(")")[0]


def test_an_older_flag_is_refused_after_a_newer_one(desk: Desk) -> None:
    """Ready of a minute ago opens nothing once standby was seen; the same document again is fine."""
    ready, standby = desk.put(_now(READY_CLAIMS, -60), "ready"), desk.put(_now(STANDBY_CLAIMS), "standby")
    assert desk.verify(ready).exit_code == 0
    assert desk.verify(standby).exit_code == 1
    refused = desk.verify(ready)
    assert (refused.exit_code, refused.stdout, _refusal(refused.stderr)) == (4, "", "ver_below_floor")
    assert desk.verify(standby).exit_code == 1
    assert desk.verify(ready, floor=None).exit_code == 0


def test_an_older_flag_is_refused_after_an_exercise(desk: Desk) -> None:
    """An exercise is refused for what was asked, and remembered as the true word that it is."""
    ready = desk.put(_now(READY_CLAIMS, -60), "ready")
    exercise = _now(EXERCISE_CLAIMS, causes=(replace(EXERCISE_CLAIMS.causes[0], until=fresh(600)["iat"]),))
    drill = desk.put(exercise, "drill")
    assert _refusal(desk.verify(drill).stderr) == "exercise"
    assert _refusal(desk.verify(ready).stderr) == "ver_below_floor"
    assert desk.verify(drill, exercise_principal="breakglass-drill").exit_code == 0


def test_an_expired_flag_moves_the_floor(desk: Desk) -> None:
    """It opens nothing, and neither does anything older after it."""
    expired = desk.put(_now(STANDBY_CLAIMS, -50, exp=fresh()["iat"] - 1), "expired")
    assert _refusal(desk.verify(expired).stderr) == "expired"
    assert _refusal(desk.verify(desk.put(_now(READY_CLAIMS, -60))).stderr) == "ver_below_floor"


def test_another_document_of_the_same_version_is_refused(desk: Desk) -> None:
    """With an alarm; the one that was accepted goes on being believed."""
    ready = _now(READY_CLAIMS)
    first, second = desk.put(ready, "first"), desk.put(replace(ready, since=ready.since - 1), "second")
    assert desk.verify(first).exit_code == 0
    refused = desk.verify(second)
    assert (refused.exit_code, _refusal(refused.stderr)) == (4, "equivocation")
    assert refused.stderr.startswith("alarm (equivocation): 'prod/main' signed two documents of version ")
    assert desk.verify(second, first).exit_code == 0


def test_a_clock_set_back_is_refused(desk: Desk) -> None:
    """The floor knows a later date than the machine does."""
    claims = _now(READY_CLAIMS)
    later = replace(floor_mark(claims), iat=claims.iat + 120, ver=1)
    Path(desk.options["--floor"]).write_bytes(floor.dump(Floor({later.key: later})))
    refused = desk.verify(desk.put(claims))
    assert (refused.exit_code, _refusal(refused.stderr)) == (4, "clock_behind")
    assert "set the clock of this machine right" in refused.stderr


def floor_mark(claims: Claims) -> floor.Mark:
    """Return the mark of a document."""
    where = (claims.change, claims.prev, claims.log)
    return floor.Mark("break-glass-flag+jwt", claims.iss, claims.sub, claims.ver, "aa" * 32, claims.iat, *where)


def test_alarms_change_no_answer(desk: Desk) -> None:
    """A history that went back is a line on stderr and an entry in the JSON; the exit code is the flag's."""
    assert desk.verify(desk.put(_now(READY_CLAIMS, -5))).exit_code == 0
    done = desk.verify(desk.put(_now(READY_CLAIMS, change=1)), "--json")
    assert done.exit_code == 0
    (line,) = done.stderr.splitlines()
    assert line.startswith("alarm (change_back): 'prod/main' went back to change 1 after change 5")
    (alarm,) = json.loads(done.stdout)["alarms"]
    assert alarm["code"] == "change_back"
    assert line.endswith(alarm["what"])


def test_as_of_another_instant_the_floor_is_judged_against_and_left(desk: Desk) -> None:
    """--at neither moves the floor nor asks the machine's clock; an older version is refused all the same."""
    flag = _now(READY_CLAIMS)
    assert desk.verify(desk.put(flag)).exit_code == 0
    kept = Path(desk.options["--floor"]).read_bytes()
    at = "2026-03-01T03:00:00Z"
    newer = desk.put(replace(READY_CLAIMS, ver=READY_CLAIMS.ver), "old")
    assert _refusal(desk.verify(newer, at=at).stderr) == "ver_below_floor"
    assert desk.verify(newer, at=at, platform="payments", floor=None).exit_code == 0
    other = desk.put(replace(READY_CLAIMS, sub="billing"), "billing")
    assert desk.verify(other, at=at, platform="billing").exit_code == 0
    assert Path(desk.options["--floor"]).read_bytes() == kept


def test_a_reset_believes_old_flags_again_and_is_loud(desk: Desk) -> None:
    """What the floor held of this platform is forgotten, the old file kept beside it, and it is told."""
    ready, standby = desk.put(_now(READY_CLAIMS, -60), "ready"), desk.put(_now(STANDBY_CLAIMS), "standby")
    desk.verify(standby)
    old = Path(desk.options["--floor"]).read_bytes()
    done = desk.verify(ready, "--reset-floor")
    assert done.exit_code == 0
    assert done.stderr.startswith("alarm (floor_reset): the floor ")
    (aside,) = desk.directory.glob("floor.json.*.aside")
    assert aside.read_bytes() == old
    assert [mark.ver for mark in _flags(desk)] == [json.loads(_payload(ready))["ver"]]


def test_a_reset_is_kept_where_the_flag_is_refused(desk: Desk) -> None:
    """The forgetting does not hang on the flag that was shown with it."""
    desk.verify(desk.put(_now(STANDBY_CLAIMS)))
    assert desk.verify(desk.put(b"junk"), "--reset-floor").exit_code == 4
    assert _flags(desk) == []


def _payload(place: str) -> bytes:
    return decode_base64url(Path(place).read_bytes().split(b".")[1])


TROUBLE = {
    "corrupt": (lambda path: path.write_bytes(b"{"), "floor_corrupt"),
    "a directory": (lambda path: path.mkdir(), "floor_unreadable"),
    "of a newer release": (lambda path: path.write_bytes(b'{"format":2}'), "floor_format"),
}


@pytest.mark.parametrize(("spoil", "code"), TROUBLE.values(), ids=TROUBLE)
@pytest.mark.parametrize(("claims", "answer"), [(READY_CLAIMS, 0), (STANDBY_CLAIMS, 1), (EXERCISE_CLAIMS, 4)])
def test_no_trouble_with_the_floor_changes_an_answer(
    desk: Desk, spoil: object, code: str, claims: Claims, answer: int
) -> None:
    """It is an alarm; ready stays ready, and nothing else becomes it."""
    assert callable(spoil)
    spoil(Path(desk.options["--floor"]))
    done = desk.verify(desk.put(_now(claims, causes=tuple(_lasting(claims)))))
    assert done.exit_code == answer
    assert done.stderr.startswith(f"alarm ({code}): the floor ")


def _lasting(claims: Claims) -> Sequence[object]:
    return [replace(cause, until=cause.until and fresh(600)["iat"]) for cause in claims.causes]


def test_a_floor_in_no_directory_changes_no_answer(desk: Desk) -> None:
    """Nothing can be locked or written there: two alarms at most, and the flag's answer."""
    done = desk.verify(desk.put(_now(READY_CLAIMS)), floor=str(desk.directory / "gone" / "floor.json"))
    assert done.exit_code == 0
    assert done.stderr.startswith("alarm (floor_unwritable): the floor ")


def test_a_held_floor_delays_by_a_second_and_changes_no_answer(desk: Desk) -> None:
    """Whoever holds the lock holds nobody out."""
    assert desk.verify(desk.put(_now(READY_CLAIMS, -5))).exit_code == 0
    holder = os.open(desk.options["--floor"] + ".lock", os.O_RDWR)
    try:
        fcntl.flock(holder, fcntl.LOCK_EX)
        done = desk.verify(desk.put(_now(STANDBY_CLAIMS)))
        old = desk.verify(desk.put(_now(READY_CLAIMS, -60)))
    finally:
        os.close(holder)
    assert (done.exit_code, old.exit_code) == (1, 4)
    assert done.stderr.startswith("alarm (floor_locked): the floor ")
    assert _refusal(old.stderr) == "ver_below_floor"


def test_twenty_logins_at_once(desk: Desk) -> None:
    """Each has the answer of its own document or is refused as older; the floor ends at the newest of all."""
    claims = [_now(READY_CLAIMS if number % 2 else STANDBY_CLAIMS, number - 20) for number in range(20)]
    lines = [desk.line(desk.put(said, f"{number}.jws")) for number, said in enumerate(claims)]
    logins = [subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for line in lines]
    kept = []
    for number, login in enumerate(logins):
        _, err = login.communicate(timeout=90)
        if b"alarm (floor_locked): " not in err:
            kept.append(claims[number].ver)
        assert login.returncode in {4, 0 if number % 2 else 1}, err
        if login.returncode == 4:
            assert b"refused (ver_below_floor): " in err
        assert b"Traceback" not in err
    assert [mark.ver for mark in _flags(desk)] == [max(kept)]


def test_nothing_that_is_kept_or_told_is_secret(desk: Desk) -> None:
    """Floor, output and errors hold neither a private key nor a whole document."""
    ready = signed(_now(READY_CLAIMS))
    outputs = [desk.verify(desk.put(ready), "--json"), desk.verify(desk.put(ready[:-9]))]
    signature = ready.rpartition(b".")[2].decode()
    text = "".join(done.output for done in outputs) + Path(desk.options["--floor"]).read_text()
    assert signature not in text
    assert "PRIVATE KEY" not in text
