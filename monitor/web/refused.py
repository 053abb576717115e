"""Saying no: one exception, one JSON shape."""

from collections.abc import Mapping

from starlette.responses import Response

from monitor.wire.answers import ErrorAnswer, Problem
from monitor.wire.endpoints import JSON
from monitor.wire.refusals import REFUSALS


class Refused(Exception):
    """A request is not answered. `code` is one of `REFUSALS`; `message` repeats nothing of the request."""

    def __init__(self, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.headers = headers


def body(code: str, message: str) -> bytes:
    """Return the one JSON shape that every refusal has."""
    return ErrorAnswer(error=Problem(code=code, message=message)).model_dump_json().encode()


def answer(code: str, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return a refusal as a response, with the status that belongs to its code."""
    return Response(body(code, message), REFUSALS[code].status, headers, JSON)
