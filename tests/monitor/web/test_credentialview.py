"""What the page says of credentials that it is time to renew."""

from datetime import timedelta

from monitor.model.credential import EndSource, ToRenew
from monitor.web.credentialview import credentials_view
from monitor.web.pageview import Tone
from tests.support.clock import START


def _due(number: int, *, has_ended: bool = False) -> ToRenew:
    return ToRenew(f"c{number}", START + number * timedelta(days=1), EndSource.CERTIFICATE, has_ended)


def test_what_has_ended_is_bad_and_what_ends_soon_only_warns() -> None:
    """Where nothing has to be renewed nothing is shown."""
    assert credentials_view([]) is None
    both = credentials_view([_due(-1, has_ended=True), _due(1)])
    assert both is not None
    assert [each.mark.tone for each in both.shown] == [Tone.BAD, Tone.WARN]
    assert both.has_ended
    assert both.shown[1].what == "ends at 2026-03-02T03:00:00Z, the certificate says"


def test_of_many_those_are_shown_that_end_first() -> None:
    """The page has its bounds, and says so."""
    many = credentials_view([_due(number) for number in range(30)])
    assert many is not None
    assert ([each.name for each in many.shown], many.note) == ([f"c{number}" for number in range(20)], "And 10 more.")
