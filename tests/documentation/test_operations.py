"""What the operator's guide shows is what works."""

import re
from pathlib import Path

import pytest

from glasswatch.names import METRICS
from glasswatch.settings.load import load_text
from monitor.commands.run import command
from monitor.model.page import PageKind
from monitor.settings.root import MonitorSettings
from tests.support.documents import DOCS, rows, section
from tests.support.monitors import ROOT

GUIDE = (DOCS / "guide" / "operations.md").read_text()
UNIT = (ROOT / "examples" / "systemd" / "glasswatch.service").read_text()


def test_its_settings_are_good(tmp_path: Path) -> None:
    """And everything that is written lies where the unit lets the service write."""
    (text,) = re.findall(r"```yaml\n(deployment:.*?)```", GUIDE, re.DOTALL)
    settings = load_text(text, MonitorSettings, tmp_path / "glasswatch.yaml")
    written = [settings.store.url, str(settings.static_page.file), *(target.place for target in settings.flag.publish)]
    assert all("/var/lib/glasswatch/" in place or place.startswith("https://") for place in written)
    assert "StateDirectory=glasswatch glasswatch/published\n" in UNIT


def test_the_unit_and_the_guide_name_the_same_places() -> None:
    """Program, settings, user."""
    for place in ("/opt/glasswatch/bin/monitor", "/etc/glasswatch/glasswatch.yaml"):
        assert place in UNIT
        assert place in GUIDE
    assert "User=glasswatch\n" in UNIT
    assert "useradd --system --home-dir /var/lib/glasswatch" in GUIDE


@pytest.mark.parametrize("metric", sorted(set(re.findall(r"jit_\w+?(?=_bucket|\b)", GUIDE))))
def test_the_metrics_that_it_watches_exist(metric: str) -> None:
    """An alert on a name that nobody shows never fires."""
    assert metric in METRICS


def test_the_kinds_of_pages_exist() -> None:
    """Each that the table at its end names, once each."""
    table = rows(section(GUIDE, "When it pages about itself"))
    named = [word for cells in table for word in re.findall(r"^`(\w+)`$", cells[0])]
    assert len(named) == len(set(named)) > 5
    assert set(named) - {"clock"} <= {kind.value for kind in PageKind}


def test_the_options_that_it_names_exist() -> None:
    """Of `monitor run`, which the service runs."""
    options = {name for parameter in command.params for name in parameter.opts}
    named = set(re.findall(r"`(--log-\w+)", GUIDE))
    assert named <= options
    assert named == {"--log-format", "--log-level", "--log-attempts"}
