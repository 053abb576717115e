"""Text as it reads once its escapes are read, with the place of each letter.

Escapes are percent-encoding, JSON's, HTML's, and how a shell or Python quotes quote marks. A text also reads on from
line to line, where base64 was broken into lines. Reading takes time that grows with the text's length alone. What is
escaped wrongly stays as it is.
"""

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

_NOTATIONS: Final = (
    r"(?P<percent>(?:%[0-9a-f]{2})+)",
    r"\\u(?P<unicode>[0-9a-f]{4}(?:\\u[0-9a-f]{4})*)|\\(?P<letter>[\\/\"']|(?-i:[nrt]))",
    r"&\#(?P<decimal>[0-9]{1,10});|&\#x(?P<hexadecimal>[0-9a-f]{1,8});|&(?P<name>amp|lt|gt|quot|apos);",
    r"'(?P<shell>\"'\"|\\')'",
)
_ESCAPED: Final = re.compile("|".join(_NOTATIONS), re.IGNORECASE)
_EACH: Final = tuple(re.compile(notation, re.IGNORECASE) for notation in _NOTATIONS)
_HALVES: Final = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_ESCAPED_BYTE: Final = 0xDC00  # how Python writes a byte that is no UTF-8
_WORD: Final = re.compile("[A-Za-z0-9+/_-]++")  # of base64, whose lines tools break
_WORDS: Final = re.compile(rf"(?<![A-Za-z0-9+/_-]){_WORD.pattern}(?:\r?\n[ \t]{{0,9}}+{_WORD.pattern})++")
_BYTES: Final = frozenset(map(chr, range(0xDC80, 0xDD00)))
_BY_LETTER: Final = {"n": "\n", "r": "\r", "t": "\t"}
_BY_NAME: Final = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}

_Letter = tuple[str, int, int]  # and where it begins and ends


@dataclass(frozen=True, slots=True)
class Written:
    """Letters, and where each of them begins and ends in the text that they were read from."""

    letters: str
    starts: Sequence[int]
    ends: Sequence[int]
    is_read: bool = True  # from escapes

    @classmethod
    def plain(cls, text: str) -> "Written":
        """Return a text as it is."""
        return cls(text, range(len(text)), range(1, len(text) + 1), is_read=False)

    def read(self) -> "Written | None":
        """Return the same with escapes read; None where there is none."""
        return self._read_by(_ESCAPED)

    def read_singly(self) -> "Iterator[Written]":
        """Yield the same read by one notation each, where there are several.

        What stands before a text may make an escape of its beginning that is none of the text's own notation.
        """
        there = [each for each in _EACH if each.search(self.letters)]
        if len(there) > 1:
            yield from filter(None, map(self._read_by, there))

    def unbroken(self) -> "Written | None":
        """Return what goes on from line to line, as base64 does, each in one line; None where nothing does."""
        letters: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        for found in _WORDS.finditer(self.letters) if "\n" in self.letters else ():
            for word in _WORD.finditer(self.letters, *found.span()):
                letters.append(word[0])
                starts += self.starts[word.start() : word.end()]
                ends += self.ends[word.start() : word.end()]
            letters.append("\n")
            starts.append(ends[-1])
            ends.append(ends[-1])
        return Written("".join(letters), starts, ends, is_read=self.is_read) if letters else None

    def escapes(self) -> Iterator[tuple[int, int, int]]:
        """Yield which letters are read from several, and where each of those begins and ends in the text."""
        for at, (start, end) in enumerate(zip(self.starts, self.ends, strict=True)) if self.is_read else ():
            if end - start > 1:
                yield at, start, end

    def _read_by(self, escaped: re.Pattern[str]) -> "Written | None":
        further = self.with_read(escaped, _read)
        # Halves of a letter may have come one by one.
        return further and (further.with_read(_HALVES, _whole) or further)

    def with_read(
        self, pattern: re.Pattern[str], read: Callable[[re.Match[str]], Iterator[_Letter]]
    ) -> "Written | None":
        """Return the same with what a pattern finds read; None where it finds nothing."""
        letters: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        at = 0
        for found in pattern.finditer(self.letters):
            letters.append(self.letters[at : found.start()])
            starts += self.starts[at : found.start()]
            ends += self.ends[at : found.start()]
            for letter, start, end in read(found):
                letters.append(letter)
                starts.append(self.starts[start])
                ends.append(self.ends[end - 1])
            at = found.end()
        if not at:
            return None
        return Written("".join((*letters, self.letters[at:])), [*starts, *self.starts[at:]], [*ends, *self.ends[at:]])


def _read(found: re.Match[str]) -> Iterator[_Letter]:
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
        letter = _BY_LETTER.get(text, text)
    elif kind == "name":
        letter = _BY_NAME[text.lower()]
    elif kind == "shell":
        letter = "'"
    else:
        code = int(text, 10 if kind == "decimal" else 16)
        letter = chr(code) if code <= sys.maxunicode else "?"
    yield letter, found.start(), found.end()


def _whole(found: re.Match[str]) -> Iterator[_Letter]:
    yield found[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le"), found.start(), found.end()


def _from_bytes(raw: bytes, start: int) -> Iterator[_Letter]:
    """Yield letters of percent-encoded bytes, three characters each; each byte that is not UTF-8 is a letter."""
    for letter in raw.decode("utf-8", "surrogateescape"):
        is_byte = letter in _BYTES
        length = 3 if is_byte else 3 * len(letter.encode())
        yield chr(ord(letter) - _ESCAPED_BYTE) if is_byte else letter, start, start + length
        start += length
