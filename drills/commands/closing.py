"""What comes after a run: it is said what it came to, and its reports are written beside its journal.

A report changes nothing of what a run came to. One that can't be written is said, and joins the exit code.
What makes it is loaded only here: a drill that begins waits for none of it.
"""

from pathlib import Path

from drills.commands.watching import say, tell
from drills.runner.finish import Done
from glasswatch.ending import complain
from glasswatch.errors import ExitCode, GlasswatchError, worst
from glasswatch.visible import line


def over(directory: Path, run: str, done: Done, *, as_json: bool) -> ExitCode:
    """Say what a run came to, write its reports into its directory, and say where; return the exit code of all."""
    tell(run, done, as_json=as_json)
    try:
        from drills import reporting  # noqa: PLC0415 - once the run is over

        written = reporting.write(directory, reporting.view_of(directory))
    except GlasswatchError as fault:
        why = str(fault)
    except Exception as fault:  # noqa: BLE001 - the run is over and was told; its exit code is not a report's to lose
        why = f"{type(fault).__name__}: {fault}"
    else:
        say(f"report: {line(str(written[0]))}", as_json=as_json)
        return done.exit_code
    complain(line(f"no report of {run}: {why}"))
    complain(line(f"its journal is what counts; drill report {run} makes the reports again"))
    return worst([done.exit_code, ExitCode.EVIDENCE_UNWRITABLE])
