"""What a handler is asked: a request that was admitted, its query and body checked."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from monitor.model.caller import Caller
from monitor.web.stream import EventStream


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. `query` and `body` are of the endpoint's own shapes; None where it takes none.

    `caller` None: nobody was asked who he is, because the endpoint is open to him. `is_still_let_in` tells whether it
    would be admitted now as well: what answers for long asks it again and again.
    """

    request: Request
    query: BaseModel | None
    body: BaseModel | None
    caller: Caller | None
    is_still_let_in: Callable[[], bool]


Handler = Callable[[Asked], Awaitable[Response | EventStream]]
