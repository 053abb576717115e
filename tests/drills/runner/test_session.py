"""A whole run in this process, on a real journal and real programs: what stands in its directory, and who may go on."""

import asyncio
import hashlib
import os
import pwd
import shutil
import tempfile
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from drills.errors import NotApproved, RequestRefused, RunBusy, RunHeardOf, RunUnknown, WaitCutShort
from drills.journal import reading
from drills.journal.files import LOCK
from drills.journal.gathering import gather
from drills.journal.journal import boot
from drills.journal.reading import Reading, read
from drills.model.event import Closed, Confirmed, Ended, Gated, Head
from drills.model.found import Value
from drills.model.step import Status
from drills.model.verdict import Verdict
from drills.ports import Closing, Witness
from drills.rules.approval import Unapproved
from drills.rules.behind import Held
from drills.rules.gates import Answer
from drills.rules.verification import verify
from drills.runner import cleanup, gating, originals, requests, unsent
from drills.runner.finish import Done
from drills.runner.requests import Word
from drills.runner.resuming import Again, place_of, resume
from drills.runner.session import Seat, Wanted, alone_on, begin
from drills.runner.witnesses import elsewhere
from drills.scenarios import find
from drills.screens.plain import PlainScreen
from drills.settings.root import DrillFile, MonitorReachSettings
from glasswatch.clock import SystemClock
from glasswatch.errors import EvidenceUnwritable, ExitCode, UsageFault
from glasswatch.secrets import SecretReference
from glasswatch.settings.load import load
from tests.support.drill_processes import Host, host, marking
from tests.support.fake_monitor import TOKEN, fake_monitor
from tests.support.waiting import until

LOOK = {"id": "look", "action": "manual", "with": {"ask": "Is the vault open?", "file": True}, "within": "60s"}


class Watched:
    """What was shown of a run."""

    def __init__(self) -> None:
        self.text = ""

    def seat(self) -> Seat:
        """Return where it is watched from."""
        return Seat(SystemClock(), lambda _entries: PlainScreen(self._write))

    def _write(self, text: str) -> None:
        self.text += text


def settings_of(where: Host) -> DrillFile:
    """Return the host's settings."""
    return load(where.config, DrillFile)


def wanted(where: Host, **given: str) -> Wanted:
    """Return its scenario, run by anna."""
    settings = settings_of(where)
    return Wanted(find(settings.drill).usable[0], settings, "anna", given)


async def begun(where: Host, meanwhile: Callable[[Path], Awaitable[None]], watched: Watched) -> Done:
    """Run its scenario, and do something once a journal is there."""
    task = asyncio.ensure_future(begin(wanted(where), watched.seat()))
    await until(lambda: list(where.evidence.glob("*/journal.jsonl")) or task.done())
    if not task.done():
        await meanwhile(where.run_directory())
    return (await task)[1]


def events_of(where: Host) -> Sequence[object]:
    """Return what its one run's journal holds."""
    found = read(where.run_directory())
    assert found.problem is None
    return [entry.event for entry in found.entries]


async def test_a_run_passes_and_leaves_its_evidence_and_nothing_else(tmp_path: Path) -> None:
    """The journal holds, the scenario lies beside it, and no secret is in any file or on the screen."""
    secret = "hunter2-hunter2"
    (tmp_path / "pass").write_text(secret)
    (tmp_path / "pass").chmod(0o600)
    printing = {
        "id": "print",
        "action": "command",
        "with": {"argv": ["/bin/echo", "${password}"], "stdin": {"file": str(tmp_path / "pass")}},
    }
    where = host(tmp_path / "host", [marking(tmp_path / "host", "one"), printing])
    where.add(parameters={"password": {"secret": {"file": str(tmp_path / "pass")}}})
    watched = Watched()
    run, done = await begin(wanted(where), watched.seat())
    assert (done.exit_code, done.result.verdict) == (ExitCode.GOOD, Verdict.PASSED), watched.text
    assert where.marks() == set()
    directory = where.run_directory()
    assert directory.name == run
    assert (directory / "scenario.yaml").read_bytes() == (where.root / "scenarios" / "q.yaml").read_bytes()
    assert any((directory / "outputs").iterdir())
    files = [path for path in directory.rglob("*") if path.is_file()]
    assert [path for path in files if secret in path.read_text()] == []
    assert [path for path in files if path.stat().st_mode & 0o077] == []
    assert secret not in watched.text
    assert secret not in repr(done)
    assert "passed       one" in watched.text


async def test_a_person_confirms_from_another_terminal_with_a_file(tmp_path: Path) -> None:
    """The word goes on record with whose login said it; the file is kept with the evidence."""
    where = host(tmp_path, [LOOK])
    watched = Watched()

    async def confirm(directory: Path) -> None:
        await until(lambda: "answer with: drill confirm" in watched.text)
        requests.say(directory, "look", Word("berta", is_yes=True, note="seen", file="photo.txt"), b"open")

    await begun(where, confirm, watched)
    (said,) = [event for event in events_of(where) if isinstance(event, Confirmed)]
    assert (said.person, said.is_yes, said.note, said.login) == ("berta", True, "seen", requests.own_login())
    assert said.file_sha256 == hashlib.sha256(b"open").hexdigest()
    assert (where.run_directory() / "outputs" / said.file).read_bytes() == b"open"
    assert list((where.run_directory() / "confirm").iterdir()) == []
    (ended,) = [event for event in events_of(where) if isinstance(event, Ended)]
    assert ended.status is Status.PASSED


async def test_a_request_to_stop_is_taken_while_a_step_goes_on(tmp_path: Path) -> None:
    """And names whose login asked."""
    where = host(tmp_path, [marking(tmp_path, "one"), LOOK])

    async def stop(directory: Path) -> None:
        await until(lambda: "one" in where.marks())
        requests.ask_to_stop(directory)

    watched = Watched()
    done = await begun(where, stop, watched)
    assert done.exit_code is ExitCode.INTERRUPTED
    assert f"interrupted by stop: asked by {requests.own_login()}" in watched.text
    assert where.marks() == set()


async def test_a_disk_that_hangs_while_it_is_looked_at_holds_up_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a step nor clean-up: what other terminals ask is not heard then, and that is all."""
    over = threading.Event()
    waited: list[bool] = []

    def hang(_directory: Path) -> None:
        waited.append(over.wait(30.0))

    monkeypatch.setattr(requests, "stop_asked", hang)
    where = host(tmp_path, [marking(tmp_path, "one")])
    try:
        _, done = await begin(wanted(where), Watched().seat())
    finally:
        over.set()
    assert done.exit_code is ExitCode.GOOD
    assert where.marks() == set()
    assert False not in waited


async def test_one_drill_at_a_time_on_a_platform(tmp_path: Path) -> None:
    """A process that drills keeps others out; a run that was never closed does too."""
    where = host(tmp_path, [marking(tmp_path, "one")])
    with alone_on(where.evidence, "payments"), pytest.raises(RunBusy, match="another drill is under way on payments"):
        await begin(wanted(where), Watched().seat())
    await begin(wanted(where), Watched().seat())
    first = where.run_directory()
    lines = (first / "journal.jsonl").read_bytes().splitlines(keepends=True)
    closed = next(number for number, line in enumerate(lines) if b'"kind":"closed"' in line)
    (first / "journal.jsonl").write_bytes(b"".join(lines[:closed]))
    _, done = await begin(wanted(where), Watched().seat())
    assert done.result.verdict is Verdict.ABORTED
    assert done.exit_code is not ExitCode.GOOD
    assert f"finish it with `drill resume {first.name}`" in str(done.result.findings)


class _Knowing:
    """A monitor that knows some runs closed."""

    def __init__(self, *closed: str) -> None:
        self._closed = frozenset(closed)

    async def look(self, _platform: str) -> gating.Seen:
        """See `Seeing`."""
        well = Answer(holds=True, detail="up")
        return gating.Seen(well, well, closed_runs=self._closed)

    async def held(self, _run: str) -> Held:
        """See `Seeing`."""
        return Held()


async def test_a_run_that_was_finished_elsewhere_is_not_in_the_way(tmp_path: Path) -> None:
    """From a copy, on another machine: what lies here never heard of its end, and the monitor did."""
    where = host(tmp_path, [marking(tmp_path, "one")])
    run, _ = await begin(wanted(where), Watched().seat())
    journal = where.run_directory() / "journal.jsonl"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:9]))
    chosen = wanted(where)
    for monitor, status in ((_Knowing(), Status.FAILED), (_Knowing(run), Status.PASSED)):
        approval = Unapproved("nobody asked")
        asking = gating.Asking("q-2", chosen.scenario, chosen.settings, approval, monitor, True, SystemClock())
        gated = {gate.gate: gate.status for gate in await gating.ask(asking)}
        assert gated["alone"] is status


async def test_gates_that_are_shut_keep_a_run_from_beginning(tmp_path: Path) -> None:
    """Without approval, and without a monitor that could say how the platform is."""
    where = host(tmp_path, [marking(tmp_path, "one")], approval="required", waived_gates=[])
    _, done = await begin(wanted(where), Watched().seat())
    gated = {event.gate: event.status for event in events_of(where) if isinstance(event, Gated)}
    assert gated == {
        "evidence": Status.PASSED,
        "alone": Status.PASSED,
        "window": Status.PASSED,
        "approval": Status.FAILED,
        "monitor_healthy": Status.NOT_MEASURED,
        "no_open_incident": Status.NOT_MEASURED,
        "witness": Status.PASSED,
    }
    assert where.marks() == set()
    assert done.exit_code is not ExitCode.GOOD


async def test_a_run_that_was_closed_or_is_not_as_it_was_is_not_gone_on_with(tmp_path: Path) -> None:
    """Another scenario, another deployment, another name: each says what to do by hand."""
    where = host(tmp_path, [marking(tmp_path, "one")])
    run, _ = await begin(wanted(where), Watched().seat())
    again = Again(where.run_directory(), settings_of(where), "berta")
    with pytest.raises(UsageFault, match="closed"):
        await resume(run, again, Watched().seat())
    with pytest.raises(UsageFault, match="not of other"):
        await resume("other", again, Watched().seat())
    journal = where.run_directory() / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    began = next(number for number, line in enumerate(lines) if b'"kind":"began"' in line)
    journal.write_bytes(b"".join(lines[: began + 1]))
    where.add(description="changed")
    with pytest.raises(NotApproved, match=r"not as it was when the run began.*take back by hand; one: "):
        await resume(run, again, Watched().seat())
    where.add(description=None)
    elsewhere_ = Again(again.directory, again.settings.model_copy(update={"deployment": "test"}), "berta")
    with pytest.raises(UsageFault, match="a run of prod"):
        await resume(run, elsewhere_, Watched().seat())
    (where.root / "scenarios" / "broken.yaml").write_text("id: other\n")  # another's mistakes keep nothing standing
    done = await resume(run, again, Watched().seat())
    assert (done.exit_code, where.marks()) == (ExitCode.INTERRUPTED, set())


async def test_what_was_left_behind_is_taken_back_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the same journal, which holds as it is, and is closed once more. It is read where that holds up no signal."""
    monkeypatch.setattr(cleanup, "TRIES", 1)
    readers: list[threading.Thread] = []

    def noted(directory: Path) -> Reading:
        readers.append(threading.current_thread())
        return read(directory)

    where = host(tmp_path, [marking(tmp_path, "one", undo=f"test -e {tmp_path}/mended || exit 1")])
    run, left = await begin(wanted(where), Watched().seat())
    assert (left.exit_code, len(left.residue), where.marks()) == (ExitCode.RESIDUE, 1, {"one"})
    again = Again(where.run_directory(), settings_of(where), "berta", clean_up_only=True)
    monkeypatch.setattr(reading, "read", noted)
    same = await resume(run, again, Watched().seat())
    assert readers
    assert threading.main_thread() not in readers
    assert (same.exit_code, same.residue) == (ExitCode.RESIDUE, left.residue)
    (tmp_path / "mended").touch()
    done = await resume(run, again, Watched().seat())
    assert (done.exit_code, done.residue, where.marks()) == (ExitCode.INTERRUPTED, (), set())
    assert [event.verdict for event in events_of(where) if isinstance(event, Closed)] == ["clean_up_failed"] * 3
    found = verify(gather(where.run_directory(), None, run))
    assert (found.problems, found.is_closed) == ((), True)


def cut(where: Host) -> str:
    """Have its one run look as if it had been killed before it cleaned up; return its name."""
    journal = where.run_directory() / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    cleaning = next(number for number, line in enumerate(lines) if b'"kind":"cleaning_up"' in line)
    journal.write_bytes(b"".join(lines[:cleaning]))
    return where.run_directory().name


async def test_a_copy_waits_until_nothing_was_heard_of_its_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the monitor's clock. Being refused claims nothing; where its process died here nobody waits."""
    monkeypatch.setenv("PLANTED", TOKEN)
    where = host(tmp_path / "host", [marking(tmp_path / "host", "one")])
    await begin(wanted(where), Watched().seat())
    run, copy = cut(where), tmp_path / "copy"
    shutil.copytree(where.run_directory(), copy)
    async with fake_monitor() as monitor:
        reach = MonitorReachSettings.model_validate(monitor.reach)
        settings = settings_of(where)
        settings = settings.model_copy(update={"drill": settings.drill.model_copy(update={"monitor": reach})})
        again = Again(copy, settings, "berta", clean_up_only=True)
        monitor.quiet = [59.9] * 3
        for _ in range(2):
            with pytest.raises(RunHeardOf, match="another process may be at work on this run"):
                await resume(run, again, Watched().seat())
        told = Watched().seat()
        told.stop.tell("SIGINT")
        with pytest.raises(WaitCutShort) as cut_short:
            await resume(run, replace(again, is_waiting=True), told)
        assert cut_short.value.exit_code is ExitCode.INTERRUPTED
        assert read(copy).entries == read(where.run_directory()).entries
        monitor.quiet, watched = [59.9, 60.0], Watched()
        done = await resume(run, replace(again, is_waiting=True), watched.seat())
        assert (done.exit_code, done.residue) == (ExitCode.INTERRUPTED, ())
        assert "nothing was heard of it for 60 s; waiting" in watched.text
        monitor.quiet = [0.1]
        done = await resume(run, replace(again, directory=where.run_directory()), Watched().seat())
        assert (done.exit_code, done.residue) == (ExitCode.INTERRUPTED, ())


def test_a_directory_is_told_from_a_copy_of_it(tmp_path: Path) -> None:
    """By the file that its lock is, on one start of the machine; what has no lock is nobody's."""
    original, copy = tmp_path / "original", tmp_path / "copy"
    original.mkdir()
    (original / LOCK).touch()
    assert not originals.is_original(original, boot())
    originals.mark(original, boot())
    shutil.copytree(original, copy)
    assert [originals.is_original(each, boot()) for each in (original, copy, tmp_path)] == [True, False, False]
    assert not originals.is_original(original, "another start")
    originals.mark(copy, boot())
    originals.mark(tmp_path, boot())
    assert [originals.is_original(each, boot()) for each in (original, copy, tmp_path)] == [True, True, False]


def test_the_place_of_a_run_is_below_the_evidence_or_given(tmp_path: Path) -> None:
    """A name leads nowhere else; where none is there, or a copy was named, it says how a copy is gone on with."""
    settings = settings_of(host(tmp_path, [LOOK]))
    assert place_of("q-1", settings, tmp_path) == tmp_path
    for name in ("q-1", "../q", "/etc", ".x"):
        with pytest.raises(RunUnknown, match="is gone on with by --from DIR"):
            place_of(name, settings, None)
    (settings.drill.directory / "q-1").mkdir(parents=True)
    (settings.drill.directory / "q-1" / "journal.jsonl").touch()
    assert place_of("q-1", settings, None) == settings.drill.directory / "q-1"


async def test_a_parameter_that_could_not_stand_in_the_journal_is_refused(tmp_path: Path) -> None:
    """A run that is resumed would take back something else."""
    (tmp_path / "pass").write_text("hunter2-hunter2")
    (tmp_path / "pass").chmod(0o600)
    where = host(tmp_path / "host", [LOOK])
    where.add(
        parameters={"account": {"default": "a"}, "password": {"secret": {"file": str(tmp_path / "pass")}}},
    )
    with pytest.raises(UsageFault, match="--set account: it holds, or looks like, a secret"):
        wanted(where, account="x-hunter2-hunter2").values(SystemClock())


async def test_evidence_that_can_not_be_written_is_told_before_anything_is_done(tmp_path: Path) -> None:
    """Exit 7."""
    where = host(tmp_path, [marking(tmp_path, "one")])
    where.evidence.write_text("a file")
    with pytest.raises(EvidenceUnwritable, match="evidence can't be written"):
        await begin(wanted(where), Watched().seat())
    assert where.marks() == set()


async def test_a_result_that_could_not_be_told_waits_and_is_sent_later(tmp_path: Path) -> None:
    """The run's own verdict stands; its command can't say that it is good."""
    deaf = f'read line; case "$line" in *\'"close"\'*) test -e {tmp_path}/listens;; esac'
    where = host(tmp_path / "host", [marking(tmp_path / "host", "one")], witness={"command": ["/bin/sh", "-c", deaf]})
    _, done = await begin(wanted(where), Watched().seat())
    assert (done.exit_code, done.result.verdict) == (ExitCode.NOT_MEASURED, Verdict.PASSED)
    directory = where.run_directory()
    assert list(unsent.read(directory / unsent.UNSENT)) == ["witness"]
    witnesses = elsewhere(settings_of(where).drill, _no_secret, SystemClock()).witnesses
    assert "still can't be told" in (await unsent.send(unsent.waiting(where.evidence), witnesses, 10.0))[0]
    copy = tmp_path / "copy"
    shutil.copytree(directory, copy)
    (tmp_path / "listens").touch()
    told = (f"{directory.name}: witness was told how it ended",)
    for kept, waiting in ((directory, unsent.waiting(where.evidence)), (copy, unsent.waiting(where.evidence, copy))):
        assert await unsent.send(waiting, witnesses, 10.0) == told
        assert not (kept / unsent.UNSENT).exists()
    assert unsent.waiting(where.evidence, copy) == []
    assert [event.verdict for event in events_of(where) if isinstance(event, Closed)] == ["passed"]


@pytest.mark.parametrize("code", ["not_possible", "no_such", "forbidden"])
async def test_a_result_that_is_refused_for_good_is_not_sent_again(tmp_path: Path, code: str) -> None:
    """A token that is not let in may be, another time; what the monitor knows otherwise stays."""
    await unsent.UnsentFile(tmp_path, "q-1").keep("monitor", Closing("passed", "", (), (), ()), Head(2, "a" * 64))

    class Refusing:
        name = "monitor"

        async def close(self, *_: object) -> str:
            raise RequestRefused(code, "no")

    (said,) = await unsent.send([tmp_path / unsent.UNSENT], [cast("Witness", Refusing())], 10.0)
    assert ("is not sent again" in said) == (code != "forbidden")
    assert (tmp_path / unsent.UNSENT).exists() == (code == "forbidden")


def test_a_request_of_another_form_is_taken_away_and_is_no_word(tmp_path: Path) -> None:
    """Nobody said anything."""
    (tmp_path / "confirm").mkdir()
    for text in ("", "[]", '{"person": "x"}', '{"person": 1, "is_yes": true, "note": "", "file": ""}'):
        (tmp_path / "confirm" / "look.json").write_text(text)
        assert requests.said(tmp_path, "look") is None
        assert list((tmp_path / "confirm").iterdir()) == []
    assert requests.said(tmp_path, "look") is None
    requests.say(tmp_path, "look", Word("anna", is_yes=False), None)
    requests.ask_to_stop(tmp_path)
    requests.clear(tmp_path)
    assert requests.said(tmp_path, "look") is None
    assert requests.stop_asked(tmp_path) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as somebody else")
def test_an_answer_of_another_login_is_heard() -> None:
    """Given with sudo, for a step that not even the operator may confirm: it stays root's, and the run can read it."""
    nobody = pwd.getpwnam("nobody")
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        os.chown(directory, nobody.pw_uid, nobody.pw_gid)
        requests.say(directory, "look", Word("berta", is_yes=True, file="photo.txt"), b"open")
        os.seteuid(nobody.pw_uid)
        try:
            found = requests.said(directory, "look")
            left = list((directory / "confirm").iterdir())
        finally:
            os.seteuid(0)
    assert found == (Word("berta", is_yes=True, file="photo.txt"), b"open", "root")
    assert left == []


def _no_secret(_reference: SecretReference) -> Value:
    raise AssertionError("no secret is needed")
