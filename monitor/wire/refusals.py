"""Every way in which a request is refused: its code, its status and what it means.

The codes are part of the interface: a program may depend on them. Messages are for people and may change.
"""

from dataclasses import dataclass
from http import HTTPStatus


@dataclass(frozen=True, slots=True)
class Refusal:
    """One way of saying no."""

    status: HTTPStatus
    meaning: str


REFUSALS = {
    "bad_request": Refusal(HTTPStatus.BAD_REQUEST, "What was sent is not HTTP that we can read."),
    "bad_query": Refusal(HTTPStatus.BAD_REQUEST, "Query parameters are wrong; the message names each of them."),
    "bad_body": Refusal(HTTPStatus.BAD_REQUEST, "The body is wrong; the message names each mistake."),
    "unauthorized": Refusal(HTTPStatus.UNAUTHORIZED, "A token is needed, and none that is valid was presented."),
    "forbidden": Refusal(HTTPStatus.FORBIDDEN, "The token may not be used for this; the message says why."),
    "not_found": Refusal(HTTPStatus.NOT_FOUND, "Nothing lives at this path."),
    "unknown_platform": Refusal(HTTPStatus.NOT_FOUND, "The platform named is not one that this monitor watches."),
    "no_such": Refusal(
        HTTPStatus.NOT_FOUND,
        "What the request names (a cause, a request, a window, a use, a heartbeat, a probe) isn't there.",
    ),
    "method_not_allowed": Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "The path takes other methods: see `Allow`."),
    "not_acceptable": Refusal(HTTPStatus.NOT_ACCEPTABLE, "`Accept` leaves out every form that this answer has."),
    "too_slow": Refusal(HTTPStatus.REQUEST_TIMEOUT, "The request did not arrive within its deadline."),
    "not_possible": Refusal(HTTPStatus.CONFLICT, "It can't be done as things stand; the message says why."),
    "too_many": Refusal(
        HTTPStatus.CONFLICT, "As many of these were begun within a day as may be; the message says when there is room."
    ),
    "restart_needed": Refusal(
        HTTPStatus.CONFLICT,
        "The settings' file changes what can't change while the monitor runs; the message names it.",
    ),
    "body_too_large": Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is larger than we read."),
    "unsupported_media": Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "A body is sent as `application/json` only."),
    "wrong_host": Refusal(HTTPStatus.MISDIRECTED_REQUEST, "The `Host` header does not name this monitor."),
    "invalid_settings": Refusal(
        HTTPStatus.UNPROCESSABLE_ENTITY, "The settings' file is wrong; `mistakes` lists all, as `monitor check` does."
    ),
    "throttled": Refusal(HTTPStatus.TOO_MANY_REQUESTS, "Too many of these in a minute: see `Retry-After`."),
    "too_large": Refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The request's head is larger than we read."),
    "own_fault": Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "A fault of the monitor's own; its log has more."),
    "not_ready": Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "The monitor can't be relied on yet; the message says why."),
    "not_signed": Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "No flag of this platform has been signed yet."),
    "store_unavailable": Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "The store can't be read now; try again."),
    "busy": Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "As many clients as the monitor serves at once; try again."),
}
