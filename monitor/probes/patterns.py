"""Patterns as probes match them: RE2, so that no answer can slow them down."""

import re2

from monitor.rules.expect import Pattern


def compiled(pattern: str) -> Pattern:
    """Return a pattern that the settings have checked."""
    options = re2.Options()
    options.log_errors = False  # its log would repeat the pattern
    found: Pattern = re2.compile(pattern, options)
    return found
