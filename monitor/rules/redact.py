"""Takes secrets out of text that is going to be shown or kept.

Rules:
1. A secret is found however its letters are written: as they are, percent-encoded, as JSON or HTML escapes, in any
   mixture and case, also twice over; and in base64, alone or within something longer, of both alphabets.
2. Where a secret is several words (`Bearer …`), each of its words is one too, but for the name of a scheme.
3. What looks like a credential is taken out as well, whoever's it is: a bearer or basic credential, a JWT, a private
   key; the value of a JSON member or a parameter whose name says so.
4. A header whose name says that it holds a credential has no value to show (`is_telling`).
5. A secret shorter than `SHORTEST` can't be told from other text: then nothing from outside is shown at all.
6. Text is cleared before it is cut, so that no end shows half a secret. Of text that was cut before it came here so
   much of the end is left out as a secret could take.

What a server does to a secret beyond that (reversed, encrypted, letter by letter) nobody can find.
"""

import re
import sys
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

HIDDEN: Final = "[hidden]"
WITHHELD: Final = "[not shown: one of our secrets is too short to be told from other text]"
SHORTEST: Final = 4

_LONGEST_WRITTEN: Final = 12  # of one letter: what four bytes take percent-encoded
_LEVELS: Final = 2  # how often text is read as escaped
_ESCAPED: Final = re.compile(
    r"(?P<percent>(?:%[0-9a-f]{2})+)|\\u(?P<unicode>[0-9a-f]{4}(?:\\u[0-9a-f]{4})*)|\\(?P<letter>[\\/\"nt])"
    r"|&\#(?P<decimal>[0-9]{1,10});|&\#x(?P<hexadecimal>[0-9a-f]{1,8});|&(?P<name>amp|lt|gt|quot|apos);",
    re.IGNORECASE,
)
# What one notation or another writes for the same letter.
_ALIKE: Final = str.maketrans({"+": " ", "-": " ", "_": "/"})
_BY_LETTER: Final = {"n": "\n", "t": "\t"}
_BY_NAME: Final = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_SCHEMES: Final = frozenset({"bearer", "basic", "token", "digest", "negotiate", "apikey", "api-key", "key"})
_TELLING: Final = (
    "token|secret|passw|passphrase|passcode|session|cookie|credential|authoriz|authentication|private_?key|api[-_]?key|"
    "assertion|signature|csrf|xsrf|otp|samlre|ticket|jwt|nonce"
)
_NAME: Final = re.compile(f"{_TELLING}|(?:^|[-_])(?:auth|sid|sig|key|code)$", re.IGNORECASE)
# Bounded before and after the word: no text makes these slow.
_LIKE_CREDENTIALS: Final = re.compile(
    "|".join(
        (
            rf'"[^"\\]{{0,40}}(?:{_TELLING})[^"\\]{{0,40}}"\s{{0,9}}:\s{{0,9}}"(?P<json>[^"\\]*(?:\\.[^"\\]*)*)',
            rf"(?:^|[?&;\s])[^=&;\s]{{0,40}}(?:{_TELLING})[^=&;\s]{{0,40}}=(?P<parameter>[^&;\s<>\"']+)",
            r"[?&](?:code|key|sig|sid|auth)=(?P<short>[^&;\s<>\"']+)",
            r"\b(?:bearer|basic|negotiate)\s{1,9}(?P<scheme>[A-Za-z0-9._~+/-]{6,}={0,2})",
            r"(?P<jwt>\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*){0,4})",
            r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?P<pem>[^-]*)",
        )
    ),
    re.IGNORECASE | re.MULTILINE,
)


# One of these is in every text that the pattern finds something in.
_HINTS: Final = (
    *(re.sub(r"[\[_].*", "", word) for word in _TELLING.split("|")),
    *("code=", "key=", "sig=", "sid=", "auth=", "bearer", "basic", "negotiate", "eyj"),
)


class Redactor:
    """Clears text of these secrets."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = {each for secret in secrets if secret for each in _parts(secret)}
        self.is_blind = any(len(each) < SHORTEST for each in known)
        self._needles = frozenset(needle for each in known for needle in _needles(each))
        self._longest = max((len(each) for each in known), default=0) * _LONGEST_WRITTEN

    def window(self, most: int) -> int:
        """Return how many letters have to be given so that `most` of them can be shown."""
        return most + self._longest

    def text(self, text: str, most: int, *, is_cut: bool = False) -> str:
        """Return at most the first `most` letters, cleared. `is_cut`: more came, and isn't here."""
        if self.is_blind:
            return WITHHELD if text else ""
        if is_cut:
            most = min(most, max(len(text) - self._longest, 0))
        shown, at = [], 0
        for start, end in _merged((*self._secret_places(text), *_like_credentials(text))):
            if start >= most:
                break
            shown += [text[at:start], HIDDEN]
            at = end
        shown.append(text[at:most])
        if max(at, most) < len(text) or is_cut:
            shown.append("…")
        return "".join(shown)

    def _secret_places(self, text: str) -> Iterator[tuple[int, int]]:
        written = _Written.plain(text)
        for level in range(_LEVELS + 1):
            letters = _alike(written.letters)
            for needle in self._needles:
                at = letters.find(needle)
                while at >= 0:
                    yield written.starts[at], written.ends[at + len(needle) - 1]
                    at = letters.find(needle, at + 1)
            if level == _LEVELS or not self._needles or (further := written.read()) is None:
                return
            written = further


def is_telling(name: str) -> bool:
    """Return whether a header, a member or a parameter of this name holds a credential."""
    return _NAME.search(name) is not None


def parts_of(value: str) -> set[str]:
    """Return what is secret in a header that holds a credential: without the scheme, and of cookies each value."""
    words = {word for part in value.split(";") for word in part.split()}
    values = {word.partition("=")[2].strip('"') for word in words if word.rstrip("=").count("=")}
    return {each for each in (*words, *values) if len(each) >= SHORTEST and each.lower() not in _SCHEMES}


def telling_values(text: str) -> Iterator[str]:
    """Yield what stands in a text under names that say it is a credential."""
    for found in _found_like_credentials(text):
        value = found.group(found.lastgroup or 0)
        if len(value) >= SHORTEST:
            yield value


def _like_credentials(text: str) -> Iterator[tuple[int, int]]:
    return (found.span(found.lastgroup or 0) for found in _found_like_credentials(text))


def _found_like_credentials(text: str) -> Iterable[re.Match[str]]:
    # Most text has none of the words: looking for them first takes a tenth of the time.
    lowered = text.lower()
    return _LIKE_CREDENTIALS.finditer(text) if any(hint in lowered for hint in _HINTS) else ()


def _merged(places: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield places in order, those that overlap as one."""
    begun: tuple[int, int] | None = None
    for start, end in sorted(places):
        if begun is None:
            begun = start, end
        elif start <= begun[1]:
            begun = begun[0], max(begun[1], end)
        else:
            yield begun
            begun = start, end
    if begun is not None:
        yield begun


def _parts(secret: str) -> set[str]:
    words = {word for word in secret.split() if len(word) >= SHORTEST and word.lower() not in _SCHEMES}
    return {secret, secret.strip() or secret, *words}


def _needles(secret: str) -> Iterator[str]:
    """Yield what is looked for: the secret's letters, also as they are read where it holds escapes, and in base64."""
    if not secret.isascii():
        yield from (_alike(secret.upper()), _alike(secret.casefold()))  # where one letter becomes several
    written: _Written | None = _Written.plain(secret)
    while written is not None:
        yield _alike(written.letters)
        written = written.read()
    for core in _in_base64(secret.encode("utf-8", "surrogatepass")):
        yield _alike(core)


def _in_base64(raw: bytes) -> Iterator[str]:
    """Yield the letters that surely stand for these bytes in base64, for each way they can fall."""
    for before, first in ((0, 0), (1, 2), (2, 3)):
        text = b64encode(bytes(before) + raw).decode()
        yield text[first : (before + len(raw)) * 8 // 6]


def _alike(text: str) -> str:
    """Return text in which letters that may stand for one another are the same. As long as it was."""
    lowered = text.lower() if text.isascii() else "".join(map(_folded, text))
    return lowered.translate(_ALIKE)


def _folded(letter: str) -> str:
    """Return one letter for all that a change of case may make of it; itself where it becomes several."""
    folded = letter.upper().casefold()
    return folded if len(folded) == 1 else letter


@dataclass(frozen=True, slots=True)
class _Written:
    """Letters, and where each of them begins and ends in the text that they were read from."""

    letters: str
    starts: Sequence[int]
    ends: Sequence[int]

    @classmethod
    def plain(cls, text: str) -> "_Written":
        """Return a text as it is."""
        return cls(text, range(len(text)), range(1, len(text) + 1))

    def read(self) -> "_Written | None":
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
        return _Written("".join((*letters, self.letters[at:])), [*starts, *self.starts[at:]], [*ends, *self.ends[at:]])


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
