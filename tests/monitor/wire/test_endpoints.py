import ast
import re
from enum import StrEnum
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel, ValidationError

from monitor.model.act import ActKind, RequestKind
from monitor.model.maintenance import Origin
from monitor.model.verdict import CauseKind, FlagState, Phase, Verdict
from monitor.wire import answers, drills, happenings, maintenance, probes, sla, uses
from monitor.wire.bodies import Body
from monitor.wire.endpoints import ALWAYS, ENDPOINTS, JSON, Endpoint
from monitor.wire.refusals import REFUSALS
from monitor.wire.shape import Shape

ACT = Endpoint(
    name="act",
    method="POST",
    path="/act/{platform}",
    scope="flag:raise",
    summary="",
    answers={JSON: None},
    body=Body,
    refusals=("not_possible", "no_such"),
)
SHAPES = [
    shape
    for module in (answers, drills, happenings, probes, sla, uses)
    for shape in vars(module).values()
    if isinstance(shape, type) and issubclass(shape, Shape) and shape is not Shape
]


def test_names_and_ways_in_are_unique() -> None:
    """No two endpoints share a name, or a method on a path."""
    assert len({endpoint.name for endpoint in ENDPOINTS}) == len(ENDPOINTS)
    assert len({(endpoint.method, endpoint.path) for endpoint in ENDPOINTS}) == len(ENDPOINTS)


def test_what_design_promises_is_there() -> None:
    """Every path of design 3.5 that has something to say so far is in the table, and what shows one probe."""
    assert {endpoint.path for endpoint in ENDPOINTS} == {
        "/",
        "/metrics",
        "/-/healthy",
        "/-/ready",
        "/-/reload",
        "/api/v1/status",
        "/api/v1/sla",
        "/probes/{platform}/{probe}",
        "/api/v1/probes/{platform}/{probe}",
        "/api/v1/probes/{platform}/{probe}/residue",
        "/api/v1/flag/{platform}",
        "/api/v1/flag/{platform}/raise",
        "/api/v1/flag/{platform}/lower",
        "/api/v1/flag/{platform}/inhibit",
        "/api/v1/flag/{platform}/confirm",
        "/api/v1/outages",
        "/api/v1/maintenance",
        "/api/v1/maintenance/{id}/accept",
        "/api/v1/maintenance/{id}/end",
        "/api/v1/maintenance/{id}/confirm",
        "/api/v1/exercises",
        "/api/v1/exercises/{id}",
        "/api/v1/exercises/{id}/end",
        "/api/v1/uses",
        "/api/v1/uses/{id}/class",
        "/api/v1/drills",
        "/api/v1/drills/calendar",
        "/api/v1/drills/{run}",
        "/api/v1/drills/{run}/heads",
        "/api/v1/drills/{run}/close",
        "/api/v1/heartbeat/{name}",
        "/api/v1/events",
        "/.well-known/jwks.json",
        "/api/v1/openapi.json",
    }


def test_only_flag_keys_health_and_metrics_are_open_everywhere() -> None:
    """Everything else needs `read` beyond loopback, and acts on a flag their own scope anywhere."""
    assert {endpoint.name for endpoint in ENDPOINTS if endpoint.scope is None} == {
        "metrics",
        "healthy",
        "ready",
        "flag",
        "keys",
    }
    writing = {endpoint.name: endpoint.scope for endpoint in ENDPOINTS if endpoint.writes}
    assert writing == {
        "flag_raise": "flag:raise",
        "flag_lower": "flag:lower",
        "flag_inhibit": "flag:inhibit",
        "flag_confirm": "flag:confirm",
        "reload": "reload",
        "maintenance_add": "maintenance",
        "maintenance_accept": "maintenance",
        "maintenance_end": "maintenance",
        "maintenance_confirm": "maintenance",
        "exercise_begin": "exercise",
        "exercise_end": "exercise",
        "use_report": "use",
        "use_class": "use",
        "drill_open": "drill",
        "drill_head": "drill",
        "drill_close": "drill",
        "heartbeat": "heartbeat:{name}",
        "residue_gone": "maintenance",
    }
    assert {endpoint.scope for endpoint in ENDPOINTS if not endpoint.writes} == {None, "read"}


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_each_refusal_is_known(endpoint: Endpoint) -> None:
    """An endpoint names refusals from the table, each once; `bad_query` comes with a query."""
    codes = endpoint.codes()
    assert set(codes) <= set(REFUSALS)
    assert len(codes) == len(set(codes))
    assert ("bad_query" in codes) == (endpoint.query is not None)


def test_each_refusal_can_happen() -> None:
    """The table of refusals holds nothing that no endpoint uses; `not_found` is where there is none."""
    used = {code for endpoint in (*ENDPOINTS, ACT) for code in endpoint.codes()}
    assert used | {"not_found"} == set(REFUSALS) >= set(ALWAYS)


def test_what_is_not_a_get_writes() -> None:
    """Its refusals are audited."""
    assert ACT.writes
    assert not any(endpoint.writes for endpoint in ENDPOINTS if endpoint.method == "GET")


def test_a_platform_in_the_path_is_where_the_platform_is() -> None:
    """No line of the table can forget to say so."""
    assert ACT.platform_in == "path"
    assert {each.platform_in for each in ENDPOINTS if "{platform}" in each.path} == {"path"}


def test_refusals_go_with_what_an_endpoint_takes() -> None:
    """A scope brings those of tokens, a body those of bodies."""
    assert {"unauthorized", "forbidden", "throttled"} <= set(ACT.codes())
    assert {"bad_body", "unsupported_media", "body_too_large"} <= set(ACT.codes())
    assert not {"unauthorized", "bad_body"} & {code for each in ENDPOINTS if not each.scope for code in each.codes()}


def test_parameters_are_filled_in_percent_encoded() -> None:
    """A client's path can't leave its segment."""
    flag = next(endpoint for endpoint in ENDPOINTS if endpoint.name == "flag")
    assert flag.at(platform="a/b c") == "/api/v1/flag/a%2Fb%20c"


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_shapes_are_frozen_and_snake_case(shape: type[BaseModel]) -> None:
    """A shape on the wire can't be changed once made, and its names read alike everywhere."""
    assert shape.model_config.get("frozen") is True
    assert all(re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) for name in shape.model_fields)


@pytest.mark.parametrize(
    ("words", "known"),
    [
        (answers.VerdictWord, Verdict),
        (answers.FlagStateWord, FlagState),
        (answers.PhaseWord, Phase),
        (answers.CauseWord, CauseKind),
        (answers.RequestWord, RequestKind),
        (happenings.ActWord, ActKind),
        (maintenance.OriginWord, Origin),
    ],
    ids=["verdict", "flag state", "phase", "cause", "request", "act", "origin"],
)
def test_words_are_the_monitors_own(words: object, known: type[StrEnum]) -> None:
    """The wire spells closed lists exactly as the monitor does."""
    assert set(get_args(words)) == {member.value for member in known}


def test_times_go_out_in_utc() -> None:
    """A time with another offset is shown in UTC, as RFC 3339 writes it."""
    span = answers.SpanAnswer.model_validate({"start": "2026-03-01T04:00:00+01:00", "end": "2026-03-01T03:00:01Z"})
    assert span.model_dump_json() == '{"start":"2026-03-01T03:00:00Z","end":"2026-03-01T03:00:01Z"}'


@pytest.mark.parametrize("value", ["2026-03-01T03:00:00", "1772334000", "2026-03-01", "yesterday"])
def test_other_times_are_turned_away(value: str) -> None:
    """A time without an offset, or counted in seconds, is not guessed at."""
    with pytest.raises(ValidationError):
        answers.SpanAnswer.model_validate({"start": value, "end": value})


def test_a_reader_takes_a_newer_answer() -> None:
    """A member that we don't know yet does not stop a client from reading the others."""
    problem = answers.Problem.model_validate({"code": "busy", "message": "later", "retry_seconds": 3})
    assert problem.code == "busy"


def test_the_wire_is_data() -> None:
    """It imports the standard library, pydantic and itself."""
    allowed = {"ast", "collections", "dataclasses", "datetime", "http", "re", "typing", "urllib", "pydantic"}
    for file in Path(answers.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            named = [node.module] if isinstance(node, ast.ImportFrom) else []
            named += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in named:
                assert name is not None
                assert name.startswith("monitor.wire") or name.split(".")[0] in allowed, f"{file.name}: {name}"
