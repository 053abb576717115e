"""docs/auditors.md: its commands, as they stand there, believe a sound run, and none that was tampered with."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from drills import reporting
from drills.journal.codec import decode
from drills.journal.reading import JOURNAL
from drills.model.event import Checkpoint, Closed, Receipted
from glasswatch.chainlines import parse
from glasswatch.flag.keys import generate
from tests.support.clock import START
from tests.support.documents import ROOT, blocks, section
from tests.support.programs import require
from tests.support.proving import CONTENT, PLAN, RUN, Journal, approval, closed_run, receipt, trust_file

PAGE = (ROOT / "docs" / "auditors.md").read_text()
OURS, ALONE = "With this package", "With OpenSSL and a few lines"
SOUND = closed_run(approved=replace(approval(person="Berta+night@example.com"), person=PLAN.approval.person))


def commands(title: str) -> str:
    """Return what a section has a reader type."""
    return "\n".join(blocks(section(PAGE, title), "sh"))


def heads(journal: Journal) -> str:
    """Return what a monitor answers of a run."""
    at = START.isoformat().replace("+00:00", "Z")
    told = [
        {"seq": each.head.seq, "hash": each.head.hash, "at": at, "act": each.act, "receipt": each.receipt}
        for each in journal.told
    ]
    return json.dumps({"run": RUN, "heads": told})


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """What an auditor asked for: a copy of the run, with its reports; heads, and the trust file."""
    (tmp_path / "run" / "outputs").mkdir(parents=True)
    (tmp_path / "run" / JOURNAL).write_bytes(SOUND.raw)
    (tmp_path / "run" / "outputs" / "0001-answer").write_bytes(CONTENT)
    reporting.write(tmp_path / "run", reporting.view_of(tmp_path / "run"))
    (tmp_path / "heads.json").write_text(heads(SOUND))
    (tmp_path / "trust.json").write_text(trust_file())
    (tmp_path / "trust.json").chmod(0o600)
    return tmp_path


@pytest.fixture
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where programs are found: Python without any package but its own, and our commands."""
    require("openssl", package="openssl")
    place = tmp_path_factory.mktemp("bin")
    for name, words in (("python3", "-I -S"), ("drill", "-m drills")):
        (place / name).write_text(f'#!/bin/sh\nexec {sys.executable} {words} "$@"\n')
        (place / name).chmod(0o755)
    return f"{place}{os.pathsep}{os.environ['PATH']}"


def written_anew() -> Journal:
    """Return the run as others wrote it a month later: whole and properly chained, but for what they can't sign."""
    journal = Journal(at=START + timedelta(days=30))
    for line in SOUND.lines:
        event = decode(parse(line.rstrip(b"\n")).entry).event
        if not isinstance(event, Checkpoint | Receipted):
            journal.append(event)
            journal.tell("close" if isinstance(event, Closed) else "head")
    return journal


def typed(title: str, case: Path, path: str) -> "subprocess.CompletedProcess[str]":
    """Type the commands of a section, and stop at the first that fails."""
    return subprocess.run(
        ["bash", "-eu", "-c", commands(title)],
        cwd=case,
        env={"PATH": path, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_sound_run_is_believed_by_our_command(case: Path, path: str) -> None:
    """Without settings."""
    found = typed(OURS, case, path)
    assert found.returncode == 0, found.stderr
    assert json.loads((case / "verified.json").read_text())["is_whole"] is True
    assert RUN in (case / "report.html").read_text()


def test_a_sound_run_is_believed_without_us(case: Path, path: str) -> None:
    """Chain, outputs, receipts, checkpoints and the report."""
    found = typed(ALONE, case, path)
    assert found.returncode == 0, found.stderr + found.stdout
    assert f"12 entries and 1 outputs are as their hashes say; the last is {SOUND.head.hash}" in found.stdout
    assert found.stdout.count("Signature Verified Successfully") == len(SOUND.told) + 3
    assert "closed as passed, and told so" in found.stdout
    assert "the report is of this journal" in found.stdout


def _changed(case: Path) -> None:
    (case / "run" / JOURNAL).write_bytes(SOUND.raw.replace(b'"HTTP 200"', b'"HTTP 201"', 1))


def _other_output(case: Path) -> None:
    (case / "run" / "outputs" / "0001-answer").write_bytes(b"HTTP 500")


def _cut_off(case: Path) -> None:
    (case / "run" / JOURNAL).write_bytes(b"".join(SOUND.lines[:-1]))


def _without_its_close(case: Path) -> None:
    told = json.loads((case / "heads.json").read_text())
    (case / "heads.json").write_text(json.dumps({**told, "heads": told["heads"][:-1]}))


def _written_anew(case: Path) -> None:
    anew = written_anew()
    (case / "run" / JOURNAL).write_bytes(anew.raw)
    reporting.write(case / "run", reporting.view_of(case / "run"))


def _signed_by_another(case: Path) -> None:
    anew, key = written_anew(), generate()
    told = json.loads(heads(anew))
    for each, head in zip(told["heads"], anew.told, strict=True):
        forged = receipt(head.act, head.head, key).split(".")
        each["receipt"] = ".".join([head.receipt.split(".")[0], *forged[1:]])  # it names the monitor's key
    (case / "run" / JOURNAL).write_bytes(anew.raw)
    (case / "heads.json").write_text(json.dumps(told))
    reporting.write(case / "run", reporting.view_of(case / "run"))


def _approved_by_name(case: Path) -> None:
    """As who runs a drill could have written it, with the monitor's word for it: with a name, and nothing signed."""
    _put(case, closed_run(approved=replace(PLAN.approval, jws="")))


def _approved_by_the_operator(case: Path) -> None:
    key = generate()
    forged = approval(key).jws.split(".")
    named = ".".join([PLAN.approval.jws.split(".")[0], *forged[1:]])
    _put(case, closed_run(approved=replace(PLAN.approval, jws=named)))


def _approved_by_who_ran_it(case: Path) -> None:
    """Under another way to write one name, which makes no second person."""
    _put(case, closed_run(operator="Ber\u200bta+drills@example.com"))


def _put(case: Path, journal: Journal) -> None:
    (case / "run" / JOURNAL).write_bytes(journal.raw)
    (case / "heads.json").write_text(heads(journal))
    reporting.write(case / "run", reporting.view_of(case / "run"))


@pytest.mark.parametrize(
    ("tamper", "why"),
    [
        (_approved_by_name, "the journal does not hold what berta signed"),
        (_approved_by_the_operator, "Signature Verification Failure"),
        (_approved_by_who_ran_it, "who ran it approved it"),
        (_changed, "line 4 is not what was written"),
        (_other_output, "line 4: 0001-answer is not what was kept"),
        (_cut_off, "its end was cut off"),
        (_without_its_close, "no receipt is of the close"),
        (_written_anew, "receipt 1: entry 1 is not in this journal"),
        (_signed_by_another, "Signature Verification Failure"),
    ],
    ids=lambda each: getattr(each, "__name__", "").strip("_"),
)
def test_what_was_tampered_with_is_not(case: Path, path: str, tamper: Callable[[Path], None], why: str) -> None:
    """Neither by our command, nor without us."""
    tamper(case)
    assert typed(OURS, case, path).returncode in (1, 4)
    found = typed(ALONE, case, path)
    assert found.returncode != 0
    assert why in found.stderr + found.stdout


def test_a_report_that_says_otherwise_is_not_believed(case: Path, path: str) -> None:
    """The journal is what counts."""
    place = case / "run" / "report.json"
    place.write_text(place.read_text().replace('"verdict": "passed"', '"verdict": "failed"', 1))
    assert "the report says failed, and the journal was closed as passed" in typed(ALONE, case, path).stderr


@pytest.mark.parametrize(
    ("file", "content", "why"),
    [
        ("run/journal.jsonl", b"", "the journal is torn"),
        ("run/journal.jsonl", SOUND.raw[:-9], "the journal is torn"),
        ("run/journal.jsonl", b"nothing\n", "not as a run is written: JSONDecodeError"),
        ("run/journal.jsonl", b'{"a":1}\n', "not as a run is written: KeyError"),
        ("heads.json", b"[]", "not as a run is written: TypeError"),
        ("trust.json", b"\xff", "not as a run is written: UnicodeDecodeError"),
        ("run/report.json", b"{", "not as a run is written: JSONDecodeError"),
    ],
)
def test_what_is_torn_or_foreign_is_said_in_a_line(case: Path, path: str, file: str, content: bytes, why: str) -> None:
    """And no traceback: an auditor reads it."""
    (case / file).write_bytes(content)
    found = typed(ALONE, case, path)
    assert found.returncode == 1
    assert why in found.stderr
    assert "Traceback" not in found.stderr
