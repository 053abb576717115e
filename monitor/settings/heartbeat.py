"""Settings of the `heartbeat` probe: a program that tells how it is, and how long it may be silent."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from glasswatch.settings.duration import DurationShape
from glasswatch.settings.model import Finding, finding
from glasswatch.settings.shapes import Switch, WholeNumber
from monitor.model.verdict import Role
from monitor.settings.probe import ProbeSettings
from monitor.settings.second_hand import decides_nothing


class HeartbeatProbeSettings(ProbeSettings):
    """A program that beats: it sends a token to the monitor, again and again. Silence is bad."""

    role: ClassVar[Role] = Role.SECOND_HAND
    asks: ClassVar[bool] = False

    type: Literal["heartbeat"] = "heartbeat"
    """What kind of probe it is."""
    critical: Switch = False
    """Always false: what others tell never takes a platform down."""
    interval: Annotated[timedelta, DurationShape(at_least=timedelta(milliseconds=100), at_most=timedelta(days=1))] = (
        timedelta(seconds=15)
    )
    """How often it is looked at."""
    timeout: Annotated[timedelta, DurationShape()] = timedelta(milliseconds=100)
    """Can't be given: nothing is waited for."""
    recover: Annotated[int, WholeNumber(1, 100)] = 1
    """Good looks in a row that end a confirmed bad one."""
    every: Annotated[timedelta, DurationShape(at_least=timedelta(seconds=1), at_most=timedelta(days=366))]
    """How often it beats."""
    grace: Annotated[timedelta, DurationShape(at_least=timedelta(seconds=1), at_most=timedelta(days=31))] = timedelta(
        seconds=30
    )
    """How much later a beat may come. Longer silence is bad."""

    @finding("critical")
    def is_never_critical(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A second-hand probe never decides alone (design 3.3)."""
        return decides_nothing(critical=self.critical)

    @finding()
    def waits_for_nothing(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """A time-out has no meaning here."""
        if "timeout" in given:
            yield ("timeout",), "expected none: nothing is waited for; every and grace say how long silence may last"
