"""The action `manual`: a named person does something, and says so."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import Field

from drills.settings.root import Person
from drills.settings.step import StepSettings
from glasswatch.settings.duration import Duration
from glasswatch.settings.model import SettingsModel
from glasswatch.settings.sentences import Words
from glasswatch.settings.shapes import Switch, TextShape


class ManualWithSettings(SettingsModel):
    """What is asked of whom."""

    expected: ClassVar[str] = "a mapping with ask"

    ask: Annotated[str, TextShape("a question of at most 1,000 characters", r"[^\x00-\x1f\x7f]{1,1000}")]
    """What the person is to do, and to confirm."""
    persons: Annotated[tuple[Person, ...], Words("a list of persons' names")] = ()
    """Who may confirm it; anybody, if left out."""
    not_operator: Switch = False
    """Whether it must be another person than who runs the drill, with another login on the machine."""
    note: Switch = False
    """Whether a note is needed."""
    file: Switch = False
    """Whether a file is needed: its hash goes on record."""


class ManualStep(StepSettings):
    """Asks a person. With `refused` the person confirms that access was refused."""

    is_access: ClassVar[bool] = True
    what: ManualWithSettings = Field(alias="with")
    """What is asked of whom."""
    within: Duration = timedelta(minutes=15)
    """How long the person has."""

    @property
    def line(self) -> str:
        """What it does."""
        who = " or ".join(self.what.persons) or "a person"
        other = ", who does not run the drill," if self.what.not_operator else ""
        return f"{who}{other} confirms: {self.what.ask}"

    @property
    def touches(self) -> tuple[str, ...]:
        """What a person does is theirs to say."""
        return ("whatever the person does",)

    def captures(self) -> Mapping[str, bool]:
        """Return nothing: what a person says is on record by itself."""
        return {}
