"""Who is the same person: one rule for acts on the flag, for uses of it, and for what looks at a deployment.

1. Case makes no second person, nor compatible characters (NFKC) and how many spaces there are.
2. Nor does what follows an `@`, nor a `+tag` before it: `anna`, `Anna+oncall` and `anna@example.com` are one. Somebody
   else can always be found to confirm; that one person passes as two must never be.
3. What would leave nothing of a name stays as it is. No name is nobody's.

Whose an order's key is says `glasswatch.flag.trust`, which imports nothing of ours: by the first of these rules.
"""

import unicodedata


def is_same_person(one: str | None, other: str | None) -> bool:
    """Whether two names are one person's."""
    return one is not None and other is not None and folded(one) == folded(other)


def folded(name: str) -> str:
    """Return what is the same for every way to write one person's name."""
    plain = " ".join(unicodedata.normalize("NFKC", name).casefold().split())
    local = plain.partition("@")[0].strip() or plain
    return local.partition("+")[0].strip() or local
