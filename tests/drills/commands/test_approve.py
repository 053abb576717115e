"""`drill approve`: a second person signs what was shown, and nothing else."""

import io
from pathlib import Path

import pytest

from drills import approvals
from drills.model.event import Approval
from drills.scenarios import read
from glasswatch.clock import SystemClock
from tests.support.approvals import desk
from tests.support.drill_desk import Place, place
from tests.support.drill_steps import use


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A place where bea may approve what anna runs."""
    use(monkeypatch)
    return place(tmp_path, monkeypatch)


def looked_at(here: Place, operator: str = "anna") -> object:
    """Return what counts of the scenario's approval; or why it doesn't."""
    whose = approvals.Whose("prod", here.directory / "trust.json", operator)
    found = approvals.look(read(here.scenario), whose, SystemClock())
    return found.person if isinstance(found, Approval) else found.why


def test_the_plan_is_shown_and_signed(here: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """Beside the scenario; everybody may read it, and one changed byte voids it."""
    assert here.approve("--yes", "--days", "7") == 0
    shown = capsys.readouterr().out
    assert shown.startswith("PLANNED  The door opens\n")
    assert shown.endswith(f"{here.approval}  approved by bea for 7 days\n")
    assert here.approval.stat().st_mode & 0o777 == 0o644
    assert looked_at(here) == "bea"
    assert looked_at(here, "bea") == "'bea' runs the drill: expected the approval of somebody else"
    with here.scenario.open("a") as file:
        file.write("#")
    assert looked_at(here) == "the scenario was changed after it was approved"
    assert here.approve("--yes") == 0
    assert looked_at(here) == "bea"


@pytest.mark.parametrize(("said", "is_written"), [("y\n", True), ("n\n", False), ("\n", False), ("", False)])
def test_without_a_yes_nothing_is_written(
    here: Place, said: str, monkeypatch: pytest.MonkeyPatch, *, is_written: bool
) -> None:
    """Nor where nobody can be asked."""
    monkeypatch.setattr("sys.stdin", io.StringIO(said))
    assert here.approve() == (0 if is_written else 5)
    assert here.approval.exists() is is_written


def test_nothing_is_written_that_would_not_count(here: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """Another's key, a key of no one's, and the operator's own."""
    key = str(here.bea.key_file)
    assert here.drill("approve", "door", "--key", key, "--person", "carl", "--yes") == 1
    assert capsys.readouterr().err == "not approved: it names 'carl', and the key is that of 'bea'\n"
    elsewhere = here.directory / "elsewhere"
    elsewhere.mkdir()
    stranger = str(desk(elsewhere, "dora").key_file)
    assert here.drill("approve", "door", "--key", stranger, "--person", "dora", "--yes") == 1
    assert "is not in the trust file" in capsys.readouterr().err
    here.set("  # who approves\n")
    here.config.write_text(here.config.read_text().replace("operator: anna", "operator: bea"))
    assert here.approve("--yes") == 1
    assert "'bea' runs the drill" in capsys.readouterr().err
    assert not here.approval.exists()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--days", "0"), 2),
        (("--days", "401"), 2),
        (("--key", "nowhere.key"), 3),
    ],
)
def test_what_can_not_be_used_is_told(here: Place, arguments: tuple[str, ...], code: int) -> None:
    """Before anything is shown."""
    assert here.approve("--yes", *arguments) == code
    assert not here.approval.exists()


def test_without_a_trust_file_nobodys_word_counts(here: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """So none is given."""
    here.config.write_text("deployment: prod\n")
    assert here.approve("--yes") == 2
    assert "drill.trust is not set" in capsys.readouterr().err


def test_what_can_not_be_written_leaves_what_was_there(here: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """A directory stands in its place, say."""
    here.approval.mkdir()
    assert here.approve("--yes") == 4
    assert "can't be written" in capsys.readouterr().err
    assert "can't be read" in str(looked_at(here))


def test_an_approval_is_refused_where_the_trust_file_can_not_be_relied_on(here: Place) -> None:
    """Others could have written themselves into it."""
    assert here.approve("--yes") == 0
    (here.directory / "trust.json").chmod(0o666)
    assert "others can write it" in str(looked_at(here))
    (here.directory / "trust.json").unlink()
    assert "can't be read" in str(looked_at(here))
