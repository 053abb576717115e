"""Figures in prose are those of the code."""

from datetime import timedelta

import pytest

from monitor.probes.attempt import LATE_SECONDS, LATE_SHARE, LEAST_LATE_SECONDS, PREPARE_SECONDS
from monitor.probes.secrets import FRESH_SECONDS
from monitor.rules import probe, schedule
from monitor.settings.flag import FlagSettings
from monitor.settings.http import HttpProbeSettings
from monitor.settings.probe import ConfirmSettings
from platforms.transport import answer, body
from tests.support.documents import DOCS, REFERENCE, rows, section

PROBES = (REFERENCE / "probes.md").read_text()
DECIDES = (DOCS / "guide" / "how-it-decides.md").read_text()
KIB = 1024


def _default(model: type, name: str) -> object:
    return model.model_fields[name].default  # type: ignore[attr-defined]  # every model of pydantic's has it


@pytest.mark.parametrize(
    ("bound", "figures"),
    [
        ("the head of an answer", f"{answer.MAX_HEAD_BYTES // KIB} KiB, {answer.MAX_FIELDS} fields"),
        ("interim answers", str(answer.MAX_INTERIM)),
        ("the body", f"{HttpProbeSettings.model_fields['max_body'].default // KIB**2} MiB by default"),
        ("content codings", f"{body.MAX_CODINGS} at most on top of each other, {body._MAX_MEMBERS} gzip members"),
        ("redirects", f"{HttpProbeSettings.model_fields['follow_redirects'].default} by default"),
    ],
)
def test_bounds_of_the_http_probe(bound: str, figures: str) -> None:
    """Each bound stands in the table as the transport has it."""
    row = next(cells for cells in rows(section(PROBES, "Bounds")) if cells[0].startswith(bound))
    assert figures in row[1]


def test_seconds_of_an_attempt() -> None:
    """How long secrets may take, how late is too late, and when a command's secret is renewed."""
    assert f"could not be had within {PREPARE_SECONDS:g} s" in PROBES
    assert f"late by more than {LATE_SHARE:.0%}".replace("%", " %") in PROBES
    assert f"({LEAST_LATE_SECONDS * 1000:g} ms at least, {LATE_SECONDS:g} s at most)" in PROBES
    assert f"renewed in the background after {FRESH_SECONDS:g} s" in PROBES


def test_when_a_probe_runs() -> None:
    """How soon after a start, and how far apart."""
    when = section(PROBES, "When it runs").replace("\n", " ")
    assert f"{schedule.FIRST_WITHIN.total_seconds():g} s at most" in when
    assert f"{schedule.APART / timedelta(milliseconds=1):g} ms apart on average just after a start" in when


def test_confirmation_and_recovery() -> None:
    """The guide tells the defaults."""
    attempts, every = _default(ConfirmSettings, "attempts"), _default(ConfirmSettings, "every")
    assert (attempts, str(every), _default(HttpProbeSettings, "recover")) == (3, "0:00:05", 3)
    assert "3 attempts, 5 s apart" in DECIDES
    assert "Three good outcomes in a row" in DECIDES


def test_staleness_and_ratio() -> None:
    """Words in the guide for the rule's constants."""
    assert (probe.STALE_INTERVALS, probe.UNSTEADY_BAD, probe.UNSTEADY_RATIO, probe.HISTORY) == (3, 3, 0.1, 20)
    assert "settled nothing for three intervals" in DECIDES
    assert "at least three, and 10 %, of its last 20 scheduled outcomes" in DECIDES


def test_times_of_the_flag() -> None:
    """How long the flag outlasts an outage, an unknown verdict, and the monitor."""
    minutes = {name: _default(FlagSettings, name) for name in ("lower_after", "unknown_max", "ready_ttl")}
    assert {name: str(value) for name, value in minutes.items()} == {
        "lower_after": "0:15:00",
        "unknown_max": "4:00:00",
        "ready_ttl": "0:15:00",
    }
    assert "15 minutes\n(`lower_after`)" in DECIDES
    assert "4 hours (`unknown_max`)" in DECIDES
    assert "A ready one holds for 15 minutes" in DECIDES
