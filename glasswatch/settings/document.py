"""Nodes to values, and the way back from a path in the values to a place in the file.

Rules:
- A mapping becomes a dict, a list a list, a scalar text (`Plain` without quotes); unquoted `null`, `~` or nothing
  becomes None.
- Keys are text, each given once; merge keys (`<<`) and tags (`!…`) are mistakes. Anchors and aliases are allowed, but
  not to themselves, and not beyond a bound on what they expand to.
- A place is where a value begins; for a list or mapping that begins on a later line, where its key stands. For what
  is missing it is the place of what it is missing from. A path that ends in `KEY` or `NAMELESS_KEY` means the key.
"""

from typing import Final

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from glasswatch.settings.mistake import Place
from glasswatch.settings.nodes import COLLECTION, DEEPEST, QUOTED, UNQUOTED
from glasswatch.settings.shape import KEY, NAMELESS_KEY, Plain

MOST_VALUES: Final = 1_000_000

_NOTHING: Final = frozenset(("", "~", "null"))
_Pairs = dict[str, tuple[Node, Node]]


class Document:
    """What a file says.

    `value` is its content; `mistakes` are those found on the way: where, and what was expected. Values at the `spoilt`
    paths are not what was meant, so nothing that is found wrong with them later is news. `is_cut`: too much was left
    out to look any further.
    """

    def __init__(self, root: Node) -> None:
        self._root = root
        self._index: dict[int, _Pairs] = {}
        self._open: list[Node] = []
        self._path: list[str | int] = []
        self._count = 0
        self.mistakes: list[tuple[int, int, Place, str]] = []
        self.spoilt: set[Place] = set()
        self.is_cut = False
        self.value = self._value(root)

    def locate(self, path: Place) -> tuple[int, int, Place]:
        """Return line and column, from 1, for a path, and the path as far as the file has it.

        A missing key stays in the path.
        """
        node, key = self._root, self._root
        for depth, part in enumerate(path):
            if part in (KEY, NAMELESS_KEY) and depth == len(path) - 1:
                return *_start(key), path[: depth if part == KEY else depth - 1]
            if isinstance(node, ScalarNode):
                return *_start(node), path[:depth]
            below = self._below(node, part)
            if below is None:
                return *_start(key), path
            key, node = below
        is_later = node.start_mark.line > key.start_mark.line
        return *_start(key if is_later and not isinstance(node, ScalarNode) else node), path

    def _below(self, node: Node, part: str | int) -> tuple[Node, Node] | None:
        if isinstance(node, SequenceNode):
            has_it = isinstance(part, int) and 0 <= part < len(node.value)
            return (node.value[part], node.value[part]) if has_it else None
        return self._pairs(node).get(str(part))

    def _pairs(self, node: Node) -> _Pairs:
        pairs = self._index.get(id(node))
        if pairs is None:
            pairs = {key.value: (key, value) for key, value in reversed(node.value) if isinstance(key, ScalarNode)}
            self._index[id(node)] = pairs
        return pairs

    def _mistake(self, node: Node, expected: str) -> None:
        self.mistakes.append((*_start(node), tuple(self._path), expected))

    def _spoilt(self, node: Node, expected: str) -> None:
        self.spoilt.add(tuple(self._path))
        self._mistake(node, expected)

    def _value(self, node: Node) -> object:
        self._count += 1
        if isinstance(node, ScalarNode):
            return self._scalar(node)
        if not node.value:
            return {} if isinstance(node, MappingNode) else []
        if any(node is around for around in self._open):
            self._spoilt(node, "expected no alias to something that holds it")
            return None
        if self._count > MOST_VALUES or len(self._open) >= DEEPEST:
            if not self.is_cut:  # said once: there may be millions
                self._mistake(node, f"expected at most {MOST_VALUES} values and {DEEPEST} levels, aliases expanded")
            self.is_cut = True
            return None
        if node.tag != COLLECTION:
            self._spoilt(node, "expected a value without a YAML tag")
        self._open.append(node)
        value = self._mapping(node) if isinstance(node, MappingNode) else self._list(node)
        self._open.pop()
        return value

    def _scalar(self, node: ScalarNode) -> str | None:
        if node.tag == UNQUOTED:
            return None if node.value in _NOTHING else Plain(node.value)
        if node.tag != QUOTED:
            self._spoilt(node, "expected a value without a YAML tag")
        return str(node.value)

    def _list(self, node: Node) -> list[object]:
        values: list[object] = []
        for index, item in enumerate(node.value):
            self._path.append(index)
            values.append(self._value(item))
            self._path.pop()
        return values

    def _mapping(self, node: Node) -> dict[str, object]:
        values: dict[str, object] = {}
        lines: dict[str, int] = {}
        for key, item in node.value:
            name = key.value
            if not isinstance(key, ScalarNode) or not name:
                self._spoilt(key, "expected a name as key")
                continue
            if name == "<<" and key.tag == UNQUOTED:
                self._spoilt(key, "expected each key written out: merge keys (<<) are not read")
                continue
            self._path.append(name)
            if name in values:
                self._mistake(key, f"is given twice: first on line {lines[name]}")
            else:
                lines[name] = key.start_mark.line + 1
                values[name] = self._value(item)
            self._path.pop()
        return values


def _start(node: Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1
