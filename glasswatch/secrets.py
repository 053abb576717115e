"""Secrets by reference: the settings say where a secret is, and it is read when it is needed.

Rules:
- Exactly one of `{env: NAME}`, `{file: PATH}`, `{command: [PROGRAM, argument…]}`.
- A file that everybody can read is refused; one trailing newline is cut off; at most 64 KiB.
- A command runs without a shell, with PATH, HOME and LANG only, for 10 s and 64 KiB at most; its own process group is
  killed when it goes over. What it writes to standard error is thrown away: it may hold the secret.
- No message, repr or log holds a secret: they name the reference.
- Two references to one place are equal, whatever is said of its end: that changes nothing of what is read and sent.
"""

import os
import stat
import subprocess
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from select import POLLIN, poll
from typing import Annotated, ClassVar, Final, NoReturn

from pydantic import SerializationInfo, SerializerFunctionWrapHandler, model_serializer

from glasswatch import programs
from glasswatch.clock import Clock, SystemClock
from glasswatch.errors import SecretUnavailable
from glasswatch.settings.ends import EndShape
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.sentences import Words
from glasswatch.settings.shape import Shape
from glasswatch.settings.shapes import RelativePath, TextShape

LARGEST_BYTES: Final = 64 * 1024
KINDS: Final = ("env", "file", "command")
COMMAND_SECONDS: Final = 10.0
ONLY_WHERE: Final[dict[str, object]] = {}
"""The context in which settings are written without what is said of a secret's end: it changes nothing that is sent."""


class ArgumentShape(Shape):
    """One word of a command line."""

    expected = "text"
    json: ClassVar[Mapping[str, object]] = {"type": "string"}

    def read(self, value: object) -> str:
        """Return the word."""
        if not isinstance(value, str) or "\0" in value:
            raise self.wrong()
        return str(value)


class SecretReference(SettingsModel):
    """Where a secret is."""

    expected: ClassVar[str] = (
        "a reference to a secret, never the secret itself: {env: NAME}, {file: PATH} or {command: [/PROGRAM, …]}"
    )
    hides_keys: ClassVar[bool] = True

    env: Annotated[str, TextShape("the name of an environment variable", "[A-Za-z_][A-Za-z0-9_]{0,254}")] | None = None
    """Name of the environment variable that holds it."""
    file: RelativePath | None = None
    """File that holds it; not readable by everybody, 64 KiB at most. One trailing newline is cut off."""
    command: Annotated[
        tuple[Annotated[str, ArgumentShape()], ...] | None, Words("a list: the program and its arguments")
    ] = None
    """Program with an absolute path, and its arguments: prints the secret. No shell, 10 s, 64 KiB."""
    expires: Annotated[datetime, EndShape()] | None = None
    """When it ends, where that is known: the end of that day in UTC, or that very instant. Nothing but a warning."""

    @finding("command")
    def program_is_absolute(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A command names its program by an absolute path: nothing is searched for."""
        if self.command is not None and not (self.command and self.command[0].startswith("/")):
            yield ("command", 0) if self.command else ("command",), "expected the program's absolute path"

    @finding()
    def is_one_kind(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """A reference is of exactly one kind."""
        kinds = [kind for kind in KINDS if given.get(kind) is not None]
        if len(kinds) != 1 and given.keys() <= SecretReference.model_fields.keys():
            yield (), "expected exactly one of env, file and command"

    @model_serializer(mode="wrap")
    def _written(self, write: SerializerFunctionWrapHandler, info: SerializationInfo) -> dict[str, object]:
        """Return it as settings are written; only where it is, where a context of `ONLY_WHERE` is given."""
        found: dict[str, object] = write(self)
        return {key: value for key, value in found.items() if info.context is not ONLY_WHERE or key in KINDS}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretReference) and self._where() == other._where()

    def __hash__(self) -> int:
        return hash(self._where())

    def _where(self) -> tuple[str | None, Path | None, tuple[str, ...] | None]:
        return self.env, self.file, self.command

    def __repr__(self) -> str:
        return f"SecretReference({self})"

    def __str__(self) -> str:
        if self.env is not None:
            return f"environment variable {self.env}"
        if self.file is not None:
            return f"file {self.file}"
        # Arguments may hold more than they should: the program is enough to find it by.
        return f"command {(self.command or ('',))[0]}"


class Secret:
    """A secret that shows itself only when asked to."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret itself."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")


def resolve(reference: SecretReference, clock: Clock | None = None) -> Secret:
    """Read the secret. Blocks, for a command up to 10 s: in a loop call it through a thread.

    Raises:
        SecretUnavailable: it can't be had; the message names the reference.
    """
    if reference.env is not None:
        return _from_environment(reference, reference.env)
    if reference.file is not None:
        return _text(reference, _from_file(reference, reference.file))
    return _text(reference, _from_command(reference, reference.command or (), clock or SystemClock()))


def file_fault(reference: SecretReference) -> str | None:
    """Return why a secret in a file can't be had, as far as is told without reading it; None of other references."""
    path = reference.file
    if path is None:
        return None
    try:
        status = path.stat()
    except OSError as error:
        return error.strerror or "it can't be read"
    if not os.access(path, os.R_OK):
        return "it can't be read by who checks it"
    return _not_private(path, status)


def _not_private(path: Path, status: os.stat_result) -> str | None:
    """Return what is wrong with a file that holds a secret, whatever it holds."""
    if not stat.S_ISREG(status.st_mode):
        return "it is not a regular file"
    if status.st_mode & stat.S_IROTH:
        return f"everybody can read it; run: chmod o-rwx {path}"
    return None


def _unavailable(reference: SecretReference, why: str) -> SecretUnavailable:
    return SecretUnavailable(f"secret from {reference}: {why}")


def _from_environment(reference: SecretReference, name: str) -> Secret:
    value = os.environ.get(name)
    if not value:
        raise _unavailable(reference, "it is not set" if value is None else "it is empty")
    return Secret(value)


def _text(reference: SecretReference, data: bytes) -> Secret:
    if len(data) > LARGEST_BYTES:
        raise _unavailable(reference, "it is larger than 64 KiB")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise _unavailable(reference, "it is not UTF-8 text") from None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise _unavailable(reference, "it is empty")
    return Secret(text)


def _from_file(reference: SecretReference, path: Path) -> bytes:
    try:
        # Not blocking: opening a pipe would wait for its other end.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            fault = _not_private(path, os.fstat(file.fileno()))
            if fault is not None:
                raise _unavailable(reference, fault)
            return file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise _unavailable(reference, error.strerror or "it can't be read") from None


def _from_command(reference: SecretReference, argv: tuple[str, ...], clock: Clock) -> bytes:
    deadline = clock.monotonic() + COMMAND_SECONDS
    try:
        process = programs.start(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    except (OSError, ValueError) as error:
        raise _unavailable(reference, programs.cannot_run(error)) from None
    try:
        data = _output(process, deadline, clock)
        status = process.wait(max(deadline - clock.monotonic(), 0)) if len(data) <= LARGEST_BYTES else 0
    except (TimeoutError, subprocess.TimeoutExpired):
        raise _unavailable(reference, f"it did not end within {COMMAND_SECONDS:.0f} s") from None
    finally:
        programs.end(process)
    if status != 0:
        raise _unavailable(reference, programs.how_it_ended(status))
    return data


def _output(process: subprocess.Popen[bytes], deadline: float, clock: Clock) -> bytes:
    """Return what the process prints, up to one byte too many; raises TimeoutError after the deadline."""
    stream = process.stdout
    if stream is None:
        return b""
    waiting = poll()
    waiting.register(stream, POLLIN)
    data = b""
    while len(data) <= LARGEST_BYTES:
        left = deadline - clock.monotonic()
        if left <= 0 or not waiting.poll(left * 1000):
            raise TimeoutError
        piece = os.read(stream.fileno(), LARGEST_BYTES)
        if not piece:
            break
        data += piece
    return data
