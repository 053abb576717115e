"""Where a run's directory is: by its id in the evidence directory, or by its path, which may be a copy elsewhere."""

from pathlib import Path

from drills.errors import RunUnknown
from drills.journal.reading import JOURNAL
from drills.settings.root import DrillFile
from glasswatch.settings.load import load
from glasswatch.visible import line


def directory_at(run: str, config: Path) -> Path:
    """Return the directory of a run. For a directory no settings file is needed.

    Raises:
        RunUnknown: none of that name is there.
    """
    place = Path(run) if "\0" not in run else Path()
    if not config.exists() and ("/" in run or place.is_dir()) and (place / JOURNAL).exists():
        return place
    return directory_of(run, load(config, DrillFile))


def directory_of(run: str, settings: DrillFile) -> Path:
    """Return the directory of a run.

    Raises:
        RunUnknown: none of that name is there.
    """
    if not run or "\0" in run:
        raise RunUnknown("expected the id of a run, or the path of its directory")
    places = [settings.drill.directory / run] if Path(run).name == run and run not in (".", "..") else []
    found = next((place for place in (*places, Path(run)) if (place / JOURNAL).exists()), None)
    if found is None:
        raise RunUnknown(
            f"{line(run)}: no such run in {settings.drill.directory}; drill list --runs lists those there are"
        )
    return found
