"""The reader with one of its lines changed, beside the reader as it is: to show that the line is what refuses.

Everything goes in and comes out as bytes, texts and numbers: a changed reader's classes are not the real ones.
"""

import importlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType

_PACKAGE = "glasswatch.flag"


@dataclass(frozen=True)
class Asking:
    """What a reader is asked: documents, trust file, floor file (empty for none), and its expectation by name."""

    documents: Sequence[bytes]
    trust: bytes
    now: datetime
    floor: bytes = b""
    expect: Mapping[str, object] = field(default_factory=dict)
    orders: bytes | None = None


@dataclass(frozen=True)
class Change:
    """A piece of a module's source, which stands there once, and what stands there instead."""

    module: str
    old: str
    new: str = ""


def answer(asking: Asking, change: Change | None = None) -> str:
    """Return the state or the refusal's code that a reader gives; `trust` and `floor` where a file can't be read.

    Where there are orders it is theirs: what one decides, or why none is in force.
    """
    with _changed(change):
        selection, trust, floor, reader, errors = (
            importlib.import_module(f"{_PACKAGE}.{name}")
            for name in ("selection", "trust", "floor", "reader", "errors")
        )
        try:
            trusted = trust.parse(asking.trust)
            kept = floor.parse(asking.floor) if asking.floor else floor.Floor()
        except errors.TrustFault:
            return "trust"
        expect = reader.Expectation(**asking.expect)
        question = selection.Question(trusted, expect, asking.now)
        if asking.orders is None:
            found = selection.judge_all(asking.documents, question, kept)
            return str(found.judgement.refusal or found.judgement.state)
        decision, order = (importlib.import_module(f"{_PACKAGE}.{name}") for name in ("decision", "order"))
        weighed = decision.weigh(asking.documents, order.lines_of("order.jws", asking.orders), question, kept)
        if weighed.decision.decided_by == "order":
            return str(weighed.decision.refusal or weighed.decision.state)
        return str(weighed.order.refusal)


@contextmanager
def _changed(change: Change | None) -> Iterator[None]:
    if change is None:
        yield
        return
    saved = {name: module for name, module in sys.modules.items() if _is_ours(name)}
    finder = _Finder(change)
    sys.meta_path.insert(0, finder)
    parent = sys.modules["glasswatch"]
    package = saved[_PACKAGE]
    try:
        _forget()
        yield
        assert finder.was_used, f"{change.module} was not loaded"
    finally:
        sys.meta_path.remove(finder)
        _forget()
        sys.modules.update(saved)
        vars(parent)["flag"] = package


def _is_ours(name: str) -> bool:
    return name == _PACKAGE or name.startswith(f"{_PACKAGE}.")


def _forget() -> None:
    for name in [name for name in sys.modules if _is_ours(name)]:
        del sys.modules[name]


class _Finder(MetaPathFinder):
    """Finds the changed module; all others are found as always."""

    def __init__(self, change: Change) -> None:
        self._change = change
        self.was_used = False

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != f"{_PACKAGE}.{self._change.module}":
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        assert spec is not None
        assert spec.origin is not None
        self.was_used = True
        spec.loader = _Loader(fullname, spec.origin, self._change)
        return spec


class _Loader(SourceFileLoader):
    """Compiles a module's source with the change in it."""

    def __init__(self, fullname: str, path: str, change: Change) -> None:
        super().__init__(fullname, path)
        self._change = change

    def get_code(self, fullname: str) -> CodeType:
        source = self.get_data(self.path).decode("utf-8")
        assert source.count(self._change.old) == 1, (
            f"{self._change.old!r} stands {source.count(self._change.old)} times"
        )
        return compile(source.replace(self._change.old, self._change.new), self.path, "exec")
