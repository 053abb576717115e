"""Real monitors: a directory with everything one needs, and the process itself, started, watched, stopped, killed."""

import asyncio
import json
import os
import re
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path

import glasswatch
from glasswatch.clock import SystemClock
from glasswatch.flag import keys, trust, trust_change
from tests.support.waiting import until

ROOT = Path(glasswatch.__file__).parent.parent
PLATFORM = "payments"
DEPLOYMENT = "test"
STARTS_WITHIN = 30.0  # a start takes less than a second; machines that test are busy
ENDS_WITHIN = 30.0

_PROBE = (
    "{{type: http, function: {function}, url: {url}, "
    "interval: {every}, timeout: {timeout}, confirm: {confirm}{expects}}}"
)


@dataclass(frozen=True, slots=True)
class Home:
    """Everything one monitor needs, in one directory."""

    root: Path

    @property
    def config(self) -> Path:
        """Its settings."""
        return self.root / "glasswatch.yaml"

    @property
    def flag(self) -> Path:
        """Where it publishes the flag."""
        return self.root / "published" / f"{PLATFORM}.flag.jws"

    @property
    def store(self) -> Path:
        """Its database."""
        return self.root / "store" / "glasswatch.db"

    @property
    def trust(self) -> Path:
        """The trust file that goes with its key."""
        return self.root / "trust.json"

    def rows(self, statement: str) -> list[Mapping[str, object]]:
        """Ask the store beside the monitor, whether that runs or not."""
        with closing(sqlite3.connect(self.store, timeout=20)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(statement)]


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a monitor is set up. Probes are of `url`, one for each function; `flag` and `more` are lines of YAML.

    `timeout` is as long as `every` where it isn't given; `expects` follows in each probe, after a comma of its own.
    `targets` are those of the flag beside its file; `platforms` further ones, as YAML below `platforms`.
    """

    url: str
    functions: Sequence[str] = ("sign_in",)
    every: str = "250ms"
    timeout: str | None = None
    confirm: str = "{attempts: 3, every: 600ms}"  # longer than we, who play the target, may stand still
    expects: str = ""
    controls: str = "none"
    receiver: str | None = None
    flag: Mapping[str, str] = field(default_factory=lambda: {"lower_after": "1s"})
    targets: Sequence[str] = ()
    platforms: str = ""
    more: str = ""
    listen: str = "127.0.0.1:0"


def make_home(root: Path, wanted: Wanted) -> Home:
    """Put a monitor's settings, key, trust file and procedure into a directory."""
    home = Home(root)
    root.mkdir(mode=0o755, exist_ok=True)
    for directory in (home.flag.parent, home.store.parent):
        directory.mkdir(exist_ok=True)
    key = keys.create(root / "flag.key")
    public = trust.TrustKey(key.kid, key.public, trust.KeyRole.FLAG, iss=f"{DEPLOYMENT}/main")
    trust_change.add_key(home.trust, public, SystemClock())
    (root / "procedure.md").write_text("Break the glass.\n")
    write_settings(home, wanted)
    return home


def write_settings(home: Home, wanted: Wanted) -> None:
    """Write the settings anew."""
    probes = "".join(
        f"      probe_{function}: {_PROBE.format(function=function, **_of(wanted))}\n" for function in wanted.functions
    )
    flag = "".join(f", {name}: {value}" for name, value in wanted.flag.items())
    targets = "".join(f", {target}" for target in wanted.targets)
    channel = f"paging: {{channels: {{ops: {{type: webhook, url: {wanted.receiver}/page, timeout: 2s}}}}}}\n"
    home.config.write_text(
        f"deployment: {DEPLOYMENT}\nstore: sqlite:///store/glasswatch.db\nlisten: {wanted.listen}\n"
        f"platforms:\n  {PLATFORM}:\n"
        "    procedure: {url: https://wiki.example.com/break-glass, file: procedure.md}\n"
        f"    probes:\n{probes}{wanted.platforms}"
        f"controls: {wanted.controls}\n"
        f"flag: {{key: {{file: flag.key}}, publish: [{{file: 'published/{{platform}}.flag.jws'}}{targets}]{flag}}}\n"
        f"{channel if wanted.receiver else ''}{wanted.more}"
    )
    home.config.chmod(0o600)


def _of(wanted: Wanted) -> dict[str, str]:
    timeout = wanted.timeout or wanted.every
    return {
        "url": wanted.url,
        "every": wanted.every,
        "timeout": timeout,
        "confirm": wanted.confirm,
        "expects": wanted.expects,
    }


class MonitorProcess:
    """`python -m monitor run` on a home. `log` is what it has written to stderr so far, over all its starts.

    `under`: a program, with its arguments, that becomes it. `program`: what Python runs in place of `-m monitor`.
    """

    def __init__(self, home: Home, under: Sequence[str] = (), program: Sequence[str] = ("-m", "monitor")) -> None:
        self.home = home
        self._under = under
        self._program = program
        self._log = home.root / "monitor.log"
        self._log.touch()
        self._process: asyncio.subprocess.Process | None = None
        self._begins = 0

    @property
    def log(self) -> str:
        """What it wrote, over all starts."""
        return self._log.read_text(errors="replace")

    @property
    def said(self) -> str:
        """What it wrote since its last start."""
        return self.log[self._begins :]

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.returncode is None

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end. Once it has started."""
        found = re.search(r'monitor_started url="?(https?://[^"\s]+?)/"?[\s]', self.said)
        assert found, self.said
        return found.group(1)

    async def launch(self) -> None:
        """Start the process; it isn't up yet."""
        assert not self.is_running
        self._begins = len(self.log)
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(*self._under, sys.executable, "-P", *self._program, "run", "--config", str(self.home.config)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"},
            )

    async def start(self) -> None:
        """Start it and wait until it watches."""
        await self.launch()
        await self.says("monitor_started", STARTS_WITHIN)

    async def says(self, what: str, within: float = 30.0) -> None:
        """Wait until its log since the last start holds this. Raises AssertionError with the log."""
        try:
            await until(lambda: what in self.said or not self.is_running, within, every=0.01)
        except TimeoutError:
            raise AssertionError(f"never said {what}:\n{self.said}") from None
        assert what in self.said, f"ended without saying {what}:\n{self.said}"

    async def ended(self, within: float = ENDS_WITHIN) -> int:
        """Wait for its end; return its exit code."""
        assert self._process is not None
        async with asyncio.timeout(within):
            return await self._process.wait()

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    async def end(self, number: signal.Signals = signal.SIGTERM, within: float = ENDS_WITHIN) -> int:
        """Send a signal, wait for the end, return the exit code."""
        self.send(number)
        return await self.ended(within)

    async def ask(self, path: str) -> tuple[int, bytes]:
        """Ask its web face; return status and body."""
        host, _, port = self.url.removeprefix("http://").rpartition(":")
        async with asyncio.timeout(30):
            reader, writer = await asyncio.open_connection(host, int(port))
            try:
                writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
                raw = await reader.read()
            finally:
                writer.close()
        head, _, body = raw.partition(b"\r\n\r\n")
        return int(head.split(b" ", 2)[1]), _unchunked(body) if b"chunked" in head.lower() else body

    async def status(self) -> dict[str, object]:
        """Return what it holds of the platform, as `/api/v1/status` says."""
        code, body = await self.ask("/api/v1/status")
        assert code == 200, body
        (platform,) = (each for each in json.loads(body)["platforms"] if each["platform"] == PLATFORM)
        assert isinstance(platform, dict)
        return platform

    async def verdict_is(self, wanted: str, within: float = 30.0) -> None:
        """Wait until the platform's verdict is this."""
        found: object = None
        try:
            async with asyncio.timeout(within):
                while (found := (await self.status())["verdict"]) != wanted:  # noqa: ASYNC110 - another process's
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"the verdict never was {wanted}, but {found}:\n{self.said}") from None


@asynccontextmanager
async def monitor_in(
    home: Home, under: Sequence[str] = (), program: Sequence[str] = ("-m", "monitor")
) -> AsyncIterator[MonitorProcess]:
    """Have a monitor, not started yet; whatever runs at the end is killed."""
    process = MonitorProcess(home, under, program)
    try:
        yield process
    finally:
        if process.is_running:
            os.kill(process.pid, signal.SIGKILL)
            await process.ended()


def _unchunked(body: bytes) -> bytes:
    whole = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        whole, body = whole + rest[:length], rest[length + 2 :]
    return whole
