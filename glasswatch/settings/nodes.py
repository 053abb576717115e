"""YAML to nodes: every value with its place, before anything is made of it.

Rules:
- One document, in UTF-8, without control characters, at most 64 levels deep.
- YAML decides about structure only: whether `22:22` is a number or `no` a word is for the model to say. So a scalar's
  tag here says just whether it stood without quotes.
- What can't be read is one mistake with a plain sentence; nothing of the text is repeated.
"""

import re
from typing import Final

import yaml
from yaml.nodes import Node, ScalarNode

DEEPEST: Final = 64
UNQUOTED: Final = "unquoted"
QUOTED: Final = "quoted"
COLLECTION: Final = "collection"

_LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# What libyaml (or PyYAML) complains about → what we say. The first that is found in its complaint counts.
_COMPLAINTS: Final = (
    ("undefined alias", "expected an anchor (&name) before the alias (*name) that uses it"),
    (
        "mapping values are not allowed",
        "expected a colon after the key above, quotes around text with a colon, or one column for keys",
    ),
    ("cannot start any token", "expected quotes around text that begins with @, ` or %"),
    ("unexpected end of stream", "expected a closing quote"),
    ("',' or '}'", "expected a comma or a closing brace }"),
    ("',' or ']'", "expected a comma or a closing bracket ]"),
    ("found another document", "expected one document only: another one begins here"),
    ("escape", r"expected another escape: this one is unknown within double quotes (single quotes take \ as it is)"),
    ("find expected ':'", "expected a colon and a space after the key"),
    ("'-' indicator", "expected a list item (- …) in the same column as the one before"),
    ("find expected key", "expected a key in the same column as the one before, or quotes around the whole text"),
    ("duplicate anchor", "expected another anchor (&name): this one was used before"),
)
_OTHERWISE: Final = "expected valid YAML: the structure breaks here"


class Unreadable(Exception):
    """The text is not YAML we read. `line` and `column` count from 1."""

    def __init__(self, line: int, column: int, text: str) -> None:
        super().__init__(text)
        self.line, self.column, self.text = line, column, text


class _TooDeep(yaml.MarkedYAMLError):
    """Composing goes down by recursion: far enough down, the C code would crash."""


class _Composer(_LOADER):  # type: ignore[misc]  # which loader there is, is known at run time
    """Composes nodes without guessing types."""

    _depth = 0

    def descend_resolver(self, parent: Node | None, _index: object) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise _TooDeep(problem_mark=parent.start_mark if parent else None)

    def ascend_resolver(self) -> None:
        self._depth -= 1

    def resolve(self, kind: type[Node], _value: object, implicit: tuple[bool, bool] | bool) -> str:  # noqa: FBT001 - PyYAML's signature
        if kind is not ScalarNode:
            return COLLECTION
        return UNQUOTED if isinstance(implicit, tuple) and implicit[0] else QUOTED


def compose(text: str) -> Node | None:
    """Return the root node of the only document; None when there is nothing but comments.

    Raises:
        Unreadable: it isn't YAML, or not as we take it.
    """
    forbidden = _FORBIDDEN.search(text)
    if forbidden is not None:
        raise Unreadable(*place_of(text, forbidden.start()), "expected text without control characters")
    loader = _Composer(text)
    try:
        node: Node | None = loader.get_single_node()
    except _TooDeep as error:
        raise Unreadable(*_mark(error.problem_mark), f"expected at most {DEEPEST} levels") from None
    except yaml.MarkedYAMLError as error:
        raise _unreadable(text, error) from None
    except yaml.YAMLError:
        raise Unreadable(1, 1, _OTHERWISE) from None
    finally:
        loader.dispose()
    return node


def place_of(text: str, offset: int) -> tuple[int, int]:
    """Return line and column, from 1, of the character at this offset."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _mark(mark: yaml.Mark | None) -> tuple[int, int]:
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _unreadable(text: str, error: yaml.MarkedYAMLError) -> Unreadable:
    complaint = error.problem or ""
    said = next((ours for theirs, ours in _COMPLAINTS if theirs in complaint), _OTHERWISE)
    # A quote that is never closed is found at the end; what helps is where it was opened.
    mark = error.problem_mark
    if "end of stream" in complaint and error.context_mark:
        mark = error.context_mark
    elif "',' or " in complaint and error.context_mark:
        said += f" for the one opened on line {error.context_mark.line + 1}"
    if _is_tab(text, error.problem_mark):
        said = "expected spaces: YAML takes no tab for indentation"
    return Unreadable(*_mark(mark), said)


def _is_tab(text: str, mark: yaml.Mark | None) -> bool:
    return mark is not None and text[mark.index : mark.index + 1] == "\t"
