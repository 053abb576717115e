"""One line in the system's log, which nothing in it can break, and which never holds anybody up."""

import socket
from pathlib import Path
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasswatch import authlog


def test_an_attempt_is_one_line() -> None:
    """What is None or empty is left out; what holds more than plain characters is quoted."""
    values = {"id": "r-1", "person": None, "target": "db 1", "note": "", "ver": 0, "code": 'a"b'}
    assert authlog.line(values) == 'id=r-1 target="db 1" ver=0 code="a\\u0022b"'


@given(st.text(), st.text())
def test_nothing_in_a_value_starts_another_line_or_key(person: str, target: str) -> None:
    """Read as quoted words, there are exactly the keys that were given."""
    line = authlog.line({"person": person, "target": target})
    assert line.isprintable()
    outside, inside = "", False
    for character in line:
        inside ^= character == '"'
        outside += "" if inside else character
    assert not inside
    assert outside.count("=") == (person != "") + (target != "")


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_it_is_written_as_authpriv(kind: socket.SocketKind, tmp_path: Path) -> None:
    """Notice, or warning where it is loud; to either kind of socket that syslogs have."""
    place = tmp_path / "log"
    with socket.socket(socket.AF_UNIX, kind) as listening:
        listening.bind(str(place))
        if kind is socket.SOCK_STREAM:
            listening.listen()
        authlog.write({"id": "r-1"}, at=place)
        authlog.write({"id": "r-2"}, is_loud=True, at=place)
        links = [listening, listening] if kind is socket.SOCK_DGRAM else [listening.accept()[0] for _ in range(2)]
        first, second = (link.recv(4096).decode() for link in links)
        for link in links:
            link.close()
    assert first.startswith("<85>glasswatch[")
    assert second.startswith("<84>glasswatch[")
    assert "break-glass attempt id=r-1" in first


def test_nobody_listening_is_said(tmp_path: Path) -> None:
    """Unlike the C library's call."""
    with pytest.raises(FileNotFoundError):
        authlog.write({"id": "r-1"}, at=tmp_path / "log")


def test_a_stuck_log_holds_nobody_up(tmp_path: Path) -> None:
    """A socket whose reader sleeps fills; from then on each attempt costs the wait and no more."""
    place = tmp_path / "log"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(place))
        begun = perf_counter()
        with pytest.raises(TimeoutError):
            _fill(place)
        assert perf_counter() - begun < 20


def _fill(place: Path) -> None:
    for _ in range(10_000):
        authlog.write({"id": "r-1", "note": "x" * 1000}, at=place)


def test_a_line_is_bounded(tmp_path: Path) -> None:
    """However much somebody has to say."""
    place = tmp_path / "log"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(place))
        authlog.write({"id": "r-1", "note": "x" * 100_000}, at=place)
        assert len(listening.recv(200_000)) == authlog.MAX_BYTES
