"""Saying no: one exception, one JSON shape."""

from collections.abc import Mapping

from starlette.responses import Response

from monitor.wire.answers import ErrorAnswer, MistakeAnswer, Problem
from monitor.wire.endpoints import JSON
from monitor.wire.refusals import REFUSALS


class Refused(Exception):
    """A request is not answered. `code` is one of `REFUSALS`; `message` repeats nothing of the request."""

    def __init__(
        self,
        code: str,
        message: str,
        headers: Mapping[str, str] | None = None,
        mistakes: tuple[MistakeAnswer, ...] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.headers = headers
        self.mistakes = mistakes

    def answer(self) -> Response:
        """Return it as a response."""
        return answer(self.code, self.message, self.headers, self.mistakes)


def body(code: str, message: str, mistakes: tuple[MistakeAnswer, ...] | None = None) -> bytes:
    """Return the one JSON shape that every refusal has."""
    shape = ErrorAnswer(error=Problem(code=code, message=message), mistakes=mistakes)
    return shape.model_dump_json(exclude_none=True).encode()


def answer(
    code: str,
    message: str,
    headers: Mapping[str, str] | None = None,
    mistakes: tuple[MistakeAnswer, ...] | None = None,
) -> Response:
    """Return a refusal as a response, with the status that belongs to its code."""
    return Response(body(code, message, mistakes), REFUSALS[code].status, headers, JSON)
