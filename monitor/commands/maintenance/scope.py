"""The options that say what of a platform a window is for, and that it may be long."""

from collections.abc import Callable
from typing import Any, TypeVar

import click
from pydantic import BaseModel, ValidationError

from glasswatch.errors import UsageFault

Command = TypeVar("Command", bound=Callable[..., Any])
B = TypeVar("B", bound=BaseModel)

_OPTIONS = (
    click.option("--function", "functions", multiple=True, metavar="NAME", help="Only for this function; repeatable."),
    click.option("--probe", "probes", multiple=True, metavar="NAME", help="Only for this probe; repeatable."),
    click.option("--long", "is_long", is_flag=True, help="It is meant to last for more than 24 h at a time."),
)


def scoped(command: Command) -> Command:
    """Add the options: `functions`, `probes`, `is_long`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def made(shape: type[B], members: dict[str, object]) -> B:
    """Return what is sent.

    Raises:
        UsageFault: the monitor would refuse it.
    """
    try:
        return shape.model_validate(members)
    except ValidationError as fault:
        raise UsageFault("; ".join(dict.fromkeys(_mistakes(shape, fault)))) from None


def _mistakes(shape: type[BaseModel], fault: ValidationError) -> list[str]:
    found = []
    for detail in fault.errors(include_url=False, include_input=False):
        field = shape.model_fields.get(str(detail["loc"][0])) if detail["loc"] else None
        own = detail.get("ctx", {}).get("error")
        found.append(f"{detail['loc'][0]}: expected {field.description}" if field is not None else str(own))
    return found
