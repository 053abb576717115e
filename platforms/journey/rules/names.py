"""Which values a request needs. Whoever only checks settings needs nothing more of a journey than this."""

from glasswatch import placeholders
from platforms.journey.model import Ask


def names_in(ask: Ask) -> frozenset[str]:
    """Return the names of all values that a request needs."""
    found = placeholders.names_in([ask.path, *ask.headers.values(), *(ask.form or {}).values(), ask.json])
    return found | {ask.link} if ask.link is not None else found


def names_in_path(ask: Ask) -> frozenset[str]:
    """Return the names of the values that would stand in the address."""
    return placeholders.names_in(ask.path) | ({ask.link} if ask.link is not None else frozenset())
