"""`monitor flag order verify`, and `monitor flag verify --order`: with real files, and what it costs at a login."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result

from glasswatch.flag.order import payload
from tests.support.flags import NOW, READY_CLAIMS, STANDBY_CLAIMS, jwk, signed, write_trust
from tests.support.order_desk import PEOPLE, Desk, make_desk, order_jwk
from tests.support.orders import ANNA, BEN, CARA, READY, STANDBY, STRANGER, ordered

_ROOT = Path(__file__).parents[3]
_AT = ["--at", NOW.isoformat()]
OPEN, END = ordered(READY, ANNA, BEN), ordered(STANDBY, CARA)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A trust file with a flag key and three persons, a ready order and its end, a flag ready and one on standby."""
    made = make_desk(tmp_path)
    write_trust(made.trust, jwk(), *(order_jwk(key, person) for person, key in PEOPLE.items()))
    made.path("order.jws").write_bytes(OPEN)
    made.path("end.jws").write_bytes(END)
    made.path("ready.flag").write_bytes(signed(READY_CLAIMS))
    made.path("standby.flag").write_bytes(signed(STANDBY_CLAIMS))
    return made


def _asked(desk: Desk, *more: str | Path) -> list[str]:
    return ["--trust", str(desk.trust), "--audience", "prod", "--platform", "payments", *map(str, more)]


def _order(desk: Desk, *names: str, at: list[str] = _AT, more: tuple[str | Path, ...] = ()) -> Result:
    files = [name if name == "-" else str(desk.path(name)) for name in names]
    return desk.flag("order", "verify", *files, *_asked(desk, *at, *more))


def _flag(desk: Desk, flag: str, order: str, *more: str | Path, at: list[str] = _AT) -> Result:
    return desk.flag("verify", desk.path(flag), "--order", desk.path(order), *_asked(desk, *at, *more))


def test_ready_exits_0_and_standby_1(desk: Desk) -> None:
    """The answer is the exit code, with one line on stdout."""
    ready, standby = _order(desk, "order.jws"), _order(desk, "order.jws", "end.jws")
    assert (ready.exit_code, ready.stderr) == (0, "")
    assert ready.stdout.startswith("break-glass for 'payments' is ready since ")
    assert (standby.exit_code, standby.stderr) == (1, "")
    assert standby.stdout.startswith("break-glass for 'payments' is sealed since ")


REFUSED = {
    "of one person": (ordered(READY, ANNA), "too_few_persons"),
    "expired": (ordered(replace(READY, exp=READY.iat + 1), ANNA, BEN), "expired"),
    "of strangers": (ordered(READY, STRANGER), "key_unknown"),
    "empty": (b"", "no_order"),
    "a flag": (signed(READY_CLAIMS), "type"),
}


@pytest.mark.parametrize(("raw", "code"), REFUSED.values(), ids=REFUSED)
def test_refused_exits_4(desk: Desk, raw: bytes, code: str) -> None:
    """The reason and the human path on stderr, nothing on stdout."""
    desk.path("bad.jws").write_bytes(raw)
    done = _order(desk, "bad.jws")
    assert (done.exit_code, done.stdout) == (4, "")
    *_, reason, human_path = done.stderr.splitlines()
    assert reason.startswith(f"refused ({code}): ")
    assert "the sealed credential that no reader guards" in human_path


def test_what_can_not_be_read_exits_4(desk: Desk) -> None:
    """A missing file is named; beside one that can be read it is an alarm."""
    done = _order(desk, "gone.jws")
    assert (done.exit_code, done.stdout) == (4, "")
    assert f"{desk.path('gone.jws')}: can't be read: there is no such file" in done.stderr
    beside = _order(desk, "gone.jws", "order.jws")
    assert beside.exit_code == 0
    assert beside.stderr.startswith("alarm (order_unreadable): ")
    assert _order(desk, "").exit_code == 4, "a directory"


def test_without_at_the_clock_judges(desk: Desk) -> None:
    """An order of months ago has expired by the machine's own clock."""
    assert "refused (expired): " in _order(desk, "order.jws", at=[]).stderr


def test_json_says_the_same(desk: Desk) -> None:
    """State, refusal, reason, claims, persons and alarms."""
    said = json.loads(_order(desk, "order.jws", more=("--json",)).stdout)
    assert (said["state"], said["refusal"], said["persons"]) == ("ready", None, ["anna", "ben"])
    assert said["claims"] == payload(READY)
    assert said["alarms"] == []
    desk.path("bad.jws").write_bytes(ordered(READY, ANNA) + b"junk\n")
    said = json.loads(_order(desk, "bad.jws", more=("--json",)).stdout)
    assert (said["state"], said["refusal"], said["claims"]) == (None, "too_few_persons", None)
    assert [alarm["code"] for alarm in said["alarms"]] == ["order_line", "order"]


@pytest.mark.parametrize("fault", ["{", None])
def test_a_trust_file_at_fault_exits_4(desk: Desk, fault: str | None) -> None:
    """Without a trust file nobody's signature counts."""
    desk.trust.unlink()
    if fault is not None:
        desk.trust.write_text(fault)
    assert _order(desk, "order.jws").stderr.startswith("refused (trust): the trust file can't be relied on: ")
    assert _flag(desk, "ready.flag", "order.jws").exit_code == 4


WRONG = {
    "no file": [],
    "an empty name": [""],
    "standard input twice": ["-", "-"],
    "too many files": ["order.jws"] * 9,
    "another option": ["order.jws", "--max-ttl", "5m"],
    "help beside a file": ["order.jws", "--help"],
    "a state in the audience": ["order.jws", "--audience", "prod/ready"],
}


@pytest.mark.parametrize("words", WRONG.values(), ids=WRONG)
def test_wrong_usage_exits_2(desk: Desk, words: list[str]) -> None:
    """What can't be meant opens nothing, even where there is an order in force."""
    done = desk.flag("order", "verify", *words, "--trust", desk.trust, "--platform", "payments", *_AT)
    assert (done.exit_code, done.stdout) == (2, "")


def test_help_is_help() -> None:
    """Alone it tells the options, and ends with 0."""
    done = Desk(Path()).flag("order", "verify", "--help")
    assert done.exit_code == 0
    assert "--floor FILE" in done.stdout


def test_an_order_beats_the_flag(desk: Desk) -> None:
    """Ready over standby, standby over ready, and either where there is no flag at all; JSON says which decided."""
    assert _flag(desk, "standby.flag", "order.jws").exit_code == 0
    assert _flag(desk, "ready.flag", "end.jws").exit_code == 1
    assert _flag(desk, "gone.flag", "order.jws").exit_code == 0
    assert _flag(desk, "gone.flag", "end.jws").exit_code == 1
    said = json.loads(_flag(desk, "standby.flag", "order.jws", "--json").stdout)
    assert (said["state"], said["decided_by"], said["document"], said["claims"]) == ("ready", "order", None, None)
    assert said["order"]["claims"] == payload(READY)


@pytest.mark.parametrize(("flag", "code"), [("ready.flag", 0), ("standby.flag", 1), ("gone.flag", 4)])
@pytest.mark.parametrize("raw", [raw for raw, _ in REFUSED.values()], ids=list(REFUSED))
def test_an_order_that_does_not_count_leaves_the_flag(desk: Desk, flag: str, code: int, raw: bytes) -> None:
    """The flag decides; why the order does not count is an alarm, unless there is nothing in the file."""
    desk.path("bad.jws").write_bytes(raw)
    done = _flag(desk, flag, "bad.jws", "--json")
    said = json.loads(done.stdout)
    assert (done.exit_code, said["decided_by"], said["order"]["state"]) == (code, "flag", None)
    assert bool(said["alarms"]) is bool(raw)
    assert all(f"alarm ({alarm['code']}): {alarm['what']}" in done.stderr for alarm in said["alarms"])


def test_an_order_that_is_not_there_is_no_alarm(desk: Desk) -> None:
    """Its path stands in a login's command line every day; where nothing else opens, that it is missing is told."""
    done = _flag(desk, "ready.flag", "gone.jws")
    assert (done.exit_code, done.stderr) == (0, "")
    refused = _flag(desk, "gone.flag", "gone.jws")
    assert refused.stderr.startswith(f"no order: there is no file {desk.path('gone.jws')}")
    desk.path("closed.jws").mkdir()
    unread = _flag(desk, "ready.flag", "closed.jws")
    assert (unread.exit_code, unread.stderr.startswith("alarm (order_unreadable): ")) == (0, True)


@pytest.mark.parametrize("sees", ["order verify", "verify --order"])
def test_the_end_is_remembered(desk: Desk, sees: str) -> None:
    """With a floor, whoever has seen the end by either command is not opened by the order it ended."""
    now = ["--floor", str(desk.path("floor"))]
    assert desk.begin("anna", "now.jws").exit_code == 0
    assert desk.add("ben", "now.jws").exit_code == 0
    who: list[str | Path] = ["--key", desk.path("cara.key"), "--trust", desk.trust]
    assert desk.flag("order", "end", desk.path("now.jws"), *who, "--out", desk.path("now.end")).exit_code == 0
    assert _flag(desk, "gone.flag", "now.jws", at=now).exit_code == 0
    is_order = sees == "order verify"
    seen = _order(desk, "now.end", at=now) if is_order else _flag(desk, "gone.flag", "now.end", at=now)
    assert seen.exit_code == 1
    again = _flag(desk, "gone.flag", "now.jws", at=now)
    assert again.exit_code == 4
    assert "does not count (ver_below_floor)" in again.stderr
    assert "refused (ver_below_floor)" in _order(desk, "now.jws", at=now).stderr
    reset = _flag(desk, "gone.flag", "now.jws", "--reset-floor", at=now)
    assert reset.exit_code == 0, "a reset forgets orders too"


def test_an_older_trust_file_is_an_alarm(desk: Desk) -> None:
    """Both commands remember the trust file's version, and neither refuses for it."""
    now = ["--floor", str(desk.path("floor"))]
    desk.begin("anna", "now.jws")
    desk.add("ben", "now.jws")
    old = desk.trust.read_bytes()
    assert desk.flag("trust", "revoke", CARA.kid, desk.trust).exit_code == 0
    assert _order(desk, "now.jws", at=now).stderr == ""
    desk.trust.write_bytes(old)
    for done in (_order(desk, "now.jws", at=now), _flag(desk, "gone.flag", "now.jws", at=now)):
        assert done.exit_code == 0
        assert done.stderr.startswith("alarm (trust_back): the trust file has version 1, but 2 was used here before")


# What a login runs, then what it has loaded and cost.
_LOGIN = """
import atexit, json, sys
def told():
    peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    print(json.dumps({"modules": sorted(sys.modules), "peak_kib": int(peak.split()[1])}), file=sys.stderr)
atexit.register(told)
from monitor.entry import main
main()
"""
_CLOSED = "gone.flag"


def _login(desk: Desk, *words: str | Path) -> tuple["subprocess.CompletedProcess[bytes]", float]:
    before = os.times()
    done = subprocess.run(
        [sys.executable, "-c", _LOGIN, "flag", *map(str, words), *_asked(desk, *_AT)],
        cwd=_ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=60,
    )
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return done, spent


def test_a_login_by_order_is_quick_and_small(desk: Desk) -> None:
    """Neither click nor a second OpenSSL is loaded: under 0.25 s of CPU on a busy machine, and 30 MB."""
    lines: list[list[str | Path]] = [
        ["order", "verify", desk.path("order.jws")],
        ["verify", desk.path(_CLOSED), "--order", desk.path("order.jws")],
    ]
    for line in lines:
        runs = [_login(desk, *line) for _ in range(3)]
        assert [done.returncode for done, _ in runs] == [0, 0, 0]
        told = json.loads(runs[0][0].stderr.splitlines()[-1])
        foreign = {name.split(".")[0] for name in told["modules"]} - set(sys.stdlib_module_names)
        assert {name for name in foreign if not name.startswith(("_", "zope"))} == {
            "cryptography",
            "glasswatch",
            "monitor",
        }
        assert "_hashlib" not in told["modules"]
        assert told["peak_kib"] < 30_000
        assert min(spent for _, spent in runs) < 0.25


def test_standard_input_is_an_order(desk: Desk) -> None:
    """`-` for either command, in a real process."""
    for words in (["order", "verify", "-"], ["verify", str(desk.path(_CLOSED)), "--order", "-"]):
        done = subprocess.run(
            [sys.executable, "-m", "monitor", "flag", *words, *_asked(desk, *_AT)],
            cwd=_ROOT,
            input=OPEN,
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert (done.returncode, b"Traceback" in done.stderr) == (0, False)
    twice = desk.flag("verify", "-", "--order", "-", *_asked(desk, *_AT))
    assert (twice.exit_code, "standard input is given twice" in twice.stderr) == (2, True)


def test_an_order_is_no_floor(desk: Desk) -> None:
    """Neither the floor nor its lock is a file that is read: the order stays where it is, whole."""
    desk.path("x.lock").write_bytes(OPEN)
    for order, floor in (("order.jws", "order.jws"), ("x.lock", "x")):
        more = ("--floor", desk.path(floor))
        assert _flag(desk, "ready.flag", order, *more, at=[]).exit_code == 2
        assert _order(desk, order, at=[], more=more).exit_code == 2
        assert desk.path(order).read_bytes() == OPEN
