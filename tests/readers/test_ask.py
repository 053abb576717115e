import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from glasswatch.flag.document import FlagState
from tests.support.reader_host import CLOSED, OPEN, READERS, SEALED, Host, claims_now

STANDBY, READY, EXERCISE = FlagState.STANDBY, FlagState.READY, FlagState.EXERCISE


@pytest.mark.parametrize(
    ("state", "drill", "code", "reported"),
    [
        (READY, (), OPEN, ("allowed", "ready", None)),
        (STANDBY, (), SEALED, ("refused", "standby", None)),
        (EXERCISE, (), CLOSED, ("refused", None, "exercise")),
        (EXERCISE, ("--drill",), OPEN, ("allowed", "exercise", None)),
        (READY, ("--drill",), CLOSED, ("refused", None, "emergency")),
        (STANDBY, ("--drill",), SEALED, ("refused", "standby", None)),
    ],
    ids=["ready", "standby", "exercise", "drill in it", "drill in an emergency", "drill on standby"],
)
def test_the_flag_decides(
    host: Host, state: FlagState, drill: tuple[str, ...], code: int, reported: tuple[str, str | None, str | None]
) -> None:
    """Only a flag that is ready opens, or an exercise that names the person to who asks for the drill."""
    host.publish(claims_now(state, principals=("anna",)))
    done = host.ask(*drill)
    assert (done.returncode, done.stdout) == (code, b"")
    (report,) = host.reports()
    assert (report["decision"], report["state"], report["code"]) == reported
    assert (report["person"], report["target"], report["platform"], report["via"]) == (
        "anna",
        "db-1",
        "payments",
        "flag",
    )


def test_an_exercise_opens_for_nobody_it_does_not_name(host: Host) -> None:
    """The drill's principals are the exercise's own."""
    host.publish(claims_now(EXERCISE, principals=("ben",)))
    assert host.ask("--drill").returncode == CLOSED


def test_each_attempt_is_logged_before_it_is_judged_and_before_it_is_answered(host: Host) -> None:
    """Two lines with one id: asked, then what became of it."""
    host.publish(claims_now(READY))
    host.ask("--id", "attempt-1")
    asked, answered = host.syslog.lines()
    assert "break-glass" in asked
    assert re.search(r"decision=asked id=attempt-1 person=anna target=db-1", asked)
    assert re.search(r"decision=allowed id=attempt-1 person=anna target=db-1 .*via=flag", answered)


@pytest.mark.parametrize(
    "document", [b"", b"rubbish", b"a.b.c", b"x" * 20_000], ids=["empty", "rubbish", "three parts", "too large"]
)
def test_what_is_no_flag_is_closed(host: Host, document: bytes) -> None:
    """Whatever lies where the flag should be."""
    host.publish(document)
    assert host.ask().returncode == CLOSED
    assert host.reports()[0]["decision"] == "refused"


def test_an_old_flag_is_closed(host: Host) -> None:
    """A frozen copy ends with its expiry."""
    host.publish(claims_now(READY, age=timedelta(hours=1)))
    assert host.ask().returncode == CLOSED
    assert host.reports()[0]["code"] == "expired"


def test_a_flag_once_overtaken_never_opens_again(host: Host) -> None:
    """The floor remembers the newer standby when the older ready is put back."""
    ready, standby = claims_now(READY, age=timedelta(seconds=20)), claims_now(STANDBY)
    host.publish(standby)
    assert host.ask().returncode == SEALED
    host.publish(ready)
    assert host.ask().returncode == CLOSED


@pytest.mark.parametrize(
    "changes",
    [
        {"MONITOR": "/nonexistent"},
        {"MONITOR": "/bin/false"},
        {"MONITOR": "/bin/true"},
        {"TRUST": "/nonexistent"},
        {"PLATFORM": ""},
        {"AUDIENCE": "other"},
        {"FLAGS": "/nonexistent"},
    ],
    ids=" ".join,
)
def test_a_reader_that_is_set_up_wrongly_is_closed(host: Host, changes: dict[str, str]) -> None:
    """No mistake of ours opens anything."""
    host.publish(claims_now(READY))
    host.configure(**changes)
    assert host.ask().returncode == CLOSED, "nothing was measured: that is not standby"


def test_settings_that_cannot_be_read_are_closed_and_logged(host: Host) -> None:
    """A missing reader.conf, and one that is no shell."""
    host.publish(claims_now(READY))
    settings = host.directory / "reader.conf"
    for text in ("READER='never closed\n", "exit 0\n", "READER=$NOBODY_SET_THIS\n"):
        settings.write_text(text)
        done = host.ask()
        assert done.returncode == CLOSED
        assert b"decision=asked" in done.stderr, "what could not be logged is told"
    settings.unlink()
    assert host.ask().returncode == CLOSED


def test_settings_that_lack_something_are_reported_too(host: Host) -> None:
    """As far as they say where: an attempt is an attempt."""
    host.configure(FLOOR="")
    assert host.ask().returncode == CLOSED
    (report,) = host.reports()
    assert (report["decision"], report["via"]) == ("refused", "unknown")
    assert "does not set FLOOR" in str(report["note"])


def test_an_override_is_loud_without_settings(host: Host) -> None:
    """The reader that is broken is what people go past."""
    (host.directory / "reader.conf").write_text("READER='never closed\n")
    done = host.run("shout", "anna", "ben", "db-1", "all is dark")
    assert done.returncode == 0
    assert b"break-glass: OVERRIDE id=override-" in done.stderr


def test_what_the_verifier_is_alarmed_about_is_told(host: Host) -> None:
    """Nobody reads the terminal of a login: alarms go to the log and to the monitor."""
    host.publish(claims_now(READY))
    (host.directory / "floor.json").write_text("rubbish")
    assert host.ask().returncode == OPEN
    assert any("decision=allowed" in line and "alarm (floor_corrupt)" in line for line in host.syslog.lines())
    assert "alarm (floor_corrupt)" in str(host.reports()[0]["note"])


@pytest.mark.parametrize("is_alarmed", [False, True], ids=["no order", "no order, an alarm before"])
def test_a_refusal_keeps_its_code_whatever_is_told_before_it(host: Host, *, is_alarmed: bool) -> None:
    """A drill in an emergency is no lockout: the monitor knows it by the code, which isn't always on the first line."""
    host.publish(claims_now(READY))
    host.configure(ORDER=str(host.directory / "order.jws"))
    if is_alarmed:
        (host.directory / "floor.json").write_text("rubbish")
    assert host.ask("--drill").returncode == CLOSED
    (report,) = host.reports()
    assert report["code"] == "emergency"
    asked, answered = host.syslog.lines()
    assert "decision=asked" in asked
    assert "code=emergency" in answered
    assert "alarm (floor_corrupt)" in answered or not is_alarmed
    assert "; refused (emergency)" in answered, "each line of the verifier's stays one"


def test_a_sealed_door_says_why(host: Host) -> None:
    """On the terminal and in the log, after what the verifier said; a verifier that says nothing is no standby."""
    why = "the flag is in standby: break-glass is not permitted"
    host.publish(claims_now(STANDBY))
    done = host.ask()
    assert (done.returncode, done.stderr.decode()) == (SEALED, f"break-glass: {why}\n")
    assert f'why="{why}"' in host.syslog.lines()[-1]
    (host.directory / "floor.json").write_text("rubbish")
    assert re.search(rf"alarm \(floor_corrupt\).*; {why}\n$", host.ask().stderr.decode())
    host.configure(MONITOR="/bin/false")
    assert b"standby" not in host.ask().stderr


def test_an_order_decides_and_is_told(host: Host) -> None:
    """Where one is in force it beats the flag; one that isn't there is no fault, one that can't be read is an alarm."""
    host.publish(claims_now(STANDBY))
    order = host.directory / "order.jws"
    host.configure(ORDER=str(order))
    assert host.ask().returncode == SEALED
    order.mkdir()
    assert host.ask().returncode == SEALED
    notes = sorted(str(report["note"]) for report in host.reports())
    assert (notes[0], "alarm (order_unreadable)" in notes[1]) == ("", True)


def test_a_spool_that_is_nearly_full_has_room_for_an_access(host: Host) -> None:
    """Who knocks without end keeps no access from being told."""
    for number in range(9000):
        (host.directory / "spool" / f"{number}.json").touch()
    host.publish(claims_now(STANDBY))
    host.ask("--id", "one")
    assert any("report=lost id=one" in line for line in host.syslog.lines())
    host.publish(claims_now(READY))
    host.ask("--id", "two")
    assert not any("report=lost" in line for line in host.syslog.lines())
    (kept,) = (host.directory / "spool").glob("0-*.json")
    assert json.loads(kept.read_text())["id"] == "two"


def test_an_id_is_one_that_the_monitor_takes(host: Host) -> None:
    """Whatever a reader makes it of."""
    host.publish(claims_now(READY))
    host.ask("--id", "web/anna@example.com+1")
    assert host.reports()[0]["id"] == "web_anna_example.com_1"


def test_a_verifier_that_hangs_is_closed_in_time(host: Host) -> None:
    """Nobody waits at a login for longer than PATIENCE."""
    program = host.directory / "hanging"
    program.write_text("#!/bin/sh\nexec sleep 600\n")
    program.chmod(0o755)
    host.configure(MONITOR=str(program), PATIENCE="1")
    assert host.ask().returncode == CLOSED


def test_no_spool_no_syslog_and_a_dead_monitor_change_no_answer(host: Host, tmp_path: Path) -> None:
    """A ready flag opens although nobody takes the news, and says on the terminal what could not be logged."""
    host.publish(claims_now(READY))
    host.configure(SPOOL=str(tmp_path / "gone"), MONITOR_URL="http://127.0.0.1:9")
    host.syslog.close()
    done = host.ask()
    assert done.returncode == OPEN
    assert b"syslog does not take this: decision=allowed" in done.stderr


def test_a_syslog_that_hangs_delays_nobody_for_long(host: Host) -> None:
    """Its queue is full and nobody reads it: the answer comes all the same, and the terminal is told."""
    host.publish(claims_now(READY))
    host.syslog.stick()
    done = host.ask()
    assert done.returncode == OPEN
    assert b"syslog does not take this: decision=allowed" in done.stderr


def test_a_full_spool_changes_no_answer(host: Host) -> None:
    """The report that is lost is told to syslog."""
    host.publish(claims_now(READY))
    spool = host.directory / "spool"
    spool.rmdir()
    spool.symlink_to("/dev/full")
    assert host.ask("--id", "one").returncode == OPEN
    assert any("report=lost id=one" in line for line in host.syslog.lines())


@pytest.mark.parametrize(
    "name", ['a"b', "a\nb", "$(touch x)", "`id`", "a'b", "%s%n", "ä\u202e", "x" * 500], ids=range(8)
)
def test_hostile_names_stay_names(host: Host, name: str) -> None:
    """They can break neither the log's line, nor the report, nor the shell."""
    host.publish(claims_now(READY))
    done = host.ask(person=name)
    assert done.returncode == OPEN
    (report,) = host.reports()
    assert re.fullmatch(r"[A-Za-z0-9._@+:/-]{1,100}", str(report["person"]))
    assert all(line.count("\n") == 0 for line in host.syslog.lines())


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--person",),
        ("--person", "anna"),
        ("--target", "db"),
        ("--person", "", "--target", "db"),
        ("--person", "anna", "--target", "db", "--id", "one", "--session", "two"),
        ("--ready",),
    ],
    ids=" ".join,
)
def test_wrong_usage_opens_nothing(host: Host, words: tuple[str, ...]) -> None:
    """It ends with 2 and says how it is called."""
    host.publish(claims_now(READY))
    assert host.run("ask", *words).returncode == 2


def test_the_scripts_are_executable_and_shipped_with_their_settings() -> None:
    """What the guide tells people to install is there."""
    names = {
        "ask",
        "shout",
        "send",
        "fetch",
        "secret/open",
        "secret/seal",
        "secret/override",
        "follow",
        "tell",
        "sshd/principals",
        "gateway/verifier.py",
    }
    assert all((READERS / name).stat().st_mode & 0o111 for name in names)
    example = (READERS / "reader.conf.example").read_text()
    assert all(
        f"{name}=" in example
        for name in ("READER", "PLATFORM", "AUDIENCE", "TRUST", "FLOOR", "FLAGS", "ORDER", "SPOOL")
    )
