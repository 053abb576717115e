"""From a settings file to a model, or to every mistake in it.

Rules:
- Every mistake is reported in one go, in the file's order, each with its place and what was expected. No value is
  ever repeated.
- A section that another script reads is left alone; one that nobody reads is a mistake.
- A script may look further (`Look`), at files that the settings name, say: what it finds is reported with the rest.
"""

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from glasswatch.names import SECTIONS
from glasswatch.settings import nodes
from glasswatch.settings.document import Document
from glasswatch.settings.mistake import Mistake, Place, SettingsFault, render_path
from glasswatch.settings.model import SettingsModel
from glasswatch.settings.reading import read
from glasswatch.settings.sentences import unknown_key
from glasswatch.settings.shape import Origin

M = TypeVar("M", bound=SettingsModel)

# Given the sections as written, unchecked, and the file's directory: yields places and what is said about them.
Look = Callable[[Mapping[str, object], Path], Iterable[tuple[Place, str]]]

_WHOLE = "expected a mapping of sections, such as deployment: prod"


def _no_further(_sections: Mapping[str, object], _directory: Path) -> Iterable[tuple[Place, str]]:
    return ()


def load(path: Path, model: type[M], sections: Mapping[str, str] = SECTIONS, look: Look = _no_further) -> M:
    """Read a settings file.

    Raises:
        SettingsFault: every mistake in it.
    """
    return load_text(read(path), model, path, sections, look)


def load_text(
    text: str, model: type[M], path: Path, sections: Mapping[str, str] = SECTIONS, look: Look = _no_further
) -> M:
    """Read settings from text that stands, or could stand, in the file at `path`. Only `look` reads from disk.

    Raises:
        SettingsFault: every mistake in it.
    """
    with _collector_paused():
        return _load_text(text, model, path, sections, look)


def placed(path: Path, found: Iterable[tuple[Place, str]]) -> list[Mistake]:
    """Return what was found in settings that were loaded from this file, each with its line and column."""
    root = nodes.compose(read(path))
    document = Document(root) if root is not None else None
    if document is None:
        return []
    return list(SettingsFault(_mistake(path, document, place, text) for place, text in found).mistakes)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Keep the cycle collector from walking a growing tree again and again: two thirds of a large file's time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _load_text(text: str, model: type[M], path: Path, sections: Mapping[str, str], look: Look) -> M:
    whole = _WHOLE if sections else f"expected {model.expected}"
    try:
        root = nodes.compose(text)
    except nodes.Unreadable as error:
        raise SettingsFault([Mistake(str(path), error.line, error.column, "", error.text)]) from None
    if root is None:
        raise SettingsFault([Mistake(str(path), 1, 1, "", whole)])
    document = Document(root)
    mistakes = [Mistake(str(path), line, column, render_path(at), text) for line, column, at, text in document.mistakes]
    if document.is_cut:
        raise SettingsFault(mistakes)
    if not isinstance(document.value, dict):
        raise SettingsFault(mistakes or [Mistake(str(path), *document.locate(())[:2], "", whole)])
    ours, unknown = _sorted_out(document.value, model, sections)
    directory = path.absolute().parent
    found = ((place, text) for place, text in look(document.value, directory) if place not in document.spoilt)
    mistakes += [_mistake(path, document, place, sentence) for place, sentence in (*unknown, *found)]
    try:
        settings = model.model_validate(ours, context=Origin(directory))
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        news = (detail for detail in details if not _is_spoilt(document, detail))
        mistakes += [_mistake(path, document, detail["loc"], detail["msg"]) for detail in news]
        raise SettingsFault(mistakes) from None
    if mistakes:
        raise SettingsFault(mistakes)
    return settings


def _sorted_out(
    value: Mapping[str, object], model: type[SettingsModel], sections: Mapping[str, str]
) -> tuple[dict[str, object], list[tuple[Place, str]]]:
    """Return the sections this model reads, and what is said about those nobody reads."""
    fields = model.written_fields()
    ours = {key: section for key, section in value.items() if key in fields}
    known = tuple(dict.fromkeys((*sections, *fields)))
    unknown = ((key, *unknown_key(key, known)) for key in value if key not in known)
    return ours, [((key, end), sentence) for key, end, sentence in unknown]


def _is_spoilt(document: Document, detail: ErrorDetails) -> bool:
    place = detail["loc"]
    return place in document.spoilt or (detail["msg"].startswith("is required") and place[:-1] in document.spoilt)


def _mistake(path: Path, document: Document, at: Place, sentence: str) -> Mistake:
    line, column, found = document.locate(at)
    return Mistake(str(path), line, column, render_path(found), sentence)
