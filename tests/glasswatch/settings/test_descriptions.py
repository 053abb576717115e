"""What settings are for is read from below their fields, as their authors wrote it."""

from glasswatch.settings.descriptions import descriptions
from glasswatch.settings.model import SettingsModel
from glasswatch.settings.schema import json_schema


class _Kept(SettingsModel):
    first: str = ""
    """What comes
    first."""
    silent: str = ""
    retold: str = ""
    """As it was."""


class _Built(_Kept):
    retold: str = ""
    """As it is."""
    given: str = ""
    """By another name."""


def test_each_field_says_what_stands_below_it() -> None:
    """Those of the model that it is built on too; where both say something, its own."""
    assert descriptions(_Built) == {"first": "What comes\nfirst.", "retold": "As it is.", "given": "By another name."}
    assert descriptions(_Kept) == {"first": "What comes\nfirst.", "retold": "As it was."}


def test_a_schema_says_it_too() -> None:
    """An editor shows it."""
    properties = json_schema([_Built])["properties"]
    assert properties["retold"]["description"] == "As it is."
    assert "description" not in properties["silent"]
