"""Starts a program so that it ends when the demo does: `python -m monitor.demo.tether PARENT PROGRAM ARGUMENT…`.

With `--as USER:GROUP` before the program, both of them numbers, root starts it as somebody else.

On Linux this process asks the kernel to be told of its parent's end, and becomes the program: the program keeps our
process id and what we asked for. Elsewhere it stays, passes SIGTERM on, and ends the program when standard input ends.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

from platforms.simulator.lifeline import tie_to_parent


def supervise(argv: Sequence[str]) -> int:
    """Run a program, pass SIGTERM on to it, and return its exit code (128 + n when signal n ended it)."""
    child = subprocess.Popen(argv, stdin=subprocess.DEVNULL)  # noqa: S603 - the demo's own command line

    def pass_on(number: int, frame: FrameType | None) -> None:
        del number, frame
        child.terminate()

    signal.signal(signal.SIGTERM, pass_on)
    code = child.wait()
    return code if code >= 0 else 128 - code


def main(argv: Sequence[str]) -> NoReturn:
    """Tie this process to its parent and run the program."""
    parent, *program = argv
    if program[0] == "--as":
        _become(program[1])
        program = program[2:]
    # Last, because who becomes somebody else is no longer told of anybody's end.
    if tie_to_parent(int(parent)):
        os.execv(program[0], program)  # noqa: S606 - the demo's own command line
    sys.exit(supervise(program))


def _become(who: str) -> None:
    user, group = (int(each) for each in who.split(":"))
    os.setgroups([])
    os.setgid(group)
    os.setuid(user)


if __name__ == "__main__":
    main(sys.argv[1:])
