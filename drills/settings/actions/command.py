"""The action `command`: a program that is run, and how it must end."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, ClassVar, Final

from pydantic import Field

from drills.settings.actions.parts import Given, secrets, texts
from drills.settings.fill import Argv, wrong_program
from drills.settings.step import StepSettings, ValueName
from glasswatch.secrets import SecretReference
from glasswatch.settings.duration import Duration
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.sentences import Words
from glasswatch.settings.shape import KEY
from glasswatch.settings.shapes import Pattern, PatternShape, Switch, TextShape, WholeNumber

RUN_VARIABLE: Final = "GLASSWATCH_RUN"
_VARIABLE: Final = TextShape("the name of an environment variable", "[A-Za-z_][A-Za-z0-9_]{0,254}")


class GroupPatternShape(PatternShape):
    """A pattern with one group."""

    expected = f"{PatternShape.expected}, with exactly one group in parentheses"

    def read(self, value: object) -> str:
        """Return the pattern as text."""
        text = super().read(value)
        import re2  # noqa: PLC0415 - it takes 3 MB, and many steps have no pattern

        options = re2.Options()
        options.log_errors = False
        if re2.compile(text, options).groups != 1:
            raise self.wrong()
        return text


class CommandWithSettings(SettingsModel):
    """What is run."""

    expected: ClassVar[str] = "a mapping with argv"

    argv: Argv
    """Absolute program and its arguments. An argument is text, or exactly `${name}`. No shell."""
    env: Annotated[
        Mapping[Annotated[str, _VARIABLE], Given], Words("a mapping from environment variables to values")
    ] = Field(default_factory=dict, repr=False)
    """Environment variables, besides PATH, HOME, LANG and GLASSWATCH_RUN, which holds the run's id."""
    stdin: Given | None = Field(default=None, repr=False)
    """What it reads on standard input: text, in which `${name}` stands for a value, or a reference to a secret."""
    timeout: Duration = timedelta(seconds=30)
    """How long one try may take. After that it is killed, with all that it started."""

    @finding("argv")
    def program_is_literal(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A program is never a value, and nothing is searched for."""
        return wrong_program(self.argv, "argv")

    @finding("env")
    def variables_are_the_users(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """The run's id can't be replaced."""
        if RUN_VARIABLE in self.env:
            yield ("env", RUN_VARIABLE, KEY), "is set by the drill: expected another variable"


def arguments_of(what: CommandWithSettings) -> Mapping[str, frozenset[str]]:
    """Return the names of the values in a program's arguments, by whose they are."""
    return {f"arguments of {what.argv[0]}, which others on this machine can read": texts(what.argv)}


class CommandExpectSettings(SettingsModel):
    """How it must end."""

    expected: ClassVar[str] = "a mapping such as status: [0]"

    status: Annotated[
        tuple[Annotated[int, WholeNumber(0, 255)], ...],
        Field(min_length=1),
        Words("a list of exit statuses such as [0]"),
    ] = (0,)
    """Exit statuses that are good; with `refused`, those that say no."""
    stdout_matches: Pattern | None = None
    """Pattern that must be found in what it prints."""
    stdout_not_matches: Pattern | None = None
    """Pattern that must not be found in what it prints."""


class CommandCaptureSettings(SettingsModel):
    """Where a value is taken from."""

    expected: ClassVar[str] = "a mapping with match"

    match: Annotated[str, GroupPatternShape()]
    """Pattern with one group, looked for in what the program prints: what the group found is the value."""
    secret: Switch = False
    """Whether it is a secret: it goes nowhere but into later steps."""


class CommandStep(StepSettings):
    """Runs a program."""

    is_access: ClassVar[bool] = True
    what: CommandWithSettings = Field(alias="with")
    """What is run."""
    expect: CommandExpectSettings = CommandExpectSettings()
    """How it must end."""
    capture: Annotated[
        Mapping[ValueName, CommandCaptureSettings], Words("a mapping from names to where each value comes from")
    ] = Field(default_factory=dict)
    """Values that later steps use."""

    @finding("refused", "expect", "capture")
    def refusals_are_stated(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """Programs fail for many reasons: which statuses say no has to be written down."""
        if self.refused and ("status" not in self.expect.model_fields_set or 0 in self.expect.status):
            yield ("expect",), "expected status: the exit statuses by which the program says that it was refused, not 0"
        if self.refused and self.capture:
            yield ("capture",), "expected nothing to capture where access is refused"

    @property
    def line(self) -> str:
        """What it does."""
        return f"run {' '.join(self.what.argv)}{', which must be refused' if self.refused else ''}"

    @property
    def door(self) -> str:
        """What it tries to get into."""
        return self.what.argv[0]

    @property
    def touches(self) -> tuple[str, ...]:
        """What a program changes, only its author knows."""
        return (f"whatever {self.what.argv[0]} changes",)

    @property
    def rights(self) -> tuple[str, ...]:
        """What it needs to be allowed."""
        return (f"to run {self.what.argv[0]}", *secrets(self._given()))

    def names(self) -> frozenset[str]:
        """Return the names of the values that it uses."""
        return texts([*self.what.argv, *self._given()])

    def in_arguments(self) -> Mapping[str, frozenset[str]]:
        """Return the names of the values in the program's arguments."""
        return arguments_of(self.what)

    def files(self) -> Iterable[Path]:
        """Return the program, and arguments that are absolute paths: among them may be the scenario's own scripts."""
        return tuple(Path(each) for each in self.what.argv if each.startswith("/"))

    def captures(self) -> Mapping[str, bool]:
        """Return the names of the values that it captures, and whether each is secret."""
        return {name: each.secret for name, each in self.capture.items()}

    def _given(self) -> tuple[str | SecretReference | None, ...]:
        return (*self.what.env.values(), self.what.stdin)
