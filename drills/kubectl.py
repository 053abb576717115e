"""Asks a cluster's API server through kubectl, with one plain request that names the run.

Rules:
- A token stands neither in arguments nor in the environment nor on a disk: kubectl reads it from a file in memory that
  goes with us (Linux; elsewhere from a private one that is taken away).
- kubectl's HOME is a private directory that is taken away, unless the settings are the user's own: those may name
  programs that need it.
- The run's id stands in the request's query, `?glasswatch-run=RUN`: the API server's audit has it in `requestURI`.
"""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from drills import tethered
from drills.rules import fill

REVIEWS: Final = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_NAME: Final = "drill"


@dataclass(frozen=True, slots=True)
class Cluster:
    """Which cluster, as whom: by kubectl's settings, or by `own`, which is their content."""

    program: str
    kubeconfig: Path | None = None
    context: str | None = None
    own: str = field(default="", repr=False)


def own_settings(server: str, token: str, ca_file: Path | None) -> str:
    """Return kubectl's settings for one server and one token.

    Raises:
        Unfillable: it is nothing that a header can carry.
    """
    if not (token and token.isascii() and token.isprintable() and token == token.strip()):
        raise fill.Unfillable("the token is nothing that a header can carry: expected printable ASCII")
    cluster: dict[str, Any] = {"server": server}
    if ca_file is not None:
        cluster["certificate-authority"] = str(ca_file)
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": _NAME, "cluster": cluster}],
            "users": [{"name": _NAME, "user": {"token": token}}],
            "contexts": [{"name": _NAME, "context": {"cluster": _NAME, "user": _NAME}}],
            "current-context": _NAME,
        }
    )


def review(attributes: dict[str, str]) -> bytes:
    """Return the body that asks whether we may."""
    return json.dumps(
        {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
    ).encode()


async def asked(cluster: Cluster, path: str, body: bytes | None, run: str, seconds: float) -> tethered.Ended:
    """Send one request, a POST where there is a body; return how kubectl ended.

    Raises:
        TimeoutError: it did not end in time, and was killed.
        NotMeasured: it can't be run.
    """
    target = f"{path}{'&' if '?' in path else '?'}glasswatch-run={run}"
    words = ["get", "--raw", target] if body is None else ["create", "--raw", target, "-f", "-"]
    with tempfile.TemporaryDirectory(prefix="glasswatch-drill-") as place, _settings(cluster, Path(place)) as file:
        argv = [cluster.program, f"--kubeconfig={file}", f"--request-timeout={max(1, int(seconds))}s"]
        argv += [f"--context={cluster.context}"] if cluster.context else []
        home = {} if cluster.kubeconfig else {"HOME": place}
        return await tethered.run((*argv, *words), body or b"", {"LC_ALL": "C", "KUBECACHEDIR": place, **home}, seconds)


@contextmanager
def _settings(cluster: Cluster, place: Path) -> Iterator[Path]:
    """Yield the file of kubectl's settings."""
    if cluster.kubeconfig is not None:
        yield cluster.kubeconfig
    elif hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create("kubeconfig", os.MFD_CLOEXEC), "wb") as file:
            file.write(cluster.own.encode())
            file.flush()
            yield Path(f"/proc/{os.getpid()}/fd/{file.fileno()}")
    else:
        file_there = place / "kubeconfig"
        file_there.touch(0o600)
        file_there.write_text(cluster.own)
        yield file_there
