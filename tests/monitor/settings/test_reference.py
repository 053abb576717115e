"""docs/reference/settings.md says what the models say."""

import re

import pytest

from glasswatch.settings.model import SettingsModel
from monitor.model.page import PageKind
from monitor.registries import CHANNELS, KINDS, PROBES, TARGETS, WATCHERS
from tests.support.settings_reference import DOCUMENT, reachable, table

TEXT = DOCUMENT.read_text()


@pytest.mark.parametrize("model", reachable(), ids=lambda model: model.__name__)
def test_every_setting_has_its_row(model: type[SettingsModel]) -> None:
    """Each model's table stands in the document: every setting with what it takes, its default and its meaning."""
    assert "\n".join(["", *table(model), ""]) in TEXT


def test_there_is_no_row_for_what_does_not_exist() -> None:
    """No table in the document is of a model that is gone."""
    rows = {row for model in reachable() for row in table(model)}
    written = [line for line in TEXT.split("\n## The top of the file")[1].splitlines() if line.startswith("|")]
    assert [line for line in written if line not in rows] == []


@pytest.mark.parametrize("model", reachable(), ids=lambda model: model.__name__)
def test_every_setting_has_a_meaning_and_words(model: type[SettingsModel]) -> None:
    """No cell is left empty or vague."""
    for row in table(model)[2:]:
        _, takes, default, meaning = (cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1])
        assert takes not in ("", "a value", "a mapping")
        assert default
        assert meaning.endswith((".", "…"))


@pytest.mark.parametrize(
    "name",
    [
        *(f"`type: {name}`" for name in (*PROBES, *CHANNELS, *WATCHERS)),
        *(f"`{name}`" for name in KINDS),
        *(f"`publish`, `{name}`" for name in TARGETS),
    ],
)
def test_every_type_has_its_section(name: str) -> None:
    """What the registries offer is explained."""
    assert name in TEXT


def test_every_kind_of_page_is_listed() -> None:
    """Routes can be written from the document alone."""
    assert all(f"`{kind}`" in TEXT for kind in PageKind)
