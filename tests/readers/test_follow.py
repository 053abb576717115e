"""What Envoy and OPA log of their own decisions is told as attempts: in syslog first, then to the monitor."""

import json
import subprocess
from pathlib import Path

import pytest

from glasswatch.flag.document import FlagState
from tests.support.flags import signed
from tests.support.reader_host import Host, claims_now

Line = dict[str, object]


def _envoy(**changes: object) -> Line:
    """Return a line of the shipped access log for somebody whom a ready flag let in."""
    line: Line = {
        "at": "2026-03-01T03:00:05Z",
        "via": "flag",
        "target": "admin",
        "subject": "CN=anna",
        "status": 200,
        "why": "via_upstream",
        "state": "ready",
        "ver": 1772334000000.0,
        "iss": "prod/fra-1",
        "change": 5.0,
        "prev": "cd" * 32,
    }
    return line | changes


def _denied(why: str = "jwt_authn_access_denied{Jwt_is_expired}", **changes: object) -> Line:
    return _envoy(status=401, why=why, state=None, ver=None, iss=None, change=None, prev=None, **changes)


def _override(subject: str = "CN=anna,OU=ben", **changes: object) -> Line:
    kept = ("at", "via", "target", "subject", "status", "why")
    return {name: value for name, value in _envoy(via="override", subject=subject, **changes).items() if name in kept}


def _opa(state: FlagState = FlagState.READY, **changes: object) -> Line:
    """Return a line of OPA's decision log."""
    flag = signed(claims_now(state, principals=("anna",))).decode()
    line: Line = {
        "decision_id": "4ca636c1-55e4-417a-b1d8-4aceb67960d1",
        "input": {"flag": flag, "person": "anna", "target": "admin"},
        "labels": {"id": "opa-1"},
        "level": "info",
        "msg": "Decision Log",
        "path": "break_glass/allow",
        "result": True,
        "timestamp": "2026-03-01T03:00:05.123456789Z",
        "type": "openpolicyagent.org/decision_logs",
    }
    return line | changes


def _follow(host: Host, form: str, *lines: Line | str, told: Path | None = None) -> str:
    """Have these lines told; return what was complained of."""
    given = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)
    done = subprocess.run(
        [str(host.directory / "readers/follow"), form, *([] if told is None else [str(told)])],
        input=given.encode(),
        env=host.environment,
        capture_output=True,
        timeout=60,
        check=True,
    )
    return done.stderr.decode()


@pytest.mark.parametrize(
    ("form", "line", "expected"),
    [
        ("envoy", _envoy(), ("allowed", "flag", "ready", None, "anna")),
        ("envoy", _envoy(status=503), ("allowed", "flag", "ready", None, "anna")),
        ("envoy", _envoy(why="something new", state=None), ("allowed", "flag", None, None, "anna")),
        ("envoy", _envoy(subject=None), ("allowed", "flag", "ready", None, None)),
        ("envoy", _denied(), ("refused", "flag", None, "Jwt_is_expired", "anna")),
        ("opa", _opa(), ("allowed", "flag", "ready", None, "anna")),
        (
            "opa",
            _opa(FlagState.EXERCISE, path="break_glass/allow_drill"),
            ("allowed", "flag", "exercise", None, "anna"),
        ),
        ("opa", _opa(path="break_glass", result={"allow": True}), ("allowed", "flag", "ready", None, "anna")),
        ("opa", _opa(FlagState.STANDBY, result=False), ("refused", "flag", None, "policy", "anna")),
        ("opa", _opa(input={"person": "anna"}), ("allowed", "flag", None, None, "anna")),
    ],
)
def test_a_decision_is_told(
    host: Host, form: str, line: Line, expected: tuple[str, str, str | None, str | None, str | None]
) -> None:
    """In syslog, and as a report that the monitor takes."""
    assert _follow(host, form, line) == ""
    (report,) = host.reports()
    assert tuple(report[name] for name in ("decision", "via", "state", "code", "person")) == expected
    assert report["at"] == "2026-03-01T03:00:05Z"
    (logged,) = host.syslog.lines()
    assert f"decision={expected[0]} id={report['id']}" in logged


def test_an_override_is_as_loud_as_any(host: Host) -> None:
    """Both persons are told, as an emergency; a certificate that named one alone was refused."""
    _follow(host, "envoy", _override(), _override("CN=carl", why="rbac_access_denied_matched_policy[none]"))
    override, refused = sorted(host.reports(), key=lambda report: str(report["decision"]))
    assert (override["via"], override["person"], override["second"]) == ("override", "anna", "ben")
    assert (refused["decision"], refused["person"]) == ("refused", "carl")
    loud, quiet = host.syslog.lines()
    assert loud.startswith("<80>")
    assert "OVERRIDE id=" in loud
    assert 'first="anna" second="ben"' in loud
    assert "OVERRIDE" not in quiet


def test_what_is_decided_alike_is_one_attempt_and_anything_else_its_own(host: Host) -> None:
    """A page with pictures is one; a refusal, another raise, another person and another quarter of an hour are not."""
    alike = (_envoy(), _envoy(at="2026-03-01T03:09:59Z", ver=1772334060000.0))
    others = (
        _denied(),
        _envoy(change=6),
        _envoy(iss="prod/ams-1"),
        _envoy(subject="CN=ben"),
        _envoy(at="2026-03-01T03:15:00Z"),
        _override(),
    )
    _follow(host, "envoy", *alike, *others)
    assert len(host.reports()) == 1 + len(others)
    _follow(host, "envoy", *alike, *others)
    told = [str(report["id"]) for report in host.reports()]
    assert len(set(told)) == 1 + len(others), "read again after a restart: known to the monitor by the same ids"


def test_what_was_told_is_not_told_again_after_a_restart(host: Host, tmp_path: Path) -> None:
    """An emergency in syslog is one; what came while nobody followed is told."""
    _follow(host, "envoy", _override(), told=tmp_path / "told")
    assert len(host.syslog.lines()) == 1
    assert _follow(host, "envoy", _override(), _override("CN=carl,OU=dora"), told=tmp_path / "told") == ""
    (line,) = host.syslog.lines()
    assert 'first="carl"' in line


def test_a_file_that_fails_keeps_nothing_from_being_told(host: Host, tmp_path: Path) -> None:
    """It is complained of, and everything is told."""
    assert "Is a directory" in _follow(host, "envoy", _override(), told=tmp_path)
    assert len(host.reports()) == 1


def test_the_file_does_not_grow_for_ever(host: Host, tmp_path: Path) -> None:
    """The latest are kept."""
    told = tmp_path / "told"
    told.write_text("".join(f"envoy-{number}\n" for number in range(9000)))
    _follow(host, "envoy", _override(), told=told)
    kept = told.read_text().splitlines()
    assert (len(kept), kept[0]) == (4097, f"envoy-{9000 - 4096}")


def test_lines_that_are_none_are_passed_over_and_damaged_ones_are_complained_of(host: Host) -> None:
    """OPA logs other things too; nothing ends the telling."""
    foreign: tuple[Line | str, ...] = (
        {"msg": "Initializing server."},
        {"decision_id": "1", "path": "other/allow", "result": True},
        "[]",
        "",
    )
    assert _follow(host, "opa", *foreign) == ""
    assert host.reports() == []
    said = _follow(host, "opa", '{"path": "break_glass/allow", ', _opa(timestamp="yesterday"), _opa())
    assert said.count("this line is not told") == 2
    assert len(host.reports()) == 1


def test_hostile_text_stays_text(host: Host) -> None:
    """It can break neither the log's line, nor the report, nor a shell."""
    asked = {"person": 'a"b\n$(id)', "target": "`x` --decision refused", "flag": "a.b.c"}
    _follow(host, "opa", _opa(input=asked))
    (report,) = host.reports()
    assert report["decision"] == "allowed"
    assert len(host.syslog.lines()) == 1


@pytest.mark.parametrize("words", [(), ("--id", "1"), ("--at",), ("--id", "1", "--at", "x", "--target", "y")])
def test_what_tell_is_not_told_is_wrong_usage(host: Host, words: tuple[str, ...]) -> None:
    """Nothing is guessed."""
    assert host.run("tell", *words).returncode == 2
