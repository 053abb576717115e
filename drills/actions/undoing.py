"""What actions say of taking back that have no way of their own to do it."""

from drills.model.found import Found
from drills.model.step import Status

NOTHING_TO_TAKE_BACK = Found(Status.PASSED, "nothing to take back: it changes nothing", can_still=False)


def unknown(what: str) -> Found:
    """Return that nobody can tell what is left."""
    return Found(Status.NOT_MEASURED, f"what is left of {what} can't be told: the step has no undo", can_still=False)
