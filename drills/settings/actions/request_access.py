"""The action `request_access`: access through the JIT platform, asked for as an engineer does."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, ClassVar, Final

from pydantic import Field

from drills.model.step import Way
from drills.settings.actions.ways import WaySettings
from drills.settings.step import StepSettings
from glasswatch.settings.model import Finding, finding
from glasswatch.settings.sentences import Words
from glasswatch.settings.shapes import OneOf
from platforms.settings.steps import ValueName

_ROOM: Final = timedelta(seconds=15)
_CUT_SHORT: Final = timedelta(seconds=60)  # what undoing has at the least


class RequestAccessWithSettings(WaySettings):
    """Which platform, and how access is asked for there."""

    expected: ClassVar[str] = "a mapping with url and steps"

    @finding("steps")
    def something_is_opened(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """Access that is asked for is given back."""
        if not any(step.undo is not None for step in self.steps):
            yield ("steps",), "expected a step with undo: the one that asks for access"


class RequestAccessStep(StepSettings):
    """Asks the platform for access, and holds it until the run is over."""

    is_access: ClassVar[bool] = True
    what: RequestAccessWithSettings = Field(alias="with")
    """Which platform, and how access is asked for there."""
    way: Annotated[Way, OneOf(Way)] | None = Way.PLATFORM
    """Which way in it takes: the platform's."""
    capture: Annotated[tuple[ValueName, ...], Words("a list of names such as [session]")] = ()
    """Values that its steps capture and later steps use, as secrets; those with `keep` are there in any case."""

    @finding("way")
    def the_way_is_the_platforms(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """It is no way around the platform."""
        if self.way is not Way.PLATFORM:
            yield ("way",), "expected platform: it is the platform that is asked"

    @finding("what", "capture", "refused")
    def captured_is_there(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """What is captured comes from a step."""
        there = {name for step in self.what.steps for name in step.capture}
        for place, name in enumerate(self.capture):
            if name not in there:
                yield ("capture", place), "expected a name that one of its steps captures"
        if self.refused and self.capture:
            yield ("capture",), "expected nothing to capture where access is refused"

    @finding("what", "within")
    def undoing_has_its_time(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """What may have been opened unseen can be looked for to the end."""
        finds = [step.undo.find for step in self.what.steps if step.undo is not None and step.undo.find is not None]
        longest = max((find.certain_after for find in finds), default=timedelta())
        if max(self.within, _CUT_SHORT) < longest + _ROOM:
            yield ("within",), "expected the longest certain_after and 15 s more: undoing has as long as the step"

    @property
    def line(self) -> str:
        """What it does."""
        return f"ask {self.what.url} for access{', which must be refused' if self.refused else ''}"

    @property
    def undo_line(self) -> str:
        """How it is taken back."""
        return f"close at {self.what.url} what was opened there: {', '.join(self._opening())}"

    @property
    def touches(self) -> tuple[str, ...]:
        """What it may disturb."""
        return (f"access is given by {self.what.url} until it is taken back",)

    @property
    def rights(self) -> tuple[str, ...]:
        """What it needs to be allowed."""
        return self.what.rights()

    def names(self) -> frozenset[str]:
        """Return the names of the values that it uses."""
        return self.what.outside()

    def captures(self) -> Mapping[str, bool]:
        """Return the names of the values that it captures, and whether each is secret."""
        if self.refused:
            return {}
        kept = self.what.kept()
        return {**dict.fromkeys(sorted(kept), False), **{name: True for name in self.capture if name not in kept}}

    def _opening(self) -> Iterable[str]:
        return [step.id for step in self.what.steps if step.undo is not None]
