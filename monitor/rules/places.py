"""Who gets one of the places that there are for connections, and who gives way.

1. There are `places` in all. While they are not full, whoever comes gets one.
2. Once they are full, the connection that waits longest gives way: first among those of whose request nothing has come
   yet, else among those whose request has not come whole. One whose request is being answered never does.
3. One address has at most `of_one`; then one of its own gives way, or it is turned away. Addresses of one IPv6 network
   (/64) are one. Proxies that are declared stand for many, so this is theirs to see to.
4. What comes from this machine is not bounded by that, gives way to nothing that comes from elsewhere, and has `kept`
   places beyond the others: whatever is done from elsewhere, it gets in.
Time is a monotonic reading, in seconds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from monitor.rules.forwarded import Network, address_of, is_within
from monitor.rules.throttle import source_of


@dataclass(frozen=True, slots=True)
class Room:
    """How many places there are: in all, for one address, and beyond them for this machine alone."""

    places: int
    of_one: int
    kept: int


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Whose connection it is. `source` is what counts as one address; empty: a proxy's. `is_near`: this machine's."""

    source: str
    is_near: bool


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a place. `waits_since` None: an answer is under way; `has_begun`: some of a request has come."""

    number: int
    who: Newcomer
    waits_since: float | None
    has_begun: bool = False


@dataclass(frozen=True, slots=True)
class Ruling:
    """Whether a newcomer gets a place, and who gives way for that."""

    is_let_in: bool
    gives_way: Holder | None = None


def newcomer(peer: str, proxies: Sequence[Network]) -> Newcomer | None:
    """Return whose connection comes from this address; None: nobody's whom we answer."""
    address = address_of(peer)
    if proxies:
        return Newcomer("", is_near=False) if is_within(address, proxies) else None
    return Newcomer(source_of(peer), is_near=address is not None and address.is_loopback)


def judge(who: Newcomer, holders: Sequence[Holder], room: Room) -> Ruling:
    """Judge a newcomer."""
    if who.source and not who.is_near:
        own = [holder for holder in holders if holder.who == who]
        if len(own) >= room.of_one:
            longest = _longest(own)
            return Ruling(longest is not None, longest)
    if len(holders) < room.places:
        return Ruling(is_let_in=True)
    longest = _longest(holder for holder in holders if who.is_near or not holder.who.is_near)
    if longest is not None:
        return Ruling(is_let_in=True, gives_way=longest)
    return Ruling(is_let_in=who.is_near and len(holders) < room.places + room.kept)


def _longest(holders: Iterable[Holder]) -> Holder | None:
    """Return who is to give way: who has shown least, then who comes from elsewhere, then who waits longest."""
    waiting = [(holder.has_begun, holder.who.is_near, holder.waits_since, holder) for holder in holders]
    able = [each for each in waiting if each[2] is not None]
    return min(able, key=lambda each: each[:3])[3] if able else None
