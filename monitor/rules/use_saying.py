"""What people say of a use, and when that closes it.

1. A use is closed once another person classed it (drill, real, misuse), and one said that its credential was rotated.
   Both may come from different persons and in any order; a refusal has no credential to rotate.
2. Never by the person whose access it was, in whatever spelling, nor by one whom reader or log name for it, as the
   second person too, or with several in one name (`anna+ben`); nor by whose login it was started from, nor by the
   person who reported it with a token of their own: it may be their own access in another's name, or in nobody's. Where
   nobody is known, anybody may; the record says that it wasn't known.
3. While its reader may still report it, nothing can be said of it: whose it was may be known in a moment.
4. Until it is closed, what is said last counts for the class, what is said first for the rotation. Then nothing
   changes any more; the same said again is taken, because an answer may have been lost.
5. What turns out to have been said by one of these is void, and the use open again.
"""

from dataclasses import replace
from datetime import datetime

from glasswatch.flag.persons import is_same_person
from monitor.model.use import (
    Classing,
    Decision,
    Happening,
    Judgement,
    NotPossible,
    Said,
    Saying,
    Use,
    UsePolicy,
    UseStep,
)
from monitor.rules import reasons, use_pages
from monitor.rules.use_audit import entries

_NOT_THEIRS = (
    "whose access it was, alone or as one of two, or who reported it by hand, can't class it, nor say that its "
    "credential was rotated: another person must"
)


def said(use: Use, saying: Saying, policy: UsePolicy, now: datetime) -> UseStep | NotPossible | None:
    """Return what a person's word leads to; None: it was said before."""
    refusal = _refusal(use, saying, policy)
    if refusal:
        return NotPossible(refusal)
    if _is_known(use, saying):
        return None
    if use.closed_at is not None:
        return NotPossible(f"it was closed at {reasons.clock(use.closed_at)}: what was said of it stays")
    word = Said(saying.by, now, saying.note)
    after = use
    if saying.kind is not None and (use.classing is None or use.classing.kind is not saying.kind):
        after = replace(after, classing=Classing(saying.kind, word))
    if saying.is_rotated and use.rotation is None:
        after = replace(after, rotation=word)
    if not _is_complete(after):
        happening = Happening.CLASSED if after.classing is not use.classing else Happening.ROTATED
        return UseStep(after, happening, None, entries(after, happening, None, saying.by, now))
    closed = replace(after, closed_at=now)
    page = use_pages.resolved(closed, policy.deployment, now)
    return UseStep(closed, Happening.CLOSED, page, entries(closed, Happening.CLOSED, page, saying.by, now))


def without_own(use: Use) -> Use:
    """Return the use without what the very person said whose access it was; open again if it then lacks something."""
    classing = use.classing if use.classing and not _is_own(use, use.classing.said.by) else None
    rotation = use.rotation if use.rotation and not _is_own(use, use.rotation.by) else None
    kept = replace(use, classing=classing, rotation=rotation)
    return kept if _is_complete(kept) else replace(kept, closed_at=None)


def _refusal(use: Use, saying: Saying, policy: UsePolicy) -> str:
    """Say why this person can't say this now; empty if they can."""
    if not use.needs_closing:
        return "it is on record only: nothing has to be said of it"
    if use.judgement is Judgement.UNREPORTED:
        until = reasons.clock(use.received_at + policy.grace)
        return f"its reader may still report it and say whose it was: say it after {until}"
    if _is_own(use, saying.by):
        return _NOT_THEIRS
    return ""


def _is_own(use: Use, person: str) -> bool:
    return any(is_same_person(person, name) for user in use.users for name in (user, *_joined(user)))


def _joined(name: str) -> list[str]:
    """Return those whom one name may hold, as a certificate's for two persons does."""
    return name.replace("+", ",").split(",")


def _is_known(use: Use, saying: Saying) -> bool:
    is_classed = saying.kind is None or (use.classing is not None and use.classing.kind is saying.kind)
    return is_classed and (use.rotation is not None or not saying.is_rotated)


def _is_complete(use: Use) -> bool:
    return use.classing is not None and (use.rotation is not None or use.decision is Decision.REFUSED)
