"""The action `wait`: lets time pass."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, ClassVar, Final

from pydantic import Field, model_validator

from drills.settings.step import StepSettings
from glasswatch.durations import parse, render
from glasswatch.settings.duration import Duration
from glasswatch.settings.model import Finding, SettingsModel, finding

_SPARE: Final = timedelta(seconds=30)


class WaitWithSettings(SettingsModel):
    """How long."""

    expected: ClassVar[str] = "a mapping with for"

    lasts: Duration = Field(alias="for")
    """How long to wait."""


class WaitStep(StepSettings):
    """Waits."""

    what: WaitWithSettings = Field(alias="with")
    """How long."""

    @model_validator(mode="before")
    @classmethod
    def _time_enough(cls, value: Any) -> Any:  # noqa: ANN401 - what was written, whatever that is
        """Give it a little more than it waits, where nothing is said, so that a run that hangs is soon noticed."""
        with_ = value.get("with") if isinstance(value, Mapping) else None
        if not isinstance(with_, Mapping) or "within" in value:
            return value
        try:
            return {**value, "within": parse(str(with_.get("for"))) + _SPARE}
        except ValueError:
            return value

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
