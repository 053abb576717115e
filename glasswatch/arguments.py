"""A command line read by a table of options, for the command that must not wait for a library to load.

- `--name VALUE` or `--name=VALUE`; an option that takes no value is only `--name`. No short ones, no abbreviations.
- After `--name` a value must not begin with `-`, for then the value was forgotten; `--name=-x` can be meant.
- An option is given once: of two different answers to one question neither is believed.
- Everything else is a word, `-` too, and all that follows `--`.
- What is wrong is told in one line, which repeats nothing but the names of options.

The same table makes the options of a click command, which has the help and the shell's completion of it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from glasswatch.durations import parse as parse_duration
from glasswatch.errors import UsageFault

T = TypeVar("T")

_NAME_CHARACTERS = 200
_NUMBER_CHARACTERS = 9
_OPTION_CHARACTERS = 40


@dataclass(frozen=True, slots=True)
class Option:
    """One option: its name with dashes, its line of help, and how its value is read (None where it takes none).

    `read` raises `ValueError` with what was expected.
    """

    name: str
    help: str
    metavar: str = ""
    read: Callable[[str], object] | None = None
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """What a command line gave: the values of its options by name, and its words."""

    values: Mapping[str, object]
    words: tuple[str, ...]

    def has(self, name: str) -> bool:
        """Whether an option was given."""
        return name in self.values

    def get(self, name: str, kind: type[T]) -> T | None:
        """Return the value of an option, which is read as `kind`; None where it was not given."""
        value = self.values.get(name)
        if value is None or isinstance(value, kind):
            return value
        raise TypeError(f"{name} is read as something else than {kind.__name__}")

    def demand(self, name: str, kind: type[T]) -> T:
        """Return the value of an option that is required."""
        value = self.get(name, kind)
        if value is None:
            raise TypeError(f"{name} is not required, and was not given")
        return value


def read(argv: Sequence[str], options: Sequence[Option]) -> Given:
    """Return what a command line gives.

    Raises:
        UsageFault: it is not made of these options, once each, each with a value that can be meant.
    """
    table = {option.name: option for option in options}
    values: dict[str, object] = {}
    words: list[str] = []
    rest = iter(argv)
    for argument in rest:
        if argument == "--":
            words += rest
        elif argument == "-" or not argument.startswith("-"):
            words.append(argument)
        else:
            name, equals, text = argument.partition("=")
            option = table.get(name)
            if option is None:
                raise UsageFault(f"there is no option {_shown(name)}")
            if name in values:
                raise UsageFault(f"{name} is given twice")
            values[name] = _value(option, text if equals else None, rest)
    for option in options:
        if option.is_required and option.name not in values:
            raise UsageFault(f"{option.name} is missing: {option.help}")
    return Given(values, tuple(words))


def _value(option: Option, text: str | None, rest: Iterator[str]) -> object:
    if option.read is None:
        if text is not None:
            raise UsageFault(f"{option.name} takes no value")
        return True
    if text is None:
        text = next(rest, None)
        if text is None or (text.startswith("-") and text != "-"):
            raise UsageFault(f"{option.name} needs a value: {option.metavar}")
    try:
        return option.read(text)
    except ValueError as error:
        raise UsageFault(f"{option.name}: {error}") from None


def text(given: str) -> str:
    """Return any text that is not empty, such as the path of a file."""
    if not given or "\0" in given:
        raise ValueError("expected a text that is not empty")
    return given


def name(given: str) -> str:
    """Return a name."""
    if 0 < len(given) <= _NAME_CHARACTERS and given.isprintable():
        return given
    raise ValueError(f"expected 1 to {_NAME_CHARACTERS} printable characters")


def number(given: str) -> int:
    """Return a whole number from 0 on."""
    if given.isascii() and given.isdigit() and len(given) <= _NUMBER_CHARACTERS:
        return int(given)
    raise ValueError("expected a whole number from 0 on")


def duration(given: str) -> timedelta:
    """Return a duration such as 20m."""
    return parse_duration(given)


def instant(given: str) -> datetime:
    """Return a date and time that says its offset, in UTC."""
    with suppress(ValueError, OverflowError):
        at = datetime.fromisoformat(given)
        if at.utcoffset() is not None:
            return at.astimezone(UTC)
    raise ValueError("expected a date and time with its offset, such as 2026-03-01T03:00:00Z")


def _shown(name: str) -> str:
    line = ascii(name)
    return line if len(line) <= _OPTION_CHARACTERS else f"{line[:_OPTION_CHARACTERS]}...'"
