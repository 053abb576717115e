"""Results that a witness was not told: they wait in the run's directory, and are sent by the next command.

`unsent.json` holds what is to be said to each witness by its name, and stands there before it is said: who is killed in
between leaves it. What was said is taken out, and the last one removes the file; so does a later end of the same run,
once it was told. A result that the witness knows otherwise, or of a run
that it knows nothing of, is taken out too: asking again would change nothing. Any other refusal, as by a token that is
not let in, may be otherwise next time.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from drills.errors import RequestRefused
from drills.model.event import Head
from drills.ports import Closing, Witness
from drills.runner.places import is_worked_on
from drills.runner.steady import words
from drills.runner.telling import asked
from glasswatch import files
from glasswatch.errors import GlasswatchError
from glasswatch.sidethread import SideThread

UNSENT: Final = "unsent.json"
_MODE: Final = 0o600
_LARGEST: Final = 2**20
_SECONDS: Final = timedelta(seconds=10)


class UnsentFile:
    """`drills.runner.outside.Unsent` in a run's directory. A disk that hangs holds up nobody for longer than 10 s."""

    def __init__(self, directory: Path, run: str) -> None:
        self._path = directory / UNSENT
        self._run = run
        self._thread = SideThread("drill-unsent")

    async def keep(self, witness: str, closing: Closing, head: Head) -> None:
        """Keep what is to be said to a witness.

        Raises:
            OSError: it can't be kept.
        """
        row = {
            "run": self._run,
            "verdict": str(closing.verdict),
            "why": closing.why,
            "spans": [[str(span), seconds] for span, seconds in closing.spans],
            "findings": [[str(severity), count] for severity, count in closing.findings],
            "residue": list(closing.residue),
            "seq": head.seq,
            "hash": head.hash,
        }
        await self._thread.run(lambda: self._write({**read(self._path), witness: row}), _SECONDS)

    async def said(self, witness: str) -> None:
        """Take out what a witness was told.

        Raises:
            OSError: it can't be taken out.
        """
        await self._thread.run(lambda: self._take_out(witness), _SECONDS)

    def _take_out(self, witness: str) -> None:
        left = {name: row for name, row in read(self._path).items() if name != witness}
        if left:
            self._write(left)
        else:
            self._path.unlink(missing_ok=True)

    def _write(self, rows: Mapping[str, Any]) -> None:
        files.replace(self._path, json.dumps(rows, indent=2).encode(), _MODE)


def read(path: Path) -> dict[str, Any]:
    """Return what waits in a file; nothing where it is missing, or none of ours."""
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(_LARGEST))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


async def send(paths: Iterable[Path], witnesses: Iterable[Witness], seconds: float) -> tuple[str, ...]:
    """Say what waits in these files; return what came of it, a line each."""
    by_name = {witness.name: witness for witness in witnesses}
    return tuple(
        [
            await _sent(path.parent, by_name[name], row, seconds)
            for path in paths
            for name, row in read(path).items()
            if name in by_name
        ]
    )


def waiting(root: Path, copy: Path | None = None) -> list[Path]:
    """Return the files in which something waits: in the runs below the evidence directory, and in a copy elsewhere.

    A run that a process works on is left out: that is about to say it.
    """
    beside = [copy / UNSENT] if copy is not None and (copy / UNSENT).exists() else []
    found = dict.fromkeys((*sorted(root.glob(f"*/{UNSENT}")), *beside))
    return [path for path in found if not is_worked_on(path.parent)]


async def _sent(directory: Path, witness: Witness, row: Any, seconds: float) -> str:  # noqa: ANN401 - what a file holds
    run = directory.name
    try:
        run = str(row["run"])
        closing = Closing(row["verdict"], row["why"], row["spans"], row["findings"], row["residue"])
        head = Head(row["seq"], row["hash"])
        await asked(lambda: witness.close(run, closing, head), seconds, patience=seconds)
        await UnsentFile(directory, run).said(witness.name)
    except RequestRefused as refused:
        if not (refused.is_against_what_was_told or refused.is_of_no_such):
            return f"{run}: {witness.name} still can't be told how it ended: {refused}"
        await UnsentFile(directory, run).said(witness.name)
        return f"{run}: {witness.name} refused its result, which is not sent again: {refused}"
    except (GlasswatchError, OSError) as fault:
        return f"{run}: {witness.name} still can't be told how it ended: {words(fault)}"
    except (KeyError, TypeError, ValueError):
        return f"{run}: {UNSENT} is none of ours, and was left alone"
    return f"{run}: {witness.name} was told how it ended"
