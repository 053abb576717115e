"""Secrets where others can read them: in a target's log they are mistakes, in arguments the plan tells of them."""

from pathlib import Path

import pytest

from drills.planning import planned_steps
from drills.settings.scenario import ScenarioFile
from glasswatch.settings.load import load_text
from glasswatch.settings.mistake import SettingsFault

HEAD = """\
id: shown
title: What others see
owner: anna
platform: payments
cadence: none
parameters: {door: {secret: {env: DOOR}}, open: {default: plain}}
steps:
  - id: opened
    action: command
    with: {argv: [/usr/bin/open, '${open}']}
    capture: {token: {match: '(.+)', secret: true}, place: {match: 'in (.+)'}}
"""
LOGIN = "host: db, user: anna, key: /k, known_hosts: /hosts"
HERE = "which others on this machine can read"
ROTATE = """\
  - id: rotated
    action: rotate
    with:
      command: {argv: [/usr/bin/rotate, '${token}']}
      old_works: {action: command, with: {argv: [/usr/bin/in, '${door}']}}
      old_refused: {action: command, refused: true, expect: {status: [1]}, with: {argv: [/usr/bin/in, '${door}']}}
      new_works: {action: command, with: {argv: [/usr/bin/in, '${new}']}}
    capture: {new: {match: '(.+)', secret: true}}
"""


def _loaded(steps: str) -> ScenarioFile:
    return load_text(HEAD + steps, ScenarioFile, Path("/nowhere/shown.yaml"), sections={})


def _login(id_: str, **values: str) -> str:
    mint = f"mint: {{ca: /ca, principals: [anna], key_id: '{values.get('key_id', '${run}')}'}}"
    return f"{{id: {id_}, action: ssh, with: {{{LOGIN}, {mint}, command: [/bin/see, '{values.get('word', '-')}']}}}}\n"


@pytest.mark.parametrize(
    ("steps", "places"),
    [
        (f"  - {_login('a', key_id='anna ${door}')}", ["steps[1].with.mint.key_id"]),
        (f"  - {_login('a', key_id='${token}')}", ["steps[1].with.mint.key_id"]),
        (
            f"  - {{id: a, action: wait, with: {{for: 1s}}, undo: [{_login('b', key_id='${door}').strip()}]}}\n",
            ["steps[1].undo[0].with.mint.key_id"],
        ),
    ],
)
def test_no_secret_stands_in_what_a_target_logs(steps: str, places: list[str]) -> None:
    """A parameter's, or one that was captured; in what takes a step back as well."""
    with pytest.raises(SettingsFault) as raised:
        _loaded(steps)
    assert [str(mistake).split("  ")[1] for mistake in raised.value.mistakes] == places
    assert all("expected no secret" in str(mistake) for mistake in raised.value.mistakes)


def test_the_plan_names_secrets_in_arguments() -> None:
    """Of whichever program, here and elsewhere; what is no secret is not named."""
    undo = "undo: [{action: command, with: {argv: [/usr/bin/shut, '${door}']}}]"
    found = planned_steps(
        _loaded(
            f"  - {_login('a', key_id='${place}', word='${token}')}"
            f"  - {{id: b, action: command, with: {{argv: [/usr/bin/see, '${{open}}']}}, {undo}}}\n"
            f"{ROTATE}"
        )
    )
    told = [[right for right in step.rights if "secret" in right] for step in found]
    assert told == [
        [],
        ["to show the secret ${token} in arguments of ssh, which others here and on db can read"],
        [f"to show the secret ${{door}} in arguments of /usr/bin/shut, {HERE}"],
        [
            f"to show the secret ${{token}} in arguments of /usr/bin/rotate, {HERE}",
            f"to show the secret ${{door}}, ${{new}} in arguments of /usr/bin/in, {HERE}",
        ],
    ]
