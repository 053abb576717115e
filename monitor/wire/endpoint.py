"""One line of the table of endpoints, and the words that it is written in. What they mean stands in `endpoints`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote

from pydantic import BaseModel

Method = Literal["GET", "POST", "PUT", "DELETE"]

JSON = "application/json"
JOSE = "application/jose"
HTML = "text/html"
TEXT = "text/plain"
EVENT_STREAM = "text/event-stream"

OPEN_ON_LOOPBACK = "read"
"""The scope that nobody needs who comes from this machine, where the monitor listens for it alone."""

PlatformIn = Literal["path", "body"]
Allowance = Literal["writes", "reports", "heads"]

ALWAYS = ("bad_request", "method_not_allowed", "too_slow", "wrong_host", "too_large", "own_fault", "busy")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One line of the table. `path` holds parameters in braces, each one segment long."""

    name: str
    method: Method
    path: str
    scope: str | None
    summary: str
    answers: Mapping[str, type[BaseModel] | None]
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    refusals: tuple[str, ...] = field(default=())
    platform_in: PlatformIn | None = None
    allowance: Allowance = "writes"
    creates: bool = False
    body_may_lack: bool = False

    def __post_init__(self) -> None:
        if "{platform}" in self.path:
            object.__setattr__(self, "platform_in", "path")

    @property
    def writes(self) -> bool:
        """Whether it changes anything."""
        return self.method != "GET"

    def codes(self) -> tuple[str, ...]:
        """Return every code of `REFUSALS` that a request here may be answered with."""
        with_query = ("bad_query",) if self.query is not None else ()
        with_body = ("unsupported_media", "body_too_large") if self.body is not None else ()
        with_scope = ("unauthorized", "forbidden", "throttled") if self.scope is not None else ()
        of_writing = ("bad_body",) if self.writes else ()
        return (*self.refusals, *with_query, *of_writing, *with_body, *with_scope, *ALWAYS)

    def at(self, **parameters: str) -> str:
        """Return the path with its parameters filled in, percent-encoded."""
        return self.path.format(**{name: quote(value, safe="") for name, value in parameters.items()})
