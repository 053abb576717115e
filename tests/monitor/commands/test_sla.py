"""`monitor sla` and `monitor outages`: the numbers of a quarter computed by hand, in every format."""

import csv
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from html import escape, unescape
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from glasswatch.cli import run
from monitor.cli import command
from monitor.reports.lists import Listing
from monitor.reports.markdown import escaped, table
from monitor.reports.table import cell
from tests.support import quarter
from tests.support.html import Reader
from tests.support.settings_files import GOOD, write
from tests.support.stores import StorePlace

_CREDITS = "[{below: 0.999, credit: 0.1}, {below: 0.99, credit: 0.25}]"
SLA = f"    sla: {{objective: 0.999, period: quarter, credits: {_CREDITS}}}\n"
HOSTILE = "=1+1</td><script>alert(1)</script>\u202e\n| x | **b** [l](http://e.example) ![i](//e.example/p.png) `c` <b>"


@dataclass
class Desk:
    """Calls the commands on a store that holds the quarter."""

    config: Path
    capsys: pytest.CaptureFixture[str]

    def call(self, *arguments: str) -> tuple[int, str]:
        """Return the exit code, and what was printed."""
        code = run(command, "monitor", [*arguments, "--config", str(self.config)])
        said = self.capsys.readouterr()
        return code, said.out + said.err

    def sla(self, period: str = "2026-Q3") -> dict[str, Any]:
        """Return one platform's account, and see that it was missed."""
        code, said = self.call("sla", "payments", "--period", period, "--json")
        assert code == 1
        return dict(json.loads(said)["platforms"][0])


@pytest.fixture
async def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> AsyncIterator[Desk]:
    """A store with a quarter in it, whose outages' reasons are hostile."""
    (tmp_path / "procedure.md").write_text("Break it.\n")
    settings = GOOD.replace("    probes:\n", f"{SLA}    probes:\n", 1)
    config = write(tmp_path, f"{settings}vantage: main\nstore: sqlite:///kept.db\n")
    path = tmp_path / "kept.db"
    place = StorePlace("sqlite", f"sqlite:///{path}", "main", path)
    await quarter.write(place, detail=HOSTILE)
    yield Desk(config, capsys)
    await place.close()


def test_a_quarter_is_as_computed_by_hand(desk: Desk) -> None:
    """July to September 2026 in UTC: 92 days, 92 x 86,400 = 7,948,800 s.

    Maintenance: 2 h on day 50 = 7,200 s. The monitor was off for 6 h on day 20 = 21,600 s, not measured.
    Down: 40 min = 2,400 s; 1 h over July's end = 3,600 s; 2 h on day 50 of which the first is maintenance = 3,600 s.
    """
    found = desk.sla()
    account, agreed = found["account"], found["objective"]
    assert account["maintenance_seconds"] == 7_200
    assert account["not_measured_seconds"] == 21_600
    assert account["down_seconds"] == 2_400 + 3_600 + 3_600  # 9,600
    assert account["up_seconds"] == 7_948_800 - 7_200 - 21_600 - 9_600  # 7,910,400
    # Left out: availability = 7,910,400 / (7,910,400 + 9,600) = 0.998788; coverage = 7,920,000 / 7,941,600 = 0.997280.
    assert account["availability"] == pytest.approx(0.998788, abs=5e-7)
    assert account["coverage"] == pytest.approx(0.997280, abs=5e-7)
    # Budget: 0.001 x (7,948,800 - 7,200) = 7,941.6 s; left: 1 - 9,600 / 7,941.6 = -0.208824.
    assert agreed["budget_seconds"] == pytest.approx(7_941.6)
    assert agreed["budget_remaining_ratio"] == pytest.approx(-0.208824, abs=5e-7)
    assert (agreed["breached"], agreed["credit"]) == (True, 0.1)  # below 0.999, not below 0.99
    # Each was found 10 s after it began; recovered after 2,400, 3,600 and 7,200 s: 13,200 / 3 = 4,400 s.
    assert (account["outages"], account["detect_seconds"], account["recover_seconds"]) == (3, 10, 4_400)
    assert found["functions"][0]["function"] == "sign_in"
    assert found["functions"][0]["account"]["down_seconds"] == 9_600
    assert (found["standing"], found["rolling"], len(found["days"])) == ("over", [], 92)


def test_what_the_vendors_page_claimed_stands_beside_it(desk: Desk) -> None:
    """It told of 10 of the 160 minutes; 7,948,800 - 21,600 s of it were heard, and 9,600 - 600 s denied."""
    (claim,) = desk.sla()["claims"]
    assert (claim["probe"], claim["outage_seconds"], claim["not_told_seconds"]) == ("vendor", 600, 21_600)
    assert claim["availability"] == pytest.approx(1 - 600 / 7_927_200)
    assert claim["unsaid_down_seconds"] == 9_000


def test_an_outage_over_a_months_end_is_in_both(desk: Desk) -> None:
    """July has 40 and 30 minutes, August 30 and 60; together they are the quarter's."""
    july, august = (desk.sla(f"2026-{month}")["account"] for month in ("07", "08"))
    assert (july["down_seconds"], august["down_seconds"]) == (4_200, 5_400)
    assert july["up_seconds"] == 31 * 86_400 - 21_600 - 4_200
    assert august["maintenance_seconds"] == 7_200


def test_no_credit_follows_from_a_period_that_was_not_agreed_on(desk: Desk) -> None:
    """A month of a quarter's objective is compared, and it is said what that is worth."""
    july = desk.sla("2026-07")
    assert (july["objective"]["breached"], july["objective"]["credit"]) == (True, 0)
    assert any("agreed on for each calendar quarter, and this is a month" in note for note in july["notes"])
    said = desk.call("sla", "payments", "--period", "2026-07", "--markdown")[1]
    assert "credited" not in said
    assert "Credit by these steps" not in said


def test_it_is_printed_with_its_method(desk: Desk) -> None:
    """And nothing in it turns the terminal's reading order round."""
    code, said = desk.call("sla", "payments", "--period", "2026-Q3")
    assert code == 1
    for part in ("99.8787 %", "MISSED", "only partly watched: 99.72 %", "left out", "availability = up / (up + down)"):
        assert part in said
    assert "it told of no outage" in said
    assert "\u202e" not in said


def test_the_page_is_whole_and_holds_nothing_from_elsewhere(desk: Desk, tmp_path: Path) -> None:
    """Hostile names are text; what is drawn is told in words and stands in tables as well."""
    target = tmp_path / "sla.html"
    code, _ = desk.call("sla", "payments", "--period", "2026-Q3", "--html", str(target))
    assert code == 1
    page = target.read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "\u202e" not in page
    assert "src=" not in page
    assert "href=" not in page
    assert "url(" not in page
    assert page.count("<svg viewBox") == page.count("<desc>") >= 3
    assert "prefers-color-scheme:dark" in page
    assert "@media print" in page
    assert "How this is made" in page
    assert "section" in Reader(page).tags


def test_each_outage_says_how_much_of_it_counts(desk: Desk) -> None:
    """Together they are all of the downtime, in a quarter and in each of its months."""
    for period in ("2026-Q3", "2026-07", "2026-08"):
        found = desk.sla(period)
        assert sum(each["counted_seconds"] for each in found["outages"]) == found["account"]["down_seconds"]
    assert [each["counted_seconds"] for each in desk.sla()["outages"]] == [2_400, 3_600, 3_600]
    _, text = desk.call("sla", "payments", "--period", "2026-07", "--markdown")
    assert "30 m (1,800 s)" in text


def test_it_says_how_it_was_measured_and_what_the_record_is_held_to(desk: Desk) -> None:
    """Which probe asks whom, and how often; and the entry of the audit that it can be verified with."""
    found = desk.sla()
    (watch,) = found["measured_by"]
    assert (watch["probe"], watch["target"], watch["interval_seconds"]) == ("portal", "portal.example.com", 15)
    assert found["references"] == []
    assert found["record"] == {"entry": 0, "sha256": "0" * 64}
    assert [each["probe"] for each in found["response_times"]] == ["portal", "vendor"]


def test_markdown_is_the_page_as_text(desk: Desk) -> None:
    """A real parser finds our tables, and nothing of what a server sent but text."""
    code, said = desk.call("sla", "payments", "--period", "2026-Q3", "--markdown")
    assert code == 1
    tokens = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(said)
    inner = [each for token in tokens for each in token.children or ()]
    assert not [each.type for each in inner if each.type in {"link_open", "image", "html_inline", "code_inline"}]
    assert "html_block" not in {token.type for token in tokens}
    assert [token.tag for token in tokens if token.type == "heading_open"] == ["h1", "h2", "h2"]
    cells = [token.content for token, after in pairwise(tokens[1:]) if after.type == "td_close"]
    found = [MarkdownIt().renderInline(cell) for cell in cells if "alert" in cell]
    assert len(found) == 3
    assert all("**b** [l](http://e.example)" in unescape(each) for each in found)
    assert "99.8787 %" in said
    assert "\u202e" not in said


@pytest.mark.parametrize(
    "name", ["a|b", "<b>", "&lt;", "*x*", "_x_", "`x`", "[x](y)", "![x](y)", "~~x~~", "$x$", "\\*x"]
)
def test_a_name_is_itself_in_markdown(name: str) -> None:
    """Whatever it holds; and no address becomes a link where those are found in text."""
    row = table(Listing("c", ("h", "i"), [(name, "x")]))
    html = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(row)
    assert f"<td>{escape(name, quote=False)}</td>" in html.replace("&quot;", '"')
    assert escaped("https://e.example www.e.example") == "https\\://e.example www\\.e.example"
    assert escaped("a\nb\u202ec") == "a\\\\u000ab\\\\u202ec"


def test_outages_are_markdown_too(desk: Desk) -> None:
    """A table of them, and one that says that there are none."""
    _, said = desk.call("outages", "--markdown")
    html = MarkdownIt("commonmark").enable("table").render(said)
    assert html.count("<tr>") == 4
    assert "<script" not in html
    assert "none" in desk.call("outages", "other", "--markdown")[1]


def test_a_spreadsheet_runs_nothing(desk: Desk) -> None:
    """A cell that begins as a formula is text."""
    _, said = desk.call("outages", "--csv")
    rows = list(csv.DictReader(StringIO(said)))
    assert [row["lasted_seconds"] for row in rows] == ["7200", "3600", "2400"] == [row["down_seconds"] for row in rows]
    assert [cell(name) for name in ("=1", "+1", "-1", "@a", "\uff1d1", "\t=1", "a=1")] == [
        *("'=1", "'+1", "'-1", "'@a", "'\uff1d1", "\\u0009=1", "a=1"),
    ]
    assert {row["reason"][:5] for row in rows} == {"'=1+1"}
    _, said = desk.call("sla", "--period", "2026-Q3", "--csv")
    first, function = csv.DictReader(StringIO(said))
    assert (first["function"], first["down_seconds"], first["breached"]) == ("", "9600", "true")
    assert (function["function"], function["objective"]) == ("sign_in", "")


def test_outages_are_filtered(desk: Desk) -> None:
    """By when they were, what was down, and whether they are open."""
    listed = ("outages", "payments", "--json")
    everything = json.loads(desk.call(*listed)[1])["outages"]
    assert len(everything) == 3
    between = ("--since", "2026-07-05T00:00:00Z", "--until", "2026-08-05T00:00:00Z")
    assert json.loads(desk.call(*listed, *between)[1])["outages"] == [everything[1]]
    assert json.loads(desk.call(*listed, "--open")[1])["outages"] == []
    assert json.loads(desk.call(*listed, "--function", "connect")[1])["outages"] == []
    assert "no outages" in desk.call("outages", "other")[1]
    assert "2 h" in desk.call("outages", "--limit", "1")[1]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--period", "2026-13"), 2, "expected a month such as"),
        (("--period", "2026-Q5"), 2, "expected a month such as"),
        (("--period", "yesterday"), 2, "expected a month such as"),
        (("--period", "9998-Q1"), 4, "has not begun"),
        (("--period", "2020-01"), 4, "Nothing was measured"),
        (("--json", "--csv"), 2, "expected one of"),
        (("--markdown", "--csv"), 2, "expected one of"),
        (("nowhere",), 2, "expected one of: payments"),
        (("--html", "/nowhere/sla.html", "--period", "2026-07"), 4, "can't be written"),
    ],
)
def test_what_can_not_be_told_is_said_so(desk: Desk, arguments: tuple[str, ...], code: int, said: str) -> None:
    """A period that doesn't exist, lies ahead, or was not watched; and what was called wrongly."""
    found, text = desk.call("sla", *arguments)
    assert found == code
    assert said in text
