"""Counts outcomes by the hour: what is kept of them when they are forgotten.

1. Adding up is the same in any order and in any parts, so an outcome that comes late is added to what is there.
2. How long they took is kept as a sum, the longest, and a spread over buckets, four to each doubling: a quantile read
   from it is wrong by at most a tenth of itself. What took under 64 µs is in the first bucket.
3. The spread is kept as bytes: a bucket's number in one, how many in as many as it takes (LEB128).
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from glasswatch.instants import EPOCH
from monitor.model.tally import Tally

HOUR: Final = timedelta(hours=1)
_FIRST_MICROSECONDS: Final = 64
_TO_A_DOUBLING: Final = 4
_BUCKETS: Final = 108  # the last but one ends after more than two hours

_SEVEN_BITS: Final = 0x7F
_MORE: Final = 0x80

# Where each bucket ends, itself included; the last one has no end.
ENDS: Final = tuple(round(_FIRST_MICROSECONDS * 2 ** (n / _TO_A_DOUBLING)) for n in range(_BUCKETS - 1))


def hour_of(at: datetime) -> int:
    """Return the number of the hour, since 1970 in UTC, that an instant lies in."""
    return (at - EPOCH) // HOUR


def hour_at(number: int) -> datetime:
    """Return when an hour began."""
    return EPOCH + number * HOUR


def of(durations_seconds: Collection[float], warned: int) -> Tally:
    """Return the tally of outcomes that took so long, and of which so many had a warning."""
    took = [max(0, round(seconds * 1_000_000)) for seconds in durations_seconds]
    spread = Counter(bisect_left(ENDS, each) for each in took)
    return Tally(len(took), warned, sum(took), max(took, default=0), dict(spread))


def added(tallies: Iterable[Tally]) -> Tally:
    """Return all of them as one."""
    runs = warned = took = longest = 0
    spread: dict[int, int] = {}
    for tally in tallies:
        runs += tally.runs
        warned += tally.warned
        took += tally.took_microseconds
        longest = max(longest, tally.longest_microseconds)
        for bucket, count in tally.spread.items():
            spread[bucket] = spread.get(bucket, 0) + count
    return Tally(runs, warned, took, longest, spread)


def quantile(tally: Tally, share: float) -> float | None:
    """Return in how many seconds this share of them was done (0 to 1); None where there were none."""
    count = sum(tally.spread.values())
    if not count:
        return None
    wanted, seen = share * count, 0
    bucket = 0
    for bucket in sorted(tally.spread):
        seen += tally.spread[bucket]
        if seen >= wanted:
            break
    return min(_middle(bucket), tally.longest_microseconds) / 1_000_000


def middle_seconds(bucket: int) -> float:
    """Return what stands for a bucket, in seconds."""
    return _middle(bucket) / 1_000_000


def _middle(bucket: int) -> float:
    """Return what is as far from both ends of a bucket, by factors."""
    return _FIRST_MICROSECONDS * 2 ** ((bucket - 0.5) / _TO_A_DOUBLING)


def packed(spread: Mapping[int, int]) -> bytes:
    """Return a spread as bytes."""
    out = bytearray()
    for bucket in sorted(spread):
        out.append(bucket)
        count = spread[bucket]
        while count > _SEVEN_BITS:
            out.append(count & _SEVEN_BITS | _MORE)
            count >>= 7
        out.append(count)
    return bytes(out)


def unpacked(data: bytes) -> dict[int, int]:
    """Return the spread that `packed` wrote.

    Raises:
        ValueError: it is damaged.
    """
    spread: dict[int, int] = {}
    left = iter(data)
    for bucket in left:
        count = shift = 0
        while True:
            byte = next(left, None)
            if byte is None:
                raise ValueError("a count is cut off")
            count |= (byte & _SEVEN_BITS) << shift
            shift += 7
            if not byte & _MORE:
                break
        if bucket >= _BUCKETS or bucket in spread or not count:
            raise ValueError("a bucket that can't be")
        spread[bucket] = count
    return spread
