"""`drill list` and `drill status`: how scenarios went last, what is due, and which runs are open."""

import fcntl
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from drills.journal.reading import JOURNAL
from drills.model.calendar import PastRun
from drills.model.event import Closed
from drills.model.verdict import Verdict
from drills.registered import MonitorRuns
from drills.registries import ACTIONS
from glasswatch.clock import SystemClock
from monitor.wire.drills import DrillCalendarAnswer, HeadBody, RunAnswer, RunsAnswer
from tests.support.drill_desk import CUT, FAILED, PASSED, Place, place
from tests.support.drill_steps import scenario, use
from tests.support.settings_files import write

NOW = SystemClock().now()
DAY = timedelta(days=1)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A place with one scenario, due every quarter."""
    use(monkeypatch)
    made = place(tmp_path, monkeypatch)
    monkeypatch.delenv("COLUMNS")  # as a program reads it: nothing is broken
    return made


def told(here: Place, capsys: pytest.CaptureFixture[str], code: int) -> dict[str, list[dict[str, object]]]:
    """Return what `drill status --json` says, after it ended with this code."""
    assert here.drill("status", "--json") == code
    held: dict[str, list[dict[str, object]]] = json.loads(capsys.readouterr().out)
    return held


@pytest.mark.parametrize(
    ("days", "state", "code"),
    [(None, "due", 1), (1, "not_due", 0), (83, "not_due", 0), (85, "due", 1), (92, "overdue", 1)],
)
def test_what_is_due_ends_with_1(
    here: Place, days: int | None, state: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """And what is not, with 0."""
    if days is not None:
        here.ran("door-1", NOW - days * DAY, PASSED)
    (row,) = told(here, capsys, code)["scenarios"]
    assert row["state"] == state


def test_a_run_that_failed_moves_nothing(here: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """It is the last one, and what is due stays due."""
    here.ran("door-1", NOW - 90 * DAY, PASSED)
    here.ran("door-2", NOW - DAY, FAILED)
    assert here.drill("list") == 0
    shown = capsys.readouterr().out
    assert f"failed {NOW - DAY:%Y-%m-%d}" in shown
    assert f"due, overdue on {NOW + DAY:%Y-%m-%d}" in shown
    (row,) = told(here, capsys, 1)["scenarios"]
    assert row["last"] == {
        "run": "door-2",
        "scenario": "door",
        "verdict": "failed",
        "why": "door failed: shut",
        "at": f"{NOW - DAY:%Y-%m-%dT%H:%M:%SZ}",
        "where": "here",
        "real": True,
    }
    assert row["last_passed"] is not None


def test_what_passed_and_then_failed_is_due(here: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """With the reason. No timer runs it again by itself: it says so, and exits 1, and begins nothing."""
    here.ran("door-1", NOW - 2 * DAY, PASSED)
    here.ran("door-2", NOW - DAY, FAILED)
    why = f"the last run failed on {NOW - DAY:%Y-%m-%d}; it passed on {NOW - 2 * DAY:%Y-%m-%d}"
    (row,) = told(here, capsys, 1)["scenarios"]
    assert (row["state"], row["why"], row["for_people"]) == ("due", why, True)
    for words in (("run", "door", "--when-due", "--unattended"), ("run", "--unattended")):
        assert here.drill(*words) == 1
        said = capsys.readouterr()
        assert said.err == f"door is due, and left to people: {why}. Once it is known why: drill run door\n"
        assert said.out == "nothing that is due can begin now\n"


def test_an_open_run_is_told_until_it_is_closed(here: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is due, and something may be left behind."""
    here.ran("door-1", NOW - 2 * DAY, PASSED)
    here.ran("door-2", NOW - DAY, CUT)
    (run,) = told(here, capsys, 1)["open"]
    assert (run["run"], run["verdict"]) == ("door-2", "open")
    assert here.drill("status") == 1
    shown = capsys.readouterr().out
    assert "door  not due before " in shown
    assert "OPEN door-2  since " in shown
    assert shown.endswith(": drill resume door-2\n")


def test_a_narrow_terminal_has_room_for_it(
    here: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows become paragraphs; what is to be done stands unbroken on a line of its own."""
    here.ran("door-1", NOW - DAY, CUT)
    monkeypatch.setenv("COLUMNS", "60")
    assert here.drill("list") == 0
    assert capsys.readouterr().out.splitlines() == [
        "door  due",
        "  The door opens",
        "  payments on-call; platform payments; cadence quarterly;",
        f"  last open {NOW - DAY:%Y-%m-%d}",
    ]
    assert here.drill("status") == 1
    assert capsys.readouterr().out.splitlines() == [
        "door  due  it never passed",
        f"OPEN door-1  since {NOW - DAY:%Y-%m-%d %H:%M:%SZ}, in the evidence",
        "     directory",
        "     it was never closed",
        "     drill resume door-1",
    ]


def test_a_run_that_somebody_works_on_is_not_to_be_resumed(here: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """It is open, and told as one that goes on."""
    directory = here.ran("door-1", NOW - DAY, CUT)
    with (directory / "run.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert here.drill("status") == 1
    assert capsys.readouterr().out.endswith("; it goes on: drill stop door-1 ends it\n")
    assert here.drill("status") == 1
    assert capsys.readouterr().out.endswith(": drill resume door-1\n")


def test_a_journal_that_was_changed_passed_nothing(here: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """Nor does one that can't be read: it may be open."""
    changed = here.ran("door-1", NOW - DAY, PASSED) / JOURNAL
    changed.write_bytes(changed.read_bytes() + b'{"more":1}\n')
    (row,) = told(here, capsys, 1)["scenarios"]
    assert (row["state"], row["last_passed"]) == ("due", None)
    assert isinstance(row["last"], dict)
    assert row["last"]["why"] == "its journal was changed: it is not an entry as it was written"
    unreadable = here.ran("door-2", NOW, PASSED) / JOURNAL
    unreadable.unlink()
    unreadable.mkdir()
    (run,) = told(here, capsys, 1)["open"]
    assert run["run"] == "door-2"
    assert here.drill("status") == 1
    assert capsys.readouterr().out.endswith(": drill resume door-2; if its journal is lost: drill close door-2\n")


def test_a_changed_scenario_is_due_where_that_is_wanted(here: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """By its hash."""
    text = scenario("  - {id: a, action: test_door}\n", "after_change: true\n").replace("quarterly", "none")
    write(here.scenario.parent, text, "door.yaml")
    here.ran("door-1", NOW - 900 * DAY, PASSED)
    assert told(here, capsys, 0)["scenarios"][0]["why"] == "nothing changed"
    write(here.scenario.parent, f"{text}#\n", "door.yaml")
    assert told(here, capsys, 1)["scenarios"][0]["why"] == "the scenario changed"
    assert here.drill("list") == 0
    assert "none, after change  passed " in capsys.readouterr().out


def test_a_monitor_that_can_not_be_asked_ends_with_4(
    here: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Unless something is due here already; what is known here is told all the same."""
    here.set("  monitor: {url: 'http://127.0.0.1:1', token: {env: DRILL_TOKEN}}\n  ready_within: 2s\n")
    monkeypatch.setenv("DRILL_TOKEN", "hunter2")
    here.ran("door-1", NOW - DAY, PASSED)
    held = told(here, capsys, 4)
    assert len(held["not_asked"]) == 1
    assert "hunter2" not in str(held)
    here.ran("door-2", NOW, CUT)
    assert here.drill("status") == 1
    said = capsys.readouterr()
    assert "127.0.0.1:1" in said.err
    assert "OPEN door-2" in said.out


class _Monitor:
    """A monitor that knows of some runs."""

    def __init__(self, *runs: RunAnswer) -> None:
        self._runs = runs

    async def runs(self) -> RunsAnswer:
        """See `MonitorClient`."""
        return RunsAnswer(runs=self._runs)

    async def calendar(self) -> DrillCalendarAnswer:
        """See `MonitorClient`."""
        at = datetime(2026, 3, 1, 3, tzinfo=UTC)
        line = {"platform": "payments", "cadence": "quarterly", "due": at, "overdue": at + 91 * DAY, "state": "due"}
        rows = ({**line, "scenario": "door", "last_passed": at}, {**line, "scenario": "window", "last_passed": None})
        return DrillCalendarAnswer.model_validate({"scenarios": rows})


@pytest.mark.parametrize(
    ("standing", "verdict", "expected"),
    [
        ("closed", "passed", Verdict.PASSED),
        ("closed", "clean_up_failed", Verdict.CLEAN_UP_FAILED),
        ("open", "", Verdict.OPEN),
        ("silent", "", Verdict.OPEN),
        ("overdue", "failed", Verdict.OPEN),
    ],
)
async def test_the_monitors_runs_are_taken_as_it_tells_them(standing: str, verdict: str, expected: Verdict) -> None:
    """One that was never closed is open, whatever it counts as."""
    at = datetime(2026, 3, 1, 3, tzinfo=UTC)
    answer = RunAnswer.model_validate(
        {
            "run": "door-1",
            "scenario": "door",
            "title": "The door opens",
            "owner": "payments on-call",
            "platform": "payments",
            "operator": "anna",
            "scenario_sha256": "a" * 64,
            "real": True,
            "standing": standing,
            "opened": at,
            "until": at,
            "heard": at,
            "closed": at + DAY if standing == "closed" else None,
            "verdict": verdict,
            "why": "",
            "spans": {},
            "findings": {},
            "residue": (),
            "head": HeadBody(seq=1, hash="a" * 64),
        }
    )
    (found,) = await MonitorRuns(_Monitor(answer)).runs()
    when = at + DAY if standing == "closed" else at
    why = "" if standing == "closed" else standing
    assert found == PastRun("door-1", "door", "a" * 64, when, expected, why, "monitor")


async def test_the_monitor_says_since_when_what_never_passed_is_known() -> None:
    """From then on it is due, and overdue 91 days later."""
    assert await MonitorRuns(_Monitor()).never_passed() == {"window": datetime(2026, 3, 1, 3, tzinfo=UTC)}


def test_a_schema_for_editors_knows_every_key(here: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """Of scenarios and of every action; no settings file is needed."""
    here.config.unlink()
    assert here.drill("list", "--json-schema") == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema["title"] == "glasswatch drill scenario"
    assert schema["required"] == ["cadence", "id", "owner", "platform", "steps", "title"]
    assert schema["additionalProperties"] is False
    steps = schema["properties"]["steps"]["items"]["oneOf"]
    assert [each["properties"]["action"] for each in steps] == [{"const": name} for name in ACTIONS]
    assert all(len(set(each["required"])) == len(each["required"]) for each in steps)
    assert {"id", "action"} <= set(steps[0]["required"])
    assert steps[0]["properties"]["undo"]["items"]["required"] == ["action"]
    for measured in ("begins", "ends"):
        assert "total" not in steps[0]["properties"][measured]["items"]["enum"]


def test_past_runs_are_listed_newest_first(
    here: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever came of them, and whatever scenarios there are now."""
    assert here.drill("list", "--runs") == 0
    assert capsys.readouterr().out == "no run lies in drill.directory\n"
    here.ran("door-1", NOW - 2 * DAY, PASSED)
    here.ran("door-2", NOW - DAY, (*CUT, Closed("clean_up_failed", "shut", 6, ("a mark: by hand",))))
    here.ran("door-3", NOW, CUT)
    assert here.drill("status") == 6
    assert "  once it is taken away by hand: keep " in capsys.readouterr().out
    here.scenario.write_text("id: draft\n")
    assert here.drill("list", "--runs") == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["RUN", "CAME", "TO", "AT", "WHY"]
    assert [row.split()[0] for row in rows] == ["door-3", "door-2", "door-1"]
    assert f"door-1  passed           {NOW - 2 * DAY:%Y-%m-%d %H:%M:%SZ}" in rows[2]
    assert rows[1].count("left behind: ") == rows[1].count("by hand") == 1
    assert here.drill("list", "--runs", "--json") == 0
    assert [run["verdict"] for run in json.loads(capsys.readouterr().out)] == ["open", "clean_up_failed", "passed"]
    monkeypatch.setenv("COLUMNS", "40")
    assert here.drill("list", "--runs") == 0
    assert capsys.readouterr().out.splitlines()[:2] == ["door-3", f"  open {NOW:%Y-%m-%d %H:%M:%SZ}; it was"]


def test_a_broken_draft_keeps_nobody_from_the_others(here: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """Its mistakes are told, with 3, beside all the rest; where another is named it is none of its business."""
    here.ran("door-1", NOW - DAY, PASSED)
    here.ran("door-2", NOW, CUT)
    draft = write(here.scenario.parent, "id: draft\n", "draft.yaml")
    held = told(here, capsys, 3)
    assert ([row["id"] for row in held["scenarios"]], len(held["open"])) == (["door"], 1)
    assert any(str(each).startswith(f"{draft}:1:1  title  ") for each in held["mistakes"])
    for command in ("list", "status"):
        assert here.drill(command) == 3
        said = capsys.readouterr()
        assert "door  " in said.out
        assert said.err.startswith(f"{draft}:1:1")
    assert here.drill("plan", "door") == 0
    said = capsys.readouterr()
    assert "closes the door" in said.out
    assert said.err.startswith(f"not in use: {draft}:1:1")
    for name in ("draft", str(draft), "window"):
        assert here.drill("plan", name) == 3
    assert here.drill("run", "--when-due") == 3
    assert capsys.readouterr().out == "nothing is due\n"


@pytest.mark.parametrize("command", ["list", "status"])
def test_without_a_scenario_it_is_said_where_they_go(
    here: Place, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An empty directory is no mistake."""
    here.scenario.unlink()
    assert here.drill(command) == 0
    assert "drill.scenarios" in capsys.readouterr().out
    assert here.drill(command, "--json") == 0
