"""The HTTP interface: one literal table from which routes, authorisation, OpenAPI and clients derive.

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

from monitor.wire.acts import ConfirmBody, InhibitBody, LowerBody, RaiseBody
from monitor.wire.answers import ActAnswer, FlagAnswer, KeysAnswer, OutagesAnswer, ReloadAnswer, StatusAnswer
from monitor.wire.beats import BeatAnswer, BeatBody
from monitor.wire.maintenance import (
    AcceptBody,
    AddBody,
    ConfirmWindowBody,
    EndBody,
    MaintenanceAnswer,
    MaintenanceQuery,
    WindowActAnswer,
)
from monitor.wire.probes import ProbeDetailAnswer
from monitor.wire.queries import NoQuery, OutagesQuery
from monitor.wire.residue import GoneAnswer, GoneBody
from monitor.wire.sla import SlaAnswer, SlaQuery
from monitor.wire.uses import ClassBody, ReportBody, UseAnswer, UsesAnswer, UsesQuery

Method = Literal["GET", "POST", "PUT", "DELETE"]

JSON = "application/json"
JOSE = "application/jose"
HTML = "text/html"
TEXT = "text/plain"
EVENT_STREAM = "text/event-stream"

OPEN_ON_LOOPBACK = "read"
"""The scope that nobody needs who comes from this machine, where the monitor listens for it alone."""

PlatformIn = Literal["path", "body"]
Allowance = Literal["writes", "reports"]

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


ENDPOINTS = (
    Endpoint(
        name="page",
        method="GET",
        path="/",
        scope="read",
        summary="The status page, for people. It refreshes itself and needs no JavaScript.",
        answers={HTML: None},
    ),
    Endpoint(
        name="probe_page",
        method="GET",
        path="/probes/{platform}/{probe}",
        scope="read",
        summary="One probe, for people: its settings, its last attempt and its last failures. It needs no JavaScript.",
        answers={HTML: None},
        refusals=("unknown_platform", "no_such"),
    ),
    Endpoint(
        name="metrics",
        method="GET",
        path="/metrics",
        scope=None,
        summary="Metrics in Prometheus' text format 0.0.4.",
        answers={TEXT: None},
    ),
    Endpoint(
        name="healthy",
        method="GET",
        path="/-/healthy",
        scope=None,
        summary="The process answers. It says nothing about what it watches.",
        answers={TEXT: None},
    ),
    Endpoint(
        name="ready",
        method="GET",
        path="/-/ready",
        scope=None,
        summary="The store is open, every platform's verdict was taken up and every probe has run once.",
        answers={TEXT: None},
        refusals=("not_ready",),
    ),
    Endpoint(
        name="reload",
        method="POST",
        path="/-/reload",
        scope="reload",
        summary="Has the settings' file read and taken over, as SIGHUP does. It answers when that is done, or why not.",
        answers={JSON: ReloadAnswer},
        query=NoQuery,
        refusals=("invalid_settings", "restart_needed", "not_possible"),
    ),
    Endpoint(
        name="status",
        method="GET",
        path="/api/v1/status",
        scope="read",
        summary="Everything that is held true of every platform, its functions and probes.",
        answers={JSON: StatusAnswer},
        query=NoQuery,
    ),
    Endpoint(
        name="probe",
        method="GET",
        path="/api/v1/probes/{platform}/{probe}",
        scope="read",
        summary="One probe in full: its settings, its last attempt and its last failures, each with why.",
        answers={JSON: ProbeDetailAnswer},
        query=NoQuery,
        refusals=("unknown_platform", "no_such"),
    ),
    Endpoint(
        name="residue_gone",
        method="POST",
        path="/api/v1/probes/{platform}/{probe}/residue",
        scope="maintenance",
        summary="Say that what a journey's run left open is gone. A person does.",
        answers={JSON: GoneAnswer},
        query=NoQuery,
        body=GoneBody,
        refusals=("no_such", "store_unavailable"),
    ),
    Endpoint(
        name="flag",
        method="GET",
        path="/api/v1/flag/{platform}",
        scope=None,
        summary="The break-glass flag as last signed: as JSON, or as the JWS itself with `Accept: application/jose`.",
        answers={JSON: FlagAnswer, JOSE: None},
        query=NoQuery,
        refusals=("unknown_platform", "not_acceptable", "not_signed"),
    ),
    Endpoint(
        name="flag_raise",
        method="POST",
        path="/api/v1/flag/{platform}/raise",
        scope="flag:raise",
        summary="Raises the flag by hand, or renews one of its causes.",
        answers={JSON: ActAnswer},
        query=NoQuery,
        body=RaiseBody,
        refusals=("unknown_platform", "not_possible", "no_such"),
    ),
    Endpoint(
        name="flag_lower",
        method="POST",
        path="/api/v1/flag/{platform}/lower",
        scope="flag:lower",
        summary="Ends what people and drills raised.",
        answers={JSON: ActAnswer},
        query=NoQuery,
        body=LowerBody,
        refusals=("unknown_platform", "not_possible"),
    ),
    Endpoint(
        name="flag_inhibit",
        method="POST",
        path="/api/v1/flag/{platform}/inhibit",
        scope="flag:inhibit",
        summary="Asks to hold closed what outages raise, or ends that.",
        answers={JSON: ActAnswer},
        query=NoQuery,
        body=InhibitBody,
        refusals=("unknown_platform", "not_possible"),
    ),
    Endpoint(
        name="flag_confirm",
        method="POST",
        path="/api/v1/flag/{platform}/confirm",
        scope="flag:confirm",
        summary="Confirms, as the second person, what another one asked for.",
        answers={JSON: ActAnswer},
        query=NoQuery,
        body=ConfirmBody,
        refusals=("unknown_platform", "not_possible", "no_such"),
    ),
    Endpoint(
        name="outages",
        method="GET",
        path="/api/v1/outages",
        scope="read",
        summary="Outages on record, newest first.",
        answers={JSON: OutagesAnswer},
        query=OutagesQuery,
        refusals=("unknown_platform", "store_unavailable"),
    ),
    Endpoint(
        name="sla",
        method="GET",
        path="/api/v1/sla",
        scope="read",
        summary="Availability of a period, and how it stands to what was agreed and to what status pages said.",
        answers={JSON: SlaAnswer},
        query=SlaQuery,
        refusals=("unknown_platform", "store_unavailable"),
    ),
    Endpoint(
        name="maintenance",
        method="GET",
        path="/api/v1/maintenance",
        scope="read",
        summary="Maintenance windows: waiting for somebody, in force, coming and, if wanted, over.",
        answers={JSON: MaintenanceAnswer},
        query=MaintenanceQuery,
        refusals=("unknown_platform", "store_unavailable"),
    ),
    Endpoint(
        name="maintenance_add",
        method="POST",
        path="/api/v1/maintenance",
        scope="maintenance",
        summary="Agree to a window. One with a start in the past waits for a second person.",
        answers={JSON: WindowActAnswer},
        query=NoQuery,
        body=AddBody,
        refusals=("unknown_platform", "not_possible"),
        platform_in="body",
    ),
    Endpoint(
        name="maintenance_accept",
        method="POST",
        path="/api/v1/maintenance/{id}/accept",
        scope="maintenance",
        summary="Agree to what a status page proposes.",
        answers={JSON: WindowActAnswer},
        query=NoQuery,
        body=AcceptBody,
        refusals=("not_possible", "no_such"),
    ),
    Endpoint(
        name="maintenance_end",
        method="POST",
        path="/api/v1/maintenance/{id}/end",
        scope="maintenance",
        summary="End a window, decline a proposal, or take back what waits for a second person.",
        answers={JSON: WindowActAnswer},
        query=NoQuery,
        body=EndBody,
        refusals=("not_possible", "no_such"),
    ),
    Endpoint(
        name="maintenance_confirm",
        method="POST",
        path="/api/v1/maintenance/{id}/confirm",
        scope="maintenance",
        summary="Confirm, as the second person, a window with a start in the past.",
        answers={JSON: WindowActAnswer},
        query=NoQuery,
        body=ConfirmWindowBody,
        refusals=("not_possible", "no_such"),
        body_may_lack=True,
    ),
    Endpoint(
        name="uses",
        method="GET",
        path="/api/v1/uses",
        scope="read",
        summary="Uses of break-glass, and attempts that were refused, newest received first.",
        answers={JSON: UsesAnswer},
        query=UsesQuery,
        refusals=("store_unavailable",),
    ),
    Endpoint(
        name="use_report",
        method="POST",
        path="/api/v1/uses",
        scope="use",
        summary="Report one attempt at break-glass, allowed or refused. The same again is known, and pages nobody.",
        answers={JSON: UseAnswer},
        body=ReportBody,
        refusals=("store_unavailable",),
        platform_in="body",
        allowance="reports",
        creates=True,
    ),
    Endpoint(
        name="use_class",
        method="POST",
        path="/api/v1/uses/{id}/class",
        scope="use",
        summary="Say what a use was, that its credential was rotated, or both. Another person than the user does.",
        answers={JSON: UseAnswer},
        body=ClassBody,
        refusals=("no_such", "not_possible", "store_unavailable"),
    ),
    Endpoint(
        name="heartbeat",
        method="POST",
        path="/api/v1/heartbeat/{name}",
        scope="heartbeat:{name}",
        summary="A program says that it is alive, and whether it is well.",
        answers={JSON: BeatAnswer},
        query=NoQuery,
        body=BeatBody,
        refusals=("no_such",),
        body_may_lack=True,
    ),
    Endpoint(
        name="events",
        method="GET",
        path="/api/v1/events",
        scope="read",
        summary="What changes, as it changes: a stream of server-sent events.",
        answers={EVENT_STREAM: None},
        query=NoQuery,
    ),
    Endpoint(
        name="keys",
        method="GET",
        path="/.well-known/jwks.json",
        scope=None,
        summary="Our public keys, to compare with the trust file that readers pin.",
        answers={JSON: KeysAnswer},
        query=NoQuery,
    ),
    Endpoint(
        name="openapi",
        method="GET",
        path="/api/v1/openapi.json",
        scope="read",
        summary="This interface as an OpenAPI 3.1 document.",
        answers={JSON: None},
        query=NoQuery,
    ),
)

BY_NAME: Mapping[str, Endpoint] = {each.name: each for each in ENDPOINTS}
