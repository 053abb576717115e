"""What a status page's word is worth."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.outcome import Outcome, OutcomeKind, Reason, Warn
from monitor.rules.expect import Judgement
from monitor.rules.status_page import ValueWanted, as_told, judge_statuspage, judge_value
from platforms.simulator.vendor import COMPONENT_STATUSES, INDICATORS

GOOD, BAD, NOT_MEASURED = OutcomeKind.GOOD, OutcomeKind.BAD, OutcomeKind.NOT_MEASURED
WANTED = ValueWanted("services[0].state", ("services", 0, "state"), ("ok", 1), ("slow", None))


def component(name: str, status: object = "operational", key: str = "") -> dict[str, object]:
    """Return one component of a page; its id is `id-NAME`."""
    return {"id": key or f"id-{name}", "name": name, "status": status, "group": False}


def page(*components: dict[str, object], indicator: object = "none", **more: object) -> dict[str, object]:
    """Return a page's summary."""
    return {
        "page": {"name": "hunter2"},
        "components": list(components),
        "incidents": [],
        "scheduled_maintenances": [],
        "status": {"indicator": indicator, "description": "hunter2"},
        **more,
    }


def said(document: object, *chosen: str) -> Judgement:
    """Judge a page by the components chosen."""
    return judge_statuspage(chosen, json.dumps(document).encode())


def going_on(status: str, *names: str) -> dict[str, object]:
    """Return an incident or a maintenance that names components."""
    return {"id": "x", "name": "hunter2", "status": status, "components": [component(name) for name in names]}


@pytest.mark.parametrize(
    ("status", "kind", "reason", "detail", "warnings"),
    [
        ("operational", GOOD, Reason.OK, "the page says API: operational", ()),
        ("degraded_performance", GOOD, Reason.OK, "the page says API: degraded performance", (Warn.TOLD,)),
        ("under_maintenance", GOOD, Reason.OK, "the page says API: under maintenance", (Warn.MAINTENANCE,)),
        ("partial_outage", BAD, Reason.ANSWER, "the page says API: partial outage", ()),
        ("major_outage", BAD, Reason.ANSWER, "the page says API: major outage", ()),
    ],
)
def test_a_components_status(
    status: str, kind: OutcomeKind, reason: Reason, detail: str, warnings: tuple[Warn, ...]
) -> None:
    """Each status by name and by id; what is said of others, and of the whole, doesn't count."""
    document = page(component("API", status), component("Other", "major_outage"), indicator="critical")
    expected = Judgement(kind, reason, detail, warnings)
    assert said(document, "API") == expected
    assert said(document, "id-API") == replace(expected, detail=detail.replace("API", "id-API"))


@pytest.mark.parametrize(
    ("indicator", "kind", "warnings"),
    [
        ("none", GOOD, ()),
        ("minor", GOOD, (Warn.TOLD,)),
        ("maintenance", GOOD, (Warn.MAINTENANCE,)),
        ("major", BAD, ()),
        ("critical", BAD, ()),
    ],
)
def test_the_page_as_a_whole(indicator: str, kind: OutcomeKind, warnings: tuple[Warn, ...]) -> None:
    """Where no component is chosen the indicator counts, and no component's status."""
    found = said(page(component("API", "major_outage"), indicator=indicator))
    assert (found.kind, found.warnings, found.detail) == (kind, warnings, f"the page says as a whole: {indicator}")


def test_every_word_is_known() -> None:
    """What the simulated vendor can say is told, not unknown."""
    for status in COMPONENT_STATUSES:
        assert said(page(component("API", status)), "API").kind is not NOT_MEASURED
    for indicator in INDICATORS:
        assert said(page(indicator=indicator)).kind is not NOT_MEASURED


@pytest.mark.parametrize(
    ("document", "chosen", "detail"),
    [
        pytest.param(page(), ("API",), "API is not there", id="gone"),
        pytest.param(page(component("api")), ("API",), "API is not there", id="another case"),
        pytest.param(
            page(component("API"), component("API", key="k2")),
            ("API",),
            "API is there 2 times: choose it by its id",
            id="in two regions",
        ),
        pytest.param(page(component("API", "hunter2")), ("API",), "API: nothing that is known here", id="a new word"),
        pytest.param(page(component("API", None)), ("API",), "API: nothing that is known here", id="null"),
        pytest.param(page(component("API", ["operational"])), ("API",), "API: nothing that is known here", id="a list"),
        pytest.param(page(indicator="hunter2"), (), "as a whole: nothing that is known here", id="a new indicator"),
        pytest.param({}, (), "as a whole: nothing that is known here", id="no page"),
        pytest.param([], ("API",), "API is not there", id="a list for a page"),
        pytest.param({"components": {"API": "operational"}}, ("API",), "API is not there", id="components by name"),
        pytest.param({"components": ["API", None, 3]}, ("API",), "API is not there", id="components of other types"),
    ],
)
def test_a_page_that_does_not_tell(document: object, chosen: tuple[str, ...], detail: str) -> None:
    """It is not measured, and nothing of it is repeated."""
    expected = Judgement(NOT_MEASURED, Reason.NOT_TOLD, f"the page does not tell: {detail}")
    assert said(document, *chosen) == expected


@pytest.mark.parametrize(
    ("body", "why"), [(b"<html>", "it does not follow the grammar"), (b"", "it is empty"), (b"\xff", "it is not UTF-8")]
)
def test_what_is_not_json(body: bytes, why: str) -> None:
    """A page for people, or none, tells nothing."""
    expected = Judgement(NOT_MEASURED, Reason.NOT_TOLD, f"the page is not JSON: {why}")
    assert judge_statuspage((), body) == judge_statuspage(("API",), body) == judge_value(WANTED, body) == expected


def test_one_that_is_bad_outweighs_another_that_is_not_told() -> None:
    """What is said to be out is out, whatever is missing."""
    document = page(component("API", "major_outage"), component("Portal"))
    assert said(document, "API", "Gone").detail == "the page says API: major outage"
    assert said(document, "Portal", "Gone").kind is NOT_MEASURED


def test_all_that_is_bad_is_named() -> None:
    """Three of them, and how many more."""
    names = ("A", "B", "C", "D")
    found = said(page(*(component(name, "partial_outage") for name in names)), *names)
    assert found.detail == "the page says A: partial outage; B: partial outage; C: partial outage and 1 more"


def test_marks_of_several_components_are_kept_together() -> None:
    """One is slow, another maintained, a third out: bad, with both marks."""
    document = page(
        component("A", "degraded_performance"), component("B", "under_maintenance"), component("C", "major_outage")
    )
    assert said(document, "A", "B").warnings == (Warn.MAINTENANCE, Warn.TOLD)
    assert said(document, "A", "B").detail == "the page says A: degraded performance"
    assert (said(document, "A", "B", "C").kind, said(document, "A", "B", "C").detail) == (
        BAD,
        "the page says C: major outage",
    )


@pytest.mark.parametrize(
    ("status", "warnings"),
    [("scheduled", ()), ("in_progress", (Warn.MAINTENANCE,)), ("verifying", (Warn.MAINTENANCE,)), ("completed", ())],
)
def test_scheduled_maintenance(status: str, warnings: tuple[Warn, ...]) -> None:
    """While it is under way it marks the components that it names, and the page as a whole; planned ones nothing."""
    document = page(component("API"), component("Portal"), scheduled_maintenances=[going_on(status, "API")])
    assert said(document, "API").warnings == warnings
    assert said(document, "Portal").warnings == ()
    assert said(document).warnings == warnings
    assert said(document, "API").kind is GOOD


@pytest.mark.parametrize(
    ("status", "warnings"),
    [
        ("investigating", (Warn.TOLD,)),
        ("identified", (Warn.TOLD,)),
        ("monitoring", (Warn.TOLD,)),
        ("resolved", ()),
        ("postmortem", ()),
    ],
)
def test_an_incident_on_a_component_that_is_said_to_work(status: str, warnings: tuple[Warn, ...]) -> None:
    """Until it is resolved it marks what it names; the page as a whole has its indicator for it."""
    document = page(component("API"), component("Portal"), incidents=[going_on(status, "API")])
    assert said(document, "API").warnings == warnings
    assert said(document, "Portal").warnings == said(document).warnings == ()


def test_an_outage_during_maintenance_is_one() -> None:
    """Maintenance excuses nothing that is said to be out."""
    document = page(component("API", "major_outage"), scheduled_maintenances=[going_on("in_progress", "API")])
    assert (said(document, "API").kind, said(document, "API").warnings) == (BAD, (Warn.MAINTENANCE,))


def test_names_are_read_without_what_surrounds_them() -> None:
    """A page's blanks around a name don't make it another."""
    assert said(page(component(" API ")), "API").kind is GOOD


@pytest.mark.parametrize(
    ("value", "kind", "reason", "detail", "warnings"),
    [
        ("ok", GOOD, Reason.OK, "json services[0].state is good", ()),
        (1, GOOD, Reason.OK, "json services[0].state is good", ()),
        ("slow", GOOD, Reason.OK, "json services[0].state warns", (Warn.TOLD,)),
        (None, GOOD, Reason.OK, "json services[0].state warns", (Warn.TOLD,)),
        ("1", BAD, Reason.ANSWER, "json services[0].state is not one of the values that are good", ()),
        (True, BAD, Reason.ANSWER, "json services[0].state is not one of the values that are good", ()),
        ("hunter2", BAD, Reason.ANSWER, "json services[0].state is not one of the values that are good", ()),
        ({}, NOT_MEASURED, Reason.NOT_TOLD, "json services[0].state is not a single value", ()),
        ([], NOT_MEASURED, Reason.NOT_TOLD, "json services[0].state is not a single value", ()),
    ],
)
def test_a_value_of_another_document(
    value: object, kind: OutcomeKind, reason: Reason, detail: str, warnings: tuple[Warn, ...]
) -> None:
    """Good, marked, or else bad, by JSON's types."""
    body = json.dumps({"services": [{"state": value}]}).encode()
    assert judge_value(WANTED, body) == Judgement(kind, reason, detail, warnings)


def test_a_value_that_is_missing() -> None:
    """A document that has changed its form tells nothing."""
    expected = Judgement(NOT_MEASURED, Reason.NOT_TOLD, "json services[0].state is missing")
    assert judge_value(WANTED, b'{"services": []}') == expected


_JSON: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["operational", "in_progress", "none", "API", "hunter2"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["components", "incidents", "scheduled_maintenances", "status", "indicator", "id", "name", "hunter2"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(_JSON, st.lists(st.sampled_from(["API", "id-API"]), unique=True))
def test_no_page_breaks_it_or_is_repeated(document: object, chosen: list[str]) -> None:
    """Whatever comes is judged; only what is known to be good is good."""
    found = said(document, *chosen)
    assert "hunter2" not in found.detail
    assert found.kind is not GOOD or "operational" in json.dumps(document) or "none" in json.dumps(document)


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.ANSWER])
def test_a_page_that_cannot_be_read_says_nothing_of_the_platform(reason: Reason) -> None:
    """Whatever would make an `http` probe bad is not measured here; what isn't bad stays what it is."""
    outcome = Outcome(BAD, reason, "it failed", datetime(2026, 3, 1, tzinfo=UTC), 0.1)
    told = as_told(outcome)
    assert (told.kind, told.reason, told.detail) == (
        NOT_MEASURED,
        Reason.NOT_TOLD,
        "the page can't be read: it failed",
    )
    for other in (replace(outcome, kind=GOOD), replace(outcome, kind=NOT_MEASURED)):
        assert as_told(other) is other


def test_what_is_said_to_be_bad_is_bad() -> None:
    """The page's own word stays."""
    outcome = Outcome(BAD, Reason.ANSWER, "API: major outage", datetime(2026, 3, 1, tzinfo=UTC), 0.1)
    assert as_told(outcome) is outcome
