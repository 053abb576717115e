"""An API server as Kubernetes documents it, on loopback with TLS: access reviews, documents, refusals.

A token `may-ACTION` may do that one thing; `stranger` and whatever else is unknown is nobody's.
"""

import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.tls import Certificate

_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, but for those that ask for the server's version."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    token: str


@dataclass(slots=True)
class ApiServer:
    """A running server. `tokens`: what each may do, as `verb resource`; `trouble`: an error it can't decide without."""

    url: str
    tokens: dict[str, tuple[str, ...]] = field(default_factory=dict)
    trouble: str = ""
    asked: list[Asked] = field(default_factory=list)

    def answer(self, asked: Asked, body: bytes) -> tuple[int, Any]:
        """Return status and document."""
        if asked.token not in self.tokens:
            return _status(401, "Unauthorized")
        may = self.tokens[asked.token]
        if asked.path == _REVIEWS and asked.method == "POST":
            review = json.loads(body)
            assert (review["kind"], review["apiVersion"]) == ("SelfSubjectAccessReview", "authorization.k8s.io/v1")
            wanted = review["spec"]["resourceAttributes"]
            status = {"allowed": f"{wanted['verb']} {wanted['resource']}" in may}
            review["status"] = {**status, **({"evaluationError": self.trouble} if self.trouble else {})}
            return 201, review
        kind = asked.path.rpartition("/")[2]
        if kind == "busy":
            return _status(503, "ServiceUnavailable")
        if kind == "absent":
            return _status(404, "NotFound")
        if f"get {kind}" not in may:
            return _status(403, "Forbidden")
        return 200, {"kind": "List", "metadata": {"resourceVersion": "7"}, "items": []}


def _status(code: int, reason: str) -> tuple[int, Any]:
    return code, {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": f"it says {reason}",
        "reason": reason,
        "code": code,
    }


@contextmanager
def api_server(certificate: Certificate) -> Iterator[ApiServer]:
    """Run a server for the length of a block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(b"".join(iter(self._chunk, b"")))

        def _chunk(self) -> bytes:
            """Return the next piece of a body that kubectl sends as it reads it."""
            assert self.headers["Transfer-Encoding"] == "chunked"
            content = self.rfile.read(int(self.rfile.readline(), 16))
            self.rfile.readline()
            return content

        def _answer(self, body: bytes) -> None:
            parts = urlsplit(self.path)
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            asked = Asked(self.command, parts.path, parse_qs(parts.query), token)
            code, document = 200, {"gitVersion": "v1.30.0"}
            if parts.path != "/version":
                server.asked.append(asked)
                code, document = server.answer(asked, body)
            content = json.dumps(document).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Nothing: who does not trust us goes in mid-handshake."""

    listening = Server(("127.0.0.1", 0), Handler)
    context: ssl.SSLContext = certificate.context()
    listening.socket = context.wrap_socket(listening.socket, server_side=True, do_handshake_on_connect=False)
    server = ApiServer(f"https://127.0.0.1:{listening.server_port}")
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        listening.shutdown()
        thread.join(30)
        listening.server_close()
