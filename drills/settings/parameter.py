"""Settings of a scenario's parameters: values that are given when it is run, or secrets by reference."""

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar, Final

from pydantic import Field

from glasswatch.secrets import SecretReference
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.shapes import Pattern, TextShape

LONGEST_PARAMETER: Final = 4096
Line = Annotated[
    str, TextShape("one line of 1 to 200 printable characters", r"(?=.*\S)[^\x00-\x1f\x7f-\x9f\u2028\u2029]{1,200}")
]
ParameterText = Annotated[
    str, TextShape(f"text of at most {LONGEST_PARAMETER} characters", rf"(?s:[^\x00]{{0,{LONGEST_PARAMETER}}})")
]


class ParameterSettings(SettingsModel):
    """A value that steps use as `${name}`: given with `--set`, its default, or a secret that is read at the run."""

    expected: ClassVar[str] = "a mapping such as {description: the ticket, pattern: 'CHG[0-9]+'}"

    description: Line | None = None
    """What it is, for whoever gives it."""
    default: ParameterText | None = Field(default=None, repr=False)
    """Its value where none is given; without it one must be."""
    pattern: Pattern | None = None
    """What the whole of it must match."""
    secret: SecretReference | None = None
    """Where it is read from, if it is a secret: then it can't be given otherwise."""

    @finding("default", "pattern", "secret")
    def is_of_one_kind(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A secret stands nowhere, and a default is what may be given."""
        if self.secret is not None:
            yield from (
                ((key,), "expected no such setting beside secret")
                for key in ("default", "pattern")
                if getattr(self, key) is not None
            )
        elif self.default is not None and not self.takes(self.default):
            yield ("default",), "expected what pattern matches as a whole"

    def takes(self, text: str) -> bool:
        """Whether it may have this value."""
        if len(text) > LONGEST_PARAMETER or "\0" in text:
            return False
        if self.pattern is None:
            return True
        import re2  # noqa: PLC0415 - it takes 3 MB, and many scenarios have no pattern

        return re2.fullmatch(self.pattern, text) is not None
