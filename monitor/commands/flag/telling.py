"""How readers of the flag tell: alarms on stderr, the answer on stdout, and the exit code whatever becomes of both."""

import sys
from collections.abc import Iterable
from typing import TextIO

from glasswatch.ending import complain, is_full, let_go_of_output
from glasswatch.errors import ExitCode
from glasswatch.flag.document import FlagState
from glasswatch.flag.errors import Alarm

_EXIT = {
    FlagState.READY: ExitCode.GOOD,
    FlagState.EXERCISE: ExitCode.GOOD,  # accepted only for a principal of it
    FlagState.STANDBY: ExitCode.FINDING,
}


def exit_code(state: FlagState | None) -> ExitCode:
    """Return the exit code that is the answer; None is a refusal."""
    return ExitCode.NOT_MEASURED if state is None else _EXIT[state]


def raise_alarms(alarms: Iterable[Alarm]) -> None:
    """Tell what somebody should look at."""
    for alarm in alarms:
        complain(f"alarm ({alarm.code.value}): {alarm.what}")


def alarms_in_json(alarms: Iterable[Alarm]) -> list[dict[str, object]]:
    """Return alarms as a program reads them."""
    return [{"code": alarm.code, "what": alarm.what} for alarm in alarms]


def say(line: str) -> None:
    """Write the answer to stdout, if anybody listens there."""
    stream: TextIO | None = sys.stdout  # None where a program was started with it closed
    if stream is None:
        return
    try:
        stream.write(f"{line}\n")
        stream.flush()
    except OSError as fault:
        if not is_full(fault):
            raise
        # The answer is the exit code: a full disk locks nobody out.
        let_go_of_output()
        complain(f"the answer can't be written: {fault.strerror}")
