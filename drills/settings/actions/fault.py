"""The action `fault`: breaks the demo's simulated platform, and mends it."""

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from drills.settings.step import StepSettings
from glasswatch.secrets import SecretReference
from glasswatch.settings.addresses import SafeAddressShape
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.sentences import Words
from glasswatch.settings.shapes import JsonValue, OneOf
from platforms.simulator.errors import FaultInvalid
from platforms.simulator.faults import TARGETS, parse


class FaultWithSettings(SettingsModel):
    """Which fault."""

    expected: ClassVar[str] = "a mapping with url, token, target and fault"

    url: Annotated[str, SafeAddressShape()]
    """Address of the simulated platform's admin face, as it says when it starts."""
    token: SecretReference
    """Its admin token."""
    target: Annotated[str, OneOf(TARGETS)] = "all"
    """Which function shows the fault."""
    fault: Annotated[Mapping[str, JsonValue], Words("a mapping such as {kind: fail, status: 503}")]
    """Kind of fault, and what belongs to it."""

    @finding("target", "fault")
    def fault_is_known(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """The platform takes the fault."""
        try:
            parse(self.target, self.fault)
        except FaultInvalid as error:
            yield ("fault",), f"expected a fault that the platform takes: {error}"


class FaultStep(StepSettings):
    """Breaks the simulated platform."""

    what: FaultWithSettings = Field(alias="with")
    """Which fault."""

    @property
    def line(self) -> str:
        """What it does."""
        return f"have the simulated platform show {self.what.fault.get('kind')} on {self.what.target}"

    @property
    def is_real(self) -> bool:
        """A simulated platform proves nothing about a real one."""
        return False

    @property
    def undo_line(self) -> str:
        """How it is taken back."""
        return f"take the fault on {self.what.target} away, and see that it is gone"

    @property
    def touches(self) -> tuple[str, ...]:
        """What it changes."""
        return (f"the simulated platform at {self.what.url}",)

    @property
    def rights(self) -> tuple[str, ...]:
        """What it needs to be allowed."""
        return (f"to read the secret from {self.what.token}",)
