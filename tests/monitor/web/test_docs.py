import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from monitor.acting import PATIENCE_SECONDS
from monitor.auditor import MOST_KEPT
from monitor.model.use import Happening
from monitor.rules.acts import REMEMBERED
from monitor.rules.throttle import FAILURES_OF_ALL, FAILURES_OF_ONE, REPORTS, WRITES
from monitor.web.bodies import LARGEST
from monitor.web.deadlines import Bounds
from monitor.web.events import HELD
from monitor.web.tally import SOURCES
from monitor.wire.drills import CloseRunBody, HeadBody, OpenRunBody, RunQuery
from monitor.wire.endpoints import ENDPOINTS
from monitor.wire.happenings import EVENTS
from monitor.wire.maintenance import AcceptBody, AddBody, MaintenanceQuery
from monitor.wire.queries import OutagesQuery
from monitor.wire.refusals import REFUSALS
from monitor.wire.uses import ClassBody, ReportBody, UsesQuery

REFERENCE = (Path(__file__).parents[3] / "docs" / "reference" / "http.md").read_text()


def _section(title: str) -> str:
    """Return what stands under a heading, up to the next of any level."""
    return re.split(r"^#+ ", REFERENCE.split(f"# {title}\n")[1], maxsplit=1, flags=re.MULTILINE)[0]


def test_every_endpoint_is_documented_as_it_is() -> None:
    """Method, path, scope, media types and words are those of the table, in its order."""
    rows = re.findall(r"^\| `(\w+) (\S+)` \| (.+?) \| (.+?) \| (.+) \|$", _section("Endpoints"), re.MULTILINE)
    assert rows == [
        (
            endpoint.method,
            endpoint.path,
            f"`{endpoint.scope}`" if endpoint.scope else "none",
            ", ".join(f"`{media}`" for media in endpoint.answers),
            endpoint.summary,
        )
        for endpoint in ENDPOINTS
    ]


def test_every_refusal_is_documented_as_it_is() -> None:
    """Code, status and meaning."""
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| (.+) \|$", _section("Refusals"), re.MULTILINE)
    assert rows == [(code, str(each.status.value), each.meaning) for code, each in REFUSALS.items()]


def test_every_event_is_documented() -> None:
    """Each name of the stream, in the order of the table."""
    assert re.findall(r"^\| `(\w+)` \|", _section("Events"), re.MULTILINE) == list(EVENTS)
    assert f"the last {HELD}\nevents" in _section("Events")


@pytest.mark.parametrize(
    ("section", "shape"),
    [
        ("Outages", OutagesQuery),
        ("Maintenance", MaintenanceQuery),
        ("Adding a window", AddBody),
        ("Accepting a window", AcceptBody),
        ("Uses", UsesQuery),
        ("Reporting a use", ReportBody),
        ("Classing a use", ClassBody),
        ("Drills", RunQuery),
        ("Opening a run", OpenRunBody),
        ("Telling of a head", HeadBody),
        ("Closing a run", CloseRunBody),
    ],
)
def test_every_parameter_and_member_is_documented(section: str, shape: type[BaseModel]) -> None:
    """What each expects, in the words that a mistake is answered with."""
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", _section(section), re.MULTILINE))
    assert rows == {field.alias or name: field.description for name, field in shape.model_fields.items()}


def test_every_happening_of_a_use_is_documented() -> None:
    """What the stream may say became of one."""
    (row,) = re.findall(r"^\| `use` \| (.+) \|$", _section("Events"), re.MULTILINE)
    assert re.findall(r"`(\w+)`", row) == [*(happening.value for happening in Happening), "happening"]


def test_every_member_of_an_act_is_documented() -> None:
    """What each expects, in the words that a mistake is answered with; and how many keys are remembered."""
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (.+?) \|$", _section("Acts on a flag"), re.MULTILINE)
    assert rows == [
        (endpoint.path.rpartition("/")[2], name, field.description)
        for endpoint in ENDPOINTS
        if endpoint.name.startswith("flag_") and endpoint.body is not None
        for name, field in endpoint.body.model_fields.items()
    ]
    assert f"the latest {REMEMBERED} of a platform" in _section("Acts on a flag")
    assert f"after {PATIENCE_SECONDS:g} s at most" in _section("Acts on a flag")


def test_bounds_are_documented() -> None:
    """The figures are the defaults."""
    bounds = Bounds()
    figures = re.findall(r"^\| .+ \| (\d+)(?: s| KiB)? \|$", _section("What a client may take"), re.MULTILINE)
    assert [int(figure) for figure in figures] == [
        bounds.request_seconds,
        bounds.head_bytes // 1024,
        LARGEST // 1024,
        bounds.write_seconds,
        bounds.idle_seconds,
        bounds.connections,
        bounds.connections_of_one,
        bounds.connections_kept,
        FAILURES_OF_ONE,
        FAILURES_OF_ALL,
        WRITES,
        REPORTS,
    ]
    assert f"fewer than {bounds.connections_kept} of its own" in _section("What a client may take")
    assert bounds.connections // bounds.connections_of_one == 4, "the number of addresses that are not promised against"
    throttling = _section("Throttling")
    for figure in (FAILURES_OF_ONE, FAILURES_OF_ALL, WRITES, REPORTS):
        assert re.search(rf"\b{figure}\s+times a minute|\b{figure} times", throttling)
    assert f"{MOST_KEPT:,} at most" in _section("Authorisation")
    assert f"{SOURCES} addresses are told apart" in _section("Authorisation")
