"""Steps that only tests have, scenarios made of them, and how a test lets scenarios have such steps."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import pytest
from pydantic import Field

from drills.registries import ACTIONS
from drills.settings.fill import FillShape
from drills.settings.step import StepSettings, ValueName
from glasswatch.placeholders import names_in
from glasswatch.settings.registry import Entry
from glasswatch.settings.sentences import Words
from glasswatch.settings.shapes import RelativePath, Switch

__all__ = ["DOOR", "SCENARIO", "DoorStep", "LookStep", "scenario", "use"]


class LookStep(StepSettings):
    """Looks at something: changes nothing, and is never real."""

    action: Literal["test_look"] = "test_look"
    """What it does."""
    says: Annotated[str, FillShape()] = ""
    """Text with values."""

    @property
    def line(self) -> str:
        """See `StepSettings`."""
        return "looks"

    @property
    def is_real(self) -> bool:
        """See `StepSettings`."""
        return False

    def names(self) -> frozenset[str]:
        """See `StepSettings`."""
        return names_in(self.says)


class DoorStep(StepSettings):
    """Opens a door: a way in, with an undo of its own."""

    is_access: ClassVar[bool] = True

    action: Literal["test_door"] = "test_door"
    """What it does."""
    says: Annotated[str, FillShape()] = ""
    """Text with values."""
    capture: Annotated[Mapping[ValueName, Switch], Words("a mapping from names to whether each is secret")] = Field(
        default_factory=dict
    )
    """What it captures."""
    closes: Switch = True
    """Whether it has an undo of its own."""
    brings: RelativePath | None = None
    """A file that it brings along."""

    @property
    def line(self) -> str:
        """See `StepSettings`."""
        return "opens the door"

    @property
    def undo_line(self) -> str:
        """See `StepSettings`."""
        return "closes the door" if self.closes else ""

    @property
    def touches(self) -> tuple[str, ...]:
        """See `StepSettings`."""
        return ("the door",)

    @property
    def rights(self) -> tuple[str, ...]:
        """See `StepSettings`."""
        return ("the key",)

    def names(self) -> frozenset[str]:
        """See `StepSettings`."""
        return names_in(self.says)

    def captures(self) -> Mapping[str, bool]:
        """See `StepSettings`."""
        return self.capture

    def files(self) -> tuple[Path, ...]:
        """See `StepSettings`."""
        return (self.brings,) if self.brings is not None else ()


def use(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let scenarios have the steps of this module."""
    monkeypatch.setitem(ACTIONS, "test_look", Entry("tests.support.drill_steps:LookStep"))
    monkeypatch.setitem(ACTIONS, "test_door", Entry("tests.support.drill_steps:DoorStep"))


HEAD = """\
id: {id}
title: The door opens
owner: payments on-call
platform: payments
cadence: quarterly
"""

DOOR = """\
  - id: door
    action: test_door
    within: 2m
    begins: [detect]
  - id: look
    action: test_look
    ends: [detect]
"""

SCENARIO = HEAD.format(id="door") + "targets: {detect: 60s}\nsteps:\n" + DOOR


def scenario(steps: str, more: str = "", id_: str = "door") -> str:
    """Return a scenario with these steps, and what else it says."""
    return f"{HEAD.format(id=id_)}{more}steps:\n{steps}"
