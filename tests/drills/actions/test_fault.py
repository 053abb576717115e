"""The action `fault`, on a real simulated platform."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from drills.model.step import Status
from tests.support.drill_actions import TOKEN, attempt, made, outcome, step_of, tools
from tests.support.simulator import simulated


async def test_it_breaks_the_platform_and_mends_it_again(tmp_path: Path) -> None:
    """Undone twice it is as it was; a platform that is gone is not said to be mended."""
    token = tmp_path / "token"
    with simulated() as platform:
        token.write_text(platform.token)
        with_ = {
            "url": platform.admin_url,
            "token": {"file": token},
            "target": "sign_in",
            "fault": {"kind": "fail", "status": 503},
        }
        step = step_of("fault", with_=with_)
        action = made(step, tools(tmp_path))
        untouched = await outcome(action, attempt(), is_undo=True)
        acted = await outcome(action, attempt())
        broken = platform.ask("POST", "/signin", {"name": "anna", "secret": "x"}).status
        undone = [await outcome(action, attempt(), is_undo=True) for _ in range(2)]
        mended = platform.ask("POST", "/signin", {"name": "anna", "secret": "x"}).status
        token.write_text("another")
        refused = await outcome(action, attempt())
    gone = await outcome(action, attempt(), is_undo=True)

    assert [each.status for each in (untouched, acted, *undone)] == [Status.PASSED] * 4
    assert (broken, mended) == (503, 401)
    assert (refused.status, gone.status) == (Status.NOT_MEASURED, Status.NOT_MEASURED)
    assert not step.is_real
    assert step.undo_line


@pytest.mark.parametrize("fault", [{"kind": "nonsense"}, {"kind": "fail", "status": "200"}, {"kind": "stop"}])
def test_a_fault_that_the_platform_would_not_take_is_a_mistake(fault: dict[str, str]) -> None:
    """Known before anything is run."""
    with pytest.raises(ValidationError) as caught:
        step_of("fault", with_={"url": "http://127.0.0.1:1", "token": TOKEN, "target": "sign_in", "fault": fault})
    assert [each["loc"] for each in caught.value.errors()] == [("with", "fault")]
