"""A demo's evidence of drills: it outlives the demo, and the next one too, with all that it is checked with.

1. Beside each run's journal its heads are kept, as the monitor's store holds them (`RUN/heads.json`), and beside the
   runs the trust file (`trust.json`): both before store and trust file go. So what a demo left that was killed is
   complete as well.
2. A demo that starts moves what an earlier one left aside, into a directory of that moment, and writes to it no more.
3. The last `KEPT` of these stay, older ones are removed. Both are said.

Check one: `drill verify DIRECTORY/RUN --heads DIRECTORY/RUN/heads.json --trust DIRECTORY/trust.json`.
"""

import re
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from glasswatch import files

KEPT: Final = 5
"""How many earlier demos' evidence stays."""
HEADS: Final = "heads.json"
TRUST: Final = "trust.json"
_DRILL: Final = "drill"
_JOURNAL: Final = "journal.jsonl"
_DATED: Final = re.compile(r"\d{8}T\d{6}Z(-\d+)?")
_RUN: Final = re.compile(r".*-(\d{8}t\d{6}z)-[^-]+")
_OWNER_ONLY: Final = 0o600


@dataclass(frozen=True, slots=True)
class Left:
    """What a demo leaves: the directory of its runs, its trust file, its store, and as whom the store was written."""

    evidence: Path
    trust: Path
    store: Path
    deployment: str
    vantage: str

    @property
    def earlier(self) -> Path:
        """Where the evidence of earlier demos is kept."""
        return self.evidence.with_name(f"{self.evidence.name}-earlier")

    @property
    def runs(self) -> Sequence[Path]:
        """The directories of its runs."""
        return () if self.evidence.is_symlink() else [path.parent for path in self.evidence.glob(f"*/{_JOURNAL}")]


def complete(left: Left) -> None:
    """Put beside the evidence what it is checked with, as far as it is there still.

    Raises:
        OSError: it can't be written.
    """
    runs = left.runs
    if not runs:
        return
    if left.trust.is_file():
        files.replace(left.evidence / TRUST, left.trust.read_bytes(), _OWNER_ONLY)
    if not left.store.is_file():
        return
    from monitor.demo.heads import heads_in  # noqa: PLC0415 - no store is needed where no drill was run

    for run, answer in heads_in(left.store, (left.deployment, left.vantage), [run.name for run in runs]).items():
        files.replace(left.evidence / run / HEADS, answer, _OWNER_ONLY)


def set_aside(left: Left, now: datetime, say: Callable[[str], None]) -> None:
    """Move what an earlier demo left aside, and say where it is; a directory without a run is removed.

    Raises:
        OSError: it can't be moved.
    """
    if not left.evidence.is_dir() or left.evidence.is_symlink():
        return
    if not left.runs:
        shutil.rmtree(left.evidence)
        return
    complete(left)
    place = _free(left.earlier / f"{now:%Y%m%dT%H%M%SZ}")
    left.earlier.mkdir(mode=0o700, exist_ok=True)
    left.evidence.rename(place)
    say(f"An earlier demo's drills are kept in {place}")
    for line in how_to_check(replace(left, evidence=place)):
        say(line)
    older = sorted(path for path in left.earlier.iterdir() if _DATED.fullmatch(path.name) and path.is_dir())[:-KEPT]
    for path in older:
        shutil.rmtree(path)
        say(f"Removed, for {KEPT} are kept: {path}")


def how_to_check(left: Left) -> Sequence[str]:
    """Return the line that says how the last run is checked; none without a run, or what it is checked with."""
    run = max(left.runs, key=_begun, default=None)
    if run is None or not (run / HEADS).is_file():
        return ()
    return (f"Check the last: {program()} verify {run} --heads {run / HEADS} --trust {left.evidence / TRUST}",)


def program() -> str:
    """Return how `drill` is called from here: by its name where that leads to it, else by its path."""
    beside = Path(sys.executable).with_name(_DRILL)
    return _DRILL if shutil.which(_DRILL) is not None or not beside.exists() else str(beside)


def is_kept(left: Left) -> bool:
    """Whether any evidence is there, of this demo or of an earlier one."""
    return left.evidence.is_dir() or left.earlier.is_dir()


def _begun(run: Path) -> tuple[str, float, str]:
    """Return by what the later of two runs is told: a report that is made anew changes a directory's own time."""
    found = _RUN.fullmatch(run.name)
    return found[1] if found else "", run.stat().st_mtime, run.name


def _free(place: Path) -> Path:
    number, found = 2, place
    while found.exists():
        found = place.with_name(f"{place.name}-{number}")
        number += 1
    return found
