r"""What a step sends, from the text in the settings: escapes and secrets become bytes.

1. `\r`, `\n`, `\t`, `\0`, `\\` and `\xHH` stand for those bytes, whether or not YAML has read them already: in plain
   and in double-quoted text `QUIT\r\n` is the same six bytes.
2. `${name}` stands for a secret, and is replaced once: what a secret holds is never looked at again.
3. All else is itself, as UTF-8. A backslash before anything else, and `${` that names nothing, are mistakes.
"""

import re
from collections.abc import Mapping
from typing import Final

_PART: Final = re.compile(
    r"\\(?P<short>[rnt0\\])|\\x(?P<hex>[0-9A-Fa-f]{2})|\$\{(?P<name>[a-z][a-z0-9_]{0,62})\}|(?P<text>[^\\$]+|\$(?!\{))"
)
_SHORT: Final = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "\\": b"\\"}


def flaw(text: str) -> str | None:
    """Return what stands for nothing in a text, in words that repeat none of it; None where it is sound."""
    at = 0
    while (part := _PART.match(text, at)) is not None:
        at = part.end()
    if at == len(text):
        return None
    if text[at] == "$":
        return "${ begins what is no name of a-z, 0-9 and _"
    if text[at : at + 2] == "\\x":
        return r"\x is followed by something other than two hexadecimal digits"
    return r"a backslash begins none of the escapes; for a backslash itself write \\"


def names_in(text: str) -> frozenset[str]:
    """Return the names of the secrets that are needed."""
    return frozenset(part["name"] for part in _PART.finditer(text) if part["name"])


def bytes_of(text: str, secrets: Mapping[str, str]) -> bytes:
    """Return what is sent; the text is sound, and the secrets are there."""
    return b"".join(_bytes(part, secrets) for part in _PART.finditer(text))


def _bytes(part: re.Match[str], secrets: Mapping[str, str]) -> bytes:
    if part["short"]:
        return _SHORT[part["short"]]
    if part["hex"]:
        return bytes.fromhex(part["hex"])
    return (secrets[part["name"]] if part["name"] else part["text"]).encode()
