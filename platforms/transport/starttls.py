"""How a protocol that begins in clear goes over to TLS: who says what, and what counts as a yes.

Rules:
- One yes is a yes: the code or word that the protocol's standard names. Anything else is a refusal, which is an answer
  and not a failure of the network.
- SMTP must offer STARTTLS before it is asked for (RFC 3207). An IMAP server that greets as authenticated can't start
  TLS any more (RFC 9051, 6.2.1): somebody in between would like that.
- Nothing that a server says in clear is repeated but codes: in clear anybody may have said it.
- That nothing more may be said in clear after the yes is for the caller to see to: what an attacker puts there would
  be read as if it had come encrypted (CVE-2011-0411, CVE-2021-23222).

SMTP RFC 5321 and 3207 · IMAP RFC 9051 · POP3 RFC 2595 · FTP RFC 4217 · LDAP RFC 4511, 4.14 · PostgreSQL's SSLRequest.
"""

import ipaddress
import re
import struct
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Final, NoReturn

from platforms.errors import FaultKind, TransportFault
from platforms.transport.turns import Reply, Turn


class StartTls(StrEnum):
    """The protocols that are known."""

    SMTP = "smtp"
    IMAP = "imap"
    POP3 = "pop3"
    FTP = "ftp"
    POSTGRES = "postgres"
    LDAP = "ldap"


_GREETING: Final = "the greeting"
_ASKED: Final = "the answer to STARTTLS"
_CODE: Final = re.compile(rb"([1-5][0-9]{2})(?:[ -].*)?", re.DOTALL)
_MOST_LINES: Final = 200
_TAG: Final = b"A1 "
_SQLSTATE: Final = re.compile(rb"[0-9A-Z]{5}")
_SSL_REQUEST: Final = struct.pack(">II", 8, 80877103)
_LDAP_OID: Final = b"1.3.6.1.4.1.1466.20037"
_LDAP_REQUEST: Final = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x16" + _LDAP_OID
_LDAP_LONGEST: Final = 4  # bytes of a length
_LONG_FORM: Final = 0x80


def turns_of(protocol: StartTls, local_host: str) -> tuple[Turn, ...]:
    """Return the turns that lead to TLS; `local_host` is our own address, for protocols that want to be told."""
    return _TURNS[protocol](local_host)


def _smtp(local_host: str) -> tuple[Turn, ...]:
    hello = f"EHLO {_literal(local_host)}\r\n".encode("ascii")
    return (
        Turn(_GREETING, _coded("SMTP", _GREETING, b"220")),
        Turn("the answer to EHLO", _offering, hello),
        Turn(_ASKED, _coded("SMTP", _ASKED, b"220"), b"STARTTLS\r\n"),
    )


def _ftp(_local_host: str) -> tuple[Turn, ...]:
    asked = "the answer to AUTH TLS"
    return (
        Turn(_GREETING, _coded("FTP", _GREETING, b"220")),
        Turn(asked, _coded("FTP", asked, b"234"), b"AUTH TLS\r\n"),
    )


def _imap(_local_host: str) -> tuple[Turn, ...]:
    return (Turn(_GREETING, _imap_greeting), Turn(_ASKED, _imap_answer, _TAG + b"STARTTLS\r\n"))


def _pop3(_local_host: str) -> tuple[Turn, ...]:
    asked = "the answer to STLS"
    return (Turn(_GREETING, _pop3_reply(_GREETING)), Turn(asked, _pop3_reply(asked), b"STLS\r\n"))


def _ldap(_local_host: str) -> tuple[Turn, ...]:
    return (Turn(_ASKED, _ldap_reply, _LDAP_REQUEST),)


def _postgres(_local_host: str) -> tuple[Turn, ...]:
    error = "the server answers with an error"
    return (Turn("the answer to SSLRequest", _postgres_reply, _SSL_REQUEST, error),)


_TURNS: Final[dict[StartTls, Callable[[str], tuple[Turn, ...]]]] = {
    StartTls.SMTP: _smtp,
    StartTls.IMAP: _imap,
    StartTls.POP3: _pop3,
    StartTls.FTP: _ftp,
    StartTls.POSTGRES: _postgres,
    StartTls.LDAP: _ldap,
}


def _literal(host: str) -> str:
    """Return our address as RFC 5321 (4.1.3) wants it: our name may not be known out there."""
    address = ipaddress.ip_address(host.partition("%")[0])
    return f"[IPv6:{address}]" if address.version == 6 else f"[{address}]"  # noqa: PLR2004 - IPv6


def _wrong(words: str) -> NoReturn:
    raise TransportFault(FaultKind.ANSWER, words)


def _lines(said: bytes) -> Iterable[tuple[bytes, int]]:
    """Yield the whole lines, without their ends, and where each one's end is."""
    start = count = 0
    while (end := said.find(b"\n", start)) >= 0:
        count += 1
        if count > _MOST_LINES:
            raise TransportFault(FaultKind.TOO_LARGE, f"more than {_MOST_LINES} lines came in one answer")
        yield said[start:end].removesuffix(b"\r"), end + 1
        start = end + 1


def _coded_reply(said: bytes, protocol: str) -> tuple[bytes, list[bytes], int] | None:
    """Return code, lines and end of a reply that may have several lines (RFC 959, 4.2; RFC 5321, 4.2.1)."""
    lines: list[bytes] = []
    code = b""
    for line, end in _lines(said):
        lines.append(line)
        code = code or (_CODE.fullmatch(line) or _wrong(f"what the server says is not {protocol}"))[1]
        if line[:3] == code and line[3:4] != b"-":
            return code, lines, end
    return None


def _coded(protocol: str, what: str, wanted: bytes) -> Reply:
    def reply(said: bytes) -> int | None:
        found = _coded_reply(said, protocol)
        if found is None:
            return None
        code, _, end = found
        if code != wanted:
            _wrong(f"{what} is {code.decode()}, expected {wanted.decode()}")
        return end

    return reply


def _offering(said: bytes) -> int | None:
    end = _coded("SMTP", "the answer to EHLO", b"250")(said)
    if end is None:
        return None
    offers = (line[4:].split() for line, _ in _lines(said[:end]))
    if not any(offer and offer[0].upper() == b"STARTTLS" for offer in list(offers)[1:]):
        _wrong("the server does not offer STARTTLS")
    return end


def _imap_greeting(said: bytes) -> int | None:
    for line, end in _lines(said):
        word = line.upper()
        if word.startswith(b"* PREAUTH"):
            _wrong("the server greets as if we were signed in already, where TLS can't start any more")
        if word.startswith(b"* BYE"):
            _wrong("the server greets with a goodbye")
        if not word.startswith(b"* OK"):
            _wrong("what the server says is not IMAP")
        return end
    return None


def _imap_answer(said: bytes) -> int | None:
    for line, end in _lines(said):
        word = line.upper()
        if word.startswith(_TAG + b"OK"):
            return end
        if word.startswith(_TAG):
            _wrong("the server refuses STARTTLS")
        if word.startswith(b"* BYE"):
            _wrong("the server answers STARTTLS with a goodbye")
        if not word.startswith(b"* "):
            _wrong("what the server says is not IMAP")
    return None


def _pop3_reply(what: str) -> Reply:
    def reply(said: bytes) -> int | None:
        for line, end in _lines(said):
            if line.startswith(b"-ERR"):
                _wrong(f"{what} is an error")
            if not line.startswith(b"+OK"):
                _wrong("what the server says is not POP3")
            return end
        return None

    return reply


def _postgres_reply(said: bytes) -> int | None:
    kind = said[:1]
    if kind == b"S":
        return 1
    if kind == b"N":
        _wrong("the server does not offer TLS")
    if kind != b"E":
        _wrong("what the server says is not PostgreSQL")
    if len(said) < 5:  # noqa: PLR2004 - the letter and a length
        return None
    (size,) = struct.unpack(">I", said[1:5])
    if size > 8192:  # noqa: PLR2004 - an error this long is none; servers before 7.4 sent bare text
        _wrong("the server answers with an error")
    if len(said) <= size:
        return None
    fields = said[5 : size + 1].split(b"\0")
    state = next((field[1:] for field in fields if field[:1] == b"C" and _SQLSTATE.fullmatch(field[1:])), None)
    _wrong(f"the server answers with an error{f', SQLSTATE {state.decode()}' if state else ''}")


def _ldap_reply(said: bytes) -> int | None:
    message = _element(said, 0)
    if message is None:
        return None
    tag, start, end = message
    number, answer = _element(said[:end], start), None
    if tag == 0x30 and number is not None:  # noqa: PLR2004 - SEQUENCE
        answer = _element(said[:end], number[2])
    result = _element(said[: answer[2]], answer[1]) if answer is not None else None
    if number is None or answer is None or result is None or (number[0], answer[0], result[0]) != (2, 0x78, 0x0A):
        _wrong("what the server says is not LDAP")
    code = int.from_bytes(said[result[1] : result[2]], "big")
    if said[number[1] : number[2]] != b"\x01":
        _wrong(f"the server answers STARTTLS with a goodbye: result code {code}")
    if code != 0:
        _wrong(f"the server refuses STARTTLS: result code {code}")
    return end


def _element(said: bytes, at: int) -> tuple[int, int, int] | None:
    """Return tag, start and end of the BER element at a place; None if not all of it is there."""
    if len(said) < at + 2:
        return None
    tag, size, start = said[at], said[at + 1], at + 2
    if size & _LONG_FORM:
        count = size & ~_LONG_FORM
        if not 0 < count <= _LDAP_LONGEST:
            _wrong("what the server says is not LDAP")
        start += count
        if len(said) < start:
            return None
        size = int.from_bytes(said[at + 2 : start], "big")
    if tag == 0x30 and size > 8192:  # noqa: PLR2004 - as above: no answer to this is as long
        _wrong("what the server says is not LDAP")
    return (tag, start, start + size) if len(said) >= start + size else None
