"""Drills as processes of their own, on steps that leave files and take them away."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

WITHIN = 60.0


@dataclass(frozen=True, slots=True)
class Host:
    """A directory with settings, one scenario, and the marks that its steps leave."""

    root: Path

    @property
    def config(self) -> Path:
        """The settings file."""
        return self.root / "glasswatch.yaml"

    @property
    def evidence(self) -> Path:
        """Where runs are kept."""
        return self.root / "evidence"

    @property
    def output(self) -> Path:
        """What the last drill printed."""
        return self.root / "output"

    def marks(self) -> set[str]:
        """Return the marks that stand."""
        return {path.name for path in (self.root / "marks").iterdir()}

    def run_directory(self) -> Path:
        """Return the directory of the one run there is."""
        (path,) = (each.parent for each in self.evidence.glob("*/journal.jsonl"))
        return path

    def add(self, **keys: object) -> None:
        """Change the scenario; None takes a key out."""
        path = self.root / "scenarios" / "q.yaml"
        scenario = {**yaml.safe_load(path.read_text(encoding="utf-8")), **keys}
        path.write_text(
            yaml.safe_dump({key: value for key, value in scenario.items() if value is not None}), encoding="utf-8"
        )

    def copy(self, name: str, **keys: object) -> None:
        """Put another scenario beside it, with these keys in place of its own."""
        own = yaml.safe_load((self.root / "scenarios" / "q.yaml").read_text(encoding="utf-8"))
        path = self.root / "scenarios" / f"{name}.yaml"
        path.write_text(yaml.safe_dump({**own, "id": name, **keys}), encoding="utf-8")
        path.chmod(0o600)

    def start(self, *words: str) -> "subprocess.Popen[bytes]":
        """Start `drill`, with what it prints going to a file."""
        with self.output.open("wb") as output:
            return subprocess.Popen(
                argv(*words, "--config", str(self.config)),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def call(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Call `drill` and wait for its end."""
        whole = argv(*words, "--config", str(self.config))
        return subprocess.run(whole, capture_output=True, text=True, timeout=WITHIN, check=False)

    def wait_for(self, process: "subprocess.Popen[bytes]", *marks: str) -> None:
        """Return when these marks stand, which a drill leaves."""
        ends = time.monotonic() + WITHIN  # noqa: TID251 - a test's own deadline
        while not set(marks) <= self.marks():
            assert process.poll() is None, "the drill is over"
            assert time.monotonic() < ends, self.marks()  # noqa: TID251 - as above
            time.sleep(0.02)  # noqa: TID251 - what other processes do has no event here


def argv(*words: str) -> list[str]:
    """Return the command line of `drill`."""
    return [sys.executable, "-m", "drills", *words]


def host(root: Path, steps: Sequence[Mapping[str, object]], **drill: object) -> Host:
    """Return a host with a scenario `q` of these steps, and a witness that says nothing."""
    (root / "marks").mkdir(parents=True)
    (root / "scenarios").mkdir()
    settings = {
        "deployment": "prod",
        "drill": {
            "approval": "waived",
            "directory": "evidence",
            "witness": {"command": ["/bin/true"]},
            "waived_gates": ["monitor_healthy", "no_open_incident"],
            **drill,
        },
    }
    scenario = {
        "id": "q",
        "title": "Marks",
        "owner": "sre",
        "platform": "payments",
        "cadence": "none",
        "steps": [dict(step) for step in steps],
    }
    for path, content in ((root / "glasswatch.yaml", settings), (root / "scenarios" / "q.yaml", scenario)):
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        path.chmod(0o600)
    return Host(root)


def marking(root: Path, name: str, act: str = "", undo: str = "") -> dict[str, object]:
    """Return a step that leaves a mark, does `act`, and is taken back by removing the mark after `undo`."""
    mark = root / "marks" / name
    return {
        "id": name,
        **_shell(f"touch {mark}; {act or ':'}"),
        "undo": [_shell(f"{undo or ':'}; rm -f {mark}")],
    }


def _shell(text: str) -> dict[str, object]:
    return {"action": "command", "with": {"argv": ["/bin/sh", "-c", text], "timeout": "5m"}, "within": "5m"}


def leave(process: "subprocess.Popen[bytes]") -> None:
    """End a process that a test did not."""
    if process.poll() is None:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
