import re
import subprocess
import sys
from pathlib import Path

from tests.support.leftovers import processes_naming

# Everything the story is made of, in the order in which it can't help but be told.
MILESTONES = ("healthy", "break", "down", "recover", "standby")
OTHERS = ("sealed", "quiet", "ready", "page", "flag_page", "over", "up", "flag_over")


def test_the_story_happens_on_real_processes_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """Healthy, an outage, break-glass ready, a page, recovery, sealed again, a drill: all seen, all timed, exit 0."""
    directory = tmp_path / "demo"
    argv = (sys.executable, "-m", "monitor", "demo", "--story", "--dir", str(directory), "--port", "0")
    ended = subprocess.run(argv, capture_output=True, text=True, timeout=110, check=False)
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
    assert re.search(r" passed: \d+ of \d+ steps are evidence", ended.stdout)
    assert {path.name for path in directory.iterdir()} <= {"drills", "demo.lock"}, "evidence alone stays"
    (run,) = (directory / "drills").glob("platform-outage-*")
    assert (run / "report.html").exists()
    assert processes_naming(directory) == []
