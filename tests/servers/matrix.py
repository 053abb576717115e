"""Servers that misbehave, one row each: what the server does, and what an engineer would want to be told of it.

The rows are in `matrix_talk` (connections, framing, heads), `matrix_content` (bodies, codings, JSON) and `matrix_way`
(TLS, redirects, statuses). docs/reference/misbehaving-servers.md shows them all, and is tested against them.
"""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from monitor.model.outcome import OutcomeKind, Reason, Warn
from tests.servers.raw import Script
from tests.support.tls import Authority, Certificate

GOOD, BAD, NOT_MEASURED = OutcomeKind.GOOD, OutcomeKind.BAD, OutcomeKind.NOT_MEASURED
Found = tuple[OutcomeKind, Reason, str]
NOTHING: Mapping[str, Any] = MappingProxyType({})
JSON: Mapping[str, Any] = MappingProxyType({"expect": {"json": {"status": "ok"}}})
# Long enough for whatever must get through on a busy machine, short enough for those that hang until the end.
PATIENCE = timedelta(seconds=30)
IMPATIENCE = timedelta(milliseconds=400)


@dataclass(frozen=True, slots=True)
class Row:
    """One way to misbehave.

    `does`: the server, in words for the docs. `settings`: of the probe that meets it, as they stand in the file. `tls`:
    what the server shows, from an authority the probe trusts; None: it speaks in clear. `scheme`: of the probe's
    address where it isn't the server's. `hangs`: it never ends by itself, so that the probe's deadline must. `alerts`:
    where the handshake fails it says why, as most servers do (asyncio's don't). `ours`: the client certificate that the
    probe shows.
    """

    name: str
    does: str
    script: Script
    found: Found
    settings: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    tls: Callable[[Authority], ssl.SSLContext] | None = None
    scheme: str | None = None
    warnings: tuple[Warn, ...] = ()
    hangs: bool = False
    alerts: bool = False
    ours: Callable[[Authority], Certificate] | None = None

    @property
    def timeout(self) -> timedelta:
        """The probe's."""
        return IMPATIENCE if self.hangs else PATIENCE

    @property
    def probe(self) -> dict[str, Any]:
        """The probe's settings, but for its address and authority."""
        milliseconds = self.timeout // timedelta(milliseconds=1)
        return {"interval": "60s", "timeout": f"{milliseconds}ms", **self.settings}
