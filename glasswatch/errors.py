"""Exit codes, and the root of every error we raise on purpose.

    GlasswatchError
    ├── UsageFault            wrong arguments (2)
    ├── SettingsFault         an invalid configuration; carries every mistake (3)
    ├── SecretUnavailable     a secret's reference could not be resolved (4)
    ├── NotMeasured           something needed for an answer could not be had (4)
    └── EvidenceUnwritable    evidence could not be written (7)

Packages hang their own classes below these, in an `errors.py` of their own. A message says what, where, and what
to do next; it never holds a secret or a value from the settings.
"""

from collections.abc import Iterable
from enum import IntEnum


class ExitCode(IntEnum):
    """What a command's exit status means (design 3.1)."""

    GOOD = 0
    FINDING = 1
    USAGE = 2
    INVALID = 3
    NOT_MEASURED = 4
    INTERRUPTED = 5
    RESIDUE = 6
    EVIDENCE_UNWRITABLE = 7
    BUG = 70


# Design 3.1: several at once, worst first. Wrong usage ends a command before anything else can be found.
_PRECEDENCE = (
    ExitCode.USAGE,
    ExitCode.BUG,
    ExitCode.RESIDUE,
    ExitCode.EVIDENCE_UNWRITABLE,
    ExitCode.INTERRUPTED,
    ExitCode.INVALID,
    ExitCode.FINDING,
    ExitCode.NOT_MEASURED,
    ExitCode.GOOD,
)


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """Return the code that a command which met all of these ends with; `GOOD` for none."""
    return min(codes, key=_PRECEDENCE.index, default=ExitCode.GOOD)


class GlasswatchError(Exception):
    """Anything we raise on purpose. `exit_code` is what a command ends with when nobody handles it."""

    exit_code = ExitCode.BUG


class UsageFault(GlasswatchError):
    """The command was called in a way it does not understand."""

    exit_code = ExitCode.USAGE


class SecretUnavailable(GlasswatchError):
    """A secret's reference could not be resolved; the message names the reference, never the secret."""

    exit_code = ExitCode.NOT_MEASURED


class NotMeasured(GlasswatchError):
    """An answer could not be had: the other side was unreachable, or said something we can't read."""

    exit_code = ExitCode.NOT_MEASURED


class EvidenceUnwritable(GlasswatchError):
    """Something that must be on record could not be written."""

    exit_code = ExitCode.EVIDENCE_UNWRITABLE
