"""Patterns as what others send is matched by: RE2, so that no answer can slow it down.

It is imported where a pattern is compiled: it takes 3 MB, and many settings have none.
"""

from collections.abc import Callable
from typing import Protocol


class Pattern(Protocol):
    """A compiled pattern that no input can slow down."""

    @property
    def pattern(self) -> str:
        """The pattern as it was written."""
        ...

    def search(self, text: bytes, /) -> object:
        """Return something true if it is found somewhere."""
        ...


class Found(Protocol):
    """Where a pattern was found."""

    def end(self) -> int:
        """Return where it ends."""
        ...


class BytePattern(Protocol):
    """A compiled pattern that no input can slow down."""

    def search(self, text: bytes, /) -> Found | None:
        """Return where it is found first."""
        ...


def compiled(pattern: str) -> Pattern:
    """Return a pattern that the settings have checked."""
    import re2  # noqa: PLC0415 - see above

    options = re2.Options()
    options.log_errors = False  # its log would repeat the pattern
    found: Pattern = re2.compile(pattern, options)
    return found


def compiled_bytes(pattern: str) -> BytePattern:
    r"""Return a pattern that the settings have checked, for bytes that may be no text: `\xff` is that byte."""
    import re2  # noqa: PLC0415 - see above

    options = re2.Options()
    options.log_errors = False
    options.encoding = re2.Options.Encoding.LATIN1
    found: BytePattern = re2.compile(pattern.encode(), options)
    return found


def compiled_groups(pattern: str) -> Callable[[bytes], str | None]:
    """Return what finds the text of a pattern's only group, first match, None where there is none or it is no text."""
    import re2  # noqa: PLC0415 - see above

    options = re2.Options()
    options.log_errors = False
    matcher = re2.compile(pattern, options)

    def first(text: bytes) -> str | None:
        found = matcher.search(text)
        group = found[1] if found is not None else None
        try:
            return group.decode() if group is not None else None
        except UnicodeDecodeError:
            return None

    return first
