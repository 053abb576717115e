"""What a scenario may say, and what is told of one that says it wrongly: every mistake at once, with its place."""

from pathlib import Path

import pytest

from drills.model.step import Span
from drills.planning import planned_steps
from drills.rules.parts import Kind, Sought, kind_of
from drills.scenarios import read
from drills.settings.scenario import ScenarioFile
from glasswatch.settings.load import load_text
from glasswatch.settings.mistake import SettingsFault
from tests.support.drill_steps import SCENARIO, scenario, use
from tests.support.settings_files import write

WHERE = Path("/nowhere/door.yaml")
PLACE = len(str(WHERE)) + 1
AUDIT = "with: {file: {path: /log}}"
AUDIT_OF_REFUSED = "with: {file: {path: /log}, decision: refused, decisions: {allowed: a, refused: b}}"


@pytest.fixture(autouse=True)
def _steps(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch)


def loaded(text: str) -> ScenarioFile:
    """Read a scenario."""
    return load_text(text, ScenarioFile, WHERE, sections={})


def mistakes(text: str) -> list[str]:
    """Return what is wrong with a scenario, without the file's name."""
    with pytest.raises(SettingsFault) as raised:
        loaded(text)
    return [str(mistake)[PLACE:] for mistake in raised.value.mistakes]


def test_a_small_scenario_has_the_defaults() -> None:
    """Everything that is left out has the value that it is safe to have."""
    found = loaded(SCENARIO)
    assert [step.id for step in found.steps] == ["door", "look"]
    assert found.gates.let_go() == ()
    assert found.gates.window is None
    assert found.needs() == {"door": (), "look": ("door",)}
    assert found.targets[Span.DETECT].total_seconds() == 60
    assert found.is_real
    # Its own undo counts with its own time: 2m, 2m to take it back, and 1m.
    assert found.longest.total_seconds() == 300


def test_all_mistakes_are_told_at_once_and_no_value_is() -> None:
    """Whatever was written may be a secret in the wrong place."""
    text = """\
id: The Door
title: ""
owner: payments on-call
platform: payments
cadence: hourly
speed: fast
targets: {deetct: 60s, page: soon}
gates: {alone: false, approvall: false}
parameters:
  run: {}
  ticket: {default: hunter2, pattern: 'CHG[0-9]+'}
  password: {secret: hunter2}
  other: {secret: {env: OTHER}, default: hunter2}
steps:
  - {id: "a b", action: test_look, within: 1}
  - {id: fine, action: hunter2, refused: true}
  - {id: look, action: test_look, way: platform, hunter2: 1}
  - hunter2
"""
    found = mistakes(text)
    assert "hunter2" not in "".join(found)
    assert [each.split("  ")[:2] for each in found] == [
        ["1:5", "id"],
        ["2:8", "title"],
        ["5:10", "cadence"],
        ["6:1", "speed"],
        ["7:11", "targets.deetct"],
        ["7:30", "targets.page"],
        ["8:16", "gates.alone"],
        ["8:23", "gates.approvall"],
        ["11:21", "parameters.ticket.default"],
        ["12:22", "parameters.password.secret"],
        ["13:42", "parameters.other.default"],
        ["15:10", "steps[0].id"],
        ["15:44", "steps[0].within"],
        ["16:24", "steps[1].action"],
        ["17:40", "steps[2].way"],
        ["17:50", "steps[2]"],
        ["18:5", "steps[3]"],
    ]


def told(steps: str, more: str = "") -> list[str]:
    """Return what is wrong with a scenario's steps: where, and the beginning of what is said."""
    return ["  ".join(each.split("  ")[1:])[:75] for each in mistakes(scenario(steps, more))]


def test_what_steps_must_be_to_each_other_is_told_beside_what_is_wrong_with_each() -> None:
    """Ids, needs, background, spans, values and targets: all in one go."""
    steps = """\
  - {id: a, action: test_look, says: '${nowhere}', begins: [flag]}
  - {id: b, action: test_look, within: soon, background: true, undo: [{action: test_look}]}
  - {id: a, action: test_nothing, begins: [flag], needs: [z]}
  - {id: b-undo-1, action: test_look, ends: [page], hunter2: 1}
"""
    assert told(steps, "targets: {flag: 1m}\n") == [
        "targets.flag  expected a span that some step ends",
        "steps[0]  expected only values that are there by then: run",
        "steps[1].within  expected a duration such as 15s, 5m or 1h30m",
        "steps[1].background  expected a later step that needs it: else nothing wait",
        "steps[2].id  is given twice: expected another name",
        "steps[2].action  expected a name from the list",
        "steps[2].begins[0]  expected a span that nothing begins yet",
        "steps[2].needs[0]  expected the id of an earlier step",
        "steps[3].id  is given twice: expected another name",
        "steps[3].ends[0]  expected a span that an earlier step begins",
        "steps[3]  holds a key that is not a setting: expected one of: id, action, t",
    ]


@pytest.mark.parametrize(
    ("steps", "where"),
    [
        ("  - {action: test_look}\n  - {id: b, action: test_look, needs: [a]}\n", "steps[0].id"),
        ("  - {id: A, action: test_look}\n  - {id: b, action: test_look, needs: [a]}\n", "steps[0].id"),
        ("  - {id: a, action: test_look, begins: [flg]}\n  - {id: b, action: test_look, ends: [flag]}\n", "begins"),
        ("  - {id: a, action: test_look, background: true}\n  - {id: b, action: test_look, needs: [A]}\n", "needs"),
        ("  - {id: a, action: test_look}\n  - {id: b, action: test_look, ends: [flg]}\n", "ends"),
        ("  - {id: a, action: test_door, capture: x}\n  - {id: b, action: test_look, says: '${x}'}\n", "capture"),
        (
            (
                "  - {id: a, action: test_door, way: break_glass, evidences: D5}\n"
                "  - {id: b, action: test_door, evidences: [D8]}\n"
            ),
            "evidences",
        ),
        ("  - a\n  - {id: b, action: test_look, needs: [a], ends: [flag]}\n", "steps[0]"),
    ],
)
def test_nothing_is_told_that_mending_a_step_may_make_untrue(steps: str, where: str) -> None:
    """A name that can't be read may be the one that another step needs."""
    (found,) = told(steps, "targets: {flag: 1m}\n" if where == "ends" else "")
    assert where in found


def test_of_too_many_steps_nothing_else_is_told() -> None:
    """There may be a great many of them."""
    (found,) = told("  - {id: a, action: test_look}\n" * 101)
    assert found == "steps  expected a list of 1 to 100 steps"


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param(
            "  - {id: a, action: test_look}\n  - {id: a, action: test_look}\n",
            "13:10  steps[1].id  is given twice: expected another name",
            id="an id is given twice",
        ),
        pytest.param(
            "  - {id: a, action: test_look}\n  - {id: b, action: test_door, undo: [{id: a, action: test_look}]}\n",
            "9:45  steps[1].undo[0].id  is given twice: expected another name",
            id="an undo has a step's id",
        ),
        pytest.param(
            "  - {id: a, action: test_look, needs: [b]}\n  - {id: b, action: test_look}\n",
            "steps[0].needs[0]  expected the id of an earlier step",
            id="a later step is needed",
        ),
        pytest.param(
            "  - {id: a, action: test_look, needs: [a]}\n",
            "steps[0].needs[0]  expected the id of an earlier step",
            id="a step needs itself",
        ),
        pytest.param(
            "  - {id: a, action: test_look, background: true}\n  - {id: b, action: test_look}\n",
            "steps[0].background  expected a later step that needs it: else nothing waits for it",
            id="nothing waits for a step in the background",
        ),
        pytest.param(
            "  - {id: a, action: test_look, says: 'x ${token}'}\n",
            "steps[0]  expected only values that are there by then: run",
            id="a value is nowhere",
        ),
        pytest.param(
            "  - {id: a, action: test_look, says: '${token}'}\n"
            "  - {id: b, action: test_door, capture: {token: false}}\n",
            "steps[0]  expected only values that are there by then: run",
            id="a value is captured later",
        ),
        pytest.param(
            "  - {id: a, action: test_door, capture: {token: false}}\n"
            "  - {id: b, action: test_look, needs: []}\n"
            "  - {id: c, action: test_look, says: '${token}'}\n",
            "steps[2]  expected only values that are there by then: run",
            id="a value is captured by a step that is not needed",
        ),
        pytest.param(
            "  - {id: a, action: test_door, capture: {token: false}}\n"
            "  - {id: b, action: test_door, capture: {token: false}}\n",
            "steps[1].capture  captures under a name that is taken: expected another",
            id="a value is captured twice",
        ),
        pytest.param(
            "  - {id: a, action: test_door, capture: {run: false}}\n",
            "steps[0].capture  captures under a name that is taken: expected another",
            id="the run's id is captured",
        ),
        pytest.param(
            "  - {id: a, action: test_door, capture: {token: true}}\n"
            "  - {id: b, action: test_door, undo: [{action: test_look, says: '${token}'}]}\n",
            "steps[1].undo[0]  expected no secret that a step captures: after a crash it is gone",
            id="an undo uses a captured secret",
        ),
        pytest.param(
            "  - {id: a, action: test_door, capture: {token: true}}\n"
            "  - {id: b, action: test_door, says: '${token}'}\n",
            "steps[1]  expected no secret that a step captures where there is something to take back: a crash loses it",
            id="what has an undo of its own uses a captured secret",
        ),
        pytest.param(
            "  - {id: a, action: test_door, undo: [{action: test_look, says: '${late}'}]}\n"
            "  - {id: b, action: test_door, capture: {late: false}}\n",
            "steps[0].undo[0]  expected only values that are there by then: run",
            id="an undo uses what is captured later",
        ),
        pytest.param(
            "  - {id: a, action: test_door, undo: [{action: test_door, capture: {x: false}}]}\n",
            "steps[0].undo[0].capture  expected nothing captured: what a step of an undo finds is not kept",
            id="an undo captures",
        ),
        pytest.param(
            "  - {id: a, action: test_door, undo: [{action: test_look, background: true}]}\n",
            "steps[0].undo[0].background  expected nothing of the kind: a step of an undo undoes, and nothing else",
            id="an undo runs in the background",
        ),
        pytest.param(
            "  - {id: a, action: test_door, undo: [{action: test_door, undo: [{action: test_look}]}]}\n",
            "steps[0].undo[0].undo  expected nothing of the kind: a step of an undo undoes, and nothing else",
            id="an undo is undone",
        ),
        pytest.param(
            "  - {id: a, action: test_look, ends: [flag]}\n",
            "steps[0].ends[0]  expected a span that an earlier step begins",
            id="a span ends before it begins",
        ),
        pytest.param(
            "  - {id: a, action: test_look, begins: [flag], ends: [flag]}\n",
            "steps[0].ends[0]  expected a span that an earlier step begins",
            id="a span begins and ends at one step",
        ),
        pytest.param(
            "  - {id: a, action: test_look, begins: [flag]}\n  - {id: b, action: test_look, begins: [flag]}\n",
            "steps[1].begins[0]  expected a span that nothing begins yet",
            id="a span begins twice",
        ),
        pytest.param(
            "  - {id: a, action: test_look, begins: [total]}\n",
            "steps[0].begins[0]  expected one of: detect, flag, page, access, audit, revoke; "
            "total is the whole run: no step begins or ends it",
            id="the whole run needs no beginning",
        ),
        pytest.param(
            "  - {id: a, action: test_look, ends: [total]}\n",
            "steps[0].ends[0]  expected one of: detect, flag, page, access, audit, revoke; "
            "total is the whole run: no step begins or ends it",
            id="the whole run needs no end",
        ),
        pytest.param(
            "  - {id: a, action: test_look, refused: true}\n",
            "steps[0].refused  expected only where access is tried: this action is no way in",
            id="what is no access is refused",
        ),
        pytest.param(
            "  - {id: a, action: test_look, within: 5s, every: 5s}\n",
            "steps[0].every  expected less than within",
            id="no time for a second try",
        ),
        pytest.param(
            "  - {id: a, action: test_look, within: 13h}\n  - {id: b, action: test_look, within: 12h}\n",
            "steps  expected at most 1d in all, undo included: within is counted whole for every step",
            id="longer than a day",
        ),
        pytest.param(
            "  - {id: a, action: test_door, within: 8h, undo: [{action: test_look, within: 17h}]}\n",
            "steps  expected at most 1d in all, undo included: within is counted whole for every step",
            id="longer than a day with its undo",
        ),
        pytest.param("  []\n", "steps  expected a list of 1 to 100 steps", id="no step"),
        pytest.param(
            "  - {id: a, action: test_door, refused: true, evidences: [D5R, D5]}\n",
            "steps[0].evidences[1]  expected D5R: what is refused does not show D5",
            id="a refusal that is to show access",
        ),
        pytest.param(
            "  - {id: a, action: test_door, evidences: [D5R]}\n",
            "steps[0].evidences[0]  expected it where something must be refused: nothing else shows D5R",
            id="an access that is to show a refusal",
        ),
        pytest.param(
            "  - {id: a, action: test_door, way: platform, evidences: [D5]}\n",
            "steps[0].evidences[0]  expected it at a step of way: break_glass: D5 is access by break-glass",
            id="access by the platform",
        ),
        pytest.param(
            "  - {id: a, action: command, with: {argv: [/bin/true]}, evidences: [D5]}\n",
            "steps[0].evidences[0]  expected it at a step of way: break_glass: D5 is access by break-glass",
            id="access by who knows which way",
        ),
        pytest.param(
            "  - {id: a, action: test_door, evidences: [D4]}\n"
            "  - {id: b, action: test_door, refused: true, evidences: [D8]}\n",
            "steps[1].evidences[0]  expected a step before it that shows D5: without access nothing is taken back",
            id="nothing to take back",
        ),
        pytest.param(
            f"  - {{id: a, action: expect_audit, within: 1m, {AUDIT}, expect: {{absent_for: 3s}}, evidences: [D7]}}\n",
            "steps[0].evidences[0]  expected it where an entry must be there: that there is none does not show D7",
            id="nothing in the log",
        ),
        pytest.param(
            f"  - {{id: a, action: expect_audit, {AUDIT_OF_REFUSED}, evidences: [D6R, D6]}}\n",
            "steps[0].evidences[1]  expected D6R: the entry of a refused try does not show D6",
            id="a refused try in the log",
        ),
        pytest.param(
            f"  - {{id: a, action: expect_audit, {AUDIT}, evidences: [D6, D6R]}}\n",
            "steps[0].evidences[1]  expected it at an expect_audit with decision: refused: nothing else shows D6R",
            id="no refused try in the log",
        ),
        pytest.param(
            "  - {id: a, action: test_door, evidences: [D9]}\n",
            "steps[0].evidences[0]  expected it at a step of action rotate, or at a refusal after one: nothing else",
            id="nothing that rotates",
        ),
        pytest.param(
            "  - {id: a, action: test_door, refused: true, evidences: [D9]}\n",
            "steps[0].evidences[0]  expected a step before it that rotates and shows D9: nothing else makes one old",
            id="a password that was never good",
        ),
        pytest.param(
            "  - {id: a, action: test_look, evidences: [D10]}\n  - {id: b, action: test_look, evidences: [D1]}\n",
            "steps[0].evidences[0]  expected a step before it that shows D1: without an outage nothing is granted",
            id="granted before the outage",
        ),
        pytest.param(
            "  - {id: a, action: exercise, with: {principals: [x]}, evidences: [D1]}\n"
            "  - {id: b, action: test_look, evidences: [D10]}\n"
            "  - {id: c, action: exercise, with: {of: a, end: true}, needs: [a]}\n",
            "steps[1].evidences[0]  expected it after every step that shows D1 or ends the exercise: until then",
            id="granted in the outage",
        ),
        pytest.param(
            "  - {id: a, action: test_look, evidences: [D11]}\n",
            "steps[0].evidences[0]  expected it at a step of action manual: that people did it, a person says",
            id="a review by nobody",
        ),
        pytest.param(
            "  - {id: a, action: test_look, evidences: [D12]}\n",
            "steps[0].evidences[0]  expected nothing of the kind: no step shows D12, but signed receipts",
            id="a seal of one's own",
        ),
        pytest.param(
            "  - {id: a, action: expect_flag, with: {file: f}, expect: {state: standby}, evidences: [D4]}\n",
            "steps[0].evidences[0]  expected it at a flag that opens: standby does not show D4",
            id="a sealed flag that is to open",
        ),
        pytest.param(
            "  - {id: a, action: expect_flag, with: {file: f}, expect: {refusal: expired}, evidences: [D4]}\n",
            "steps[0].evidences[0]  expected D5R: what is refused does not show D4",
            id="a refused flag that is to open",
        ),
    ],
)
def test_what_steps_must_be_to_each_other(steps: str, expected: str) -> None:
    """One mistake, and one line that says where and what."""
    (found,) = mistakes(scenario(steps))
    assert found.endswith(expected.partition("  ")[2]) if expected[0].isdigit() else expected in found


def test_what_steps_can_not_show_is_told_all_at_once() -> None:
    """Each with its line; what is sound, beside them."""
    steps = """\
  - {id: a, action: test_door, refused: true, evidences: [D8]}
  - {id: b, action: test_door, refused: true, evidences: [D4]}
  - {id: c, action: test_door, way: break_glass, evidences: [D4, D5]}
  - {id: d, action: test_door, refused: true, evidences: [D8, D9, D5R]}
  - {id: e, action: manual, with: {ask: Who knew?}, evidences: [D0, D11, D6]}
"""
    told = [each.split("  ")[1] for each in mistakes(scenario(steps))]
    wrong = ["steps[0].evidences[0]", "steps[1].evidences[0]", "steps[3].evidences[1]"]
    assert told == wrong
    beside = [
        each.split("  ")[1] for each in mistakes(scenario(f"{steps}  - {{action: test_look, evidences: [D0]}}\n"))
    ]
    assert beside == [*wrong, "steps[5].id"]


@pytest.mark.parametrize("title", ["", "title: 'x: it must be refused', ", "title: 'a: end the exercise of step a', "])
@pytest.mark.parametrize(
    ("step", "sought", "ends"),
    [
        (f"action: expect_audit, {AUDIT}", Sought.ENTRY, False),
        (f"action: expect_audit, {AUDIT_OF_REFUSED}", Sought.REFUSED, False),
        (f"action: expect_audit, {AUDIT}, within: 1m, expect: {{absent_for: 3s}}", Sought.ABSENCE, False),
        (f"action: expect_audit, title: look for no entry of this run in x, {AUDIT}", Sought.ENTRY, False),
        ("action: exercise, with: {principals: [x]}", None, False),
        ("action: exercise, with: {of: a, end: true}, needs: [a]", None, True),
        ("action: expect_flag, with: {file: f}, expect: {state: ready}", None, False),
        ("action: expect_flag, with: {file: f}, expect: {refusal: expired}", None, False),
    ],
)
def test_a_journal_knows_the_kind_of_a_step_by_what_it_does(
    title: str,
    step: str,
    sought: Sought | None,
    ends: bool,  # noqa: FBT001 - a row of the table
) -> None:
    """As the scenario does, and whatever its title says."""
    given = "" if "title" in step else title
    first = "  - {id: a, action: exercise, with: {principals: [x]}}\n"
    found = loaded(scenario(f"{first}  - {{id: b, {given}{step}}}\n")).steps[1]
    assert kind_of(found.planned("", ())) == Kind(found.action, found.expects_refusal, None, sought, ends)
    assert (found.sought, found.ends_exercise) == (sought, ends)


def test_who_gets_in_by_what_another_step_got_goes_through_its_door() -> None:
    """In turn, too; but not through what is refused, or is no break-glass."""
    steps = """\
  - {id: a, action: test_door, way: break_glass, capture: {one: false}}
  - {id: b, action: test_door, way: break_glass, says: '${one}', capture: {two: false}}
  - {id: c, action: test_door, capture: {three: false}}
  - {id: d, action: test_door, way: break_glass, says: '${two} ${three}'}
"""
    found = {each.id: each.through for each in planned_steps(loaded(scenario(steps)))}
    assert found == {"a": (), "b": ("a",), "c": (), "d": ("b", "a")}


def test_a_target_is_of_a_span_that_ends() -> None:
    """A target that nothing measures would be neither met nor missed; the whole run always ends."""
    steps = "  - {id: a, action: test_look, begins: [flag]}\n"
    (found,) = mistakes(scenario(steps, "targets: {flag: 1m, total: 1h}\n"))
    assert found == "6:11  targets.flag  expected a span that some step ends"


def test_values_reach_as_far_as_needs_do() -> None:
    """Through steps that are needed in turn, from parameters, and into an undo; the run's id is always there."""
    steps = """\
  - {id: a, action: test_door, capture: {token: true, session: false}}
  - {id: b, action: test_look}
  - {id: c, action: test_look, says: '${token} ${ticket} ${run}'}
  - id: d
    action: test_door
    capture: {own: false}
    undo:
      - {action: test_look, says: '${session} ${own} ${ticket} ${run}'}
      - {id: last, action: test_look}
"""
    found = loaded(scenario(steps, "parameters: {ticket: {}}\n"))
    assert [each.id for each in found.steps[3].undo_steps()] == ["d-undo-1", "last"]


def test_a_background_step_is_no_step_that_the_next_one_needs() -> None:
    """What runs in the background would not, if the next step waited for it."""
    steps = """\
  - {id: a, action: test_look}
  - {id: b, action: test_look, background: true}
  - {id: c, action: test_look}
  - {id: d, action: test_look, needs: [b, c]}
  - {id: e, action: test_look, needs: []}
"""
    assert loaded(scenario(steps)).needs() == {"a": (), "b": ("a",), "c": ("a",), "d": ("b", "c"), "e": ()}


def test_a_window_is_days_and_hours_somewhere() -> None:
    """All of it is needed but the days, and it is longer than nothing."""
    gates = 'gates: {window: {from: "09:00", to: "16:00", timezone: Europe/Berlin}, no_open_incident: false}\n'
    found = loaded(scenario("  - {id: a, action: test_look}\n", gates))
    assert found.gates.window is not None
    assert len(found.gates.window.days) == 7
    assert found.gates.let_go() == ("no_open_incident",)
    wrong = 'gates: {window: {days: [Mon], from: "9:00", to: "16:00"}}\n'
    found_wrong = mistakes(scenario("  - {id: a, action: test_look}\n", wrong))
    assert [each.split("  ")[1] for each in found_wrong] == [
        "gates.window.timezone",
        "gates.window.days[0]",
        "gates.window.from",
    ]
    empty = 'gates: {window: {from: "09:00", to: "09:00", timezone: UTC}}\n'
    (found_empty,) = mistakes(scenario("  - {id: a, action: test_look}\n", empty))
    assert found_empty.endswith("gates.window.to  expected another time than from")


@pytest.mark.parametrize("text", ["", "# nothing\n", "- a\n", "a\n"])
def test_what_is_no_scenario_is_told_as_one(tmp_path: Path, text: str) -> None:
    """Not as settings, which it is not."""
    with pytest.raises(SettingsFault, match="expected a mapping with id, title, owner"):
        read(write(tmp_path, text, "door.yaml"))
