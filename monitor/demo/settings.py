"""The demo's state directory: settings, key, trust file, procedure, store, logs; and what an earlier demo left there.

The rules:
1. One demo a directory: a lock file is held for as long as it runs.
2. A directory that holds anything but a demo's own files is refused, and nothing in it is touched.
3. Every demo starts fresh: what an earlier one left is removed, by name, never by emptying the directory. Its evidence
   of drills is moved aside (`monitor.demo.evidence`).
4. Directory and files are the owner's alone; the settings are what `monitor run` would refuse otherwise.
5. The flag's key and trust file come from `glasswatch.flag`, as `monitor flag keygen` makes them, and both are marked
   as a demo's: they count for the deployment `demo` and for no other.

The intervals are a demo's: 1 s where production has 15 s, so that the story fits into a minute. An outage cause ends
after `lower_after` of `up`, and `up` comes back once fewer than 3 of the last 20 outcomes are bad: about 18 s.
"""

import base64
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from glasswatch import files
from glasswatch.clock import Clock
from glasswatch.flag import keys, trust, trust_change
from monitor.demo import drilling, evidence
from monitor.demo.drilling import DrillPlaces, make_keys
from monitor.demo.errors import DirectoryInUse
from monitor.demo.evidence import Left
from monitor.demo.targets import postgres
from monitor.demo.targets.places import TargetPlaces

DEPLOYMENT = trust.DEMO_DEPLOYMENT
VANTAGE = "main"
PLATFORM = "payments"
FUNCTIONS = ("sign_in", "request", "approve", "connect")
LOWER_AFTER_SECONDS = 10

_OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class Places:
    """Where everything of one demo lives."""

    root: Path

    @property
    def settings(self) -> Path:
        """What the daemon is run with."""
        return self.root / "glasswatch.yaml"

    @property
    def key(self) -> Path:
        """The key that signs the flag."""
        return self.root / "flag.key"

    @property
    def trust(self) -> Path:
        """The trust file that readers of the flag pin."""
        return self.root / "trust.json"

    @property
    def flag(self) -> Path:
        """The signed flag."""
        return self.root / f"{PLATFORM}.flag.jws"

    @property
    def procedure(self) -> Path:
        """What to do when the glass must be broken."""
        return self.root / "procedure.md"

    @property
    def status_page(self) -> Path:
        """The status page as a file."""
        return self.root / "status.html"

    @property
    def webhook_secret(self) -> Path:
        """What pages are signed with."""
        return self.root / "webhook.secret"

    @property
    def admin_token(self) -> Path:
        """What the simulated platform is broken with."""
        return self.root / "admin.token"

    @property
    def running(self) -> Path:
        """Where the demo that runs can be reached."""
        return self.root / "demo.json"

    @property
    def lock(self) -> Path:
        """Held by the demo that runs; its presence makes a directory ours."""
        return self.root / "demo.lock"

    @property
    def logs(self) -> Path:
        """What the programs said."""
        return self.root / "logs"

    @property
    def store(self) -> Path:
        """The daemon's store; SQLite keeps files of its own beside it."""
        return self.root / "glasswatch.db"


@dataclass(frozen=True, slots=True)
class Addresses:
    """What the settings must name: URLs without a slash at the end, and `HOST:PORT` of the daemon."""

    platform: str
    receiver: str
    second: str
    listen: str


@contextmanager
def held(places: Places, say: Callable[[str], None], clock: Clock) -> Iterator[None]:
    """Hold the directory for one demo: made where needed, emptied of what an earlier demo left; `say` what was kept.

    Raises:
        DirectoryInUse: another demo runs there, or it holds what is not a demo's.
    """
    try:
        places.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        entries = {entry.name for entry in places.root.iterdir()}
        if entries and places.lock.name not in entries:
            raise DirectoryInUse(f"{places.root} holds files that are not a demo's: give another directory with --dir")
        descriptor = os.open(places.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _OWNER_ONLY)
    except OSError as error:
        raise DirectoryInUse(f"{places.root} can't be used: {error.strerror}") from error
    try:
        _lock(descriptor, places)
        places.root.chmod(0o700)
        _set_aside(places, say, clock)
        _remove_known(places)
        places.logs.mkdir(mode=0o700)
        yield
    finally:
        os.close(descriptor)


def _set_aside(places: Places, say: Callable[[str], None], clock: Clock) -> None:
    try:
        evidence.set_aside(left_by(places), clock.now(), say)
    except OSError as error:
        raise DirectoryInUse(f"the evidence of an earlier demo can't be moved aside: {error}") from error


def left_by(places: Places) -> Left:
    """Return what a demo leaves of drills."""
    return Left(DrillPlaces(places.root).evidence, places.trust, places.store, DEPLOYMENT, VANTAGE)


def clear(places: Places) -> None:
    """Remove all of the demo but evidence of drills, with what it is checked with. To be called while it is held.

    The directory goes as well if nothing else is in it; where evidence stays, so does what marks it as a demo's.
    """
    left = left_by(places)
    with suppress(OSError):  # a full disk: then it can't be checked, and stays all the same
        evidence.complete(left)
    _remove_known(places)
    if evidence.is_kept(left):
        return
    places.lock.unlink(missing_ok=True)
    if not any(places.root.iterdir()):
        places.root.rmdir()


def _lock(descriptor: int, places: Places) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise DirectoryInUse(
            f"a demo runs in {places.root} already: stop it, or give this one another directory with --dir"
        ) from None


def _remove_known(places: Places) -> None:
    drills, targets = DrillPlaces(places.root), TargetPlaces(places.root)
    postgres.clear(targets)
    known = (
        places.settings,
        places.key,
        places.trust,
        places.flag,
        places.procedure,
        places.status_page,
        places.webhook_secret,
        places.admin_token,
        places.running,
        drills.evidence_key,
        drills.approver_key,
        drills.token,
        *(drills.order_key(person) for person in drilling.ORDERING),
        *places.root.glob(f"{places.store.name}*"),
    )
    for path in known:
        path.unlink(missing_ok=True)
    for directory in (places.logs, drills.scenarios, targets.root):
        if directory.is_dir() and not directory.is_symlink():
            shutil.rmtree(directory)


def make_secrets(places: Places, clock: Clock) -> None:
    """Write all keys and the trust file, the webhook secret, the admin token and the drill's token."""
    key = keys.create(places.key, is_demo=True)
    public = trust.TrustKey(key.kid, key.public, trust.KeyRole.FLAG, iss=f"{DEPLOYMENT}/{VANTAGE}", is_demo=True)
    trust_change.add_key(places.trust, public, clock)
    make_keys(DrillPlaces(places.root), places.trust, f"{DEPLOYMENT}/{VANTAGE}", clock)
    whsec = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
    files.replace(places.webhook_secret, f"{whsec}\n".encode(), _OWNER_ONLY)
    files.replace(places.admin_token, f"{secrets.token_urlsafe(24)}\n".encode(), _OWNER_ONLY)


def write_settings(places: Places, addresses: Addresses, clock: Clock) -> None:
    """Write the settings file, and the procedure it names."""
    drills = DrillPlaces(places.root)
    text = settings_text(addresses) + drilling.settings_text(drills, PLATFORM, addresses.listen, clock)
    files.replace(places.procedure, _PROCEDURE.encode(), _OWNER_ONLY)
    files.replace(places.settings, text.encode(), _OWNER_ONLY)


def settings_text(addresses: Addresses) -> str:
    """Return the demo's settings file, but for what drills need."""
    probes = "".join(_PROBE.format(function=function, platform=addresses.platform) for function in FUNCTIONS)
    return _SETTINGS.format(
        deployment=DEPLOYMENT,
        vantage=VANTAGE,
        platform=PLATFORM,
        listen=addresses.listen,
        receiver=addresses.receiver,
        second=addresses.second,
        probes=probes,
        lower_after=LOWER_AFTER_SECONDS,
    )


def write_running(places: Places, pid: int, admin_url: str) -> None:
    """Note where this demo can be reached by `monitor demo break` and `recover`."""
    files.replace(places.running, json.dumps({"pid": pid, "admin_url": admin_url}).encode() + b"\n", _OWNER_ONLY)


_SETTINGS = """\
# Written by `monitor demo`, and written anew each time it starts: copy it before you change it.
# The intervals are far shorter than in production, so that there is something to see within seconds.
deployment: {deployment}
vantage: {vantage}
store: sqlite:///glasswatch.db
listen: {listen}
platforms:
  {platform}:
    kind: generic
    procedure: {{url: "https://wiki.example.com/break-glass", file: procedure.md}}
    probes:
{probes}\
controls: none                 # nothing but loopback is asked here; in production name two https addresses
flag:
  key: {{file: flag.key}}
  publish: [{{file: {platform}.flag.jws}}]
  lower_after: {lower_after}s            # production: 15m
paging:
  channels:
    receiver:
      type: webhook
      url: {receiver}/page
      secret: {{file: webhook.secret}}
    second:
      type: webhook
      url: {second}/page
      secret: {{file: webhook.secret}}
  routes: [{{to: [receiver], fallback: [second], fallback_after: 5s}}]      # production: 1m
static_page: {{file: status.html}}
"""

_PROBE = """\
      {function}:
        type: http
        function: {function}
        url: {platform}/health/{function}
        interval: 1s           # production: 15s
        timeout: 1s
        confirm: {{attempts: 3, every: 200ms}}
        expect: {{status: [200], json: {{status: ok}}}}
"""

_PROCEDURE = """\
# Break-glass procedure (demo)

1. Verify the flag on your own machine: `monitor flag verify`. Go on only if it says ready.
2. Take the sealed credential of this platform with a second person present.
3. Use it for this incident only, and write down what you did and when.
4. Afterwards: hand the credential back, have it rotated, and write the review.

This is the demo's text. In production it is yours, and its hash is signed into the flag.
"""
