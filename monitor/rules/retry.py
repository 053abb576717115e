"""When a page is tried again, and when a channel is given up for it.

1. A page must not be lost: where trying again may help (no answer, 408, 429, any 5xx) it is tried without end, first
   after about 1 s, each time twice as long after, never more than 5 min apart.
2. Where the other side refused the page as it is (any other status that isn't 2xx, redirects included), trying again
   seldom helps, but a wrong token or a half-deployed receiver may yet be put right: such a page is tried at a slow
   pace, 10 s doubled up to 5 min. A ticket is given up at the 10th refusal in a row (about 25 min), recorded as failed
   and counted; what wakes somebody never is. A try that got no answer in between starts the count anew. What is refused
   while a newer page about the same waits behind it is given up at the 3rd (half a minute), whatever it is: the newer
   one says what holds now.
3. The provider's own wish (Retry-After) is kept where it is longer, up to the cap of 5 min: a page may not be put off
   for hours by a header.
4. Pages that failed together are spread by up to 20 % either way. The spread derives from the page's id and the try,
   so the same page meets the same times again after a restart. It never exceeds the cap.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256

TOO_MANY = 429
_OK = range(200, 300)
_SERVER_ERRORS = range(500, 600)
_WORTH_RETRYING = frozenset({408, TOO_MANY})


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """The pace of tries. The defaults are the documented ones; tests use shorter ones."""

    first: timedelta = timedelta(seconds=1)
    first_refused: timedelta = timedelta(seconds=10)
    cap: timedelta = timedelta(minutes=5)
    spread_ratio: float = 0.2
    refusals_until_given_up: int = 10
    refusals_until_outdated: int = 3


DEFAULT = RetryPolicy()


@dataclass(frozen=True, slots=True)
class Tried:
    """What has been tried of one page on one channel.

    `attempts`: tries so far, at least 1. `refusals`: how many of the latest tries, in a row, were refused for good;
    0 when the latest one may be tried again. `retry_after`: how long the provider asked us to wait. `is_urgent`: it
    wakes somebody, so it is never given up unless it `is_outdated`: a newer page about the same waits behind it.
    """

    page_id: str
    attempts: int
    refusals: int = 0
    retry_after: timedelta | None = None
    is_urgent: bool = True
    is_outdated: bool = False


def is_accepted(status: int) -> bool:
    """Whether an HTTP status says that the page was taken."""
    return status in _OK


def is_permanent(status: int) -> bool:
    """Whether an HTTP status other than 2xx says that trying the same again can't help."""
    return status not in _WORTH_RETRYING and status not in _SERVER_ERRORS


def wished(header: str, now: datetime) -> timedelta | None:
    """Return how long a Retry-After header asks to wait: seconds, or a date. None if it asks for nothing readable."""
    text = header.strip()
    if text.isascii() and text.isdigit():
        # Nine digits are thirty years; longer numbers would overflow.
        return timedelta(seconds=int(text[:9]))
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError, TypeError, IndexError):  # the parser lets all of these out
        return None
    # A date without a zone can't be compared with an instant.
    return max(until - now, timedelta(0)) if until.tzinfo is not None else None


def next_at(tried: Tried, now: datetime, policy: RetryPolicy = DEFAULT) -> datetime | None:
    """Return when the page is tried next; None: the channel is given up for it."""
    if tried.refusals >= policy.refusals_until_given_up and not tried.is_urgent:
        return None
    if tried.refusals >= policy.refusals_until_outdated and tried.is_outdated:
        return None
    return now + _delay(tried, policy)


def _delay(tried: Tried, policy: RetryPolicy) -> timedelta:
    first, count = (policy.first_refused, tried.refusals) if tried.refusals else (policy.first, tried.attempts)
    # 2 ** 32 seconds are past any cap; without the bound a page tried for years would overflow.
    doubled = min(first.total_seconds() * 2 ** min(count - 1, 32), policy.cap.total_seconds())
    spread = 1 + policy.spread_ratio * (2 * _fraction(tried) - 1)
    wished = tried.retry_after.total_seconds() if tried.retry_after else 0.0
    return timedelta(seconds=min(max(doubled * spread, wished), policy.cap.total_seconds()))


def _fraction(tried: Tried) -> float:
    """Return a number in [0, 1) that is the same for the same page and try, and looks random across pages."""
    digest = sha256(f"{tried.page_id}\n{tried.attempts}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48
