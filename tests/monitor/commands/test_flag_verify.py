import json
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from glasswatch.flag.document import Claims, payload
from monitor.commands.flag.group import command
from tests.support.flags import (
    AT,
    EXERCISE_CLAIMS,
    OTHER_KEY,
    READY_CLAIMS,
    STANDBY_CLAIMS,
    signed,
)
from tests.support.verifying import HUMAN_PATH, ROOT, Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return a directory with a trust file, and a way to verify documents by it."""
    tmp_path.chmod(0o700)
    return Desk(tmp_path)


def test_ready_exits_0(desk: Desk) -> None:
    """A flag that is ready ends with 0 and one line on stdout."""
    done = desk.verify(desk.put(READY_CLAIMS))
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("break-glass for 'payments' is ready")
    assert done.stdout.count("\n") == 1


def test_standby_exits_1(desk: Desk) -> None:
    """A flag on standby ends with 1, as a finding, not as a fault."""
    done = desk.verify(desk.put(STANDBY_CLAIMS))
    assert (done.exit_code, done.stderr) == (1, "")
    assert done.stdout.startswith("break-glass for 'payments' is sealed")


REFUSED = {
    "expired": (replace(READY_CLAIMS, exp=READY_CLAIMS.iat + 1), "expired"),
    "of an exercise": (EXERCISE_CLAIMS, "exercise"),
    "of another platform": (replace(READY_CLAIMS, sub="billing"), "platform"),
    "empty": (b"", "parts"),
    "too large": (b"A" * 20_000, "too_large"),
    "missing": ("no-such-file", "unreadable"),
    "missing, with a newline in its name": ("no\nsuch\x1b[2Jfile", "unreadable"),
    "a name too long": ("a" * 5000, "unreadable"),
    "a directory": ("/", "unreadable"),
    "endless": ("/dev/zero", "too_large"),
}


@pytest.mark.parametrize(("document", "code"), REFUSED.values(), ids=REFUSED)
def test_refused_exits_4(desk: Desk, document: Claims | bytes | str, code: str) -> None:
    """What can't be trusted ends with 4: the reason and the human path on stderr, nothing on stdout."""
    done = desk.verify(document if isinstance(document, str) else desk.put(document))
    assert (done.exit_code, done.stdout) == (4, "")
    reason, human_path = done.stderr.splitlines()
    assert reason.startswith(f"refused ({code}): ")
    assert human_path == HUMAN_PATH


def test_without_at_the_clock_judges(desk: Desk) -> None:
    """A flag of years ago has expired by the machine's own clock."""
    assert desk.verify(desk.put(READY_CLAIMS), at=None).stderr.startswith("refused (expired): ")


def test_json_says_the_same(desk: Desk) -> None:
    """With --json a program reads all of it; a refused document's claims are not shown."""
    place = desk.put(READY_CLAIMS)
    ready = desk.verify(place, "--json")
    assert (ready.exit_code, ready.stderr) == (0, "")
    said = json.loads(ready.stdout)
    assert said.pop("claims") == payload(READY_CLAIMS)
    assert said.pop("reason").startswith("break-glass for 'payments' is ready")
    assert said == {"state": "ready", "refusal": None, "document": place, "alarms": [], "passed_over": []}
    refused = desk.verify(desk.put(EXERCISE_CLAIMS), "--json")
    assert refused.exit_code == 4
    said = json.loads(refused.stdout)
    assert (said["state"], said["refusal"], said["claims"]) == (None, "exercise", None)
    assert said["reason"] in refused.stderr


def test_the_cap_and_the_vantages_are_the_readers(desk: Desk) -> None:
    """--max-ttl and --min-agreeing decide; the document can't talk them away."""
    place = desk.put(READY_CLAIMS)
    assert desk.verify(place, max_ttl="5m").exit_code == 0
    assert desk.verify(place, max_ttl="4m59s").stderr.startswith("refused (lifetime): ")
    assert desk.verify(place, min_agreeing="1").exit_code == 0
    assert desk.verify(place, min_agreeing="2").stderr.startswith("refused (too_few_agreeing): ")


def test_an_exercise_opens_to_its_principals_alone(desk: Desk) -> None:
    """0 for whom the exercise names, in words and in JSON; 4 for others, and 4 for them too when it is an emergency."""
    drill, ready, standby = (
        desk.put(claims, name)
        for claims, name in ((EXERCISE_CLAIMS, "drill"), (READY_CLAIMS, "ready"), (STANDBY_CLAIMS, "standby"))
    )
    done = desk.verify(drill, "--json", exercise_principal="breakglass-drill")
    assert (done.exit_code, json.loads(done.stdout)["state"]) == (0, "exercise")
    assert "for an exercise and its principals alone" in json.loads(done.stdout)["reason"]
    other = desk.verify(drill, exercise_principal="breakglass")
    assert (other.exit_code, other.stdout) == (4, "")
    assert other.stderr.startswith("refused (principal): ")
    emergency = desk.verify(ready, exercise_principal="breakglass-drill")
    assert (emergency.exit_code, emergency.stdout) == (4, "")
    assert emergency.stderr.startswith("refused (emergency): ")
    assert desk.verify(standby, exercise_principal="breakglass-drill").exit_code == 1


WRONG: Mapping[str, tuple[tuple[str, ...], dict[str, str | None]]] = {
    "a duration without unit": ((), {"max_ttl": "20"}),
    "no duration": ((), {"max_ttl": "0s"}),
    "a negative duration": ((), {"max_ttl": "-5m"}),
    "a negative number": ((), {"min_agreeing": "-1"}),
    "a number in words": ((), {"min_agreeing": "one"}),
    "a number in other digits": ((), {"min_agreeing": "\u0663"}),
    "a number too large": ((), {"min_agreeing": "9" * 4000}),
    "no date": ((), {"at": "yesterday"}),
    "a date without offset": ((), {"at": "2026-03-01T03:00:00"}),
    "a date before the first": ((), {"at": "0001-01-01T00:00:00+14:00"}),
    "a date after the last": ((), {"at": "9999-12-31T23:59:59-14:00"}),
    "an audience with its state": ((), {"audience": "prod/ready"}),
    "an empty audience": ((), {"audience": ""}),
    "no audience": ((), {"audience": None}),
    "an empty platform": ((), {"platform": ""}),
    "a platform with a newline": ((), {"platform": "a\nb"}),
    "no platform": ((), {"platform": None}),
    "an empty trust file": ((), {"trust": ""}),
    "no trust file": ((), {"trust": None}),
    "an empty floor": ((), {"floor": ""}),
    "a floor forgotten": (("--floor",), {}),
    "a floor forgotten before an option": (("--floor", "--json"), {}),
    "an empty principal": ((), {"exercise_principal": ""}),
    "a reset of nothing": (("--reset-floor",), {}),
    "a reset with a value": (("--reset-floor=yes",), {"floor": "x", "at": None}),
    "a reset as of another instant": (("--reset-floor",), {"floor": "x"}),
    "an option twice": (("--platform", "payments"), {}),
    "a flag twice": (("--json", "--json"), {}),
    "a flag with a value": (("--json=1",), {}),
    "an abbreviation": (("--jso",), {}),
    "a short option": (("-j",), {}),
    "an option that is none": (("--no-such\x1b[2J",), {}),
    "help among others": (("--help",), {}),
    "standard input twice": (("-", "-"), {}),
    "a document without name": (("",), {}),
    "too many documents": (("a.jws",) * 64, {}),
}


@pytest.mark.parametrize(("words", "changes"), WRONG.values(), ids=WRONG)
def test_wrong_usage_exits_2(desk: Desk, words: tuple[str, ...], changes: dict[str, str | None]) -> None:
    """An argument that can't be meant is wrong usage, even for a flag that is ready: one line, nothing on stdout."""
    done = desk.verify(desk.put(READY_CLAIMS), *words, **changes)
    assert (done.exit_code, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("monitor flag verify: ")
    assert line.endswith(" (see monitor flag verify --help)")
    assert line.isprintable()


def test_without_a_document_there_is_nothing_to_judge(desk: Desk) -> None:
    """No document is wrong usage."""
    assert desk.verify().exit_code == 2


def test_help_alone_is_help() -> None:
    """`--help` by itself shows the options; it ends with 0, so among other words it is wrong usage (above)."""
    done = CliRunner().invoke(command, ["verify", "--help"])
    assert done.exit_code == 0
    assert "--exercise-principal NAME" in done.stdout


def test_words_may_stand_anywhere(desk: Desk) -> None:
    """Documents before, between and after options, values after `=`, and a file whose name begins with a dash."""
    place = desk.put(READY_CLAIMS)
    known = f"--trust={desk.options['--trust']}"
    words = ["verify", place, "--audience=prod", known, "--at", desk.options["--at"], "--platform", "payments"]
    assert CliRunner().invoke(command, words).exit_code == 0
    assert CliRunner().invoke(command, [*words, "--", "--json"]).exit_code == 0
    assert "passed over (unreadable): --json" in CliRunner().invoke(command, [*words, "--", "--json"]).stderr


@pytest.mark.parametrize("fault", ["{", '{"version":1,"keys":[{"kty":"RSA"}]}', None])
def test_a_trust_file_at_fault_exits_4(desk: Desk, fault: str | None) -> None:
    """Without a trust file that holds nothing can be believed: closed, with the place of the fault."""
    path = desk.directory / "other.json"
    if fault is not None:
        path.write_text(fault)
        path.chmod(0o644)
    done = desk.verify(desk.put(READY_CLAIMS), trust=str(path))
    assert (done.exit_code, done.stdout) == (4, "")
    assert done.stderr.startswith(f"refused (trust): the trust file can't be relied on: {path}: ")
    said = json.loads(desk.verify(desk.put(READY_CLAIMS), "--json", trust=str(path)).stdout)
    assert (said["refusal"], said["document"]) == ("trust", None)


def test_of_several_copies_the_newest_is_judged(desk: Desk) -> None:
    """Whatever their order; the JSON says which it was. A copy that can't be had is told and changes nothing."""
    old = desk.put(replace(READY_CLAIMS, ver=READY_CLAIMS.ver - 1), "old")
    new = desk.put(STANDBY_CLAIMS, "new")
    for places in ((old, new), (new, old)):
        done = desk.verify(*places, "--json")
        assert (done.exit_code, done.stderr, json.loads(done.stdout)["document"]) == (1, "", new)
    done = desk.verify(old, "gone", new, "--json")
    assert (done.exit_code, json.loads(done.stdout)["document"]) == (1, new)
    assert done.stderr == "passed over (unreadable): gone: gone: can't be read: No such file or directory\n"
    assert json.loads(done.stdout)["passed_over"] == [
        {"document": "gone", "refusal": "unreadable", "what": "gone: can't be read: No such file or directory"}
    ]


def test_a_forged_copy_changes_nothing(desk: Desk) -> None:
    """Beside a true one, a newer document of a stranger is told and passed over."""
    forged = desk.put(signed(replace(STANDBY_CLAIMS, ver=AT * 1000), OTHER_KEY), "forged")
    done = desk.verify(forged, desk.put(READY_CLAIMS))
    assert done.exit_code == 0
    assert done.stderr.startswith(f"passed over (key_unknown): {forged}: ")


def test_where_none_can_be_believed_the_one_that_came_furthest_is_told(desk: Desk) -> None:
    """The refusal is that of the best of them; the others have a line each."""
    expired = desk.put(replace(READY_CLAIMS, sub="billing"), "billing")
    done = desk.verify("gone", expired, desk.put(b"x", "junk"))
    lines = done.stderr.splitlines()
    assert done.exit_code == 4
    assert [line.partition(":")[0] for line in lines] == [
        "passed over (unreadable)",
        "passed over (parts)",
        "refused (platform)",
        "no way in by this flag",
    ]


def test_standard_input_is_a_document(desk: Desk) -> None:
    """`-` reads the flag from standard input, also beside files."""
    runner = CliRunner()
    assert runner.invoke(command, desk.words("-"), input=signed(READY_CLAIMS) + b"\n").exit_code == 0
    assert runner.invoke(command, desk.words("-"), input=b"").exit_code == 4
    old = desk.put(replace(STANDBY_CLAIMS, ver=1))
    assert runner.invoke(command, desk.words(old, "-"), input=signed(READY_CLAIMS)).exit_code == 0


def test_verify_with_standard_input_closed(desk: Desk) -> None:
    """A program started without standard input is refused, not broken."""
    closed = ["/bin/sh", "-c", 'exec "$@" <&-', "sh", *desk.line("-")]
    done = subprocess.run(closed, cwd=ROOT, capture_output=True, check=False, timeout=60)
    assert done.returncode == 4
    assert done.stderr.startswith(b"refused (unreadable): -: can't be read: ")
