"""What the page says of runs that are over."""

from datetime import timedelta

import pytest

from monitor.model.drill import RunVerdict
from monitor.web.drillview import history_views
from monitor.web.pageview import Tone
from monitor.web.seen import Seen
from tests.support.clock import START
from tests.support.drilled import ran


@pytest.mark.parametrize("verdict", RunVerdict)
@pytest.mark.parametrize("is_real", [True, False])
def test_only_what_was_real_and_passed_is_good(verdict: RunVerdict, *, is_real: bool) -> None:
    """A simulation that passed showed nothing."""
    ((run,),) = (each.runs for each in history_views({"restore": [ran(verdict, is_real=is_real)]}, Seen(START, False)))
    assert (run.mark.tone is Tone.GOOD) is (is_real and verdict is RunVerdict.PASSED)


def test_of_many_scenarios_those_are_shown_that_were_run_last() -> None:
    """The page has its bounds."""
    history = {f"s{number}": [ran(scenario=f"s{number}")] for number in range(30)}
    assert len(history_views(history, Seen(START + timedelta(days=1), False))) == 20
