"""Reads a request's body.

1. `application/json` in UTF-8, with its length said beforehand: at most 16 KiB, not in chunks, not compressed.
2. JSON as a judge reads it (`rules/strict_json`): no key twice, no NaN, nothing that two programs could read in two
   ways; no lone surrogate and no number beyond a double's range either, which could not be written down again.
3. All mistakes are named together, and nothing of what was sent is repeated.
4. An endpoint that takes no body is sent none. Where a body may lack, none stands for one without members.
"""

import json
from collections.abc import Iterator
from typing import Final

from pydantic import BaseModel, ValidationError
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request

from glasswatch import strict_json
from monitor.web.refused import Refused
from monitor.wire.endpoints import JSON

LARGEST: Final = 16 * 1024
_UTF8: Final = {"", "charset=utf-8", 'charset="utf-8"'}


async def read(shape: type[BaseModel] | None, request: Request, *, may_lack: bool = False) -> BaseModel | None:
    """Return the body as its shape; None where there is no shape.

    Raises:
        Refused: `bad_body`, `unsupported_media`, `body_too_large` or `too_slow`.
    """
    if shape is None:
        if _length(request.headers) > 0:
            raise Refused("bad_body", "no body is taken here")
        return None
    if may_lack and _length(request.headers) == 0:
        return shape()
    _check_media(request.headers)
    length = _length(request.headers)
    if length > LARGEST:
        raise Refused("body_too_large", f"a body may have {LARGEST} bytes")
    return _shaped(shape, await _content(request))


def _check_media(headers: Headers) -> None:
    media, _, parameters = headers.get("content-type", "").lower().partition(";")
    is_json = media.strip() == JSON and parameters.strip() in _UTF8 and len(headers.getlist("content-type")) == 1
    if not is_json or headers.get("content-encoding", "identity").lower() != "identity":
        raise Refused("unsupported_media", f"a body is sent as {JSON}, in UTF-8 and not compressed")


def _length(headers: Headers) -> int:
    """Return the length that the head says; 0 where it says that there is no body."""
    if "transfer-encoding" in headers:
        raise Refused("bad_body", "the body must come whole, with its Content-Length, not in chunks")
    said = headers.get("content-length", "0")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 20 else LARGEST + 1  # noqa: PLR2004 - 2**64


async def _content(request: Request) -> bytes:
    content = bytearray()
    try:
        async for part in request.stream():
            content += part
            if len(content) > LARGEST:
                raise Refused("body_too_large", f"a body may have {LARGEST} bytes")
    except ClientDisconnect:
        # Gone, or cut off past the deadline: nobody reads this, but it is audited like any other refusal.
        raise Refused("too_slow", "the body did not arrive") from None
    return bytes(content)


def _shaped(shape: type[BaseModel], content: bytes) -> BaseModel:
    try:
        return shape.model_validate_json(_strict(content), strict=True)
    except ValidationError as error:
        raise Refused("bad_body", "; ".join(dict.fromkeys(_mistakes(shape, error)))) from None


def _strict(content: bytes) -> bytes:
    """Return the document written again, so that what the shape reads is what was judged here."""
    try:
        value = strict_json.parse(content)
    except ValueError as fault:
        raise Refused("bad_body", f"the body is not JSON: {fault}") from None
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        raise Refused("bad_body", "the body holds half a character, or a number that is too large") from None


def _mistakes(shape: type[BaseModel], error: ValidationError) -> Iterator[str]:
    """Name each mistake, in the order of the shape; members that it lacks come last, as one."""
    details = error.errors(include_url=False, include_input=False)
    wrong = {str(detail["loc"][0]) for detail in details if detail["loc"]}
    fields = {field.alias or name: field for name, field in shape.model_fields.items()}
    for name, field in fields.items():
        if name in wrong:
            yield f"{name}: expected {field.description}"
    if wrong - set(fields):
        known = ", ".join(fields)
        yield f"unknown member: expected only {known}" if known else "unknown member: expected none"
    for detail in details:
        if not detail["loc"]:
            own = detail.get("ctx", {}).get("error") if detail["type"] == "value_error" else None
            yield str(own) if isinstance(own, ValueError) else "expected a JSON object, not nested deeply"
