"""What a certificate chain that was accepted is worth.

1. Each certificate must last as many days as is expected, the authority's own too: what was accepted today is refused
   when the first of them ends.
2. The one that ends first is named by its place: the server's own is the first.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta


def first_to_end(ends_at: Sequence[datetime]) -> int | None:
    """Return the place of the certificate that ends first, the server's own where several do; None without any."""
    return min(range(len(ends_at)), key=lambda place: (ends_at[place], place)) if ends_at else None


def is_too_short(ends_at: datetime, days: int | None, now: datetime) -> bool:
    """Return whether it lasts less long than is expected."""
    return days is not None and ends_at - now < timedelta(days=days)
