"""`monitor flag order sign`, `combine` and `end`: with real files, and every way to use them wrongly."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from glasswatch.clock import SystemClock
from glasswatch.flag import order, trust
from glasswatch.flag.document import FlagState
from glasswatch.flag.errors import NotWritten, OrderExists, OrderFault, TrustFault
from glasswatch.flag.floor import Floor
from glasswatch.flag.keys import generate
from glasswatch.flag.order_reader import OrderJudgement, judge_orders
from glasswatch.flag.order_rules import OrderAsked
from tests.support.flags import write_trust
from tests.support.order_desk import PEOPLE, Desk, make_desk, order_jwk, write_key
from tests.support.orders import READY, ordered

_ROOT = Path(__file__).parents[3]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Three persons with order keys, and their trust file."""
    return make_desk(tmp_path)


def _judged(desk: Desk, *names: str) -> OrderJudgement:
    clock = SystemClock()
    files = [order.lines_of(name, desk.path(name).read_bytes()) for name in names]
    return judge_orders(files, trust.load(desk.trust, clock), OrderAsked("prod", "payments"), clock.now(), Floor())


def test_two_persons_open(desk: Desk) -> None:
    """The first says what it is, the second adds a signature to the same file, and it is in force."""
    first = desk.begin("anna", "order.jws", "--ticket", "INC-7")
    assert (first.exit_code, first.stderr) == (0, "")
    assert "not in force yet: the order signed by 'anna': 1 of the 2 persons" in first.stdout
    assert _judged(desk, "order.jws").state is None
    second = desk.add("ben", "order.jws")
    assert (second.exit_code, second.stderr) == (0, "")
    assert second.stdout.splitlines()[-1].startswith("break-glass for 'payments' is ready since ")
    latest = _judged(desk, "order.jws").latest
    assert latest is not None
    assert (latest.order.by, latest.order.ticket, latest.persons) == ("anna", "INC-7", ("anna", "ben"))
    assert latest.order.exp - latest.order.iat == 3600
    assert desk.path("order.jws").stat().st_mode & 0o777 == 0o644
    assert {path.name for path in desk.root.iterdir()} == {
        *(f"{name}.key" for name in PEOPLE),
        "trust.json",
        "order.jws",
    }


def test_the_second_person_sees_what_is_signed(desk: Desk) -> None:
    """Every claim is shown, and who signed so far, before the question; yes signs."""
    desk.begin("anna", "order.jws", "--ticket", "INC-7", "--by", "the incident commander")
    done = desk.sign("ben", "--add", desk.path("order.jws"), stdin="y\n")
    assert done.exit_code == 0
    said = done.stdout.partition("Sign it as 'ben'? [y/N]")[0]
    for word in ("ready: break-glass is permitted", "'payments' of deployment 'prod'", "'INC-7'", "signed by   'anna'"):
        assert word in said
    assert "ordered by  'the incident commander'" in said
    assert _judged(desk, "order.jws").state is FlagState.READY


@pytest.mark.parametrize("answer", ["n\n", "\n", "perhaps\nn\n"])
def test_who_does_not_agree_signs_nothing(desk: Desk, answer: str) -> None:
    """Anything but yes leaves the file as it was, and ends with 5."""
    desk.begin("anna", "order.jws")
    before = desk.path("order.jws").read_bytes()
    done = desk.sign("ben", "--add", desk.path("order.jws"), stdin=answer)
    assert done.exit_code == 5
    assert "not signed, and nothing was written" in done.stderr
    assert desk.path("order.jws").read_bytes() == before


def test_signatures_made_apart_are_combined(desk: Desk) -> None:
    """Each person writes a file of their own; joined, they are the order; a line that is in both is there once."""
    desk.begin("anna", "a.jws")
    desk.add("ben", "a.jws", "--out", desk.path("b.jws"))
    assert desk.path("a.jws").read_bytes().count(b"\n") == 1, "the file added to is left alone where --out is given"
    desk.add("cara", "a.jws", "--out", desk.path("c.jws"))
    files = [desk.path(name) for name in ("a.jws", "b.jws", "c.jws")]
    done = desk.flag("order", "combine", *files, "--out", desk.path("all.jws"))
    assert (done.exit_code, done.stderr) == (0, "")
    assert "all.jws  signatures: 3, not verified" in done.stdout
    latest = _judged(desk, "all.jws").latest
    assert latest is not None
    assert latest.persons == ("anna", "ben", "cara")


def test_one_person_ends(desk: Desk) -> None:
    """A standby order of a higher version, as long as the one it ends, for the same ticket unless told otherwise."""
    desk.begin("anna", "order.jws", "--ticket", "INC-7")
    desk.add("ben", "order.jws")
    ready = _judged(desk, "order.jws").latest
    who: list[str | Path] = ["--key", desk.path("cara.key"), "--trust", desk.trust]
    done = desk.flag("order", "end", desk.path("order.jws"), *who, "--out", desk.path("end.jws"))
    assert (done.exit_code, done.stderr) == (0, "")
    both = _judged(desk, "order.jws", "end.jws")
    assert both.state is FlagState.STANDBY
    assert both.latest is not None
    assert ready is not None
    assert both.latest.order.ver > ready.order.ver
    assert (both.latest.order.exp, both.latest.order.ticket, both.latest.order.by) == (ready.order.exp, "INC-7", "cara")
    shorter: list[str | Path] = [
        "--for",
        "1m",
        "--by",
        "the board",
        "--ticket",
        "INC-8",
        "--out",
        desk.path("short.jws"),
    ]
    assert desk.flag("order", "end", desk.path("order.jws"), *who, *shorter).exit_code == 0
    short = _judged(desk, "short.jws").latest
    assert short is not None
    assert (short.order.exp - short.order.iat, short.order.by, short.order.ticket) == (60, "the board", "INC-8")


def test_one_person_seals_without_an_order_to_end(desk: Desk) -> None:
    """Where the ready order is lost, a standby order signed now is later anyway."""
    assert desk.begin("anna", "order.jws", state="standby").exit_code == 0
    assert _judged(desk, "order.jws").state is FlagState.STANDBY


def test_nothing_is_written_over(desk: Desk) -> None:
    """A file in the way is wrong usage, told before anything is lost, for each command that writes."""
    desk.begin("anna", "order.jws")
    before = desk.path("order.jws").read_bytes()
    who: list[str | Path] = ["--key", desk.path("ben.key"), "--trust", desk.trust]
    out: list[str | Path] = ["--out", desk.path("order.jws")]
    for done in (
        desk.begin("ben", "order.jws"),
        desk.add("ben", "order.jws", *out),
        desk.flag("order", "combine", desk.path("order.jws"), *out),
        desk.flag("order", "end", desk.path("order.jws"), *who, *out),
        desk.begin("ben", "trust.json"),
    ):
        assert isinstance(done.exception, OrderExists)
        assert done.exception.exit_code == 2
    assert desk.path("order.jws").read_bytes() == before


def test_where_nothing_can_be_written_nothing_is(desk: Desk) -> None:
    """A directory that is missing is told in one line."""
    done = desk.begin("anna", "gone/order.jws")
    assert isinstance(done.exception, NotWritten)
    assert str(done.exception).endswith("gone/order.jws: can't be written: No such file or directory")


REFUSED = {
    "has signed already": ("anna", {}, OrderFault, "'anna' has signed it already"),
    "is revoked": ("ben", {"revoked": True}, OrderFault, "key_revoked"),
    "has ended": ("ben", {"exp": 1_000_000_000}, OrderFault, "key_dates"),
    "has another role": ("ben", {"role": "flag"}, OrderFault, "key_role"),
    "has no person": ("ben", {"person": None}, OrderFault, "key_person"),
    "is of another deployment": ("ben", {"iss": "staging"}, OrderFault, "issuer"),
    "is a demo's": ("ben", {"demo": True}, OrderFault, "key_demo"),
    "is anna by another spelling": ("ben", {"person": "ANNA"}, OrderFault, "'ANNA' has signed it already"),
}


@pytest.mark.parametrize(("person", "changes", "kind", "says"), REFUSED.values(), ids=REFUSED)
def test_a_key_that_would_not_count_adds_nothing(
    desk: Desk, person: str, changes: dict[str, object], kind: type[Exception], says: str
) -> None:
    """It is refused at once, with the reason and what to do; the order is as it was."""
    desk.begin("anna", "order.jws")
    before = desk.path("order.jws").read_bytes()
    desk.retrust(**changes)
    done = desk.add(person, "order.jws")
    assert isinstance(done.exception, kind)
    assert says in str(done.exception)
    assert "\n" not in str(done.exception)
    assert desk.path("order.jws").read_bytes() == before


def test_a_key_outside_the_trust_file_begins_nothing(desk: Desk) -> None:
    """What to do is said: add it."""
    write_key(desk.path("dora.key"), generate())
    done = desk.begin("dora", "order.jws")
    assert isinstance(done.exception, OrderFault)
    assert done.exception.exit_code == 4
    assert "add it with `monitor flag trust add`" in str(done.exception)
    assert not desk.path("order.jws").exists()


def test_a_demos_key_orders_nothing_else(desk: Desk) -> None:
    """By its own file's mark, even where a trust file has it unmarked; in the demo it may."""
    key = generate(is_demo=True)
    write_key(desk.path("demo.key"), key)
    write_trust(desk.trust, order_jwk(key, "anna"), order_jwk(PEOPLE["ben"], "ben", iss=None))
    done = desk.begin("demo", "order.jws")
    assert isinstance(done.exception, OrderFault)
    assert str(done.exception).endswith("a demo made this key: it orders nothing outside the demo")
    write_trust(desk.trust, order_jwk(key, "anna", iss="demo", demo=True))
    what = ["--platform", "payments", "--audience", "demo", "--state", "ready", "--for", "1h"]
    assert desk.sign("demo", *what, "--out", desk.path("order.jws")).exit_code == 0


def test_junk_in_the_file_is_not_signed(desk: Desk) -> None:
    """Whoever adds a signature sees one whole order, or what to take out."""
    desk.begin("anna", "order.jws")
    for more, says in ((b"junk\n", "is no order (parts)"), (ordered(READY, PEOPLE["anna"]), "is of another order")):
        desk.path("bad.jws").write_bytes(desk.path("order.jws").read_bytes() + more)
        done = desk.add("ben", "bad.jws")
        assert isinstance(done.exception, OrderFault)
        assert says in str(done.exception)


def test_an_old_order_gets_no_more_signatures_and_no_end(desk: Desk) -> None:
    """What has expired is told to have expired."""
    desk.path("old.jws").write_bytes(ordered(READY, PEOPLE["anna"]))
    added = desk.add("ben", "old.jws")
    who: list[str | Path] = ["--key", desk.path("ben.key"), "--trust", desk.trust]
    ended = desk.flag("order", "end", desk.path("old.jws"), *who, "--out", desk.path("end.jws"))
    for done in (added, ended):
        assert isinstance(done.exception, OrderFault)
        assert "the order expired at 2026-03-01T03:50:00Z" in str(done.exception)


MISSING = {
    "the order": (["--add", "gone.jws", "--key", "anna.key", "--trust", "trust.json"], OrderFault),
    "the key": (["--add", "order.jws", "--key", "gone.key", "--trust", "trust.json"], OrderFault),
    "the trust file": (["--add", "order.jws", "--key", "anna.key", "--trust", "gone.json"], TrustFault),
}


@pytest.mark.parametrize(("words", "kind"), MISSING.values(), ids=MISSING)
def test_what_is_missing_is_named(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, words: list[str], kind: type[Exception]
) -> None:
    """One line says which file can't be read."""
    monkeypatch.chdir(desk.root)
    desk.begin("ben", "order.jws")
    done = desk.flag("order", "sign", *words)
    assert isinstance(done.exception, kind)
    assert done.exception.exit_code == 4  # type: ignore[attr-defined]  # both kinds have one
    assert str(done.exception).endswith(": can't be read: No such file or directory")


@pytest.mark.parametrize(
    "key", [b"", b"junk", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"], ids=str
)
def test_a_file_that_is_no_key_ends_with_4(desk: Desk, key: bytes) -> None:
    """To sign, to add and to end: a bad file among others, which no settings name."""
    desk.begin("anna", "order.jws")
    desk.path("bad.key").write_bytes(key)
    desk.path("bad.key").chmod(0o600)
    who: list[str | Path] = ["--key", desk.path("bad.key"), "--trust", desk.trust]
    ended = desk.flag("order", "end", desk.path("order.jws"), *who, "--out", desk.path("end.jws"))
    for done in (desk.begin("bad", "new.jws"), desk.add("bad", "order.jws"), ended):
        assert isinstance(done.exception, OrderFault)
        assert done.exception.exit_code == 4
    assert not desk.path("new.jws").exists()
    assert not desk.path("end.jws").exists()


WRONG = {
    "nothing to sign": [],
    "no state": ["--platform", "p", "--audience", "prod", "--for", "1h", "--out", "o"],
    "no length": ["--platform", "p", "--audience", "prod", "--state", "ready", "--out", "o"],
    "nowhere to": ["--platform", "p", "--audience", "prod", "--state", "ready", "--for", "1h"],
    "an exercise": ["--state", "exercise"],
    "over 4 h": ["--for", "4h1s"],
    "under a second": ["--for", "999ms"],
    "no unit": ["--for", "2"],
    "a state in the audience": ["--audience", "prod/ready"],
    "two lines": ["--by", "a\nb"],
    "an empty ticket": ["--ticket", ""],
    "both ways": ["--add", "o", "--state", "ready"],
    "a length for what stands there": ["--add", "o", "--for", "1h"],
    "a word too many": ["o"],
}


@pytest.mark.parametrize("words", WRONG.values(), ids=WRONG)
def test_wrong_usage_exits_2(desk: Desk, words: list[str]) -> None:
    """What can't be meant is told, and nothing is made."""
    before = sorted(desk.root.iterdir())
    done = desk.sign("anna", *words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert sorted(desk.root.iterdir()) == before


def test_a_real_process_on_a_machine_with_nothing(desk: Desk) -> None:
    """No settings, no environment: key, trust file and words are enough; without an answer nothing is signed."""

    def monitor(*words: str | Path) -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(
            [sys.executable, "-m", "monitor", "flag", "order", *map(str, words)],
            cwd=_ROOT,
            env={},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=60,
        )

    what = ["--platform", "payments", "--audience", "prod", "--state", "ready", "--for", "2h", "--ticket", "INC-7"]
    out = desk.path("order.jws")
    done = [
        monitor("sign", "--key", desk.path("anna.key"), "--trust", desk.trust, *what, "--out", out),
        monitor("sign", "--key", desk.path("ben.key"), "--trust", desk.trust, "--add", out),
        monitor("sign", "--key", desk.path("ben.key"), "--trust", desk.trust, "--add", out, "--yes"),
        monitor("sign", "--key", desk.path("ben.key"), "--trust", desk.trust, "--add", out, "--yes"),
        monitor("sign", "--key", desk.trust, "--trust", desk.path("ben.key"), "--add", out),
    ]
    assert [each.returncode for each in done] == [0, 5, 0, 4, 4]
    said = b"".join(each.stdout + each.stderr for each in done)
    assert b"Traceback" not in said
    for person in PEOPLE:
        secret = desk.path(f"{person}.key").read_bytes().splitlines()[1]
        assert secret not in said
    assert _judged(desk, "order.jws").state is FlagState.READY
    assert json.loads(desk.trust.read_text())["version"] == 1
