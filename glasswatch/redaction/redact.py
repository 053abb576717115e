"""Takes secrets out of text that is going to be shown or kept.

Rules:
1. A secret is found however its letters are written: as they are, percent-encoded, as JSON or HTML escapes, as a shell
   or Python quotes quote marks, in any mixture and case, also twice over; in base64, alone or within something longer,
   of both alphabets; and in hexadecimal. Of these also in lines of any length.
2. Where a secret is several words (`Bearer …`), each of its words is one too, but for the name of a scheme.
3. What looks like a credential is taken out as well, whoever's it is: a bearer or basic credential, a JWT, a private
   key; the value of a JSON member or a parameter whose name says so.
4. A header whose name says that it holds a credential has no value to show (`is_telling`).
5. A secret shorter than `SHORTEST` can't be told from other text: then nothing from outside is shown at all. What is
   ours (rules, what the settings expect) still is: the settings are no place for secrets.
6. Text is cleared before it is cut, so that no end shows half a secret. Of text that was cut before it came here so
   much of the end is left out as a secret could take.
7. Of a long secret each few letters are one, so that no secret, however long, needs much of a text. Where what is
   secret is more than `MOST_SECRETS` or `MOST_LETTERS`, nothing from outside is shown either.
8. No text is slow: the time that one takes grows with its length alone, whatever stands in it and however many secrets
   are looked for.

What a server does to a secret beyond that (reversed, encrypted, letter by letter) nobody can find.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import accumulate
from typing import Final

from glasswatch.redaction.needles import SHORTEST, Needles, alike, needles
from glasswatch.redaction.written import Written

HIDDEN: Final = "[hidden]"
WITHHELD: Final = "[not shown: one of our secrets is too short to be told from other text]"
WITHHELD_MANY: Final = "[not shown: more was sent as a secret than can be looked for]"
MOST_SECRETS: Final = 200
MOST_LETTERS: Final = 32 * 1024

_LONGEST_WRITTEN: Final = 18  # of one letter: a JSON escape, percent-encoded letter by letter
_LONGEST_FOREIGN: Final = 36  # and of one beyond ASCII, of which JSON makes two
_LONGEST_NAME: Final = 400
_LEVELS: Final = 2  # how often text is read as escaped
_SCHEMES: Final = frozenset({"bearer", "basic", "token", "digest", "negotiate", "apikey", "api-key", "key"})
_TELLING: Final = (
    "token|secret|passw|passphrase|passcode|session|cookie|credential|authoriz|authentication|private_?key|api[-_]?key|"
    "assertion|signature|csrf|xsrf|otp|samlre|ticket|jwt|nonce"
)
# These read text in lower case: without regard to case they would take three times as long.
_NAME: Final = re.compile(f"{_TELLING}|(?:^|[-_])(?:auth|sid|sig|key|code)$")
# Whatever may be repeated is bounded, or can't be read in two ways and begins in one place only: no text makes these
# slow.
_MEMBER: Final = r'[^"\\]{0,40}+"\s{0,9}+:\s{0,9}+"(?P<json>[^"\\]*+(?:\\.[^"\\]*+)*+)'
# `${run}` is a place for a value, as scenarios write it: hidden, nobody could take back by hand what it names.
_PARAMETER: Final = r"[^=&;\s]{0,40}+=(?!\$\{[a-z0-9_-]{1,63}+\}(?:[&;,.:)\s<>\"']|$))(?P<parameter>[^&;\s<>\"']++)"
_SEGMENT: Final = "[a-z0-9_-]"
_JWT: Final = (
    rf"(?<!{_SEGMENT})(?={_SEGMENT}++\.{_SEGMENT}){_SEGMENT}*?"
    rf"(?P<jwt>\beyj{_SEGMENT}{{5,}}\.{_SEGMENT}++(?:\.{_SEGMENT}*+){{0,4}}+)"
)
_LIKE_CREDENTIALS: Final = re.compile(
    "|".join(
        (
            rf"(?:{_TELLING})(?:{_MEMBER}|{_PARAMETER})",
            r"[?&](?:code|key|sig|sid|auth)=(?P<short>[^&;\s<>\"']++)",
            r"\b(?:bearer|basic|negotiate)\s{1,9}+(?P<scheme>[a-z0-9._~+/-]{6,}+={0,2})",
            _JWT,
            r"-----begin [a-z ]{0,40}private key-----(?P<pem>[^-]*+)",
        )
    ),
    re.MULTILINE,
)


# One of these is in every text that the pattern finds something in.
_HINTS: Final = (
    *(re.sub(r"[\[_].*", "", word) for word in _TELLING.split("|")),
    *("code=", "key=", "sig=", "sid=", "auth=", "bearer", "basic", "negotiate", "eyj"),
)
_LOWER: Final = {ord(letter): letter.lower() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


class Redactor:
    """Clears text of these secrets."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = {each for secret in secrets if secret for each in _parts(secret)}
        self._withheld = _withheld(known)
        self._needles = Needles(() if self._withheld else {each for secret in known for each in needles(secret)})
        written = _LONGEST_WRITTEN if all(map(str.isascii, known)) else _LONGEST_FOREIGN
        self._longest = self._needles.longest * written

    def window(self, most: int) -> int:
        """Return how many letters have to be given so that `most` of them can be shown."""
        return most + self._longest

    def text(self, text: str, most: int, *, is_cut: bool = False) -> str:
        """Return at most the first `most` letters, cleared. `is_cut`: more came, and isn't here."""
        if self._withheld:
            return self._withheld if text else ""
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

    def own(self, text: str, most: int) -> str:
        """Return at most the first `most` letters of a text of ours: cleared, or as it is where that can't be done."""
        return text[:most] if self._withheld else self.text(text, most)

    def holds(self, text: str) -> bool:
        """Return whether one of the secrets stands in a text, whatever else there may look like a credential."""
        return next(self._secret_places(text), None) is not None

    def is_without_secrets(self, text: str) -> bool:
        """Return whether it can be told that none of the secrets stands in a text."""
        return not self._withheld and not self.holds(text)

    def joins(self, texts: Sequence[str]) -> set[int]:
        """Return which of these texts hold a secret, as it is or in base64, together with those beside them."""
        edge = self._needles.longest
        if not edge:
            return set()
        near = [text if len(text) <= 2 * edge else f"{text[:edge]}\n{text[-edge:]}" for text in texts]
        ends, joined = list(accumulate(map(len, near))), set[int]()
        for start, end in self._needles.places(alike("".join(near))):
            first, last = bisect_right(ends, start), bisect_right(ends, end - 1)
            joined |= set(range(first, last + 1)) if first < last else set()
        return joined

    def _secret_places(self, text: str) -> Iterator[tuple[int, int]]:
        if not self._needles.longest:
            return
        as_written = alike(text)
        for written in _readings(text):
            letters = alike(written.letters)
            for start, end in self._needles.places(letters):
                yield written.starts[start], written.ends[end - 1]
            yield from self._begun_in_escapes(as_written, written, letters)

    def _begun_in_escapes(self, text: str, written: Written, letters: str) -> Iterator[tuple[int, int]]:
        """Yield places of secrets whose first letters stand in what reads as an escape: a percent sign before them."""
        for at, start, end in written.escapes():
            after = letters[at + 1 : at + 1 + self._needles.longest]
            for before, last in self._needles.begun(text[start + 1 : end], after):
                yield end - before, written.ends[at + last]


def _readings(text: str) -> Iterator[Written]:
    """Yield a text as it is, and as it reads when its escapes are read; each also in one line."""
    for written in _read(text):
        yield written
        if (unbroken := written.unbroken()) is not None:
            yield unbroken


def _read(text: str) -> Iterator[Written]:
    plain = Written.plain(text)
    yield plain
    yield from plain.read_singly()
    written: Written | None = plain
    for _ in range(_LEVELS):
        if (written := written and written.read()) is not None:
            yield written


def is_telling(name: str) -> bool:
    """Return whether a header, a member or a parameter of this name holds a credential."""
    return len(name) > _LONGEST_NAME or _NAME.search(_lowered(name)) is not None


def parts_of(value: str) -> set[str]:
    """Return what is secret in a header that holds a credential: without the scheme, and of cookies each value."""
    words = {word for part in value.split(";") for word in part.split()}
    values = {word.partition("=")[2].strip('"') for word in words if word.rstrip("=").count("=")}
    return {each for each in (*words, *values) if len(each) >= SHORTEST and each.lower() not in _SCHEMES}


def telling_values(text: str) -> Iterator[str]:
    """Yield what stands in a text under names that say it is a credential."""
    for start, end in _like_credentials(text):
        if end - start >= SHORTEST:
            yield text[start:end]


def _like_credentials(text: str) -> Iterator[tuple[int, int]]:
    # Most text has none of the words: looking for them first takes a tenth of the time.
    lowered = _lowered(text)
    if any(hint in lowered for hint in _HINTS):
        yield from (found.span(found.lastgroup or 0) for found in _LIKE_CREDENTIALS.finditer(lowered))


def _lowered(text: str) -> str:
    """Return text without ASCII's capitals. As long as it was."""
    return text.lower() if text.isascii() else text.translate(_LOWER)


def _withheld(known: AbstractSet[str]) -> str:
    """Return what is shown in place of all text; empty where secrets can be told from it."""
    if any(len(each) < SHORTEST for each in known):
        return WITHHELD
    is_many = len(known) > MOST_SECRETS or sum(map(len, known)) > MOST_LETTERS
    return WITHHELD_MANY if is_many else ""


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
