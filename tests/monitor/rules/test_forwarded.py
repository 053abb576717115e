"""Where a request comes from: believed of declared proxies only, and of them only as far as they can know."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.rules.forwarded import MOST_ENTRIES, address_of, client, is_within

PROXIES = (ip_network("10.0.0.0/24"), ip_network("fd00::/64"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("10.0.0.1", ["192.0.2.7"], "192.0.2.7"),
        ("10.0.0.1", ["127.0.0.1, 192.0.2.7"], "192.0.2.7"),
        ("10.0.0.1", ["127.0.0.1", "192.0.2.7"], "192.0.2.7"),
        ("10.0.0.1", ["192.0.2.7, 10.0.0.9"], "192.0.2.7"),
        ("10.0.0.1", ["10.0.0.8, 10.0.0.9"], "10.0.0.8"),
        ("10.0.0.1", ["192.0.2.7:4711"], "192.0.2.7"),
        ("fd00::1", ["[2001:db8::7]:4711"], "2001:db8::7"),
        ("fd00::1", ["2001:db8::7"], "2001:db8::7"),
        ("::ffff:10.0.0.1", ["::ffff:192.0.2.7"], "192.0.2.7"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("10.0.0.1", ["unknown"], "10.0.0.1"),
        ("10.0.0.1", ["192.0.2.7, <script>"], "10.0.0.1"),
        ("10.0.0.1", ["192.0.2.7, _hidden, 10.0.0.9"], "10.0.0.9"),
        ("192.0.2.1", ["127.0.0.1"], "192.0.2.1"),
        ("127.0.0.1", ["192.0.2.7"], "127.0.0.1"),
    ],
)
def test_the_client_is_the_last_that_is_no_proxy(peer: str, forwarded: list[str], found: str) -> None:
    """What stands before it anybody can have written; what is no address ends the search."""
    assert client(peer, forwarded, PROXIES) == found


def test_without_proxies_nothing_is_believed() -> None:
    """The connection's own address is all there is."""
    assert client("192.0.2.1", ["127.0.0.1"], ()) == "192.0.2.1"


@given(st.lists(st.text(max_size=60), max_size=4))
def test_whatever_is_sent_an_address_comes_out(forwarded: list[str]) -> None:
    """Never a word of the client's own."""
    assert address_of(client("10.0.0.1", forwarded, PROXIES)) is not None


def test_an_endless_list_is_read_from_its_end_only() -> None:
    """Its beginning is nobody's that we know."""
    endless = ["192.0.2.7", *["10.0.0.9"] * MOST_ENTRIES]
    assert client("10.0.0.1", endless, PROXIES) == "10.0.0.9"


def test_networks_hold_addresses_of_their_own_kind() -> None:
    """An IPv4 address is in no IPv6 network, and what is no address is nowhere."""
    assert is_within(address_of("fd00::5"), PROXIES)
    assert not is_within(address_of("10.0.1.1"), PROXIES)
    assert not is_within(address_of("x"), PROXIES)
