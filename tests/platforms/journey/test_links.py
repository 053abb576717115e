"""A journey goes to its own origin, and to no address that serves this machine alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platforms.addresses import is_forbidden
from platforms.errors import FaultKind, TransportFault
from platforms.http import URL
from platforms.journey.rules.links import target_of
from tests.support.journeys import ORIGIN

ELSEWHERE = {
    "another host": "https://evil.example.com/requests/1",
    "no scheme": "//evil.example.com/requests/1",
    "another scheme": "http://access.example.com/requests/1",
    "another port": "https://access.example.com:8443/requests/1",
    "a user before another host": "https://access.example.com@evil.example.com/",
    "a user at home": "https://anna@access.example.com/",
    "a longer host": "https://access.example.com.evil.example.com/",
    "a backslash": "https://access.example.com\\@evil.example.com/",
    "backslashes for slashes": "\\\\evil.example.com/x",
    "a file": "file:///etc/passwd",
    "a script": "javascript:alert(1)",
    "a line end": "/requests/1\r\nHost: evil",
    "a blank": "/requests /1",
    "a tab within": "https://access.exa\tmple.com/",
    "nothing": "",
    "a path that is a host again": "https://access.example.com//evil.example.com/",
    "the metadata service": "http://169.254.169.254/latest/meta-data/",
    "a bad port": "https://access.example.com:99999999/",
    "very long": "/" + "x" * 10_000,
    "an odd host": "https://[::1",
}


@pytest.mark.parametrize("link", ELSEWHERE.values(), ids=ELSEWHERE.keys())
def test_a_link_that_leads_elsewhere_is_refused(link: str) -> None:
    """Whatever it is dressed up as; and the message does not repeat it."""
    with pytest.raises(TransportFault) as caught:
        target_of(link, ORIGIN)
    assert caught.value.kind is FaultKind.REDIRECT
    assert "evil" not in str(caught.value)


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("/requests/1", "/requests/1"),
        ("requests/1?x=2", "/requests/1?x=2"),
        ("https://access.example.com/requests/1", "/requests/1"),
        ("https://ACCESS.example.com:443/requests/1#part", "/requests/1"),
        ("?page=2", "/?page=2"),
        ("/a/../b", "/b"),
    ],
)
def test_a_link_that_stays_is_its_path_and_query(link: str, target: str) -> None:
    """Nothing else of it is used."""
    assert target_of(link, ORIGIN) == target


@given(st.text(max_size=100))
def test_whatever_a_link_is_the_origin_stays_what_it_is(link: str) -> None:
    """Either it is refused, or the request goes home."""
    try:
        target = target_of(link, ORIGIN)
    except TransportFault as fault:
        assert fault.kind is FaultKind.REDIRECT  # noqa: PT017 - either is right
        return
    url = URL(ORIGIN + target)
    assert (url.scheme, url.host, url.port) == ("https", "access.example.com", None)
    assert target.startswith("/")
    assert not target.startswith("//")
    assert target.isprintable()


@pytest.mark.parametrize(
    "host",
    [
        *("169.254.169.254", "169.254.0.1", "169.254.255.255", "100.100.100.200", "fd00:ec2::254", "fe80::1"),
        *("febf::1", "fe80::1%eth0", "::ffff:169.254.169.254", "::ffff:a9fe:a9fe", "64:ff9b::a9fe:a9fe"),
        *("::169.254.169.254", "2002:a9fe:a9fe::1", "::ffff:100.100.100.200"),
        *("fd20:ce::254", "192.0.0.192", "168.63.129.16", "::ffff:168.63.129.16", "64:ff9b:1::a9fe:a9fe"),
        *("64:ff9b:1:a9fe:a9:fe00::", "64:ff9b:1:1:a9:fea9:fe00::", "64:ff9b:1:a9:fe:a9fe::"),
        *("2852039166", "0xa9fea9fe", "169.254.43518", "0251.0376.0251.0376", "169.254.169.254."),
    ],
)
def test_addresses_of_this_machine_alone_are_forbidden(host: str) -> None:
    """Also where IPv6 carries them."""
    assert is_forbidden(host)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "::1",
        "10.0.0.1",
        "192.0.2.1",
        "fd00::1",
        "100.100.100.201",
        "fec0::1",
        "access.example.com",
        "",
        "64:ff9b:1::1",
        "2130706433",
    ],
)
def test_other_addresses_are_not(host: str) -> None:
    """A platform may live on a private network, and on this machine in a demo; a name is judged once it is resolved."""
    assert not is_forbidden(host)
