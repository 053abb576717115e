import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.leftovers import processes_naming

# Everything the story is made of, in the order in which it can't help but be told.
MILESTONES = ("healthy", "break", "down", "recover", "standby")
OTHERS = ("sealed", "quiet", "ready", "page", "flag_page", "over", "up", "flag_over")


@pytest.mark.timeout(300)
def test_the_story_happens_on_real_processes_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """Healthy, an outage, break-glass ready, a page, recovery, sealed again: seen and timed; then the drill passes."""
    directory = tmp_path / "demo"
    argv = (sys.executable, "-m", "monitor", "demo", "--story", "--dir", str(directory), "--port", "0")
    ended = subprocess.run(argv, capture_output=True, text=True, timeout=240, check=False)
    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"
    told = re.findall(r"^ +(?:(\d+\.\d\d) s)? +(\w+) +\S", ended.stdout, re.MULTILINE)
    names = [name for _, name in told]
    assert [name for name in names if name in MILESTONES] == list(MILESTONES)
    assert set(OTHERS) <= set(names)
    seconds = {name: float(at) for at, name in told if at}
    assert max(seconds[name] for name in ("down", "ready", "page", "flag_page")) < 15
    assert seconds["standby"] > seconds["recover"]
    assert "All of it happened." in ended.stdout
    assert "\x1b" not in ended.stdout
    assert {path.name for path in directory.iterdir()} == {"demo.lock", "drills"}, "only evidence stays"
    report = max(directory.glob("drills/*/report.html"))  # more than one where this machine stood still meanwhile
    assert f"report: {report}" in ended.stdout
    words = re.search(r"Check them: \S*drill (verify .+)", ended.stdout)
    assert words is not None
    assert f" --heads {report.with_name('heads.json')} " in words[1]
    assert not (directory / "drills" / "heads.json").exists()
    assert subprocess.run([sys.executable, "-m", "drills", *words[1].split()], check=False).returncode == 0
    passed = set(re.findall(r"^\S+ passed +(\w+):", ended.stdout, re.MULTILINE))
    assert {"outage", "detected", "flag", "others", "page", "ended", "standby"} <= passed
    left_out = set(re.findall(r"^Left out of the drill: (\w+), because", ended.stdout, re.MULTILINE))
    for target in {"ssh", "sql"} - left_out:
        assert {f"{target}_sealed", f"{target}_in", f"{target}_audit", f"{target}_shut"} <= passed
    if os.environ.get("GLASSWATCH_REQUIRE_ALL"):
        assert not left_out
    assert processes_naming(directory) == []
