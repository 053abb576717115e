"""Scenarios as they stand in files: found, read, and named by a hash that an approval is for.

Rules:
- `drill.scenarios` names files, and directories whose `*.yaml` are read; directories in them are not looked into.
- A file that others can write, or put another in its place, is refused, behind a link too: who writes a scenario
  decides what is run. So are files that two of them call their own `id` in.
- One that can't be read keeps none of the others from being found: whoever needs it is told what is wrong.
- The hash is the SHA-256 of the file's bytes, exactly. Where steps use files (`StepSettings.files`) that lie in the
  scenario's directory or below, it is the SHA-256 of the canonical JSON `{"v": 1, "scenario": SHA-256 of its bytes,
  "files": [{"name", "sha256"}…]}`, by name: no byte of what is brought along changes unseen. A name is relative to that
  directory, so that it holds on another machine. What lies elsewhere, such as a system's own programs, is not hashed.
- What is hashed is what was read and judged: no file is read twice.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from drills.settings.root import DrillSettings
from drills.settings.scenario import ScenarioFile
from drills.settings.step import StepSettings
from glasswatch.canonical import canonical
from glasswatch.errors import UsageFault
from glasswatch.settings.load import load_text, placed
from glasswatch.settings.mistake import Mistake, SettingsFault
from glasswatch.settings.reading import decoded, read_bytes

_SUFFIX: Final = ".yaml"
_APPROVAL: Final = ".approval.jws"


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario that was read: its file, what it says, its bytes, and its hash."""

    path: Path
    settings: ScenarioFile
    content: bytes
    sha256: str

    @property
    def approval_file(self) -> Path:
        """Where its approval lies: beside it."""
        return approval_file(self.path)


def approval_file(path: Path) -> Path:
    """Return where the approval of the scenario in this file lies."""
    return path.with_name(path.stem + _APPROVAL)


def read(path: Path) -> Scenario:
    """Read one scenario.

    Raises:
        SettingsFault: every mistake in it.
    """
    content = read_bytes(path, "a scenario")
    settings = load_text(decoded(path, content), ScenarioFile, path, sections={})
    return Scenario(path, settings, content, _hash(path, content, settings.steps))


@dataclass(frozen=True, slots=True)
class Scenarios:
    """The scenarios that can be used, in the order of their ids; and every mistake that keeps others from it."""

    usable: tuple[Scenario, ...]
    mistakes: tuple[Mistake, ...] = ()


def find(settings: DrillSettings) -> Scenarios:
    """Read every scenario that the settings name. Of two with one id neither can be used."""
    found, mistakes = _read_all(settings)
    mistakes += _repeated(found)
    ids = Counter(scenario.settings.id for scenario in found)
    usable = [scenario for scenario in found if ids[scenario.settings.id] == 1]
    return Scenarios(tuple(sorted(usable, key=lambda scenario: scenario.settings.id)), tuple(mistakes))


def find_one(settings: DrillSettings, id_: str) -> Scenario | None:
    """Return the scenario of this id, whatever is wrong with others: what it left must be taken back in any case.

    Raises:
        SettingsFault: there is none among those that can be read, with every mistake in the others; or there are two.
    """
    every, mistakes = _read_all(settings)
    found = [scenario for scenario in every if scenario.settings.id == id_]
    mistakes = list(_repeated(found)) if found else mistakes
    if mistakes:
        raise SettingsFault(mistakes)
    return found[0] if found else None


def pick(found: Scenarios, name: str) -> Scenario:
    """Return the scenario of this id; also one that is named by the path of its file.

    Raises:
        SettingsFault: there is none among those that can be used: every mistake in the others.
        UsageFault: there is none.
    """
    for scenario in found.usable:
        if scenario.settings.id == name or scenario.path == Path(name).absolute():
            return scenario
    if found.mistakes:
        raise SettingsFault(found.mistakes)
    known = ", ".join(scenario.settings.id for scenario in found.usable) or "none"
    raise UsageFault(f"there is no scenario of that name: there are {known}")


def _read_all(settings: DrillSettings) -> tuple[list[Scenario], list[Mistake]]:
    mistakes: list[Mistake] = []
    found: list[Scenario] = []
    for path in _files(settings.scenarios, mistakes):
        try:
            found.append(read(path))
        except SettingsFault as fault:
            mistakes += fault.mistakes
    return found, mistakes


def _files(places: Sequence[Path], mistakes: list[Mistake]) -> Iterator[Path]:
    """Yield each file once, however many places lead to it."""
    seen: set[Path] = set()
    for place in places:
        for path in _in(place, mistakes):
            if path.resolve() not in seen:
                seen.add(path.resolve())
                yield path


def _in(place: Path, mistakes: list[Mistake]) -> Sequence[Path]:
    if not place.is_dir():
        return [place]  # whether it is there, reading it tells
    try:
        return sorted(path for path in place.iterdir() if path.suffix == _SUFFIX and not path.name.startswith("."))
    except OSError as error:
        reason = error.strerror or "it failed"
        mistakes.append(Mistake(str(place), 0, 0, "", f"expected a directory of scenarios that can be read: {reason}"))
        return []


def _repeated(found: Sequence[Scenario]) -> Iterator[Mistake]:
    first: dict[str, Path] = {}
    for scenario in found:
        other = first.setdefault(scenario.settings.id, scenario.path)
        if other is not scenario.path:
            yield from placed(scenario.path, [(("id",), f"expected another id: {other} has it already")])


def _hash(path: Path, content: bytes, steps: Sequence[StepSettings]) -> str:
    """Return the hash of a scenario and what it brings along.

    Raises:
        SettingsFault: a file that it brings along can't be read, or may have been written by somebody else.
    """
    own = hashlib.sha256(content).hexdigest()
    directory = path.absolute().parent
    every = (each for step in steps for each in (step, *step.undo))
    names = {name for each in every for file in each.files() if (name := _name(file, directory))}
    if not names:
        return own
    rows = [
        {"name": name, "sha256": hashlib.sha256(read_bytes(directory / name, "a file")).hexdigest()}
        for name in sorted(names)
    ]
    return hashlib.sha256(canonical({"v": 1, "scenario": own, "files": rows})).hexdigest()


def _name(file: Path, directory: Path) -> str | None:
    """Return the name of a file that lies with the scenario; None for any other, and for what isn't there."""
    plain = Path(os.path.normpath(file))
    return str(plain.relative_to(directory)) if plain.is_relative_to(directory) and plain.is_file() else None
