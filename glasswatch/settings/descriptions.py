"""What the fields of settings are for: the text under each of them, read from the source where somebody asks.

Not pydantic's own way to have it (`use_attribute_docstrings`), which reads the source of every model as it is made:
that took a third of the time in which a command loads its settings, and only schemas and pages show it.
"""

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import pairwise

from glasswatch.settings.model import SettingsModel


def descriptions(model: type[SettingsModel]) -> Mapping[str, str]:
    """Return what each field of a model is for, by the field's name; those that say nothing are left out."""
    found: dict[str, str] = {}
    for each in reversed(model.__mro__):
        if issubclass(each, SettingsModel):
            found.update(_of_module(each.__module__).get(each.__qualname__, {}))
    return {name: text for name, text in found.items() if name in model.model_fields}


@lru_cache(maxsize=256)
def _of_module(name: str) -> Mapping[str, Mapping[str, str]]:
    """Return the texts of all classes of a module, by their names."""
    try:
        tree = ast.parse(inspect.getsource(sys.modules[name]))
    except OSError:  # installed without its source
        return {}
    return {each.name: dict(_texts(each)) for each in ast.walk(tree) if isinstance(each, ast.ClassDef)}


def _texts(model: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, text in pairwise(model.body):
        match field, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(words))):
                yield name, inspect.cleandoc(words)
