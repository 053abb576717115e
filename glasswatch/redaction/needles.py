"""What is looked for where secrets are taken out of text: their letters, in pieces, in each notation.

Letters that one notation or another writes for the same are the same here (`alike`).
"""

from base64 import b64encode
from collections.abc import Iterable, Iterator
from typing import Final

from glasswatch.redaction.written import Written

SHORTEST: Final = 4

_PIECE: Final = 32
# What one notation or another writes for the same letter.
_ALIKE: Final = str.maketrans({"+": " ", "-": " ", "_": "/"})


class Needles:
    """Finds needles in a text: in time that grows with the text's length, not with how many or how alike they are."""

    def __init__(self, needles: Iterable[str]) -> None:
        self._pieces = {piece for needle in needles for piece in _pieces(needle)}
        self._lengths: dict[str, set[int]] = {}  # by how pieces begin
        for piece in self._pieces:
            self._lengths.setdefault(piece[:SHORTEST], set()).add(len(piece))
        self.longest = max(map(len, self._pieces), default=0)

    def places(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where one begins and ends."""
        lengths = self._lengths
        if not lengths:
            return
        for at in [at for at in range(len(text) - SHORTEST + 1) if text[at : at + SHORTEST] in lengths]:
            for length in lengths[text[at : at + SHORTEST]]:
                if at + length <= len(text) and text[at : at + length] in self._pieces:
                    yield at, at + length

    def begun(self, tail: str, text: str) -> Iterator[tuple[int, int]]:
        """Yield needles that end a tail and go on in a text: how many letters of the tail, how many of the text."""
        for before in range(1, len(tail) + 1):
            start = tail[-before:]
            for length in self._lengths.get((start + text[:SHORTEST])[:SHORTEST], ()):
                if before < length <= before + len(text) and start + text[: length - before] in self._pieces:
                    yield before, length - before


def alike(text: str) -> str:
    """Return text in which letters that may stand for one another are the same. As long as it was."""
    if text.isascii():
        return text.lower().translate(_ALIKE)
    return text.translate({ord(letter): _folded(letter) for letter in set(text)}).translate(_ALIKE)


def needles(secret: str) -> Iterator[str]:
    """Yield what is looked for: the secret's letters, also as read where it holds escapes, in base64 and as hex."""
    if not secret.isascii():
        yield from (alike(secret.upper()), alike(secret.casefold()))  # where one letter becomes several
    written: Written | None = Written.plain(secret)
    while written is not None:
        if len(written.letters) >= SHORTEST:
            yield alike(written.letters)
        written = written.read()
    raw = secret.encode("utf-8", "surrogatepass")
    for core in (*_in_base64(raw), raw.hex()):
        yield alike(core)


def _in_base64(raw: bytes) -> Iterator[str]:
    """Yield the letters that surely stand for these bytes in base64, for each way they can fall."""
    for before, first in ((0, 0), (1, 2), (2, 3)):
        text = b64encode(bytes(before) + raw).decode()
        yield text[first : (before + len(raw)) * 8 // 6]


def _folded(letter: str) -> str:
    """Return one letter for all that a change of case may make of it; itself where it becomes several."""
    folded = letter.upper().casefold()
    return folded if len(folded) == 1 else letter


def _pieces(needle: str) -> Iterator[str]:
    """Yield a needle in pieces without a gap, none of them short where it is long."""
    last = max(len(needle) - _PIECE, 0)
    for at in (*range(0, last, _PIECE), last):
        yield needle[at : at + _PIECE]
