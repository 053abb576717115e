r"""Makes text from outside safe to look at: what can't be seen, or turns the reading order round, is spelled out.

1. Control characters, line separators and lone surrogates become escapes such as `\u0007`.
2. So do marks that change the direction of text, or have no width: a name can't pose as another.
3. Line feeds and tabs stay where the caller keeps lines (a procedure), and are spelled out elsewhere (a name).

It does not escape markup: that belongs to whoever knows the format.
"""

import re

# C0 and C1 controls, soft hyphen, Arabic letter mark, zero-width and directional marks, separators, isolates,
# byte-order mark, lone surrogates.
_UNSEEN = "\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff"
_IN_LINES = re.compile(f"[{_UNSEEN}]")
_IN_A_LINE = re.compile(f"[\t\n{_UNSEEN}]")


def line(text: str) -> str:
    """Return `text` as one line that shows everything it holds."""
    return _IN_A_LINE.sub(_spelled, text)


def lines(text: str) -> str:
    """Return `text` with its lines and tabs kept and everything else that can't be seen spelled out."""
    return _IN_LINES.sub(_spelled, text.replace("\r\n", "\n"))


def _spelled(match: re.Match[str]) -> str:
    return f"\\u{ord(match.group()):04x}"
