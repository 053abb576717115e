"""How every command of ours ends (design 3.1), whether click called it or it was called without.

What we raise on purpose ends with its own code, Ctrl-C and a broken pipe with 5 (never 1, which would read as a
finding), an answer that can't be written (a full disk) with 7, anything else with 70 and its traceback, because then
the fault is ours. Nobody listening on stderr changes none of this.
"""

import errno
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn, TextIO

from glasswatch import __version__
from glasswatch.errors import ExitCode, GlasswatchError

# What writing to a stream that is already open fails with when the disk behind it is full or broken.
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


def code_of(call: Callable[[], int]) -> int:
    """Call a command and return its exit code; every error has become one line on stderr."""
    try:
        code = call()
        _flush()
    except (EOFError, KeyboardInterrupt):
        complain("interrupted")
        return ExitCode.INTERRUPTED
    except GlasswatchError as fault:
        complain(str(fault))
        return fault.exit_code
    except OSError as fault:
        return _output_lost(fault)
    return code


def finish(call: Callable[[], int], name: str) -> NoReturn:
    """Call a command as a console script and end the process with its code."""
    try:
        code = code_of(call)
    except Exception:  # noqa: BLE001 - the last line of defence: whatever this is, it must not end as a finding
        sys.excepthook(*sys.exc_info())
        complain(f"{name}: this is a fault of glasswatch {__version__}, not a finding; please report it")
        code = ExitCode.BUG
    sys.exit(code)


def complain(text: str) -> None:
    """Write a line to stderr, if anybody listens there."""
    stream: TextIO | None = sys.stderr  # None where the process was started with it closed
    if stream is not None:
        with suppress(OSError, ValueError):
            stream.write(f"{text}\n")
            stream.flush()


def is_full(fault: OSError) -> bool:
    """Whether an open stream failed because of the disk behind it."""
    return fault.errno in _FULL and fault.filename is None


def let_go_of_output() -> None:
    """Give Python somewhere to flush to at exit: it would complain once more, and change the exit code."""
    stream: TextIO | None = sys.stdout
    if stream is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _output_lost(fault: OSError) -> int:
    """Return the exit code where our output can't be written; raise the fault where it is about something else."""
    is_pipe = isinstance(fault, BrokenPipeError)
    if not is_pipe and not is_full(fault):
        raise fault
    let_go_of_output()
    if is_pipe:
        return ExitCode.INTERRUPTED
    complain(f"the answer can't be written: {fault.strerror}")
    return ExitCode.EVIDENCE_UNWRITABLE


def _flush() -> None:
    stream: TextIO | None = sys.stdout
    if stream is not None:
        stream.flush()
