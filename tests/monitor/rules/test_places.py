"""Who gets a place, and who gives way: nobody from elsewhere keeps this machine out, nor one address all others."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.rules.places import Holder, Newcomer, Room, Ruling, judge, newcomer

ROOM = Room(places=6, of_one=2, kept=2)
HERE = Newcomer("127.0.0.1", is_near=True)
THERE = Newcomer("192.0.2.1", is_near=False)


def others(count: int, since: float | None = None) -> list[Holder]:
    """Return connections of so many other addresses, by default all being answered."""
    return [Holder(number, Newcomer(f"198.51.100.{number}", is_near=False), since) for number in range(count)]


def test_whoever_comes_while_there_is_room_gets_in() -> None:
    """And nobody gives way."""
    assert judge(THERE, others(5, since=1.0), ROOM) == Ruling(is_let_in=True)


def test_the_one_that_waits_longest_gives_way() -> None:
    """Of those of whose request nothing has come; else of those whose request has not come whole."""
    begun = Holder(7, Newcomer("203.0.113.1", is_near=False), 1.0, has_begun=True)
    idle = [
        Holder(8, Newcomer("203.0.113.2", is_near=False), 3.0),
        Holder(9, Newcomer("203.0.113.3", is_near=False), 2.0),
    ]
    assert judge(THERE, [*others(3), begun, *idle], ROOM) == Ruling(is_let_in=True, gives_way=idle[1])
    assert judge(THERE, [*others(5), begun], ROOM) == Ruling(is_let_in=True, gives_way=begun)


def test_who_is_being_answered_never_gives_way() -> None:
    """Then a newcomer from elsewhere is turned away, and one from here is not, as long as what is kept for it lasts."""
    assert judge(THERE, others(6), ROOM) == Ruling(is_let_in=False)
    assert judge(HERE, others(6), ROOM) == Ruling(is_let_in=True)
    assert judge(HERE, [*others(6), Holder(6, HERE, None)], ROOM) == Ruling(is_let_in=True)
    assert judge(HERE, [*others(6), Holder(6, HERE, None), Holder(7, HERE, None)], ROOM) == Ruling(is_let_in=False)


def test_one_address_has_its_share() -> None:
    """Past it one of its own gives way, whoever else waits longer; if none can, it is turned away."""
    own = Holder(7, THERE, 5.0)
    assert judge(THERE, [*others(1, since=1.0), Holder(6, THERE, None), own], ROOM) == Ruling(
        is_let_in=True, gives_way=own
    )
    assert judge(THERE, [Holder(6, THERE, None), Holder(7, THERE, None)], ROOM) == Ruling(is_let_in=False)


def test_this_machine_gives_way_to_itself_alone() -> None:
    """And has no share: what runs here may come as often as it likes."""
    here = [Holder(number, HERE, 1.0 + number) for number in range(6)]
    assert judge(THERE, here, ROOM) == Ruling(is_let_in=False)
    assert judge(HERE, here, ROOM) == Ruling(is_let_in=True, gives_way=here[0])
    there = Holder(9, THERE, 99.0)
    assert judge(HERE, [*here[:5], there], ROOM) == Ruling(is_let_in=True, gives_way=there)


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        ("127.0.0.1", Newcomer("127.0.0.1", is_near=True)),
        ("::1", Newcomer("::/64", is_near=True)),
        ("::ffff:127.0.0.1", Newcomer("127.0.0.1", is_near=True)),
        ("2001:db8::1", Newcomer("2001:db8::/64", is_near=False)),
        ("192.0.2.1", Newcomer("192.0.2.1", is_near=False)),
    ],
)
def test_whose_a_connection_is(peer: str, expected: Newcomer) -> None:
    """Its own address; one network of IPv6 is one."""
    assert newcomer(peer, ()) == expected


def test_a_proxy_stands_for_many() -> None:
    """It has no share, and is nobody's near one; who is no proxy is nobody's."""
    proxies = (ip_network("127.0.0.0/8"),)
    proxy = Newcomer("", is_near=False)
    assert newcomer("127.0.0.1", proxies) == proxy
    assert newcomer("192.0.2.1", proxies) is None
    assert judge(proxy, [Holder(number, proxy, None) for number in range(5)], ROOM) == Ruling(is_let_in=True)


_WHO = st.sampled_from([HERE, *(Newcomer(f"192.0.2.{number}", is_near=False) for number in range(5))])
_EVENTS = st.lists(st.tuples(_WHO, st.sampled_from(["comes", "is answered", "sends a byte"])), max_size=120)


@given(_EVENTS)
def test_whatever_comes_bounds_hold_and_this_machine_gets_in(events: list[tuple[Newcomer, str]]) -> None:
    """Never more than there are; from elsewhere never more than `places`, of one address never more than its share."""
    held: dict[int, Holder] = {}
    for number, (who, event) in enumerate(events):
        ruling = judge(who, list(held.values()), ROOM)
        near = [holder for holder in held.values() if holder.who.is_near]
        can_move = any(holder.waits_since is not None for holder in held.values())
        if who.is_near:
            assert ruling.is_let_in or (len(near) >= ROOM.kept and not can_move)
        if ruling.gives_way is not None:
            gone = held.pop(ruling.gives_way.number)
            assert gone.waits_since is not None
            assert who.is_near or not gone.who.is_near
        if ruling.is_let_in:
            held[number] = Holder(
                number, who, None if event == "is answered" else float(number), event == "sends a byte"
            )
        far = [holder.who for holder in held.values() if not holder.who.is_near]
        assert len(held) <= ROOM.places + ROOM.kept
        assert len(far) <= ROOM.places
        assert all(far.count(each) <= ROOM.of_one for each in far)
