"""Settings that the documents show are valid, and whole files load."""

from pathlib import Path

import pytest
import yaml

from glasswatch.settings.load import load_text
from monitor.settings.root import MonitorSettings
from tests.support.documents import ROOT, blocks, markdown, place

SHOWN = [(place(path), text) for path in markdown() for text in blocks(path.read_text(), "yaml")]
WHOLE = [(where, text) for where, text in SHOWN if "deployment:" in text]
ONLY_PROBES = [(where, text) for where, text in SHOWN if text.startswith("probes:")]
AROUND = """\
deployment: prod
platforms:
  payments:
    procedure: {{url: https://wiki.example.com/break-glass, file: procedure.md}}
    {probes}
controls: none
flag: {{key: {{file: flag.key}}}}
"""


def test_what_must_be_shown_is_shown() -> None:
    """README has one whole file, the guide two, the probes' reference some of probes."""
    assert [where for where, _ in WHOLE].count("README.md") == 1
    assert [where for where, _ in WHOLE].count("docs/guide/first-monitor.md") == 2
    assert {where for where, _ in ONLY_PROBES} == {"docs/reference/probes.md"}


@pytest.mark.parametrize(("where", "text"), WHOLE)
def test_whole_files_load(where: str, text: str) -> None:
    """A reader may copy them as they stand."""
    settings = load_text(text, MonitorSettings, Path("/nowhere/glasswatch.yaml"))
    assert settings.platforms, where


@pytest.mark.parametrize(("where", "text"), ONLY_PROBES)
def test_probes_load(where: str, text: str) -> None:
    """They are valid inside a platform."""
    whole = AROUND.format(probes=text.replace("\n", "\n    "))
    settings = load_text(whole, MonitorSettings, Path("/nowhere/glasswatch.yaml"))
    assert len(settings.platforms["payments"].probes) == len(yaml.safe_load(text)["probes"]), where


@pytest.mark.parametrize(("where", "text"), SHOWN)
def test_every_block_is_yaml(where: str, text: str) -> None:
    """What is said to be YAML is."""
    assert isinstance(yaml.safe_load(text), dict), where


def test_the_example_loads() -> None:
    """The file that shows every setting."""
    path = ROOT / "examples" / "glasswatch.yaml"
    assert load_text(path.read_text(), MonitorSettings, path).platforms
