"""The interface as an OpenAPI 3.1 document, made from the table of endpoints alone.

Nothing is said here that the tables don't say: paths, parameters, shapes, refusals. What needs a token says so in its
`security`, with the scope it needs (OpenAPI 3.1 takes such words for any scheme) and once more as `x-scope`. What is
open on loopback (`read`) may also go without.
"""

import re
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from monitor.wire.answers import ErrorAnswer
from monitor.wire.endpoints import EVENT_STREAM, JSON, OPEN_ON_LOOPBACK, Endpoint
from monitor.wire.happenings import EVENTS
from monitor.wire.refusals import REFUSALS

_PATH_PARAMETER = re.compile(r"\{(\w+)\}")
_SCHEME = "token"
_BEARER = {
    "type": "http",
    "scheme": "bearer",
    "description": "A token of the settings. Where the monitor listens on loopback, reading from there needs none.",
}
_REFERENCE = "#/components/schemas/{model}"


def document(endpoints: Iterable[Endpoint], version: str) -> dict[str, Any]:
    """Return the document for these endpoints as JSON values; `version` is that of the application."""
    table = tuple(endpoints)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in table:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "glasswatch monitor",
            "version": version,
            "summary": "What is held true of the platforms watched, and the break-glass flag.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {"schemas": _schemas(table), "securitySchemes": {_SCHEME: _BEARER}},
    }


def _schemas(table: tuple[Endpoint, ...]) -> dict[str, Any]:
    shapes: dict[str, type[BaseModel]] = {ErrorAnswer.__name__: ErrorAnswer}
    shapes.update((shape.__name__, shape) for shape in EVENTS.values())
    for endpoint in table:
        named = (*endpoint.answers.values(), endpoint.body)
        shapes.update((shape.__name__, shape) for shape in named if shape is not None)
    _, definitions = models_json_schema(
        [(shape, "serialization") for shape in shapes.values()], ref_template=_REFERENCE
    )
    return dict(sorted(definitions["$defs"].items()))


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "parameters": [*_path_parameters(endpoint), *_query_parameters(endpoint)],
        "responses": {
            **({"201": _success(endpoint)} if endpoint.creates else {}),
            "200": _success(endpoint),
            **_refusals(endpoint),
        },
    }
    if endpoint.scope is not None:
        operation["x-scope"] = endpoint.scope
        without: list[dict[str, list[str]]] = [{}] if endpoint.scope == OPEN_ON_LOOPBACK else []
        operation["security"] = [{_SCHEME: [endpoint.scope]}, *without]
    if endpoint.body is not None:
        operation["requestBody"] = {
            "required": not endpoint.body_may_lack,
            "content": {JSON: {"schema": _reference(endpoint.body)}},
        }
    return operation


def _path_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PATH_PARAMETER.findall(endpoint.path)
    ]


def _query_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    if endpoint.query is None:
        return []
    schema = endpoint.query.model_json_schema()
    required = schema.get("required", ())
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "description": part.get("description", ""),
            "schema": {key: value for key, value in part.items() if key not in {"title", "description"}},
        }
        for name, part in schema.get("properties", {}).items()
    ]


def _success(endpoint: Endpoint) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for media, shape in endpoint.answers.items():
        unnamed = {"type": "object" if media == JSON else "string"}
        content[media] = {"schema": unnamed if shape is None else _reference(shape)}
        if media == EVENT_STREAM:
            content[media]["x-events"] = {name: _reference(event) for name, event in EVENTS.items()}
    return {"description": endpoint.summary, "content": content}


def _refusals(endpoint: Endpoint) -> dict[str, Any]:
    """Describe each status once, with every code that comes under it."""
    meanings: dict[str, list[str]] = {}
    for code in endpoint.codes():
        refusal = REFUSALS[code]
        meanings.setdefault(str(refusal.status.value), []).append(f"`{code}`: {refusal.meaning}")
    return {
        status: {
            "description": " ".join(lines),
            "content": {JSON: {"schema": _reference(ErrorAnswer)}},
        }
        for status, lines in sorted(meanings.items())
    }


def _reference(shape: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REFERENCE.format(model=shape.__name__)}
