"""The simulated platform as a real process on loopback, and the plainest possible client for it."""

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers in lower case, and body."""

    status: int
    headers: dict[str, str]
    body: bytes

    def data(self) -> dict[str, object]:
        """Return the body as a JSON object."""
        data = json.loads(self.body)
        assert isinstance(data, dict)
        return data

    def text(self, name: str) -> str:
        """Return one member of the body that is text."""
        value = self.data()[name]
        assert isinstance(value, str)
        return value


@dataclass(frozen=True, slots=True)
class Simulated:
    """One running process."""

    process: "subprocess.Popen[bytes]"
    url: str
    admin_url: str
    token: str

    def ask(self, method: str, path: str, body: object = None, *, token: str = "", within: float = _SECONDS) -> Answer:
        """Ask the platform, on a new connection."""
        return ask(self.url + path, method, body, token=token, within=within)

    def admin(self, method: str, path: str, body: object = None, *, token: str | None = None) -> Answer:
        """Ask its admin face."""
        return ask(self.admin_url + path, method, body, token=self.token if token is None else token)

    def show(self, target: str, **fault: object) -> None:
        """Set a fault."""
        answer = self.admin("PUT", f"/admin/faults/{target}", fault)
        assert answer.status == 200, answer.body

    def recover(self) -> None:
        """Take every fault away."""
        assert self.admin("POST", "/admin/recover").status == 200

    def sign_in(self, name: str) -> str:
        """Return a session of one of the demo's people."""
        return self.ask("POST", "/signin", {"name": name, "secret": f"{name}-pretend"}).text("session")


def ask(url: str, method: str, body: object = None, *, token: str = "", within: float = _SECONDS) -> Answer:
    """Make one request on a new connection. Raises OSError or HTTPException when there is no answer."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=within)
    try:
        raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        headers = {"authorization": f"Bearer {token}"} if token else {}
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection.request(method, target, raw, headers)
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, found, answer.read())
    finally:
        connection.close()


@contextmanager
def simulated(*arguments: str) -> Iterator[Simulated]:
    """Run the simulated platform for the length of a block."""
    argv = (sys.executable, "-m", "platforms.simulator", *arguments)
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            yield Simulated(process, ready["url"], ready["admin_url"], ready.get("admin_token", ""))
        finally:
            process.terminate()
            try:
                process.wait(_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
