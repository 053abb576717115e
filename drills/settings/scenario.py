"""A scenario: one YAML file that says what is drilled, in which steps, and how each is taken back.

Keys of it are explained in docs/reference/drills.md. What steps must be to each other is checked in `fitting`; where
some of them are wrong by themselves, as far as it can be told, in `salvage`.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, ClassVar, Final

from pydantic import Field

from drills.model.calendar import Cadence
from drills.model.step import Span
from drills.settings import exposure, fitting, salvage
from drills.settings.gates import GateSettings
from drills.settings.parameter import Line, ParameterSettings
from drills.settings.root import Person
from drills.settings.salvage import MOST_STEPS
from drills.settings.step import StepChoice, StepSettings, ValueName
from glasswatch.durations import render
from glasswatch.settings.duration import Duration
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.sentences import Words
from glasswatch.settings.shape import KEY
from glasswatch.settings.shapes import Label, Name, OneOf, Switch, TextShape

_MOST_PRINCIPALS: Final = 10
_MOST_PARAMETERS: Final = 100
_Description = Annotated[
    str, TextShape("text of at most 10000 characters", r"(?s:[^\x00-\x08\x0b-\x1f\x7f-\x9f]{0,10000})")
]


class ScenarioFile(SettingsModel):
    """One scenario."""

    expected: ClassVar[str] = "a mapping with id, title, owner, platform, cadence and steps"

    id: Label
    """What it is called: in commands, runs, metrics and reports."""
    title: Line
    """What it shows, in a line."""
    owner: Line
    """Who answers for it, and for what it finds."""
    platform: Name
    """The platform whose outage is drilled, by its name in the monitor's settings."""
    cadence: Annotated[Cadence, OneOf(Cadence)]
    """How often it is to be run."""
    after_change: Switch = False
    """Whether it is due again when this file was changed since it last passed."""
    description: _Description = ""
    """What people should know of it before they run it."""
    principals: Annotated[
        tuple[Person, ...],
        Field(max_length=_MOST_PRINCIPALS),
        Words(f"a list of at most {_MOST_PRINCIPALS} names of people or machines"),
    ] = ()
    """Who uses break-glass in it."""
    targets: Annotated[
        Mapping[Annotated[Span, OneOf(Span)], Duration], Words("a mapping from spans to durations such as detect: 60s")
    ] = Field(default_factory=dict)
    """How long each measured span may take."""
    parameters: Annotated[
        Mapping[ValueName, ParameterSettings],
        Field(max_length=_MOST_PARAMETERS),
        Words("a mapping from names to parameters"),
    ] = Field(default_factory=dict)
    """Values that are given when it is run, by the names under which steps use them."""
    gates: GateSettings = GateSettings()
    """What must hold before its first step."""
    steps: Annotated[
        tuple[Annotated[StepSettings, StepChoice()], ...],
        Field(min_length=1, max_length=MOST_STEPS),
        Words(f"a list of 1 to {MOST_STEPS} steps"),
    ]
    """What is done, in order."""

    @finding("parameters")
    def run_is_ours(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """The run's id has its name."""
        if fitting.RUN in self.parameters:
            yield ("parameters", fitting.RUN, KEY), "expected another name: run is the run's id"

    @finding("steps")
    def steps_follow_each_other(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """Ids, needs, background and spans."""
        yield from fitting.wrong_order(self.steps)
        yield from fitting.wrong_rests(self.steps)
        yield from fitting.unawaited(self.steps)
        yield from fitting.wrong_spans(self.steps)
        yield from fitting.wrong_evidences(self.steps)

    @finding("steps", "parameters")
    def values_are_there(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """Every value is there when it is used."""
        yield from fitting.wrong_values(self.steps, self.parameters)
        yield from exposure.logged(self.steps, self.secrets)

    @finding("steps", "targets")
    def targets_are_measured(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """What has a target is measured."""
        yield from fitting.wrong_targets(self.steps, self.targets)

    @finding("steps")
    def ends_in_time(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A run is over within a day."""
        if self.longest > fitting.LONGEST_RUN:
            most = render(fitting.LONGEST_RUN)
            yield ("steps",), f"expected at most {most} in all, undo included: within is counted whole for every step"

    @finding(beside="steps")
    def sound_steps_follow_each_other(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """What can be told of some steps is told beside what is wrong with others."""
        yield from salvage.wrong_among(salvage.salvaged(given.get("steps")))

    @finding("parameters", beside="steps")
    def values_are_there_for_sound_steps(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """As above."""
        yield from salvage.wrong_values(salvage.salvaged(given.get("steps")), self.parameters)

    @finding("targets", beside="steps")
    def targets_are_measured_by_sound_steps(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """As above."""
        yield from salvage.wrong_targets(salvage.salvaged(given.get("steps")), self.targets)

    @property
    def longest(self) -> timedelta:
        """How long a run takes at most."""
        return fitting.longest(self.steps)

    @property
    def is_real(self) -> bool:
        """Whether any of its steps really acts, or asks the real thing."""
        return any(step.is_real for step in self.steps)

    @property
    def secrets(self) -> frozenset[str]:
        """The names of all its values that are secrets."""
        return exposure.secrets_of(self.steps, self.parameters)

    def needs(self) -> dict[str, tuple[str, ...]]:
        """Return what each step needs, by id."""
        return fitting.needs_of(self.steps)
