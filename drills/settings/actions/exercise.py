"""The action `exercise`: the monitor watches a platform as if it were down."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import Field

from drills.settings.actions.parts import PlatformName, Principal
from drills.settings.step import StepName, StepSettings
from glasswatch.durations import render
from glasswatch.settings.duration import Duration, DurationShape
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.sentences import Words
from glasswatch.settings.shapes import OneOf, Switch, TextShape

_STATES = ("running", "detected")
_OF_STARTING = ("platform", "principals", "targets", "for", "probes_see", "ticket")


class ExerciseWithSettings(SettingsModel):
    """Which exercise."""

    expected: ClassVar[str] = "a mapping with principals, or with of"

    of: StepName | None = None
    """In place of starting one: the step that started the exercise which is waited for, or ended."""
    end: Switch = False
    """Whether the exercise `of` that step is ended here, before the clean-up would."""
    platform: PlatformName | None = None
    """Platform that is exercised; the scenario's, if left out."""
    principals: Annotated[
        tuple[Principal, ...], Field(max_length=10), Words("a list of 1 to 10 names such as [breakglass-drill]")
    ] = ()
    """Principals that the flag of the exercise names: whom its readers let in."""
    targets: Annotated[
        tuple[Annotated[str, TextShape("a name of printable ASCII", r"[ -~]{1,255}")], ...],
        Field(max_length=50),
        Words("a list of names"),
    ] = ()
    """What break-glass may be used on, as the flag says it."""
    lasts: Annotated[timedelta, DurationShape(at_least=timedelta(seconds=10), at_most=timedelta(hours=2))] = Field(
        default=timedelta(minutes=30), alias="for"
    )
    """How long it lasts at most, whatever becomes of the drill."""
    probes_see: Annotated[str, OneOf(("hang", "refuse"))] = "hang"
    """What the shadow probes meet: connections that are never answered, or that are refused."""
    ticket: Annotated[str, TextShape("a ticket of printable ASCII", r"[ -~]{1,128}")] | None = None
    """Ticket that the flag names."""

    @finding("of", "end")
    def ends_what_was_started(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A step ends another's exercise."""
        if self.end and self.of is None:
            yield ("end",), "expected it beside of only: it is another step's exercise that is ended"

    @finding("of", "principals")
    def starts_or_waits(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """A step starts an exercise, or waits for another's."""
        if self.of is None and not self.principals:
            yield ("principals",), "is required: expected a list of 1 to 10 names such as [breakglass-drill]"
        if self.of is not None:
            for key in _OF_STARTING:
                if key in given:
                    yield (key,), "expected nothing that belongs to the step which starts it, beside of"


class ExerciseExpectSettings(SettingsModel):
    """What is waited for."""

    expected: ClassVar[str] = "a mapping such as state: detected"

    state: Annotated[str, OneOf(_STATES)] = "running"
    """`running`, or `detected`: its shadow probes were confirmed bad, on the path that a real outage takes."""


class ExerciseStep(StepSettings):
    """Starts an exercise, waits until one is detected, or ends one."""

    what: ExerciseWithSettings = Field(alias="with")
    """Which exercise."""
    expect: ExerciseExpectSettings = ExerciseExpectSettings()
    """What is waited for."""
    every: Duration | None = timedelta(seconds=1)
    """Pause between tries."""

    @finding("what", "expect")
    def nothing_else_comes_of_an_end(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """What is ended has ended."""
        if self.what.end and given.get("expect"):
            yield ("expect",), "expected nothing beside end: that it has ended is what is expected"

    @property
    def line(self) -> str:
        """What it does."""
        if self.what.end:
            return f"end the exercise of step {self.what.of}"
        until = f"wait until it is {self.expect.state}"
        if self.what.of is not None:
            return f"the exercise of step {self.what.of}: {until}"
        platform = self.what.platform or "the scenario's platform"
        return f"start an exercise of {platform} for {render(self.what.lasts)} at most, {until}"

    def rests_on(self) -> Mapping[tuple[str, ...], str]:
        """Return the step whose exercise is waited for."""
        return {("with", "of"): self.what.of} if self.what.of is not None else {}

    @property
    def ends_exercise(self) -> bool:
        """Whether it ends one."""
        return self.what.end

    @property
    def undo_line(self) -> str:
        """How it is taken back."""
        return "end the exercise at the monitor, and see that it has ended" if self.what.of is None else ""

    @property
    def touches(self) -> tuple[str, ...]:
        """What it may disturb."""
        if self.what.of is not None:
            return ()
        who = ", ".join(self.what.principals)
        return (f"the break-glass flag says exercise, for {who}", "pages are sent that say that it is an exercise")

    @property
    def rights(self) -> tuple[str, ...]:
        """What it needs to be allowed."""
        return () if self.what.of is not None else ("scope exercise at the monitor",)
