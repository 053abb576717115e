"""The shipped scenarios, written for one demo: its ports, its directory, its account, and the targets that it has.

They are copied as they stand where the demo has the standard ports and all targets. Of the outage, steps of a target
that is left out go, and with them what only they measured, and what is shown only after them; any other scenario that
has such steps goes whole.
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

import monitor
from glasswatch import files
from monitor.demo.targets import ssh
from monitor.demo.targets.places import DRILL_PRINCIPAL, TargetName

SHIPPED: Final = Path(monitor.__file__).resolve().parent.parent / "drills" / "shipped"
OUTAGE: Final = "platform-outage"
_STATE: Final = re.compile(r"/var/lib/glasswatch-demo[\w./-]*")
_STANDARD_STATE: Final = "/var/lib/glasswatch-demo"
_ACCOUNT: Final = re.compile(rf"\buser: {DRILL_PRINCIPAL}$", re.MULTILINE)
_OWNER_ONLY: Final = 0o600


@dataclass(frozen=True, slots=True)
class Fitting:
    """What one demo has in place of what the shipped scenarios say. `ports`: from the standard ones to its own."""

    state: Path
    ports: Mapping[int, int]
    targets: Collection[TargetName]


def write(directory: Path, fitting: Fitting) -> None:
    """Write every scenario that the demo can run."""
    directory.mkdir(mode=0o700, exist_ok=True)
    for path in sorted(SHIPPED.glob("*.yaml")):
        text = fitted(path.read_text("utf-8"), fitting)
        if text:
            files.replace(directory / path.name, text.encode(), _OWNER_ONLY)


def fitted(text: str, fitting: Fitting) -> str:
    """Return a scenario as a demo can run it; empty: nothing is left of it."""
    text = re.sub(r"\b97[89]\d\b", lambda found: str(fitting.ports.get(int(found[0]), found[0])), text)
    text = _STATE.sub(lambda found: json.dumps(found[0].replace(_STANDARD_STATE, str(fitting.state), 1)), text)
    if TargetName.SSH in fitting.targets:
        text = _ACCOUNT.sub(f"user: {json.dumps(ssh.user())}", text)
    gone = frozenset(TargetName) - frozenset(fitting.targets)
    scenario = yaml.safe_load(text)
    if not any(_is_of(step, gone) for step in scenario["steps"]):
        return text
    return _without(scenario, gone) if scenario["id"] == OUTAGE else ""


def _is_of(step: Mapping[str, Any], targets: Collection[TargetName]) -> bool:
    return any(step["id"].startswith(f"{target.value}_") for target in targets)


def _without(scenario: dict[str, Any], gone: Collection[TargetName]) -> str:
    steps = [step for step in scenario["steps"] if not _is_of(step, gone)]
    kept = {step["id"] for step in steps}
    for step in steps:
        if "needs" in step:
            step["needs"] = [need for need in step["needs"] if need in kept]
    if not any("D5" in step.get("evidences", ()) for step in steps):  # where nobody gets in nothing is taken back
        for step in steps:
            step["evidences"] = [part for part in step.get("evidences", ()) if part != "D8"]
    begun = {span for step in steps for span in step.get("begins", ())}
    for step in steps:
        step["ends"] = [span for span in step.get("ends", ()) if span in begun]
    measured = {"total", *(span for step in steps for span in step["ends"])}
    scenario["targets"] = {span: most for span, most in scenario["targets"].items() if span in measured}
    scenario["steps"] = steps
    return yaml.safe_dump(scenario, sort_keys=False, allow_unicode=True)
