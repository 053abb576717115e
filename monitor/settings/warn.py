"""What marks a good outcome."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, ClassVar

from glasswatch.settings.duration import Duration
from glasswatch.settings.model import Finding, SettingsModel
from glasswatch.settings.shapes import WholeNumber


class WarnSettings(SettingsModel):
    """What leaves an outcome good but marks it: the function is degraded at most."""

    expected: ClassVar[str] = "a mapping with duration and tls_days_left"

    duration: Duration | None = None
    """An attempt that takes longer is marked."""
    tls_days_left: Annotated[int, WholeNumber(1, 3650)] | None = None
    """A certificate that ends within this many days is marked."""


def too_late(duration: timedelta | None, timeout: timedelta) -> Iterable[Finding]:
    """Find a warning about slowness that can't happen before the timeout."""
    if duration is not None and duration >= timeout:
        yield ("warn", "duration"), "expected less than the timeout"
