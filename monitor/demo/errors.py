"""Everything the demo raises on purpose.

GlasswatchError
└── DemoError
    ├── DirectoryInUse    another demo runs there, or it holds something that is not a demo's (2)
    ├── ChildFailed       one of our programs did not start, or ended on its own (4)
    ├── LeftBehind        a program of ours could not be stopped; it is named (6)
    └── SignatureRefused  a page did not come from whoever holds the secret; never leaves the receiver
"""

from glasswatch.errors import ExitCode, GlasswatchError


class DemoError(GlasswatchError):
    """Root of what the demo raises."""

    exit_code = ExitCode.NOT_MEASURED


class DirectoryInUse(DemoError):
    """The state directory can't be ours."""

    exit_code = ExitCode.USAGE


class ChildFailed(DemoError):
    """A program of ours did not start, or ended on its own. `program` is its name."""

    def __init__(self, program: str, message: str) -> None:
        super().__init__(message)
        self.program = program


class LeftBehind(DemoError):
    """A program of ours still runs although it was told to stop, and then killed."""

    exit_code = ExitCode.RESIDUE


class SignatureRefused(DemoError):
    """The message says what is wrong with it, and holds nothing of it."""
