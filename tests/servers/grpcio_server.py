"""grpcio's own server with its own health service, as a program: prints its port, serves until its input ends.

Arguments: the PEM files of certificate and key for TLS, and of an authority whose certificates clients must show.
Services: `up`, `down` and `unknown` in these states; `locked` wants `authorization: Bearer pr0be`; `forbidden`, `busy`
and `broken` are refused with a status of their own; `slow` takes its time.
"""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

_STATES = health_pb2.HealthCheckResponse
_ENDED = threading.Event()
_REFUSED = {
    "forbidden": grpc.StatusCode.PERMISSION_DENIED,
    "busy": grpc.StatusCode.RESOURCE_EXHAUSTED,
    "broken": grpc.StatusCode.INTERNAL,
}


class Guarded(health.HealthServicer):  # type: ignore[misc]  # grpcio has no types
    """The health service, with a door."""

    def Check(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's name
        """Answer one question."""
        told = dict(context.invocation_metadata())
        if request.service == "locked" and told.get("authorization") != "Bearer pr0be":
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "secret words of the server, 100%")
        if request.service in _REFUSED:
            context.abort(_REFUSED[request.service], "secret words of the server, 100%")
        if request.service == "slow":
            _ENDED.wait(30)
        return super().Check(request, context)


def main(certificate: str = "", key: str = "", authority: str = "") -> None:
    """Serve."""
    servicer = Guarded()
    states: dict[str, Any] = {"": _STATES.SERVING, "up": _STATES.SERVING, "down": _STATES.NOT_SERVING}
    states |= {"unknown": _STATES.UNKNOWN, "locked": _STATES.SERVING, "slow": _STATES.SERVING}
    for name, state in states.items():
        servicer.set(name, state)
    server = grpc.server(ThreadPoolExecutor(4))
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    if certificate:
        roots = Path(authority).read_bytes() if authority else None
        pairs = [(Path(key).read_bytes(), Path(certificate).read_bytes())]
        credentials = grpc.ssl_server_credentials(pairs, roots, require_client_auth=bool(authority))
        port = server.add_secure_port("127.0.0.1:0", credentials)
    else:
        port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    sys.stdin.read()
    _ENDED.set()
    server.stop(None)


if __name__ == "__main__":
    main(*sys.argv[1:])
