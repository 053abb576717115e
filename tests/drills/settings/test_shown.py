"""What a plan shows of a step's settings: all that a second person must see, and no secret."""

import pytest

from drills.settings.shown import shown
from tests.support.drill_actions import TOKEN, step_of

DOOR = "https://door.example.com/"
CHECK = {"action": "http", "with": {"url": DOOR, "auth": {"bearer": TOKEN}}}


def test_a_request_is_shown_whole() -> None:
    """Method, address, headers, body; what is expected, and what is captured."""
    step = step_of(
        "http",
        with_={
            "method": "POST",
            "url": DOOR,
            "headers": {"X-Reason": "drill ${run}", "X-Key": TOKEN, "Authorization": "Bearer ${session}"},
            "json": {"reason": "drill", "hours": 1, "who": ["anna", "bea"], "password": "s3cret", "text": "1"},
            "timeout": "5s",
        },
        expect={"status": [201]},
        capture={"lease": {"json": "lease.id", "secret": True}},
        every="2s",
    )
    assert shown(step) == {
        "with": {
            "method": "POST",
            "url": DOOR,
            "headers.X-Reason": "drill ${run}",
            "headers.X-Key": "secret from environment variable PLANTED",
            "headers.Authorization": "Bearer ${session}",
            "json.reason": "drill",
            "json.hours": "1",
            "json.who": "[anna, bea]",
            "json.password": "[hidden]",
            "json.text": '"1"',
            "timeout": "5s",
        },
        "expects": {"status": "[201]"},
        "captures": {"lease.json": "lease.id", "lease.secret": "true"},
        "tried": {"": "every 2s, until it passes"},
    }


@pytest.mark.parametrize(("is_refused", "expects"), [(False, {"expects": {"status": "[200]"}}), (True, {})])
def test_what_holds_without_being_written_is_shown_where_it_holds(
    expects: dict[str, dict[str, str]],
    is_refused: bool,  # noqa: FBT001 - a row of the table
) -> None:
    """A refusal has other statuses."""
    found = shown(step_of("http", with_={"url": DOOR}, refused=is_refused))
    assert found == {"with": {"url": DOOR}, **expects}


def test_two_programs_that_differ_in_their_environment_differ() -> None:
    """Names and values; a value that is a secret by its name is not shown, nor one within a text."""
    env = {"FLAG": "/etc/stale.conf", "API_TOKEN": "abc", "ARGS": "--url https://x/?token=abc", "KEY_FROM": TOKEN}
    found = shown(step_of("command", with_={"argv": ["/bin/reader"], "env": env, "stdin": "yes"}))
    assert found["with"] == {
        "argv": "[/bin/reader]",
        "env.FLAG": "/etc/stale.conf",
        "env.API_TOKEN": "[hidden]",
        "env.ARGS": "--url https://x/?token=[hidden]",
        "env.KEY_FROM": "secret from environment variable PLANTED",
        "stdin": "yes",
    }


def test_the_checks_of_a_rotation_and_the_steps_of_an_undo_are_shown_as_steps() -> None:
    """A line, then their settings."""
    new = {"action": "http", "with": {"url": DOOR, "auth": {"bearer": {"file": "/new"}}}}
    step = step_of(
        "rotate",
        with_={
            "command": {"argv": ["/bin/rotate"]},
            "old_works": CHECK,
            "old_refused": {**CHECK, "refused": True, "expect": {"status": [403]}},
            "new_works": new,
        },
        undo=[{"action": "command", "with": {"argv": ["/bin/put-back", "${run}"]}}],
    )
    found = shown(step)
    assert found["with"]["command.argv"] == "[/bin/rotate]"
    assert found["with"]["old_refused"] == f"http: GET {DOOR}, which must be refused"
    assert found["with"]["old_refused.expects.status"] == "[403]"
    assert found["with"]["new_works.with.auth.bearer"] == "secret from file /new"
    assert found["undone_by"] == {
        "1": "command: run /bin/put-back ${run}",
        "1.with.argv": "[/bin/put-back, ${run}]",
        "1.expects.status": "[0]",
    }
