"""Ties this process to the one that started it, so that nothing is left behind whatever happens to that one.

Where the kernel can (Linux), it sends us SIGTERM at the instant our parent's thread ends, also when it was killed.
Elsewhere the end of standard input is the sign: the parent holds the other end of the pipe. Either way a process that
was orphaned before it could tie itself ends at once.
"""

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import IO

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def _ask_kernel() -> bool:
    if not sys.platform.startswith("linux"):
        return False
    try:
        prctl = ctypes.CDLL(None, use_errno=True).prctl
    except (OSError, AttributeError):
        return False
    return bool(prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) == 0)


def tie_to_parent(parent: int, ask_kernel: Callable[[], bool] = _ask_kernel) -> bool:
    """Have SIGTERM sent to this process when `parent` ends; return whether the kernel does so.

    `parent` is the process id the parent gave us, so that one that ended before this call is noticed too. Where the
    kernel can't, a thread reads standard input to its end instead. Call it once, early.
    """
    is_tied = ask_kernel()
    if not is_tied:
        threading.Thread(target=_watch_input, args=(sys.stdin.buffer,), name="lifeline", daemon=True).start()
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)
    return is_tied


def _watch_input(stream: IO[bytes]) -> None:
    while stream.read(4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
