"""Patterns as probes match them: RE2, so that no answer can slow them down."""

from typing import Protocol

import re2

from monitor.rules.expect import Pattern


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
    options = re2.Options()
    options.log_errors = False  # its log would repeat the pattern
    found: Pattern = re2.compile(pattern, options)
    return found


def compiled_bytes(pattern: str) -> BytePattern:
    r"""Return a pattern that the settings have checked, for bytes that may be no text: `\xff` is that byte."""
    options = re2.Options()
    options.log_errors = False
    options.encoding = re2.Options.Encoding.LATIN1
    found: BytePattern = re2.compile(pattern.encode(), options)
    return found
