"""What the registries name is there."""

from importlib.util import find_spec

import pytest

from glasswatch.settings.registry import model_of
from monitor.model.verdict import Role
from monitor.registries import CHANNELS, KINDS, PROBES, TARGETS, Entry
from monitor.settings.paging import ChannelSettings
from monitor.settings.platform import PlatformSettings
from monitor.settings.probe import ProbeSettings
from monitor.settings.publish import TargetSettings

BASES = [(KINDS, PlatformSettings), (PROBES, ProbeSettings), (CHANNELS, ChannelSettings)]
ENTRIES = [
    pytest.param(name, entry, base, id=f"{base.__name__}-{name}")
    for table, base in BASES
    for name, entry in table.items()
]


@pytest.mark.parametrize(("name", "entry", "base"), ENTRIES)
def test_an_entry_has_its_model_and_its_maker(name: str, entry: Entry, base: type[ProbeSettings]) -> None:
    """The settings are of the extension point's kind and of the entry's name; the maker's module exists."""
    model = model_of(entry.settings)
    assert issubclass(model, base)
    assert name in {field.default for field in model.model_fields.values()}
    assert not entry.make or find_spec(entry.make.partition(":")[0])


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_is_chosen_by_the_key_of_its_kind(name: str) -> None:
    """Its model has that key, which must be given, and knows its kind; the maker's module exists."""
    model = model_of(TARGETS[name].settings)
    assert issubclass(model, TargetSettings)
    assert model.kind == name
    assert model.model_fields[name].is_required()
    assert find_spec(TARGETS[name].make.partition(":")[0])


@pytest.mark.parametrize("name", PROBES)
def test_a_probe_says_what_its_word_is_worth(name: str) -> None:
    """Every type of probe has a role."""
    model = model_of(PROBES[name].settings)
    assert issubclass(model, ProbeSettings)
    assert model.role in Role


@pytest.mark.parametrize(("_name", "entry", "base"), ENTRIES)
def test_what_its_base_requires_it_requires(_name: str, entry: Entry, base: type[ProbeSettings]) -> None:
    """Else a mistake could be told under an unknown type that the right type would not make."""
    fields = model_of(entry.settings).written_fields()
    required = {name for name, field in base.written_fields().items() if field.is_required()} - {"type"}
    assert {name for name in required if not fields[name].is_required()} <= base.left_to_types
