"""Takes secrets out of text that is going to be shown or kept.

Rules:
1. A secret is found however its letters are written: as they are, percent-encoded, as JSON or HTML escapes, in any
   mixture and case; and in base64, alone or within something longer, of both alphabets.
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
from base64 import b64encode
from collections.abc import Iterable, Iterator
from typing import Final

HIDDEN: Final = "[hidden]"
WITHHELD: Final = "[not shown: one of our secrets is too short to be told from other text]"
SHORTEST: Final = 4

_LONGEST_BY_LETTER: Final = 256  # of longer ones the usual notations are looked for, not any mixture of them
_LONGEST_WRITTEN: Final = 12  # of one letter: what four bytes take percent-encoded
_SCHEMES: Final = frozenset({"bearer", "basic", "token", "digest", "negotiate", "apikey", "api-key", "key"})
_NAMED: Final = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}
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


class Redactor:
    """Clears text of these secrets."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = {each for secret in secrets if secret for each in _parts(secret)}
        self.is_blind = any(len(each) < SHORTEST for each in known)
        forms = {form for each in known for form in _forms(each)} if not self.is_blind else set()
        # Longest first: a secret may begin with another one.
        self._pattern = re.compile("|".join(sorted(forms, key=len, reverse=True)) or r"(?!)", re.IGNORECASE)
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
        return (found.span() for found in self._pattern.finditer(text))


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
    for found in _LIKE_CREDENTIALS.finditer(text):
        value = found.group(found.lastgroup or 0)
        if len(value) >= SHORTEST:
            yield value


def _like_credentials(text: str) -> Iterator[tuple[int, int]]:
    return (found.span(found.lastgroup or 0) for found in _LIKE_CREDENTIALS.finditer(text))


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


def _forms(secret: str) -> Iterator[str]:
    """Yield patterns, one of which finds the secret."""
    raw = secret.encode("utf-8", "surrogatepass")
    if len(secret) <= _LONGEST_BY_LETTER:
        yield _any_notation(secret)
        yield from (_any_notation(core) + "[A-Za-z0-9+/_=-]?" for core in _in_base64(raw))
        return
    yield re.escape(secret)
    yield "".join(re.escape(each) if each.isascii() and each.isalnum() else _any_notation(each) for each in secret)
    for core in _in_base64(raw):
        yield re.escape(core)
        yield re.escape(core.replace("+", "-").replace("/", "_"))


def _in_base64(raw: bytes) -> Iterator[str]:
    """Yield the letters that surely stand for these bytes in base64, for each way they can fall."""
    for before, first in ((0, 0), (1, 2), (2, 3)):
        text = b64encode(bytes(before) + raw).decode()
        yield text[first : (before + len(raw)) * 8 // 6]


def _any_notation(text: str) -> str:
    return "".join(_letter(each) for each in text)


def _letter(letter: str) -> str:
    """Return a pattern that finds one letter in any notation."""
    code = ord(letter)
    encoded = letter.encode("utf-8", "surrogatepass")
    forms = [
        re.escape(letter),
        "".join(f"%{byte:02x}" for byte in encoded),
        _escaped(code),
        f"&#0{{0,6}}{code};",
        f"&#x0{{0,6}}{code:x};",
    ]
    if letter in '"\\/':
        forms.append(re.escape(f"\\{letter}"))
    if letter in _NAMED:
        forms.append(f"&{_NAMED[letter]};")
    forms += {" ": [r"\+"], "+": ["-"], "/": ["_"], "\n": [r"\\n"], "\t": [r"\\t"]}.get(letter, [])
    return f"(?:{'|'.join(forms)})"


def _escaped(code: int) -> str:
    if code <= 0xFFFF:  # noqa: PLR2004 - beyond it JSON writes two
        return rf"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return rf"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
