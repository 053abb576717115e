"""Stories of attempts of one probe, a letter for each, and what is believed after them."""

from datetime import datetime

from monitor.model.event import Observed
from monitor.model.outcome import OutcomeKind
from monitor.model.policy import ProbePolicy
from monitor.model.state import ProbeState
from monitor.rules.probe import (
    observe,
)
from tests.support.clock import START
from tests.support.rulings import SECOND, outcome, probe

PORTAL = probe()
FRESH = ProbeState("f0")
GOOD, BAD, NONE, SKIPPED = OutcomeKind.GOOD, OutcomeKind.BAD, OutcomeKind.NOT_MEASURED, OutcomeKind.SKIPPED

# One letter per attempt, 5 s apart: g good, b bad, n not measured, s skipped, B bad with a control that answered,
# X bad with none that did, ? bad without anybody having asked where an answer was needed.
LETTERS = {
    "g": (GOOD, None),
    "b": (BAD, None),
    "n": (NONE, None),
    "s": (SKIPPED, None),
    "B": (BAD, True),
    "X": (BAD, False),
    "?": (BAD, None),
}


def play(story: str, state: ProbeState = FRESH, settings: ProbePolicy = PORTAL, *, blind: bool = False) -> ProbeState:
    """Have a story of attempts happen, the first at START."""
    for number, letter in enumerate(story.replace(" ", "")):
        kind, answered = LETTERS[letter]
        at = START + number * 5 * SECOND
        state = observe(state, settings, Observed(settings.name, outcome(kind, at), at, answered), blind=blind)
    return state


def began(number: int) -> datetime:
    """Return when the attempt of this number began."""
    return START + number * 5 * SECOND - SECOND / 10
