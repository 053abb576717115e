"""What holds for the settings of every second-hand probe: one that is told how things are, and doesn't try them."""

from collections.abc import Iterable

from glasswatch.settings.model import Finding


def decides_nothing(*, critical: bool) -> Iterable[Finding]:
    """Find a second-hand probe that would make its function critical: it never decides alone."""
    if critical:
        yield ("critical",), "expected false: what others tell never takes a platform down"
