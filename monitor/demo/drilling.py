"""The drill that ends the story: what it needs in the state directory, and the run itself, as a user would run it.

1. The scenarios are the shipped ones, on the demo's own targets (`monitor.demo.scenarios`).
2. The one that is run is approved by another person than who runs it, with a key that the run does not hold; receipts
   are signed by the monitor, with a key of its own. All of these keys are a demo's.
3. The drill is `drill run` on the demo's settings, against the monitor that runs. It is stopped as all programs of the
   demo are, and cleans up when it is.
4. Its evidence and its reports stay in the state directory when everything else of the demo goes; with them what they
   are checked with: the heads that the monitor holds, and the trust file.
"""

import asyncio
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from glasswatch import files
from glasswatch.clock import Clock
from glasswatch.errors import ExitCode
from glasswatch.flag import keys, trust, trust_change
from monitor.demo.errors import ChildFailed
from monitor.demo.evidence import HEADS, TRUST
from monitor.demo.processes import Processes, all_stopped, python
from monitor.demo.scenarios import OUTAGE
from monitor.demo.views import new_client
from monitor.wire.endpoints import BY_NAME

SCENARIO: Final = OUTAGE
APPROVER: Final = "anna"
OPERATOR: Final = "demo"
ORDERING: Final = ("anna", "ben")
_OWNER_ONLY: Final = 0o600


@dataclass(frozen=True, slots=True)
class DrillPlaces:
    """Where everything of the drill lives, in the demo's state directory."""

    root: Path

    @property
    def evidence_key(self) -> Path:
        """What the monitor signs receipts with."""
        return self.root / "evidence.key"

    @property
    def approver_key(self) -> Path:
        """What the second person approves with."""
        return self.root / "approver.key"

    def order_key(self, person: str) -> Path:
        """Return what a person orders with when the monitor is gone."""
        return self.root / f"{person}.order.key"

    @property
    def token(self) -> Path:
        """What the drill shows to the monitor."""
        return self.root / "drill.token"

    @property
    def scenarios(self) -> Path:
        """The directory of scenarios, each with its approval beside it."""
        return self.root / "scenarios"

    @property
    def evidence(self) -> Path:
        """The directory of runs."""
        return self.root / "drills"


def make_keys(places: DrillPlaces, trust_file: Path, issuer: str, clock: Clock) -> None:
    """Write the evidence key, the approver's key and the drill's token; add the keys to the trust file."""
    for path, iss, person in ((places.evidence_key, issuer, None), (places.approver_key, None, APPROVER)):
        key = keys.create(path, is_demo=True)
        public = trust.TrustKey(key.kid, key.public, trust.KeyRole.EVIDENCE, iss=iss, person=person, is_demo=True)
        trust_change.add_key(trust_file, public, clock)
    for person in ORDERING:
        key = keys.create(places.order_key(person), is_demo=True)
        public = trust.TrustKey(key.kid, key.public, trust.KeyRole.ORDER, person=person, is_demo=True)
        trust_change.add_key(trust_file, public, clock)
    files.replace(places.token, f"{secrets.token_urlsafe(32)}\n".encode(), _OWNER_ONLY)


def settings_text(places: DrillPlaces, platform: str, listen: str, clock: Clock) -> str:
    """Return the sections of the demo's settings that drills need."""
    token = places.token.read_text("ascii").strip()
    return _SETTINGS.format(
        sha256=hashlib.sha256(token.encode()).hexdigest(),
        expires=f"{clock.now() + timedelta(days=2):%Y-%m-%d}",
        scenario=SCENARIO,
        platform=platform,
        operator=OPERATOR,
        listen=listen,
    )


async def drill(settings: Path, logs: Path, say: Callable[[str], None]) -> ExitCode:
    """Have the scenario approved and run; `say` gets the drill's lines. Return how it ended.

    Raises:
        ChildFailed: it can't be started.
        LeftBehind: it could not be stopped.
    """
    places = DrillPlaces(settings.parent)
    config = ("--config", str(settings))
    approve = ("approve", SCENARIO, "--key", str(places.approver_key), "--person", APPROVER, "--yes")
    code = await _run("approval", (*approve, *config), logs, lambda _line: None)
    if code is not ExitCode.GOOD:
        raise ChildFailed("approval", f"the scenario could not be approved (exit code {code}): see {logs}/approval.log")
    return await _run("drill", ("run", SCENARIO, "--unattended", *config), logs, say)


async def keep_proof(places: DrillPlaces, url: str, trust_file: Path) -> tuple[Path, Path, Path] | None:
    """Keep what the last run is checked with, where all such evidence has it; return its directory and both files.

    None without a run.

    Raises:
        HTTPError, OSError: the monitor at `url` doesn't answer, or it can't be written.
    """
    run = max(places.evidence.glob(f"{SCENARIO}-*"), default=None)
    if run is None:
        return None
    heads, kept = run / HEADS, places.evidence / TRUST
    async with new_client() as client:
        answer = await client.get(url + BY_NAME["drill_heads"].at(run=run.name))
    files.replace(heads, answer.raise_for_status().content, _OWNER_ONLY)
    files.replace(kept, await asyncio.to_thread(trust_file.read_bytes), _OWNER_ONLY)
    return run, heads, kept


async def _run(name: str, words: tuple[str, ...], logs: Path, say: Callable[[str], None]) -> ExitCode:
    # Apart from the demo's other programs: this one is expected to end.
    async with all_stopped(Processes(logs)) as processes:
        child = await processes.start(name, python("-m", "drills", *words), say)
        code = await child.process.wait()
        if child.pump is not None:
            await child.pump
    return ExitCode(code) if code in set(ExitCode) else ExitCode.BUG


_SETTINGS: Final = """\
tokens:
  - name: demo-drill
    machine: demo-drill
    sha256: {sha256}
    scopes: [drill, exercise, read]
    expires: {expires}
drills:                        # what the monitor knows of drills
  evidence_key: {{file: evidence.key}}
  calendar:
    {scenario}: {{platform: {platform}, cadence: quarterly}}
drill:                         # how `drill` runs them from here
  scenarios: [scenarios]
  directory: drills
  operator: {operator}
  monitor: {{url: "http://{listen}", token: {{file: drill.token}}}}
  trust: trust.json
"""
