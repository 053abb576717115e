"""Where a resolver is, as it may be written."""

import pytest

from monitor.settings.dns import place_of
from platforms.transport.reach import Place


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("192.0.2.53", Place("192.0.2.53", 53)),
        ("192.0.2.53:5353", Place("192.0.2.53", 5353)),
        ("ns1.example.com", Place("ns1.example.com", 53)),
        ("ns1.example.com:65535", Place("ns1.example.com", 65535)),
        ("2001:db8::53", Place("2001:db8::53", 53)),
        ("[2001:db8::53]", Place("2001:db8::53", 53)),
        ("[2001:db8::53]:5353", Place("2001:db8::53", 5353)),
    ],
)
def test_host_and_port(written: str, place: Place) -> None:
    """An IPv6 address needs brackets only for its port."""
    assert place_of(written) == place


@pytest.mark.parametrize(
    "written",
    [
        *("", ":53", "a:", "a:b", "a:0", "a:65536", "a:-1", "a:1e3", "a:530000000", "a b"),
        *("[2001:db8::53", "[2001:db8::53]53", "[2001:db8::53]:", "[192.0.2.53]", "2001:db8::53%eth0", "a:²"),
    ],
)
def test_what_is_no_resolver(written: str) -> None:
    """It is refused."""
    assert place_of(written) is None
