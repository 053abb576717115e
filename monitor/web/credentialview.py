"""Decides what is shown of credentials that it is time to renew: on the status page, and on the wire.

1. Those that have ended are marked as bad: what needs them doesn't work. Those that end soon only warn.
2. The page names the first twenty by when they end, and says how many more there are.
"""

from collections.abc import Sequence
from typing import Final

from glasswatch import visible
from monitor.model.credential import ToRenew
from monitor.rules.credentials import said
from monitor.web.pageview import CredentialsView, CredentialView, Mark, Tone
from monitor.wire.credentials import CredentialAnswer

_SHOWN: Final = 20
_ENDED: Final = Mark(Tone.BAD, "ended")
_ENDS: Final = Mark(Tone.WARN, "ends soon")


def credentials_view(found: Sequence[ToRenew]) -> CredentialsView | None:
    """Return what is to be renewed; None if nothing is."""
    if not found:
        return None
    more = len(found) - _SHOWN
    return CredentialsView(
        has_ended=any(each.has_ended for each in found),
        shown=tuple(
            CredentialView(
                mark=_ENDED if each.has_ended else _ENDS,
                name=visible.line(each.credential),
                what=visible.line(said(each)),
            )
            for each in found[:_SHOWN]
        ),
        note=f"And {more} more." if more > 0 else "",
    )


def answers(found: Sequence[ToRenew]) -> tuple[CredentialAnswer, ...]:
    """Return all of them as they go over the wire."""
    return tuple(
        CredentialAnswer.model_validate(
            {
                "credential": each.credential,
                "ends": each.ends_at,
                "source": each.source.value,
                "ended": each.has_ended,
                "what": said(each),
            }
        )
        for each in found
    )
