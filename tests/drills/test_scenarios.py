"""Scenarios in files: found, refused where others can write, named by a hash of every byte that is run."""

import hashlib
import os
from pathlib import Path

import pytest

from drills.scenarios import Scenario, Scenarios, find, pick, read
from drills.settings.root import DrillSettings
from glasswatch.canonical import canonical
from glasswatch.errors import UsageFault
from glasswatch.settings.mistake import SettingsFault
from tests.support.drill_steps import SCENARIO, scenario, use
from tests.support.settings_files import write

STEP = "  - {id: a, action: test_look}\n"
BRINGS = "  - {id: a, action: test_door, brings: door.sh}\n"


@pytest.fixture(autouse=True)
def _steps(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch)


def looked(*places: Path) -> Scenarios:
    """Return what is found in some places."""
    return find(DrillSettings.model_validate({"scenarios": [str(place) for place in places]}))


def found(*places: Path) -> tuple[Scenario, ...]:
    """Return the scenarios of some places, in which nothing is wrong."""
    every = looked(*places)
    assert every.mistakes == ()
    return every.usable


def mistakes(*places: Path) -> str:
    """Return what is wrong with the scenarios of some places, of which none can be used."""
    every = looked(*places)
    assert every.usable == ()
    return "\n".join(map(str, every.mistakes))


def test_files_and_directories_are_looked_into(tmp_path: Path) -> None:
    """Each file once, in the order of their ids; what is no *.yaml, hidden or further down is left alone."""
    one, below = tmp_path / "one", tmp_path / "one" / "below"
    below.mkdir(parents=True)
    write(one, scenario(STEP, id_="b"), "b.yaml")
    write(one, scenario(STEP, id_="a"), "z.yaml")
    for directory, name in ((one, "notes.md"), (one, ".hidden.yaml"), (one, "b.approval.jws"), (below, "c.yaml")):
        write(directory, "nothing of ours", name)
    alone = write(tmp_path, scenario(STEP, id_="c"), "alone.yml")
    (one / "again.yaml").symlink_to(one / "b.yaml")
    assert [each.settings.id for each in found(one, alone, one, one / "b.yaml")] == ["a", "b", "c"]


def test_every_mistake_of_every_file_is_told(tmp_path: Path) -> None:
    """Of all files at once, and of a place that isn't there."""
    write(tmp_path, scenario(STEP, id_="A"), "a.yaml")
    write(tmp_path, "steps: [", "b.yaml")
    told = mistakes(tmp_path, tmp_path / "nowhere")
    assert f"{tmp_path}/a.yaml:1:5  id  expected a name" in told
    assert f"{tmp_path}/b.yaml:2:1  expected valid YAML" in told
    assert f"{tmp_path}/nowhere  expected a scenario that can be read: No such file" in told


def test_an_id_is_one_files(tmp_path: Path) -> None:
    """Which of two was approved, nobody could tell."""
    write(tmp_path, SCENARIO, "a.yaml")
    write(tmp_path, SCENARIO + "# the same\n", "b.yaml")
    assert mistakes(tmp_path) == f"{tmp_path}/b.yaml:1:5  id  expected another id: {tmp_path}/a.yaml has it already"


@pytest.mark.parametrize("what", ["file", "directory", "behind a link"])
def test_what_others_can_write_is_refused(tmp_path: Path, what: str) -> None:
    """Who writes a scenario decides what is run."""
    place, elsewhere = tmp_path / "place", tmp_path / "elsewhere"
    place.mkdir()
    elsewhere.mkdir()
    if what == "behind a link":
        (place / "a.yaml").symlink_to(write(elsewhere, SCENARIO, "a.yaml"))
        elsewhere.chmod(0o777)
    else:
        path = write(place, SCENARIO, "a.yaml")
        (path if what == "file" else place).chmod(0o666 if what == "file" else 0o777)
    assert "to be writable by its owner only" in mistakes(place)


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    """A pipe would hold us."""
    os.mkfifo(tmp_path / "a.yaml")
    assert mistakes(tmp_path) == f"{tmp_path}/a.yaml  expected a regular file"


def test_the_hash_is_of_every_byte(tmp_path: Path) -> None:
    """A comment, a blank and a byte order mark too: nothing is changed unseen."""
    texts = [SCENARIO, SCENARIO + "#\n", SCENARIO.replace(": ", ":  ", 1), "\ufeff" + SCENARIO]
    hashes = [read(write(tmp_path, text, "a.yaml")).sha256 for text in texts]
    assert hashes == [hashlib.sha256(text.encode()).hexdigest() for text in texts]


def test_what_it_brings_along_is_hashed_with_it(tmp_path: Path) -> None:
    """A changed script is a changed scenario, on whichever machine; of an undo too."""
    path = write(tmp_path, scenario(BRINGS), "a.yaml")
    script = write(tmp_path, "echo open\n", "door.sh")
    own = hashlib.sha256(path.read_bytes()).hexdigest()
    rows = [{"name": "door.sh", "sha256": hashlib.sha256(b"echo open\n").hexdigest()}]
    first = read(path).sha256
    assert first == hashlib.sha256(canonical({"v": 1, "scenario": own, "files": rows})).hexdigest()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    write(elsewhere, script.read_bytes(), "door.sh")
    assert read(write(elsewhere, path.read_bytes(), "a.yaml")).sha256 == first
    write(tmp_path, "echo shut\n", "door.sh")
    assert read(path).sha256 != first
    write(
        tmp_path, scenario("  - {id: a, action: test_door, undo: [{action: test_door, brings: door.sh}]}\n"), "a.yaml"
    )
    assert read(path).sha256 != hashlib.sha256(path.read_bytes()).hexdigest()


def test_what_it_brings_along_is_its_owners(tmp_path: Path) -> None:
    """What others can write can't be approved; what isn't there yet changes the hash when it comes."""
    path = write(tmp_path, scenario(BRINGS), "a.yaml")
    before = read(path).sha256
    assert before == hashlib.sha256(path.read_bytes()).hexdigest()
    write(tmp_path, "", "door.sh")
    assert read(path).sha256 != before
    (tmp_path / "door.sh").chmod(0o666)
    assert "to be writable by its owner only" in mistakes(path)


def test_what_lies_elsewhere_is_not_brought_along(tmp_path: Path) -> None:
    """A system's own programs are renewed without anybody's approval."""
    place = tmp_path / "place"
    place.mkdir()
    write(tmp_path, "", "door.sh")
    path = write(place, scenario(BRINGS.replace("door.sh", "../door.sh")), "a.yaml")
    assert read(path).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("argv", ["[/bin/sh, {0}/door.sh]", "[{0}/door.sh]", "[{0}/../{1}/door.sh, x]"])
def test_a_script_that_lies_with_the_scenario_is_part_of_it(tmp_path: Path, argv: str) -> None:
    """As the program of a command, and as its argument."""
    what = argv.format(tmp_path, tmp_path.name)
    path = write(tmp_path, scenario(f"  - {{id: a, action: command, with: {{argv: {what}}}}}\n"), "a.yaml")
    hashes = set()
    for text in ("one", "two"):
        write(tmp_path, text, "door.sh")
        hashes.add(read(path).sha256)
    assert len(hashes) == 2


def test_one_is_picked_by_its_id_or_its_file(tmp_path: Path) -> None:
    """What is unknown is answered with what there is."""
    path = write(tmp_path, SCENARIO, "a.yaml")
    all_of_them = looked(tmp_path)
    assert pick(all_of_them, "door") is pick(all_of_them, str(path))
    with pytest.raises(UsageFault, match="there are door"):
        pick(all_of_them, "window")
    with pytest.raises(UsageFault, match="there are none"):
        pick(Scenarios(()), "window")
    write(tmp_path, "steps: [", "b.yaml")
    with_a_draft = looked(tmp_path)
    assert pick(with_a_draft, "door").path == path
    with pytest.raises(SettingsFault, match=r"b\.yaml:2:1  expected valid YAML"):
        pick(with_a_draft, "window")
