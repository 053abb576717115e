"""What the page and the interface say of credentials to look after."""

from dataclasses import replace
from datetime import timedelta

from monitor.model.credential import Concern, EndSource, ToRenew
from monitor.web.credentialview import answers, credentials_view
from monitor.web.pageview import Tone
from tests.support.clock import START


def _due(number: int, *, has_ended: bool = False) -> Concern:
    name = f"c{number}"
    return Concern(name, ToRenew(name, START + number * timedelta(days=1), EndSource.CERTIFICATE, has_ended))


def test_what_has_ended_is_bad_and_what_ends_soon_only_warns() -> None:
    """Where nothing has to be renewed nothing is shown."""
    assert credentials_view([]) is None
    both = credentials_view([_due(-1, has_ended=True), _due(1)])
    assert both is not None
    assert [each.mark.tone for each in both.shown] == [Tone.BAD, Tone.WARN]
    assert both.has_ended
    assert both.shown[1].what == "ends at 2026-03-02 03:00:00 UTC, the certificate says"


def test_of_many_those_are_shown_that_end_first() -> None:
    """The page has its bounds, and says so."""
    many = credentials_view([_due(number) for number in range(30)])
    assert many is not None
    assert ([each.name for each in many.shown], many.note) == ([f"c{number}" for number in range(20)], "And 10 more.")


def test_what_can_not_be_read_is_named_with_what_is_known_of_its_end() -> None:
    """It is neither good nor ended: nobody knows; a ticket that fires stands beside it."""
    found = [replace(_due(-1, has_ended=True), is_readable=False), Concern("c", None, is_readable=False)]
    shown = credentials_view(found)
    assert shown is not None
    assert [each.mark.tone for each in shown.shown] == [Tone.BAD, Tone.WARN]
    assert shown.shown[0].what.endswith(", the certificate says, and can't be read now")
    assert shown.shown[1].what == "can't be read"
    assert [(each.ends is None, each.source, each.ended, each.readable) for each in answers(found)] == [
        (False, "certificate", True, False),
        (True, None, False, False),
    ]
