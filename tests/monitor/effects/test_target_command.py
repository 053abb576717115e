"""The flag given to real programs: that read it, fail, hang, print without end, or leave children behind."""

from datetime import timedelta
from pathlib import Path

import pytest

from glasswatch.clock import SystemClock
from monitor.errors import PublishFailed
from monitor.settings.publish import CommandTargetSettings
from monitor.targets.command import CommandTarget
from tests.support.publishing import SOON, document, publishing
from tests.support.waiting import until

PLANTED = "hunter2-planted"


def target(script: str, *arguments: str, timeout: float = 20) -> CommandTarget:
    """Return a target that runs a shell script."""
    argv = ("/bin/sh", "-c", script, "sh", *arguments)
    return CommandTarget(CommandTargetSettings(command=argv, timeout=timedelta(seconds=timeout)), SystemClock())


async def complaint(script: str, *arguments: str, within: float = 20) -> str:
    """Return what is said of a document that a program didn't publish."""
    made = target(script, *arguments, timeout=within)
    with pytest.raises(PublishFailed) as caught:
        await made.publish(document(1))
    await made.aclose()
    assert PLANTED not in f"{caught.value} {caught.value!r} {caught.value.__cause__}"
    return str(caught.value)


def is_gone(written: Path) -> bool:
    """Whether the process whose number a program wrote has ended."""
    try:
        return Path(f"/proc/{int(written.read_text())}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def is_there(directory: Path, number: int) -> bool:
    """Whether one platform's document was published."""
    return (directory / f"p{number}").read_text() == document(1, f"p{number}").jws


async def test_the_program_reads_the_document(tmp_path: Path) -> None:
    """Exactly its bytes, on standard input."""
    await target('cat >"$1"', str(tmp_path / "read")).publish(document(7))
    assert (tmp_path / "read").read_text() == document(7).jws


async def test_the_platform_stands_in_arguments(tmp_path: Path) -> None:
    """As a whole and as a part, as often as it is there; other braces, quotes and dollars are left as they are."""
    out = str(tmp_path / "{platform}")
    await target('printf "%s|" "$@" >"$1"', out, "{platform}", '{"of":"{platform}"} $HOME').publish(
        document(1, "ledger")
    )
    assert (tmp_path / "ledger").read_text() == f'{tmp_path}/ledger|ledger|{{"of":"ledger"}} $HOME|'


async def test_a_failure_is_told_by_its_status_alone() -> None:
    """Both outputs may hold what the program was given, or a secret of its own."""
    assert await complaint(f"echo {PLANTED}; echo {PLANTED} >&2; exit 3", PLANTED) == "/bin/sh: it ended with status 3"
    assert await complaint("kill -9 $$") == "/bin/sh: signal 9 ended it"


async def test_a_program_that_can_not_be_run_is_named() -> None:
    """With the system's reason, without its arguments."""
    settings = CommandTargetSettings(command=("/nonexistent/program", PLANTED))
    with pytest.raises(PublishFailed) as caught:
        await CommandTarget(settings, SystemClock()).publish(document(1))
    assert str(caught.value) == "/nonexistent/program: it can't be run: No such file or directory"


async def test_a_program_that_prints_a_lot_succeeds() -> None:
    """What it prints is thrown away."""
    await target("cat >/dev/null; head -c 5000000 /dev/zero; head -c 5000000 /dev/zero >&2").publish(document(1))


async def test_a_program_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    """Nothing of it is left that could publish an older document later."""
    written = tmp_path / "pid"
    said = await complaint('sleep 300 & echo $! >"$1"; wait', str(written), within=1)
    assert said == "/bin/sh: it did not end within 1 s"
    await until(lambda: is_gone(written))


async def test_a_child_that_outlives_its_program_is_killed(tmp_path: Path) -> None:
    """The program said that it is out; whatever goes on in the background would come too late."""
    written = tmp_path / "pid"
    await target('sleep 300 & echo $! >"$1"', str(written)).publish(document(1))
    await until(lambda: is_gone(written))


async def test_an_older_document_never_lands_after_a_newer_one(tmp_path: Path) -> None:
    """A slow run is ended before the next one begins: the file never goes back."""
    out, go, written = tmp_path / "out", tmp_path / "go", tmp_path / "pid"
    waits = 'echo $$ >"$3"; while [ ! -e "$2" ]; do sleep 0.05; done'
    slow = f'read -r text; case "$text" in *-1.*) {waits};; esac; echo "$text" >>"$1"'
    made = target(slow, str(out), str(go), str(written), timeout=1)
    async with publishing(made) as publisher:
        publisher.submit(document(1))
        await until(lambda: publisher.failures[made.name] > 0 and written.exists())
        assert await publisher.publish_now(document(2), SOON) == ()
        go.touch()  # from here on nothing but its end keeps the first run from publishing
        await until(lambda: is_gone(written))
    assert set(out.read_text().splitlines()) == {document(2).jws}


async def test_a_platform_whose_program_hangs_holds_up_no_other(tmp_path: Path) -> None:
    """Each platform's run is its own."""
    script = '[ "$1" = payments ] && sleep 300; cat >"$2"'
    made = target(script, "{platform}", str(tmp_path / "{platform}"))
    async with publishing(made) as publisher:
        publisher.submit(document(1, "payments"))
        for number in range(12):
            assert await publisher.publish_now(document(1, f"p{number}"), SOON) == ()
        assert publisher.behind == {"/bin/sh": 1}
    assert all(is_there(tmp_path, number) for number in range(12))


async def test_stopping_ends_what_runs(tmp_path: Path) -> None:
    """A run under way must not publish after the monitor that comes next has begun."""
    written = tmp_path / "pid"
    async with publishing(target('echo $$ >"$1"; sleep 300', str(written))) as publisher:
        publisher.submit(document(1))
        await until(lambda: written.exists() and written.read_text().endswith("\n"))
    assert is_gone(written)


async def test_the_derived_name_is_the_program() -> None:
    """Arguments may hold more than they should."""
    assert target("true", PLANTED).name == "/bin/sh"
