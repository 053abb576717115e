"""Text as it reads once its escapes are read, with the place of each letter: percent-encoding, JSON's and HTML's.

Reading takes time that grows with the text's length alone. What is escaped wrongly stays as it is.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

_ESCAPED: Final = re.compile(
    r"(?P<percent>(?:%[0-9a-f]{2})+)|\\u(?P<unicode>[0-9a-f]{4}(?:\\u[0-9a-f]{4})*)|\\(?P<letter>[\\/\"nt])"
    r"|&\#(?P<decimal>[0-9]{1,10});|&\#x(?P<hexadecimal>[0-9a-f]{1,8});|&(?P<name>amp|lt|gt|quot|apos);",
    re.IGNORECASE,
)
_BY_LETTER: Final = {"n": "\n", "t": "\t"}
_BY_NAME: Final = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}


@dataclass(frozen=True, slots=True)
class Written:
    """Letters, and where each of them begins and ends in the text that they were read from."""

    letters: str
    starts: Sequence[int]
    ends: Sequence[int]

    @classmethod
    def plain(cls, text: str) -> "Written":
        """Return a text as it is."""
        return cls(text, range(len(text)), range(1, len(text) + 1))

    def read(self) -> "Written | None":
        """Return the same with escapes read; None where there is none."""
        letters: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        at = 0
        for found in _ESCAPED.finditer(self.letters):
            letters.append(self.letters[at : found.start()])
            starts += self.starts[at : found.start()]
            ends += self.ends[at : found.start()]
            for letter, start, end in _read(found):
                letters.append(letter)
                starts.append(self.starts[start])
                ends.append(self.ends[end - 1])
            at = found.end()
        if not at:
            return None
        return Written("".join((*letters, self.letters[at:])), [*starts, *self.starts[at:]], [*ends, *self.ends[at:]])


def _read(found: re.Match[str]) -> Iterator[tuple[str, int, int]]:
    """Yield the letters that an escape stands for, each with its place."""
    kind, text = found.lastgroup or "", found.group(found.lastgroup or 0)
    if kind == "percent":
        yield from _from_bytes(bytes.fromhex(text.replace("%", "")), found.start())
        return
    if kind == "unicode":
        units = bytes.fromhex(text.replace("\\u", "").replace("\\U", ""))
        at = found.start()
        for letter in units.decode("utf-16-be", "surrogatepass"):
            length = 12 if ord(letter) > 0xFFFF else 6  # noqa: PLR2004 - JSON writes two units beyond it
            yield letter, at, at + length
            at += length
        return
    if kind == "letter":
        letter = _BY_LETTER.get(text.lower(), text)
    elif kind == "name":
        letter = _BY_NAME[text.lower()]
    else:
        code = int(text, 10 if kind == "decimal" else 16)
        letter = chr(code) if code <= sys.maxunicode else "?"
    yield letter, found.start(), found.end()


def _from_bytes(raw: bytes, start: int) -> Iterator[tuple[str, int, int]]:
    """Yield letters of percent-encoded bytes, three characters each; of bytes that are not UTF-8 each is a letter."""
    try:
        letters = raw.decode()
    except UnicodeDecodeError:
        letters = raw.decode("latin-1")
        yield from ((letter, start + 3 * nth, start + 3 * nth + 3) for nth, letter in enumerate(letters))
        return
    for letter in letters:
        length = 3 * len(letter.encode())
        yield letter, start, start + length
        start += length
