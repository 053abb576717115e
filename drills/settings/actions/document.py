"""Steps that are answered with a JSON document: what it must hold, and what is captured of it."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from drills.settings.actions.parts import JsonGiven, texts
from drills.settings.step import StepSettings, ValueName
from glasswatch.settings.json_path import JsonPathText
from glasswatch.settings.model import SettingsModel
from glasswatch.settings.sentences import Words
from glasswatch.settings.shapes import Switch

JsonValues = Annotated[Mapping[JsonPathText, JsonGiven], Words("a mapping such as status: ok")]


class DocumentExpectSettings(SettingsModel):
    """What the document must look like."""

    expected: ClassVar[str] = "a mapping with json"

    json_values: JsonValues = Field(default_factory=dict, alias="json")
    """Places in the document, and the exact value each must hold. `${name}` stands for a value."""


class DocumentCaptureSettings(SettingsModel):
    """Where a value is taken from."""

    expected: ClassVar[str] = "a mapping with json"

    json_place: JsonPathText = Field(alias="json")
    """Place in the document: a text, a number, true or false."""
    secret: Switch = False
    """Whether it is a secret: it goes nowhere but into later steps."""


class DocumentStep(StepSettings):
    """A way in that is answered with a document."""

    is_access: ClassVar[bool] = True
    expect: DocumentExpectSettings = DocumentExpectSettings()
    """What the document must look like."""
    capture: Annotated[
        Mapping[ValueName, DocumentCaptureSettings], Words("a mapping from names to where each value comes from")
    ] = Field(default_factory=dict)
    """Values that later steps use."""

    def names(self) -> frozenset[str]:
        """Return the names of the values that are expected; what is asked with has more."""
        return texts(self.expect.json_values.values())

    def captures(self) -> Mapping[str, bool]:
        """Return the names of the values that it captures, and whether each is secret."""
        return {name: each.secret for name, each in self.capture.items()}
