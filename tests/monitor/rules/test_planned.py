"""What is read of planned maintenance on a page of Atlassian Statuspage."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.maintenance import Planned
from monitor.rules.planned import LONGEST_NAME, MOST, planned
from tests.support.clock import START
from tests.support.rulings import BOUNDED, HOUR

TOLD = {
    "id": "m1",
    "name": "Database upgrade",
    "status": "scheduled",
    "scheduled_for": "2026-03-01T05:00:00.000+01:00",
    "scheduled_until": "2026-03-01T06:00:00.000+01:00",
    "components": [{"id": "c1", "name": "API"}],
}


def page(*told: Any, **more: Any) -> bytes:
    """Return a page that tells these."""
    components = [{"id": "c1", "name": " API "}, {"id": "c2", "name": "Portal"}]
    return json.dumps({"components": components, "scheduled_maintenances": list(told), **more}).encode()


def with_(**changes: Any) -> dict[str, Any]:
    """Return a maintenance that tells something else."""
    return {**TOLD, **changes}


def test_it_is_read_as_it_is_told() -> None:
    """Times in UTC."""
    assert planned((), page(TOLD)) == (Planned("m1", "Database upgrade", START + HOUR, START + 2 * HOUR),)


@pytest.mark.parametrize(
    ("status", "count"),
    [
        ("scheduled", 1),
        ("in_progress", 1),
        ("verifying", 1),
        ("completed", 0),
        ("resolved", 0),
        ("", 0),
        (None, 0),
        (1, 0),
    ],
)
def test_only_what_is_ahead_or_under_way(status: object, count: int) -> None:
    """What is over proposes nothing."""
    assert len(planned((), page(with_(status=status)))) == count


@pytest.mark.parametrize(
    "changes",
    [
        {"id": None},
        {"id": ""},
        {"id": "a b"},
        {"id": "x" * 65},
        {"id": "../../etc"},
        {"scheduled_for": None},
        {"scheduled_for": "2026-03-01T05:00:00"},
        {"scheduled_for": "2026-02-30T05:00:00Z"},
        {"scheduled_for": "0001-01-01T00:00:00+14:00"},
        {"scheduled_for": "9999-12-31T23:59:59-14:00", "scheduled_until": "9999-12-31T23:59:59-14:00"},
        {"scheduled_for": 1772337600},
        {"scheduled_until": "2026-03-01T05:00:00.000+01:00"},
        {"scheduled_until": "2026-03-01T04:00:00.000+01:00"},
        {"scheduled_until": "2026-05-01T04:00:00.000+01:00"},
        {"scheduled_until": None},
    ],
)
def test_nonsense_is_left_out(changes: dict[str, Any]) -> None:
    """What is beside it is read all the same."""
    assert [each.id for each in planned((), page(with_(**changes), with_(id="m2")))] == ["m2"]


@pytest.mark.parametrize("body", [b"", b"no", b"[]", b"null", b'{"scheduled_maintenances": 3}', page("x", 3, None, [])])
def test_a_page_of_nonsense_proposes_nothing(body: bytes) -> None:
    """It never raises."""
    assert planned((), body) == ()


@pytest.mark.parametrize(
    ("components", "count"),
    [((), 1), (("API",), 1), (("c1",), 1), (("Portal",), 0), (("Portal", "API"), 1), (("x",), 0)],
)
def test_only_for_the_components_that_are_chosen(components: tuple[str, ...], count: int) -> None:
    """By name or id."""
    assert len(planned(components, page(TOLD))) == count


def test_one_that_names_no_component_may_be_for_all() -> None:
    """A person decides."""
    assert len(planned(("Portal",), page(with_(components=[])))) == 1


def test_a_name_is_one_short_line() -> None:
    """It is shown to people."""
    (found,) = planned((), page(with_(name="a\u202eb\nc" + "x" * 300)))
    assert found.name.isprintable()
    assert len(found.name) == LONGEST_NAME
    assert planned((), page(with_(name=None)))[0].name == ""


def test_there_is_an_end_to_how_many() -> None:
    """The earliest, each id once."""
    many = [with_(id=f"m{n}", scheduled_until=f"2026-03-01T06:{n % 60:02}:00Z") for n in range(100)]
    found = planned((), page(*many, *many))
    assert len(found) == MOST
    assert [each.until for each in found] == sorted(each.until for each in found)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.sampled_from([*TOLD, "x"]), parts, max_size=5),
    max_leaves=20,
)


@given(st.lists(JSON, max_size=4), JSON)
@BOUNDED
def test_whatever_a_page_says(told: list[object], components: object) -> None:
    """Nothing raises, and what is read makes sense."""
    for each in planned(("API",), page(*told, components=components)):
        assert each.since < each.until
