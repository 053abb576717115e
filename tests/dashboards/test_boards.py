"""The dashboards are what the script makes, and what Grafana can show."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from checks import dashboards
from checks.account_boards import BOARDS
from checks.panels import Board, Panel, Query, Row, known, written
from glasswatch.names import METRICS, MetricKind

FILES = sorted(dashboards.FOLDER.glob("*.json"))
# They are no one's daily business, or stand on a dashboard in the place of another.
NOT_SHOWN = {"jit_platform_up"}


def test_they_are_what_the_script_makes() -> None:
    """`python -m checks.dashboards --write` writes them anew."""
    assert {path.name: path.read_text() for path in FILES} == dashboards.render()


def test_every_metric_has_a_place() -> None:
    """What is not on a dashboard is looked at by nobody."""
    asked = " ".join(query.expr for board in BOARDS for panel in board.panels for query in panel.queries)
    series = {f"{name}_bucket" if each.kind is MetricKind.HISTOGRAM else name: name for name, each in METRICS.items()}
    assert {name for shown, name in series.items() if shown not in asked} == NOT_SHOWN


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_panels_neither_overlap_nor_stand_out(board: Board) -> None:
    """Each cell of the grid is one panel's at most."""
    taken: set[tuple[int, int]] = set()
    for panel in written(board)["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken
        assert all(x < 24 for x, _ in cells)
        taken |= cells


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_they_fit_several_monitors(board: Board) -> None:
    """Every expression chooses by job and instance, and every series is told from another monitor's by its name."""
    for panel in board.panels:
        for query in panel.queries:
            assert query.expr.count("{of") + query.expr.count("{one") > 0
            assert 'job=~"$job", instance=~"$instance"' in query.text
            assert "{{instance}}" in query.legend or "{{probe}}" in query.legend


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_they_are_whole(board: Board) -> None:
    """Ids are unique, the data source is chosen on the dashboard, gaps are not drawn over."""
    made: Mapping[str, Any] = json.loads(json.dumps(written(board)))
    panels = made["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        if panel["type"] == "row":
            continue
        assert panel["datasource"]["uid"] == "${datasource}"
        assert panel["fieldConfig"]["defaults"]["custom"].get("spanNulls", False) is False
        assert [target["refId"] for target in panel["targets"]] == list("ABCDEF"[: len(panel["targets"])])
    names = [each["name"] for each in made["templating"]["list"]]
    assert names == ["datasource", *board.choices]


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_no_two_expressions_of_a_panel_name_their_series_alike(board: Board) -> None:
    """Else nobody could tell pages that were sent from those that failed."""
    for panel in board.panels:
        assert len({query.legend for query in panel.queries}) == len(panel.queries), panel.title


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_platforms_are_told_apart_or_there_is_one(board: Board) -> None:
    """Two platforms have functions and probes of the same names: a series says whose it is, or one is chosen."""
    chosen = {each["name"]: each for each in written(board)["templating"]["list"]}
    is_single = "platform" in board.single
    assert ("platform" not in chosen) or chosen["platform"]["multi"] is chosen["platform"][
        "includeAll"
    ] is not is_single
    unnamed = [query.legend for panel in board.panels for query in panel.queries if "{of" in query.expr]
    assert is_single or all("{{platform}}" in legend for legend in unnamed)


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_a_share_is_not_rounded_to_all_of_it(board: Board) -> None:
    """Grafana's own choice of decimals shows 99.97 % as 100 %."""
    for panel in board.panels:
        if panel.shown.unit == "percentunit" and any("jit_sla" in query.expr for query in panel.queries):
            assert panel.shown.decimals is not None, panel.title


def test_a_metric_that_there_is_not_stops_the_build() -> None:
    """Also one that only looks like one: a histogram has no series of its own name."""
    for expr in ("jit_drill_nobody{one}", "rate(jit_probe_duration_seconds{of}[5m])"):
        board = Board("b", "b", "", (Row("r", (Panel("p", "stat", (Query(expr, ""),), ""),)),))
        with pytest.raises(ValueError, match="there is no metric jit_"):
            written(board)
    assert "jit_probe_duration_seconds_bucket" in known()


def test_differences_are_printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """And end with 1."""
    monkeypatch.setattr("sys.argv", ["dashboards"])
    assert dashboards.main() == 0
    monkeypatch.setattr(dashboards, "BOARDS", BOARDS[:-1])
    assert dashboards.main() == 1
    assert "glasswatch-monitor.json" in capsys.readouterr().out
