"""All sections that scripts read of the one settings file."""

from functools import cache
from pathlib import Path

from glasswatch.names import SECTIONS
from glasswatch.settings.load import load
from glasswatch.settings.mistake import Mistake, SettingsFault
from glasswatch.settings.model import SettingsModel
from glasswatch.settings.registry import model_of


@cache
def models() -> tuple[type[SettingsModel], ...]:
    """Return the model of every script, each once, in the order of their sections."""
    return tuple(dict.fromkeys(model_of(target) for target in SECTIONS.values()))


def mistakes(path: Path, found: tuple[Mistake, ...], model: type[SettingsModel]) -> tuple[Mistake, ...]:
    """Return what was `found` wrong by one script's `model`, and what the others' find, each mistake once."""
    every = dict.fromkeys(found)
    for other in models():
        if other is not model:
            try:
                load(path, other)
            except SettingsFault as fault:
                every.update(dict.fromkeys(fault.mistakes))
    return SettingsFault(every).mistakes
