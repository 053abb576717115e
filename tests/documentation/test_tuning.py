"""What the guide and the decision say of the defaults is what `monitor backtest` says of them."""

from datetime import timedelta

import pytest

from monitor.backtest.course import Pace
from monitor.backtest.estimate import quantile
from monitor.backtest.judge import Ours
from monitor.backtest.study import BEGINS_AT, settled, what_of
from monitor.backtest.trials import Found, Trial, detection
from monitor.backtest.world import Stretch
from monitor.commands.backtest import showing
from monitor.commands.backtest.settings import Instead, defaults
from tests.support.documents import DOCS

TEXTS = [
    (DOCS / "guide" / "tuning.md").read_text(),
    (DOCS / "decisions" / "0022-defaults-by-backtest.md").read_text(),
]
LENGTHS = [timedelta(seconds=seconds) for seconds in (15, 30, 45, 60, 120, 300)]
RULES = defaults("ours", Instead())


@pytest.fixture(scope="module")
def found() -> Found:
    """How soon the defaults find outages, by the seed that the documents name."""
    start = settled(Ours.starting(RULES.policy, RULES.grid, BEGINS_AT), Pace(), BEGINS_AT)
    return detection(start, Stretch(1.0), LENGTHS, 1000, Trial("1", lambda: None))


@pytest.mark.parametrize("text", TEXTS)
def test_the_row_of_the_defaults_is_real(text: str, found: Found) -> None:
    """Quantiles and shares as printed, and the settings they hold for."""
    quantiles = [showing.seconds(quantile(found.delays, share)) for _, share in showing.QUANTILES]
    (row,) = (line.split() for line in text.splitlines() if line.startswith("  ours ") and "%" in line)
    assert " ".join(row[1:]) == " ".join([*quantiles, *(showing.percent(each) for each in found.missed.values())])
    assert what_of(RULES.policy) in text


def test_the_bounds_of_the_guide_are_those_of_the_rules(found: Found) -> None:
    """The longest that a silent outage takes, and which lengths are always or never found."""
    assert "40 s by\n  default" in TEXTS[0]
    assert 39.5 < found.delays[-1] < 40.2
    assert "never so of one of\n  35 s, and always of one of 20 s" in TEXTS[0]
