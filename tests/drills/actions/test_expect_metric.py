"""The action `expect_metric`, asked of a real Prometheus."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from drills.model.found import Found
from drills.model.step import Status
from tests.support.drill_actions import RUN, attempt, made, outcome, step_of, tools
from tests.support.listeners import free_port
from tests.support.prometheus import prometheus
from tests.support.receiver import Answer, Behaviour, Hang, receiving

LABELLED = "label_replace(vector(1), 'r', '{}', '', '')"


async def _asked(directory: Path, url: str | None, query: str, expect: dict[str, Any], seconds: float = 20.0) -> Found:
    given = tools(directory, prometheus=url) if url is not None else tools(directory)
    return await outcome(
        made(step_of("expect_metric", with_={"query": query}, expect=expect), given), attempt(None, seconds)
    )


async def test_what_prometheus_says(tmp_path: Path) -> None:
    """By example, with one server."""
    asked: list[tuple[str, dict[str, Any], Status]] = [
        ("vector(3)", {"equals": 3}, Status.PASSED),
        ("vector(3)", {"at_least": 4}, Status.FAILED),
        ("scalar(vector(3))", {"above": 2.5}, Status.PASSED),
        ("vector(1) or label_replace(vector(5), 'a', 'b', '', '')", {"below": 4}, Status.FAILED),
        ("no_such_series", {"at_least": 0}, Status.NOT_MEASURED),
        ("no_such_series", {"present": "false"}, Status.PASSED),
        ("no_such_series", {"present": "true"}, Status.FAILED),
        ("vector(0/0)", {"at_least": 0}, Status.NOT_MEASURED),
        ("sum(", {"present": "false"}, Status.NOT_MEASURED),
        ("vector(1)[5m:1m]", {"present": "true"}, Status.NOT_MEASURED),
        (f"{LABELLED.format('${run}')} * on(r) {LABELLED.format(RUN.id)}", {"present": "true"}, Status.PASSED),
    ]
    async with prometheus(tmp_path, []) as server:
        url = f"http://{server.address[0]}:{server.address[1]}"
        found = [(query, (await _asked(tmp_path, url, query, expect)).status) for query, expect, _ in asked]
    assert found == [(query, status) for query, _, status in asked]


@pytest.mark.parametrize(
    "behaviour",
    [
        Answer(503),
        Answer(body=b"<html>"),
        Answer(body=b'{"status": "success", "data": {"resultType": "vector", "result": []}, "warnings": ["x"]}'),
        Hang(),
    ],
)
async def test_trouble_is_never_an_absence(tmp_path: Path, behaviour: Behaviour) -> None:
    """Nobody there, or an answer that isn't whole, is not measured."""
    async with receiving(default=behaviour) as server:
        seconds = 0.3 if isinstance(behaviour, Hang) else 20.0
        found = await _asked(tmp_path, server.url, "up", {"present": False}, seconds)
    assert found.status is Status.NOT_MEASURED
    nobody = f"http://127.0.0.1:{free_port()}"
    assert (await _asked(tmp_path, nobody, "up", {"present": False})).status is Status.NOT_MEASURED
    assert (await _asked(tmp_path, None, "up", {"present": False})).status is Status.NOT_MEASURED


@pytest.mark.parametrize(
    ("query", "expect"),
    [
        ("up", {}),
        ("up", {"present": True, "equals": 1}),
        ("up", {"equals": "one"}),
        ("up{a='${host}'}", {"present": True}),
        ("up{a='${run'}", {"present": True}),
        ("", {"present": True}),
    ],
)
def test_wrong_settings_are_mistakes(query: str, expect: dict[str, Any]) -> None:
    """No value but the run's id goes into an expression: it is a name and nothing else."""
    with pytest.raises(ValidationError):
        step_of("expect_metric", with_={"query": query}, expect=expect)
