"""The action `revoke_access`: access through the JIT platform is ended now, and proven to be over."""

from collections.abc import Iterable, Mapping
from typing import ClassVar

from pydantic import Field

from drills.settings.actions.ways import WaySettings
from drills.settings.step import StepSettings
from glasswatch.settings.model import Finding, finding


class RevokeAccessWithSettings(WaySettings):
    """Which platform, how access is ended there, and how that is seen."""

    expected: ClassVar[str] = "a mapping with url and steps"

    @finding("steps")
    def nothing_is_opened(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """It closes; what it closes, another step takes back if this one fails."""
        for place, step in enumerate(self.steps):
            if step.undo is not None:
                yield ("steps", place, "undo"), "expected nothing to undo: it opens nothing"

    @finding("steps")
    def refusal_is_seen(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """That access is over is more than that the platform says so."""
        if not self.steps[-1].refused:
            yield ("steps", len(self.steps) - 1), "expected the last step to use the access, with refused: true"


class RevokeAccessStep(StepSettings):
    """Ends access, and sees it refused."""

    what: RevokeAccessWithSettings = Field(alias="with")
    """Which platform, how access is ended there, and how that is seen."""

    @property
    def line(self) -> str:
        """What it does."""
        return f"end access at {self.what.url}, and see it refused"

    @property
    def touches(self) -> tuple[str, ...]:
        """What it may disturb."""
        return (f"access that {self.what.url} gave is ended",)

    @property
    def rights(self) -> tuple[str, ...]:
        """What it needs to be allowed."""
        return self.what.rights()

    def names(self) -> frozenset[str]:
        """Return the names of the values that it uses."""
        return self.what.outside()
