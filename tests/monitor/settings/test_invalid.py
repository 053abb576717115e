"""One invalid file per mistake, with exactly what is said about it.

Each `invalid/NAME.yaml` stands beside `invalid/NAME.txt`, which holds the output for it, line by line. A new mistake
is a new pair of files; nothing is registered here.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from glasswatch.errors import ExitCode
from glasswatch.settings.load import load
from glasswatch.settings.mistake import SettingsFault
from monitor.settings.root import MonitorSettings
from tests.support.settings_files import write
from tests.support.settings_reference import reachable

INVALID = Path(__file__).parent / "invalid"
CASES = sorted(path.stem for path in INVALID.glob("*.yaml"))
SEVERAL = {"several_at_once", "probe_type_unknown_and_more"}


@pytest.mark.parametrize("case", CASES)
def test_says_exactly_this(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is refused with these lines, and no others."""
    write(tmp_path, (INVALID / f"{case}.yaml").read_bytes())
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsFault) as caught:
        load(Path("glasswatch.yaml"), MonitorSettings)
    assert f"{caught.value}\n" == (INVALID / f"{case}.txt").read_text()
    assert caught.value.exit_code is ExitCode.INVALID
    assert "hunter2" not in f"{caught.value!r} {caught.value.mistakes} {caught.value.__cause__}"


def test_no_file_is_forgotten() -> None:
    """Every file has its other half, and there is nothing else."""
    names = {path.name for path in INVALID.iterdir()}
    assert names == {f"{case}{ending}" for case in CASES for ending in (".yaml", ".txt")}
    assert len(CASES) > 200


def _lines() -> Iterator[tuple[str, str]]:
    return ((case, line) for case in CASES for line in (INVALID / f"{case}.txt").read_text().splitlines())


def test_each_file_makes_one_mistake() -> None:
    """One mistake is one line, so that each file shows that nothing is said twice."""
    counts = [case for case, _ in _lines()]
    assert {case for case in CASES if counts.count(case) != 1} == SEVERAL


def test_a_line_has_place_path_and_sentence() -> None:
    """Each line is `file:line:column  path  what was expected`; only a file's structure has no path."""
    form = r"glasswatch\.yaml:[1-9][0-9]*:[1-9][0-9]*(  [^ ]+)?  (expected |is |holds )[^\n]+"
    for case, line in _lines():
        assert re.fullmatch(form, line)
        assert line.isprintable()
        assert line.count("  ") == 2 or case.startswith("yaml_"), line


def test_every_setting_is_got_wrong_somewhere() -> None:
    """No setting can be added without a file that gets it wrong."""
    named = {word for _, line in _lines() for word in re.findall(r"\w+", line.split("  ")[1])}
    assert {key for model in reachable(MonitorSettings) for key in model.written_fields()} - named == set()


def test_no_two_files_are_the_same() -> None:
    """Each file is a mistake of its own."""
    assert len({(INVALID / f"{case}.yaml").read_bytes() for case in CASES}) == len(CASES)
