"""`monitor flag verify` as tests call it: documents and a trust file in a directory, and what came of it."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from click.testing import CliRunner, Result

from glasswatch.clock import SystemClock
from glasswatch.flag.document import Claims, unix_ms
from monitor.commands.flag.group import command
from tests.support.flags import NOW, jwk, signed, write_trust

ROOT = Path(__file__).parents[2]
HUMAN_PATH = "no way in by this flag: try its other copies, or use the sealed credential that no reader guards"


class Desk:
    """A directory with a trust file, and documents put beside it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.options: dict[str, str] = {
            "--trust": str(write_trust(directory / "trust.json", jwk())),
            "--audience": "prod",
            "--platform": "payments",
            "--at": NOW.isoformat(),
        }

    def put(self, document: Claims | bytes, name: str = "flag.jws") -> str:
        """Write a document; return its path."""
        path = self.directory / name
        path.write_bytes(document if isinstance(document, bytes) else signed(document))
        return str(path)

    def words(self, *words: str, **changes: str | None) -> list[str]:
        """Return a command line: the usual options, some of them changed or (None) left out, then `words`."""
        changed = {f"--{name.replace('_', '-')}": value for name, value in changes.items()}
        kept = {name: value for name, value in (self.options | changed).items() if value is not None}
        return ["verify", *[word for pair in kept.items() for word in pair], *words]

    def verify(self, *words: str, **changes: str | None) -> Result:
        """Call it through click, as `glasswatch monitor` does."""
        return CliRunner().invoke(command, self.words(*words, **changes))

    def run(
        self, *words: str, stdin: bytes | None = None, **changes: str | None
    ) -> "subprocess.CompletedProcess[bytes]":
        """Run it as a process of its own, the quick way."""
        return subprocess.run(
            self.line(*words, **changes),
            cwd=ROOT,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            check=False,
            timeout=60,
        )

    def line(self, *words: str, **changes: str | None) -> list[str]:
        """Return what starts that process."""
        return [sys.executable, "-m", "monitor", "flag", *self.words(*words, **changes)]


def fresh(shift: int = 0) -> Mapping[str, int]:
    """Return the dates of claims that are signed now by the machine's clock, or so many seconds later."""
    now_ms = unix_ms(SystemClock().now()) + shift * 1000
    return {"iat": now_ms // 1000, "exp": now_ms // 1000 + 300, "ver": now_ms}
