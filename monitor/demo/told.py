"""What the story tells: that something happened, is missing, was not measured, or was not reached."""

from dataclasses import dataclass

from glasswatch.errors import ExitCode, worst


@dataclass(frozen=True, slots=True)
class Happened:
    """Something was seen. `seconds` since the break; None before it."""

    name: str
    words: str
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Missing:
    """Something was not seen by its deadline. `seen` is what was seen instead, last."""

    name: str
    words: str
    seen: str


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """It could not be seen whether something happened."""

    name: str
    words: str
    why: str


@dataclass(frozen=True, slots=True)
class NotReached:
    """Something was never waited for, because what it builds on is missing or was not measured."""

    name: str
    words: str


Told = Happened | Missing | Unmeasured | NotReached


@dataclass(frozen=True, slots=True)
class Result:
    """All that was told, in the order it was."""

    told: tuple[Told, ...]

    @property
    def exit_code(self) -> ExitCode:
        """0 only if all of it happened; 1 when something is missing; 4 when something was not measured."""
        return worst(_CODES[type(each)] for each in self.told)


# What was not reached follows from something else that was told, and that has the code.
_CODES = {
    Happened: ExitCode.GOOD,
    Missing: ExitCode.FINDING,
    Unmeasured: ExitCode.NOT_MEASURED,
    NotReached: ExitCode.GOOD,
}
