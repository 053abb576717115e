"""A run that was killed, whose scenario was signed anew before it is cleaned up."""

from datetime import timedelta
from pathlib import Path

import pytest

from drills.approvals import Pen, Whose, approve
from drills.errors import NotApproved
from drills.runner.resuming import Again, resume
from drills.runner.session import Seat, Wanted, begin
from drills.scenarios import find
from drills.screens.plain import PlainScreen
from drills.settings.root import DrillFile
from glasswatch.clock import Clock, SystemClock
from glasswatch.errors import ExitCode
from glasswatch.settings.load import load
from tests.support.approvals import Desk, desk
from tests.support.clock import ManualClock
from tests.support.drill_processes import Host, host, marking

SEAT = Seat(SystemClock(), lambda _entries: PlainScreen(lambda _text: None))


def sign(where: Host, bea: Desk, clock: Clock) -> None:
    """Have bea approve the scenario."""
    (scenario,) = find(load(where.config, DrillFile).drill).usable
    pen = Pen(bea.key_file, "bea", bea.trust_file, clock)
    approve(scenario, Whose("prod", bea.trust_file), pen, timedelta(days=7))


async def killed(where: Host) -> str:
    """Run the scenario, and have it look as if it had been killed before it cleaned up; return the run's name."""
    settings = load(where.config, DrillFile)
    run, done = await begin(Wanted(find(settings.drill).usable[0], settings, "anna", {}), SEAT)
    assert done.exit_code is ExitCode.GOOD, done
    journal = where.run_directory() / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    cleaning = next(number for number, line in enumerate(lines) if b'"kind":"cleaning_up"' in line)
    journal.write_bytes(b"".join(lines[:cleaning]))
    (where.root / "marks" / "one").touch()
    return run


async def test_what_was_signed_when_it_began_counts(tmp_path: Path) -> None:
    """By the trust file as it is now; else what is left is named, and the exit code says so."""
    bea = desk(tmp_path)
    where = host(tmp_path / "host", [marking(tmp_path / "host", "one")], approval="required", trust=str(bea.trust_file))
    sign(where, bea, SystemClock())
    run = await killed(where)
    sign(where, bea, ManualClock(SystemClock().now() + timedelta(hours=1)))
    settings = load(where.config, DrillFile)
    (tmp_path / "other").mkdir()
    others = settings.drill.model_copy(update={"trust": desk(tmp_path / "other").trust_file})
    again = Again(where.run_directory(), settings.model_copy(update={"drill": others}), "anna", clean_up_only=True)
    with pytest.raises(NotApproved, match="take back by hand; one: ") as left:
        await resume(run, again, SEAT)
    assert (left.value.exit_code, where.marks()) == (ExitCode.RESIDUE, {"one"})
    done = await resume(run, Again(again.directory, settings, "anna", clean_up_only=True), SEAT)
    assert (done.exit_code, done.residue, where.marks()) == (ExitCode.INTERRUPTED, (), set())
