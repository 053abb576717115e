"""`monitor probe NAME --response FILE`: what was received, for its reader alone."""

import stat
from pathlib import Path

import pytest

from glasswatch.errors import ExitCode
from monitor.commands.response import write
from platforms.transport.tape import Tape, Taped
from tests.monitor.commands.test_probe import _config, _http, _probe
from tests.servers.http import OK, answer, answering, gzipped
from tests.support.served import served


@pytest.mark.parametrize("said", [OK, gzipped(b"x" * 1000)], ids=["plain", "compressed"])
def test_the_answer_as_it_was_received(tmp_path: Path, capsys: pytest.CaptureFixture[str], said: bytes) -> None:
    """Byte by byte, readable by its owner alone, and with a warning."""
    file = tmp_path / "answer"
    file.write_text("what was there")
    file.chmod(0o644)
    with served(answering(said)) as url:
        assert _probe(_config(tmp_path, _http("portal", url)), "portal", "--response", str(file)) == ExitCode.GOOD
    assert file.read_bytes() == said
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "look before you share it" in capsys.readouterr().err


def test_a_bad_answer_stays_bad(tmp_path: Path) -> None:
    """What came of it is kept; that it is kept changes nothing about the outcome."""
    file = tmp_path / "answer"
    with served(answering(answer(503, b"down for maintenance"))) as url:
        code = _probe(_config(tmp_path, _http("portal", url)), "portal", "--response", str(file))
    assert code == ExitCode.FINDING
    assert file.read_bytes().startswith(b"HTTP/1.1 503 ")


def test_our_credentials_are_not_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are in the request, and that is not kept."""
    monkeypatch.setenv("PORTAL_TOKEN", "s3cr3t")
    file = tmp_path / "answer"
    with served(answering(OK)) as url:
        _probe(
            _config(tmp_path, _http("portal", url, ", auth: {bearer: {env: PORTAL_TOKEN}}")),
            "portal",
            "--response",
            str(file),
        )
    assert file.read_bytes() == OK
    captured = capsys.readouterr()
    assert "s3cr3t" not in captured.out + captured.err


def test_no_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty file, and it says so."""
    file = tmp_path / "answer"
    with served(answering(b"")) as url:
        code = _probe(_config(tmp_path, _http("portal", url)), "portal", "--response", str(file))
    assert code == ExitCode.FINDING
    assert file.read_bytes() == b""
    assert "no answer was received" in capsys.readouterr().err


def test_one_probe_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is asked when it can't be told whose answer is wanted."""
    probes = f"{_http('portal', 'http://127.0.0.1:9/')}\n      {_http('api', 'http://127.0.0.1:9/')}"
    code = _probe(_config(tmp_path, probes), "--response", str(tmp_path / "answer"))
    assert code == ExitCode.USAGE
    assert "needs exactly one probe" in capsys.readouterr().err
    assert not (tmp_path / "answer").exists()


def test_a_file_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was found is shown all the same; then it says why."""
    with served(answering(OK)) as url:
        config = _config(tmp_path, _http("portal", url))
        code = _probe(config, "portal", "--response", str(tmp_path / "none" / "answer"))
    assert code == ExitCode.EVIDENCE_UNWRITABLE
    captured = capsys.readouterr()
    assert "payments/portal" in captured.out
    assert "can't be written: No such file or directory" in captured.err


class _Counting:
    def __init__(self) -> None:
        self.fed = b""
        self.is_ended = False

    def feed(self, data: bytes) -> bool:
        self.fed += data
        return len(self.fed) > 4

    def eof(self) -> None:
        self.is_ended = True


def test_a_tape_is_bounded_and_hands_everything_on() -> None:
    """What no longer fits is not kept, the receiver gets it all the same, and the file says that it is cut."""
    tape, receiver = Tape(6), _Counting()
    taped = Taped(receiver, tape)
    assert not taped.feed(b"1234")
    assert taped.feed(b"5678")
    taped.eof()
    assert (bytes(tape.said), tape.is_cut) == (b"123456", True)
    assert (receiver.fed, receiver.is_ended) == (b"12345678", True)


def test_a_cut_tape_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody takes a part for the whole."""
    tape = Tape(1)
    tape.take(b"12")
    write(tmp_path / "answer", tape)
    assert "cut off where it became too long" in capsys.readouterr().err
