import os
import signal
import subprocess
import sys

import pytest

# Ties itself to the process given, by the kernel or, where that is taken away, by standard input.
TIED = """
import sys
from platforms.simulator.lifeline import tie_to_parent
parent, kernel = sys.argv[1:]
print(tie_to_parent(int(parent), lambda: False) if kernel == "without" else tie_to_parent(int(parent)), flush=True)
import signal
signal.pause()
"""


def _tied(parent: int, kernel: str) -> "subprocess.Popen[str]":
    argv = (sys.executable, "-c", TIED, str(parent), kernel)
    return subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_without_the_kernels_help_the_end_of_standard_input_ends_it() -> None:
    """The parent's end of the pipe closes whatever happens to the parent."""
    with _tied(os.getpid(), "without") as child:
        assert child.stdout is not None
        assert child.stdin is not None
        assert child.stdout.readline() == "False\n"
        assert child.poll() is None
        child.stdin.close()
        assert child.wait(5) == -signal.SIGTERM


@pytest.mark.parametrize("kernel", ["with", "without"])
def test_an_orphan_ends_at_once(kernel: str) -> None:
    """A parent that ended before the tie was made is noticed too."""
    with _tied(os.getppid(), kernel) as child:
        assert child.wait(5) == -signal.SIGTERM
