"""Who is the same person: one rule for orders and acts on the flag, for uses of it, and for what looks at a deployment.

1. Case makes no second person, nor characters that nobody sees, nor compatible ones (NFKC), nor how many spaces there
   are.
2. Nor does what follows an `@`, nor a `+tag` before it: `anna`, `Anna+oncall` and `anna@example.com` are one. Somebody
   else can always be found to confirm; that one person passes as two must never be.
3. What would leave nothing of a name stays as it is. No name, and one that nobody can see, is nobody's.
"""

import unicodedata

# What nobody sees although its category is not Cf: joiners, fillers, variation selectors, an empty braille pattern.
_INVISIBLE = (
    ("\u034f", "\u034f"),
    ("\u115f", "\u1160"),
    ("\u17b4", "\u17b5"),
    ("\u180b", "\u180f"),
    ("\u2800", "\u2800"),
    ("\u3164", "\u3164"),
    ("\ufe00", "\ufe0f"),
    ("\uffa0", "\uffa0"),
    ("\U000e0100", "\U000e01ef"),
)


def is_same_person(one: str | None, other: str | None) -> bool:
    """Whether two names are one person's."""
    if one is None or other is None:
        return False
    name = folded(one)
    return bool(name) and name == folded(other)


def folded(name: str) -> str:
    """Return what is the same for every way to write one person's name; empty for one that nobody can see."""
    seen = "".join(character for character in name if not _is_invisible(character))
    plain = " ".join(unicodedata.normalize("NFKC", seen).casefold().split())
    local = plain.partition("@")[0].strip() or plain
    return local.partition("+")[0].strip() or local


def _is_invisible(character: str) -> bool:
    return unicodedata.category(character) == "Cf" or any(first <= character <= last for first, last in _INVISIBLE)
