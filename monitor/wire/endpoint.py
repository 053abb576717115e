"""What one endpoint is: a method on a path, who may ask, what is asked with and answered. `endpoints` is the table.

1. An endpoint is a method on a path; its name is what code, documentation and OpenAPI call it.
2. `scope` None is open to everybody, everywhere; any other is what a token needs, except that `read` is open on
   loopback (design 3.5). A scope may hold a parameter of the path: `heartbeat:{name}`.
3. `answers` maps each media type of a success to its shape; None is text of its own format. The first is the default.
4. `query` None: a query string is ignored, because whoever needs the answer must not be turned away for a link that
   somebody decorated. Otherwise it is held to its shape, unknown parameters included.
5. `refusals` are codes of `REFUSALS` beyond those that any request may meet (`ALWAYS`), and those that go with
   `query`, `body` and `scope`.
6. What is not a `GET` writes: every refusal of it is audited, and so is its effect. Of heartbeats, what they change.
7. `platform_in` says where the platform stands that a token may be limited to: in the path, which is the case
   wherever a path holds `{platform}`, or in the body's member `platform` (null there: all of them).
8. `allowance` names what its writes are counted against, for each token by itself (`rules/throttle`).
9. `body_may_lack`: without a body all of its members have their defaults.
10. `creates`: a success that brought about something new is a 201, one that found it there a 200.
"""

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
