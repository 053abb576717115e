"""The action `wait`: lets time pass."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import ClassVar

from pydantic import Field

from drills.settings.step import StepSettings
from glasswatch.durations import render
from glasswatch.settings.duration import Duration
from glasswatch.settings.model import Finding, SettingsModel, finding


class WaitWithSettings(SettingsModel):
    """How long."""

    expected: ClassVar[str] = "a mapping with for"

    lasts: Duration = Field(alias="for")
    """How long to wait."""


class WaitStep(StepSettings):
    """Waits."""

    what: WaitWithSettings = Field(alias="with")
    """How long."""
    within: Duration = timedelta(hours=2)
    """The longest that it may take."""

    @finding("what", "within")
    def there_is_time(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """It can end within its time."""
        if self.what.lasts >= self.within:
            yield ("with", "for"), "expected less than within"

    @property
    def line(self) -> str:
        """What it does."""
        return f"wait for {render(self.what.lasts)}"

    @property
    def is_real(self) -> bool:
        """Time that passes proves nothing."""
        return False
