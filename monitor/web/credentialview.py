"""Decides what is shown of credentials to look after: on the status page, and on the wire.

1. Those that have ended are marked as bad: what needs them doesn't work. Those that end soon, or can't be read, only
   warn.
2. The page names the first twenty by when they end, and says how many more there are.
"""

from collections.abc import Sequence
from typing import Final

from glasswatch import visible
from monitor.model.credential import Concern
from monitor.rules.credentials import said_of
from monitor.web.pageview import CredentialsView, CredentialView, Mark, Tone
from monitor.wire.credentials import CredentialAnswer

_SHOWN: Final = 20
_ENDED: Final = Mark(Tone.BAD, "ended")
_ENDS: Final = Mark(Tone.WARN, "ends soon")
_UNREADABLE: Final = Mark(Tone.WARN, "can't be read")


def credentials_view(found: Sequence[Concern]) -> CredentialsView | None:
    """Return what is to be looked after; None if nothing is."""
    if not found:
        return None
    more = len(found) - _SHOWN
    return CredentialsView(
        has_ended=any(each.due is not None and each.due.has_ended for each in found),
        shown=tuple(
            CredentialView(mark=_mark(each), name=visible.line(each.credential), what=visible.line(said_of(each)))
            for each in found[:_SHOWN]
        ),
        note=f"And {more} more." if more > 0 else "",
    )


def _mark(found: Concern) -> Mark:
    if found.due is None:
        return _UNREADABLE
    return _ENDED if found.due.has_ended else _ENDS


def answers(found: Sequence[Concern]) -> tuple[CredentialAnswer, ...]:
    """Return all of them as they go over the wire."""
    return tuple(
        CredentialAnswer.model_validate(
            {
                "credential": each.credential,
                "ends": each.due.ends_at if each.due is not None else None,
                "source": each.due.source.value if each.due is not None else None,
                "ended": each.due is not None and each.due.has_ended,
                "readable": each.is_readable,
                "what": said_of(each),
            }
        )
        for each in found
    )
