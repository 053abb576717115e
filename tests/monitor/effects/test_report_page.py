"""What the page of an SLA report draws, and what it says that it doesn't."""

import pytest

from monitor.reports.page import _curves
from monitor.rules.slavalues import Pace


@pytest.mark.parametrize(("count", "told"), [(0, []), (6, []), (10, ["Drawn are the first 6 of 10 probes"])])
def test_what_is_not_drawn_is_said(count: int, told: list[str]) -> None:
    """Six lines can be told apart; of more probes the reader is sent to the list."""
    paces = [Pace(f"p{number}", 0.1, 0.2, [(0.1, 0.2), (0.1, 0.3)]) for number in range(count)]
    drawn = list(_curves(paces, ["2026-08-01", "2026-08-02"]))
    assert [each.partition(";")[0].removeprefix("<p>") for each in drawn[2:]] == told
    assert "".join(drawn[:1]).count("<polyline") == min(count, 6)
