"""The action `rotate`: a program replaces a credential, and it is seen that the old one is worth nothing any more.

That is seen by one and the same question, asked before and after: what is refused must be what got in, and what gets in
then must show another credential, and differ in nothing else.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Final

from pydantic import BeforeValidator, Field

from drills.settings.actions.alike import differences, is_of_the_credential
from drills.settings.actions.command import (
    CommandCaptureSettings,
    CommandExpectSettings,
    CommandStep,
    CommandWithSettings,
    arguments_of,
)
from drills.settings.actions.parts import secrets, texts
from drills.settings.step import StepSettings, UndoChoice, ValueName
from glasswatch.settings.mistake import Place
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.sentences import Words

CHECKS: Final = ("old_works", "old_refused", "new_works")
_OF_A_RUN: Final = ("undo", "needs", "background", "begins", "ends", "evidences", "way")
_LIKE_THE_OLD: Final = "expected the same as in old_works: else it is not shown that what got in is refused"
_ONLY_A_CREDENTIAL: Final = "expected the same as in old_works, but for the credential: a secret, or text with ${name}"
_ONLY_A_LOOK: Final = "expected nothing of the kind: it is one look, and the step is the rotation"


class LookChoice(UndoChoice):
    """Marks a step that tries a way in."""

    def __init__(self) -> None:
        super().__init__()
        self.expected = "a step that tries a way in"


def _named(name: str) -> BeforeValidator:
    """Return what gives a check its name."""
    return BeforeValidator(lambda value: {"id": name, **value} if isinstance(value, Mapping) else value)


class RotateWithSettings(SettingsModel):
    """What rotates, and how it is seen that it did."""

    expected: ClassVar[str] = "a mapping with command, old_works, old_refused and new_works"

    command: CommandWithSettings
    """The program that rotates: `argv` and all that the action `command` has in `with`."""
    old_works: Annotated[StepSettings, LookChoice(), _named("old_works")]
    """Before: a step that gets in with the old credential. One that never worked is refused as well."""
    old_refused: Annotated[StepSettings, LookChoice(), _named("old_refused")]
    """After: a step, with `refused: true`, that tries the old credential: `action` and `with` of `old_works`."""
    new_works: Annotated[StepSettings, LookChoice(), _named("new_works")]
    """After: a step that gets in with the new one, and differs from `old_works` in the credential alone."""

    @finding(*CHECKS)
    def checks_are_looks(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """Each tries one way in, and leaves nothing behind."""
        for name, each in self.checks().items():
            yield from (((name, key), _ONLY_A_LOOK) for key in _OF_A_RUN if key in each.model_fields_set)
            if not each.is_access or each.undo_line:
                yield (name, "action"), "expected an action that tries a way in, and leaves nothing to take back"
            elif each.refused is not (name == "old_refused"):
                yield (name,), f"expected refused: {str(name == 'old_refused').lower()}"
            if each.captures():
                yield (name,), "expected nothing captured"

    @finding(*CHECKS)
    def checks_are_of_one_credential(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """What is refused afterwards is what got in before; what gets in then is the same with another credential."""
        old, refused, new = self.checks().values()
        others = [("old_refused", refused), ("new_works", new)]
        strange = [name for name, each in others if each.action != old.action]
        yield from (((name, "action"), f"expected {old.action}, as in old_works") for name in strange)
        if strange or not all(each.is_access for each in self.checks().values()):
            return
        yield from ((("old_refused", "with", *found.place), _LIKE_THE_OLD) for found in differences(old, refused))
        changed = differences(old, new)
        for found in changed:
            if not is_of_the_credential(old.action, found):
                yield ("new_works", "with", *found.place), _ONLY_A_CREDENTIAL
        if not changed:
            yield ("new_works", "with"), "expected another credential than in old_works: this one is to be refused"

    def checks(self) -> Mapping[str, StepSettings]:
        """Return the checks by name, in the order in which they are made."""
        return {name: getattr(self, name) for name in CHECKS}


class RotateStep(StepSettings):
    """Rotates a credential."""

    what: RotateWithSettings = Field(alias="with")
    """What rotates, and how it is seen that it did."""
    expect: CommandExpectSettings = CommandExpectSettings()
    """How the program must end."""
    capture: Annotated[
        Mapping[ValueName, CommandCaptureSettings], Words("a mapping from names to where each value comes from")
    ] = Field(default_factory=dict)
    """Values that the program prints, for `new_works` and later steps."""

    @finding("every")
    def it_is_rotated_once(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A credential that was rotated is not to be rotated again."""
        if self.every is not None:
            yield ("every",), "expected nothing: it is rotated once. The checks may have every of their own"

    def command_step(self) -> CommandStep:
        """Return the program as a step of its own."""
        given = {"with": self.what.command, "expect": self.expect, "capture": self.capture}
        return CommandStep.model_validate({"id": self.id, "action": "command", **given})

    @property
    def line(self) -> str:
        """What it does."""
        return f"rotate a credential by {' '.join(self.what.command.argv)}, and see that the old one is refused"

    @property
    def undo_line(self) -> str:
        """What is done in place of taking it back."""
        return "see that the new credential gets in (new_works); where it does not, rotate and seal once more by hand"

    def undo_names(self) -> frozenset[str]:
        """Return none: where the new credential is not known any more, that it gets in can't be told."""
        return frozenset()

    @property
    def touches(self) -> tuple[str, ...]:
        """What it may change."""
        return (f"the credential that {self.what.command.argv[0]} replaces, for good: a rotation is not taken back",)

    @property
    def rights(self) -> tuple[str, ...]:
        """What it needs to be allowed."""
        of_checks = (right for each in self.what.checks().values() for right in each.rights)
        command = self.what.command
        mine = (f"to run {command.argv[0]}", *secrets([*command.env.values(), command.stdin]))
        return tuple(dict.fromkeys((*mine, *of_checks)))

    def names(self) -> frozenset[str]:
        """Return the names of the values that it uses."""
        command = self.what.command
        used = texts([*command.argv, *command.env.values(), command.stdin])
        earlier = [self.what.old_works.names(), self.what.old_refused.names()]
        return used.union(*earlier, self.what.new_works.names() - set(self.capture))

    def in_arguments(self) -> Mapping[str, frozenset[str]]:
        """Return the names of the values in arguments: the program's, and those of the checks."""
        found = dict(arguments_of(self.what.command))
        for each in self.what.checks().values():
            for whose, names in each.in_arguments().items():
                found[whose] = found.get(whose, frozenset()) | names
        return found

    def in_logs(self) -> Mapping[Place, frozenset[str]]:
        """Return those that a target of the checks writes down."""
        checks = self.what.checks().items()
        return {("with", name, *key): names for name, each in checks for key, names in each.in_logs().items()}

    def files(self) -> Iterable[Path]:
        """Return the files that it uses: the program, what its arguments name, and those of the checks."""
        own = (Path(each) for each in self.what.command.argv if each.startswith("/"))
        return (*own, *(file for each in self.what.checks().values() for file in each.files()))

    def captures(self) -> Mapping[str, bool]:
        """Return the names of the values that it captures, and whether each is secret."""
        return {name: each.secret for name, each in self.capture.items()}
