"""The reader runs at every login: what it imports, how long it takes, how much memory it wants."""

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from glasswatch.flag.document import FlagState
from glasswatch.flag.reader import judge
from glasswatch.flag.selection import Question, judge_all
from tests.support.flags import EXPECT, NOW, READY_CLAIMS, TRUST, jwk, signed, write_trust
from tests.support.floors import MARK, floor_of

_ROOT = Path(__file__).parents[3]

# Exactly what a login would run, but for reading its command line, then what it has cost.
_LOGIN = """
import sys
from pathlib import Path
from datetime import UTC, datetime
from glasswatch.clock import SystemClock
from glasswatch.flag import disk, floor_file, trust
from glasswatch.flag.jws import MAX_BYTES
from glasswatch.flag.reader import Expectation
from glasswatch.flag.selection import Question, judge_all
clock = SystemClock()
document = disk.read(Path(sys.argv[1]), MAX_BYTES, clock).data
trusted = trust.load(Path(sys.argv[2]), clock)
with floor_file.held(Path(sys.argv[1] + ".floor"), clock) as held:
    question = Question(trusted, Expectation("prod", "payments"), datetime.fromisoformat(sys.argv[3]))
    found = judge_all([document], question, held.floor)
    held.keep(found.floor)
answer = found.judgement
import json
# Not getrusage: its peak is that of the program before exec too, here the test run itself.
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps({"state": answer.state, "modules": sorted(sys.modules), "peak_kib": int(peak.split()[1])}))
"""


@pytest.fixture
def login(tmp_path: Path) -> list[str]:
    """Return the command line of a reader in a fresh interpreter, on a flag that is ready."""
    (tmp_path / "flag.jws").write_bytes(signed(READY_CLAIMS))
    trust_file = write_trust(tmp_path / "trust.json", jwk())
    return [sys.executable, "-c", _LOGIN, str(tmp_path / "flag.jws"), str(trust_file), NOW.isoformat()]


def _run(command: list[str]) -> dict[str, object]:
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, check=True, timeout=30)
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def test_the_reader_imports_little(login: list[str]) -> None:
    """A login loads cryptography and the standard library, and of ours only the flag, the clock and the errors."""
    found = _run(login)
    assert found["state"] == "ready"
    modules = found["modules"]
    assert isinstance(modules, list)
    ours = {name for name in modules if name.split(".")[0] in {"glasswatch", "platforms", "monitor"}}
    assert {name for name in ours if not name.startswith("glasswatch.flag")} == {
        "glasswatch",
        "glasswatch.clock",
        "glasswatch.errors",
    }
    assert "glasswatch.flag.keys" not in ours, "readers make no keys"
    foreign = {name.split(".")[0] for name in modules} - set(sys.stdlib_module_names) - {"glasswatch", "__main__"}
    assert {name for name in foreign if not name.startswith(("_", "zope"))} == {"cryptography"}


def test_a_login_is_quick_and_small(login: list[str]) -> None:
    """A fresh interpreter needs less than 0.25 s of CPU, the best of five, and 30 MB: not of a busy machine."""
    seconds, peaks_kib = [], []
    for _ in range(5):
        began = _spent_by_children()
        peaks_kib.append(_run(login)["peak_kib"])
        seconds.append(_spent_by_children() - began)
    assert min(seconds) < 0.25
    assert all(isinstance(peak, int) and peak < 30_000 for peak in peaks_kib)


def _spent_by_children() -> float:
    spent = os.times()
    return spent.children_user + spent.children_system


def test_a_judgement_of_several_against_a_floor_takes_less_than_a_millisecond() -> None:
    """Against a floor in memory two copies are judged within 1 ms of CPU, the best of ten rounds."""
    documents = [signed(READY_CLAIMS), signed(replace(READY_CLAIMS, ver=READY_CLAIMS.ver - 1))]
    floor = floor_of(replace(MARK, ver=1), *(replace(MARK, sub=f"platform-{number}") for number in range(20)))
    best = 1.0
    for _ in range(10):
        began = time.process_time()
        for _ in range(20):
            answer = judge_all(documents, Question(TRUST, EXPECT, NOW), floor)
            assert answer.judgement.state is FlagState.READY
        best = min(best, (time.process_time() - began) / 20)
    assert best < 0.001


def test_a_judgement_takes_less_than_a_millisecond() -> None:
    """In a running process one document is judged within 1 ms of CPU, the best of ten rounds."""
    document = signed(READY_CLAIMS)
    best = 1.0
    for _ in range(10):
        began = time.process_time()
        for _ in range(20):
            assert judge(document, TRUST, EXPECT, NOW).state is FlagState.READY
        best = min(best, (time.process_time() - began) / 20)
    assert best < 0.001
