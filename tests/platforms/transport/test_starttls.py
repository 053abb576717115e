"""The words that lead to TLS, judged without a network."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platforms.errors import FaultKind, TransportFault
from platforms.transport.starttls import StartTls, turns_of
from platforms.transport.turns import Turn
from tests.servers.starttls import LDAP_NO, WORDS

PROTOCOLS = list(StartTls)


def _turns(protocol: str) -> tuple[Turn, ...]:
    return turns_of(StartTls(protocol), "127.0.0.1")


def _answers(protocol: str) -> list[bytes]:
    greeting, turns = WORDS[protocol]
    return [*([greeting] if greeting else []), *(answer for _, answer in turns)]


def _refusal(protocol: str, turn: int, said: bytes) -> str:
    with pytest.raises(TransportFault) as caught:
        _turns(protocol)[turn].reply(said)
    assert caught.value.kind is FaultKind.ANSWER
    return str(caught.value)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_says_what_the_protocol_wants(protocol: str) -> None:
    """What is sent is what the server of the protocol reads."""
    sent = [turn.send for turn in _turns(protocol) if turn.send]
    assert sent == [asked for asked, _ in WORDS[protocol][1]]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_an_answer_ends_where_it_ends(protocol: str) -> None:
    """No part of it is enough, and what follows it is left alone."""
    turns = _turns(protocol)
    for turn, answer in zip(turns, _answers(protocol), strict=True):
        assert all(turn.reply(answer[:size]) is None for size in range(1, len(answer)))
        assert turn.reply(answer + b"250 more\r\n") == len(answer)


@pytest.mark.parametrize(
    ("protocol", "turn", "said", "words"),
    [
        ("smtp", 0, b"554 no\r\n", "the greeting is 554, expected 220"),
        ("smtp", 0, b"SSH-2.0-x\r\n", "what the server says is not SMTP"),
        ("smtp", 0, b"\r\n", "what the server says is not SMTP"),
        ("smtp", 1, b"250-mail\r\n250 SIZE\r\n", "the server does not offer STARTTLS"),
        ("smtp", 1, b"250 STARTTLS\r\n", "the server does not offer STARTTLS"),
        ("smtp", 1, b"250-x\r\n250-XSTARTTLS\r\n250 STARTTLSX\r\n", "the server does not offer STARTTLS"),
        ("smtp", 1, b"502 what?\r\n", "the answer to EHLO is 502, expected 250"),
        ("smtp", 2, b"454 later\r\n", "the answer to STARTTLS is 454, expected 220"),
        ("imap", 0, b"* PREAUTH hello\r\n", "the server greets as if we were signed in already"),
        ("imap", 0, b"* BYE\r\n", "the server greets with a goodbye"),
        ("imap", 0, b"+OK\r\n", "what the server says is not IMAP"),
        ("imap", 1, b"A1 NO\r\n", "the server refuses STARTTLS"),
        ("imap", 1, b"A1 BAD\r\n", "the server refuses STARTTLS"),
        ("imap", 1, b"* BYE\r\n", "the server answers STARTTLS with a goodbye"),
        ("imap", 1, b"A2 OK\r\n", "what the server says is not IMAP"),
        ("pop3", 0, b"-ERR\r\n", "the greeting is an error"),
        ("pop3", 1, b"-ERR\r\n", "the answer to STLS is an error"),
        ("pop3", 1, b"220 x\r\n", "what the server says is not POP3"),
        ("ftp", 0, b"421 busy\r\n", "the greeting is 421, expected 220"),
        ("ftp", 1, b"530 no\r\n", "the answer to AUTH TLS is 530, expected 234"),
        ("ldap", 0, LDAP_NO, "the server refuses STARTTLS: result code 52"),
        ("ldap", 0, b"\x30\x0c\x02\x01\x00\x78\x07\x0a\x01\x34\x04\x00\x04\x00", "with a goodbye: result code 52"),
        ("ldap", 0, b"\x30\x80\x02\x01", "what the server says is not LDAP"),
        ("ldap", 0, b"\x30\x84\x7f\xff\xff\xff", "what the server says is not LDAP"),
        ("ldap", 0, b"HTTP/1.1 400 Bad Request\r\n" + bytes(100), "what the server says is not LDAP"),
        ("postgres", 0, b"N", "the server does not offer TLS"),
        ("postgres", 0, b"H", "what the server says is not PostgreSQL"),
        ("postgres", 0, b"EFATAL:  unsupported\n\0", "the server answers with an error"),
        (
            "postgres",
            0,
            b"E\0\0\0\x18SFATAL\0C53300\0Mno\0\0\0\0",
            "the server answers with an error, SQLSTATE 53300",
        ),
        ("postgres", 0, b"E\0\0\0\x0cCsecret\0\0", "the server answers with an error"),
    ],
)
def test_anything_else_is_an_answer_that_was_not_wanted(protocol: str, turn: int, said: bytes, words: str) -> None:
    """It is told apart, and of what the server said only codes are repeated."""
    assert words in _refusal(protocol, turn, said)


@pytest.mark.parametrize(
    ("protocol", "turn", "said"), [("smtp", 0, b"220-\n"), ("ftp", 1, b"234-\n"), ("imap", 1, b"* \n")]
)
def test_an_answer_without_end_is_not_read(protocol: str, turn: int, said: bytes) -> None:
    """Many short lines would be looked through again and again."""
    reply = _turns(protocol)[turn].reply
    assert reply(said * 200) is None
    with pytest.raises(TransportFault, match=r"^more than 200 lines came in one answer$") as caught:
        reply(said * 201)
    assert caught.value.kind is FaultKind.TOO_LARGE


def test_our_address_is_written_as_smtp_wants_it() -> None:
    """IPv6 has its own form, and a zone is nobody's business."""
    assert turns_of(StartTls.SMTP, "::1")[1].send == b"EHLO [IPv6:::1]\r\n"
    assert turns_of(StartTls.SMTP, "fe80::1%eth0")[1].send == b"EHLO [IPv6:fe80::1]\r\n"


@pytest.mark.parametrize("protocol", PROTOCOLS)
@given(
    said=st.one_of(st.binary(max_size=200), st.text(alphabet="120-5 *+OKERA\r\nSTLNE\x00\x30\x02\x78").map(str.encode))
)
def test_whatever_is_said_is_judged(protocol: str, said: bytes) -> None:
    """Nothing comes out but a yes, more to come, or a fault of ours."""
    for turn in _turns(protocol):
        end: int | None = None
        with suppress(TransportFault):
            end = turn.reply(said)
        assert end is None or 0 < end <= len(said)
