"""`drill verify`: a run's evidence against what is held elsewhere, from a file or from the monitor itself."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from drills.cli import command
from drills.journal.gathering import gather
from drills.journal.reading import JOURNAL
from drills.model.proof import FoundOutput
from glasswatch.cli import run
from tests.support.clock import START
from tests.support.proving import CONTENT, RUN, closed_run, trust_file
from tests.support.settings_files import write

SOUND = closed_run()
ANSWER = {
    "run": RUN,
    "heads": [
        {
            "seq": told.head.seq,
            "hash": told.head.hash,
            "at": START.isoformat().replace("+00:00", "Z"),
            "act": told.act,
            "receipt": told.receipt,
        }
        for told in SOUND.told
    ],
}


@pytest.fixture
def evidence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run's directory, settings beside it, the monitor's trust file and heads."""
    directory = tmp_path / "drills" / RUN
    (directory / "outputs").mkdir(parents=True)
    (directory / JOURNAL).write_bytes(SOUND.raw)
    (directory / "outputs" / "0001-answer").write_bytes(CONTENT)
    trust = tmp_path / "trust.json"
    trust.write_text(trust_file())
    trust.chmod(0o600)
    (tmp_path / "heads.json").write_text(json.dumps(ANSWER))
    write(tmp_path, "deployment: prod\ndrill:\n  trust: trust.json\n")
    monkeypatch.chdir(tmp_path)
    return directory


def _verify(*arguments: str) -> int:
    return run(command, "drill", ["verify", *arguments])


def test_a_run_by_its_name_with_heads_in_a_file(evidence: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Directory and trust file are the settings'."""
    assert _verify(RUN, "--heads", "heads.json") == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{RUN}: 12 entries, the last is {SOUND.head.hash}",
        "whole: it was closed, and is what was written up to there",
    ]


def test_a_copy_of_its_directory_needs_no_settings(evidence: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Only whom to trust."""
    Path("glasswatch.yaml").unlink()
    copy = evidence.rename(evidence.parent.parent / "copy")
    assert _verify(str(copy), "--heads", "heads.json", "--trust", "trust.json", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "run": RUN,
        "head": {"seq": 12, "hash": SOUND.head.hash},
        "is_whole": True,
        "is_closed": True,
        "anchored": 12,
        "problems": [],
        "notes": [],
    }
    assert _verify("copy", "--heads", "heads.json") == 4
    assert "there is no trust file" in capsys.readouterr().out


def test_without_heads_it_is_not_anchored(evidence: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The chain holds, and nothing more is known."""
    assert _verify(RUN) == 4
    assert "not anchored: no heads were given" in capsys.readouterr().out


def test_what_was_changed_is_named_with_its_line(evidence: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In the journal, or beside it."""
    (evidence / "outputs" / "0001-answer").write_bytes(b"HTTP 204")
    assert _verify(RUN, "--heads", "heads.json") == 1
    assert "WRONG  line 4: the output 0001-answer of login is not what was kept" in capsys.readouterr().out
    (evidence / JOURNAL).write_bytes(SOUND.raw.replace(b'"HTTP 200"', b'"HTTP 500"', 1))
    assert _verify(RUN, "--heads", "heads.json") == 1
    assert "WRONG  line 4: entry 4 is not what was written" in capsys.readouterr().out
    (evidence / JOURNAL).write_bytes(b"".join(SOUND.lines[:-1]))
    assert _verify(RUN, "--heads", "heads.json") == 1
    assert "WRONG  entry 12 is held elsewhere, and is not in this journal" in capsys.readouterr().out


def test_what_no_entry_names_is_said(evidence: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It changes nothing of what was written: a process that was killed leaves such a file, too."""
    for number in range(4):
        (evidence / "outputs" / f"0002-more-{number}").touch()
    assert _verify(RUN, "--heads", "heads.json") == 0
    assert "nothing vouches for: '0002-more-0', '0002-more-1', '0002-more-2' and 1 more" in capsys.readouterr().out


def test_another_run_in_its_place_is_none(evidence: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Asked for by a name, it must be the run of that name."""
    evidence.rename(evidence.with_name("quarterly-2"))
    assert _verify("quarterly-2") == 1
    assert "WRONG  line 1: it is of another run than was asked for" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["quarterly-9"], 2, "no run is there"),
        ([RUN, "--heads", "none.json"], 2, "--heads: none.json can't be read"),
        ([RUN, "--heads", "glasswatch.yaml"], 2, "--heads: glasswatch.yaml holds no heads"),
        ([RUN, "--heads", "http://example.com"], 2, "--heads: expected a file, or an address"),
        ([RUN, "--heads", "https://x:y@example.com"], 2, "--heads: expected a file, or an address"),
        ([RUN, "--heads", "https://example.com/api/v1/drills/other/heads"], 2, "another run's heads"),
        ([RUN, "--trust", "heads.json"], 4, "heads.json"),
        ([RUN, "--config", "none.yaml"], 3, "none.yaml"),
    ],
)
def test_what_can_not_be_checked_is_said(
    evidence: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, says: str
) -> None:
    """Neither sound nor damaged."""
    assert _verify(*arguments) == code
    assert says in capsys.readouterr().err


def test_what_a_newer_version_wrote_is_unreadable(evidence: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody here can say what it means."""
    (evidence / JOURNAL).unlink()
    (evidence / JOURNAL).mkdir()
    assert _verify(RUN) == 3
    assert "can't be read" in capsys.readouterr().err


# The monitor itself


class _Monitor(BaseHTTPRequestHandler):
    asked: list[tuple[str, str]]
    answer: dict[str, Any]

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers["Authorization"]))
        body = json.dumps(self.answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def monitor() -> Iterator[tuple[str, type[_Monitor]]]:
    """What answers as a monitor does, without receipts; and its address."""
    unsigned = [{**head, "receipt": ""} for head in ANSWER["heads"] if isinstance(head, dict)]
    kind = type("Asked", (_Monitor,), {"asked": [], "answer": {"run": RUN, "heads": unsigned}})
    with HTTPServer(("127.0.0.1", 0), kind) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", kind
        server.shutdown()
        thread.join()


def test_the_monitor_is_believed_by_its_own_word(
    evidence: Path, monitor: tuple[str, type[_Monitor]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked at its address, or at that of the run's heads; with the token of the environment, or of the settings."""
    address, told = monitor
    monkeypatch.setenv("GLASSWATCH_TOKEN", "own-token-1")
    monkeypatch.setenv("DRILL_TOKEN", "settings-token-1")
    assert _verify(RUN, "--heads", address) == 0
    settings = f"deployment: prod\ndrill:\n  monitor: {{url: '{address}', token: {{env: DRILL_TOKEN}}}}\n"
    Path("glasswatch.yaml").write_text(f"{settings}  trust: trust.json\n")
    assert _verify(RUN, "--heads", f"{address}/api/v1/drills/{RUN}/heads") == 0
    path = f"/api/v1/drills/{RUN}/heads"
    assert told.asked == [(path, "Bearer own-token-1"), (path, "Bearer settings-token-1")]
    told.answer["heads"][0]["hash"] = "0" * 64
    assert _verify(RUN, "--heads", address) == 1


def test_a_monitor_that_does_not_answer_anchors_nothing(
    evidence: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing could be compared."""
    monkeypatch.setenv("GLASSWATCH_TOKEN", "own-token-1")
    assert _verify(RUN, "--heads", "http://127.0.0.1:9") == 4
    assert capsys.readouterr().out == ""


# What is no output of the run's own


def test_an_output_is_a_file_of_the_run_s_own(evidence: Path, tmp_path: Path) -> None:
    """No link, no directory; one that grew is not read whole."""
    path = evidence / "outputs" / "0001-answer"
    assert gather(evidence, None).outputs["0001-answer"] is not None
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert gather(evidence, None).outputs == {"0001-answer": None}
    path.unlink()
    path.mkdir()
    assert gather(evidence, None).outputs == {"0001-answer": None}
    path.rmdir()
    path.write_bytes(b"x" * (3 * 2**20))
    found = gather(evidence, None).outputs["0001-answer"]
    assert isinstance(found, FoundOutput)
    assert found.size == 2**20 + 1
