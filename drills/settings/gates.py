"""Settings of a scenario's gates: what must hold before its first step."""

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar, Final

from pydantic import Field

from drills.model.window import WEEKDAYS, Window
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.sentences import Words
from glasswatch.settings.shapes import OneOf, Switch, TextShape
from glasswatch.settings.zone import ZoneShape

_NEVER_LET_GO: Final = ("evidence", "alone")
_CAN_BE_LET_GO: Final = ("no_open_incident", "monitor_healthy", "approval")

_TimeOfDay = Annotated[str, TextShape("a time of day such as 09:00", "(?:[01][0-9]|2[0-3]):[0-5][0-9]")]


class WindowSettings(SettingsModel):
    """When a drill may begin: days of the week, and hours on the clock of one place."""

    expected: ClassVar[str] = 'a mapping such as {days: [tuesday], from: "09:00", to: "16:00", timezone: Europe/Berlin}'

    days: Annotated[
        tuple[Annotated[str, OneOf(WEEKDAYS)], ...], Field(min_length=1), Words("a list of weekdays such as [tuesday]")
    ] = WEEKDAYS
    """Days of the week on which it may begin."""
    begins: _TimeOfDay = Field(alias="from")
    """From when on the clock there."""
    ends: _TimeOfDay = Field(alias="to")
    """Until when, this minute left out; a time before `from` is one of the next day."""
    timezone: Annotated[str, ZoneShape()]
    """Whose clock that is."""

    @finding("begins", "ends")
    def has_a_length(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """It is longer than nothing."""
        if self.begins == self.ends:
            yield ("to",), "expected another time than from"

    def window(self) -> Window:
        """Return it as a plain value."""
        return Window(tuple(self.days), self.begins, self.ends, self.timezone)


class GateSettings(SettingsModel):
    """What must hold before the first step. One that is let go is shown as a finding."""

    expected: ClassVar[str] = "a mapping of gates"

    window: WindowSettings | None = None
    """When it may begin; at any time if left out."""
    no_open_incident: Switch = True
    """The platform has no outage, and nobody raised its flag."""
    monitor_healthy: Switch = True
    """The monitor answers, sees, and writes down what it sees."""
    approval: Switch = True
    """A second person signed the scenario as it stands; asked where a step really acts."""
    evidence: Switch = True
    """The evidence directory can be written, by its owner alone, and has room."""
    alone: Switch = True
    """No other drill is under way on the platform."""

    @finding(*_NEVER_LET_GO)
    def some_always_hold(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """Without these nothing that a run shows could be believed."""
        for name in _NEVER_LET_GO:
            if not getattr(self, name):
                yield (name,), "expected true: without it nothing that a run shows could be believed"

    def let_go(self) -> tuple[str, ...]:
        """Return the gates that are let go here."""
        return tuple(name for name in _CAN_BE_LET_GO if not getattr(self, name))
