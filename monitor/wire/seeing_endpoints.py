"""The endpoints by which drills look before they begin: their lines of the table (`endpoints`)."""

from typing import Final

from monitor.wire.answers import OutagesAnswer, StatusAnswer
from monitor.wire.endpoint import JSON, Endpoint
from monitor.wire.queries import NoQuery, OutagesQuery

STATUS: Final = Endpoint(
    name="status",
    method="GET",
    path="/api/v1/status",
    scope="read",
    summary="Everything that is held true of every platform, its functions and probes.",
    answers={JSON: StatusAnswer},
    query=NoQuery,
)
OUTAGES: Final = Endpoint(
    name="outages",
    method="GET",
    path="/api/v1/outages",
    scope="read",
    summary="Outages on record, newest first.",
    answers={JSON: OutagesAnswer},
    query=OutagesQuery,
    refusals=("unknown_platform", "store_unavailable"),
)
