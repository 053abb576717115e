import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from monitor.wire.endpoints import ENDPOINTS, JSON, Endpoint
from monitor.wire.happenings import EVENTS
from monitor.wire.openapi import document
from monitor.wire.refusals import REFUSALS

DOCUMENT = document(ENDPOINTS, "0.1.0")


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][endpoint.path][endpoint.method.lower()]
    return found


def _nodes(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for member in value.values():
            yield from _nodes(member)
    elif isinstance(value, list):
        for member in value:
            yield from _nodes(member)


def test_it_is_an_openapi_document() -> None:
    """It says its version, is JSON all through, and has what 3.1 requires at the top."""
    assert json.loads(json.dumps(DOCUMENT)) == DOCUMENT
    assert re.fullmatch(r"3\.1\.\d+", DOCUMENT["openapi"])
    assert {"title", "version"} <= DOCUMENT["info"].keys()
    assert set(DOCUMENT) <= {"openapi", "jsonSchemaDialect", "info", "paths", "components"}


def test_paths_are_those_of_the_table() -> None:
    """Nothing is described that is not served, and the other way round."""
    described = {(path, method.upper()) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert described == {(endpoint.path, endpoint.method) for endpoint in ENDPOINTS}


def test_operations_have_unique_names() -> None:
    """A generated client has one function for each endpoint."""
    names = [found["operationId"] for methods in DOCUMENT["paths"].values() for found in methods.values()]
    assert sorted(names) == sorted({endpoint.name for endpoint in ENDPOINTS})


def test_references_resolve() -> None:
    """Every `$ref` leads to a schema, and every schema is led to."""
    used = {node["$ref"] for node in _nodes(DOCUMENT) if "$ref" in node}
    held = {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}
    assert used == held


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_parameters_are_declared(endpoint: Endpoint) -> None:
    """Parameters in the path and in the query are described, required exactly where they must be given."""
    parameters = _operation(endpoint)["parameters"]
    in_path = {each["name"] for each in parameters if each["in"] == "path"}
    in_query = {each["name"] for each in parameters if each["in"] == "query"}
    assert in_path == set(re.findall(r"\{(\w+)\}", endpoint.path))
    assert all(each["required"] for each in parameters if each["in"] == "path")
    assert in_query == set(endpoint.query.model_fields if endpoint.query else ())
    assert all("schema" in each and each["required"] in {True, False} for each in parameters)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_answers_are_described(endpoint: Endpoint) -> None:
    """Each media type of a success, and each status of a refusal with its codes."""
    responses = _operation(endpoint)["responses"]
    assert set(responses["200"]["content"]) == set(endpoint.answers)
    for code in endpoint.codes():
        refused = responses[str(REFUSALS[code].status.value)]
        assert f"`{code}`" in refused["description"]
        assert refused["content"][JSON]["schema"] == {"$ref": "#/components/schemas/ErrorAnswer"}


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_scopes_are_told(endpoint: Endpoint) -> None:
    """What needs a token says which scope; reading may go without, on loopback; what is open says nothing."""
    operation = _operation(endpoint)
    assert operation.get("x-scope") == endpoint.scope
    needed = [{"token": [endpoint.scope]}] if endpoint.scope else []
    assert operation.get("security", []) == [*needed, *([{}] if endpoint.scope == "read" else [])]


def test_tokens_are_presented_as_bearers() -> None:
    """The one scheme there is, and every operation that needs one names it."""
    schemes = DOCUMENT["components"]["securitySchemes"]
    assert {name: (each["type"], each["scheme"]) for name, each in schemes.items()} == {"token": ("http", "bearer")}
    named = {name for node in _nodes(DOCUMENT["paths"]) for need in node.get("security", ()) for name in need}
    assert named == set(schemes)


def test_events_are_described() -> None:
    """The stream's events are there by name."""
    events = DOCUMENT["paths"]["/api/v1/events"]["get"]["responses"]["200"]["content"]["text/event-stream"]
    assert set(events["x-events"]) == set(EVENTS)


def test_a_body_is_described() -> None:
    """An endpoint that takes a body says so: none does yet, but the table can."""
    writing = Endpoint(
        name="try", method="POST", path="/try", scope="reload", summary="", answers={JSON: None}, body=EVENTS["reset"]
    )
    made = document((writing,), "0")
    posted = made["paths"]["/try"]["post"]["requestBody"]
    assert posted["content"][JSON]["schema"] == {"$ref": "#/components/schemas/ResetEvent"}
    assert made["paths"]["/try"]["post"]["x-scope"] == "reload"
    assert made["paths"]["/try"]["post"]["security"] == [{"token": ["reload"]}]
