"""DNS questions and answers as bytes."""

import struct
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platforms.errors import FaultKind, TransportFault
from platforms.transport.questions import Question, record_of
from tests.servers.dns_script import answer


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("AAAA", "2001:db8::7", "2001:DB8:0:0::0007"),
        ("MX", "10 mail.example", "10 MAIL.example."),
        ("TXT", "a", '"a"'),
        ("CNAME", "www.example.", "www.example"),
        ("SRV", "0 5 636 ldap.example", "0 5 636 LDAP.example."),
        ("CAA", '0 issue "ca.example"', "0 issue ca.example"),
    ],
)
def test_records_are_the_same_however_they_are_written(kind: str, one: str, other: str) -> None:
    """By their canonical form."""
    assert record_of(kind, one).key == record_of(kind, other).key
    assert record_of(kind, record_of(kind, one).text).key == record_of(kind, one).key


@pytest.mark.parametrize(
    ("kind", "text"), [("A", "2001:db8::7"), ("A", ""), ("MX", "mail.example"), ("SOA", "a b"), ("A", "\udcff")]
)
def test_what_is_no_record(kind: str, text: str) -> None:
    """One error for all."""
    with pytest.raises(ValueError, match=f"^{kind}$"):
        record_of(kind, text)


@given(cuts=st.lists(st.tuples(st.integers(2, 60), st.integers(0, 255)), max_size=8), end=st.integers(0, 70))
def test_damaged_answers_are_none_or_answers(cuts: list[tuple[int, int]], end: int) -> None:
    """Whatever is in it, reading it ends in an answer, in none, or in a fault of ours."""
    question = Question("portal.example", "A")
    data = bytearray(answer(question.wire, "portal.example. 60 IN A 192.0.2.7", "portal.example. 60 IN CNAME a."))
    for at, byte in cuts:
        data[at % len(data)] = byte
    try:
        reply = question.read(bytes(data[: max(end, 2)]))
    except TransportFault as fault:
        assert fault.kind in (FaultKind.TOO_LARGE, FaultKind.ANSWER)  # noqa: PT017 - whatever comes out is looked at
    else:
        assert reply is None or reply.rcode


def _said(question: Question, records: Sequence[bytes]) -> bytes:
    """Return an answer with these records, whatever they are."""
    asked = len(question.wire) - 11  # EDNS at its end
    return (
        question.wire[:2]
        + struct.pack(">5H", 0x8180, 1, len(records), 0, 0)
        + question.wire[12:asked]
        + b"".join(records)
    )


def _mx(owner: bytes, name: bytes) -> bytes:
    return owner + struct.pack(">HHIHH", 15, 1, 60, 2 + len(name), 10) + name


def _txt(said: bytes) -> bytes:
    return b"\xc0\x0c" + struct.pack(">HHIH", 16, 1, 60, len(said)) + said


LONG = b"\x01a" * 126 + b"\0"


def test_names_that_take_long_to_read_are_not() -> None:
    """Many leaps to one long name: the answer is small, the work was not."""
    question = Question("portal.example", "MX")
    first = _mx(b"\xc0\x0c", LONG)
    place = len(_said(question, ())) + len(first) - len(LONG)
    leap = struct.pack(">H", 0xC000 | place)
    for owner in (leap, b"\xc0\x0c"):
        with pytest.raises(TransportFault) as caught:
            question.read(_said(question, [first, *(_mx(owner, leap) for _ in range(200))]))
        assert (caught.value.kind, str(caught.value)) == (
            FaultKind.TOO_LARGE,
            "the names or strings in the answer are too long",
        )


@pytest.mark.parametrize("said", [b"\0" * 60_000, b"\x01a" * 30_000, (b"\xff" + b"a" * 255) * 250])
def test_strings_that_take_long_to_read_are_not(said: bytes) -> None:
    """However they are cut up."""
    question = Question("portal.example", "TXT")
    with pytest.raises(TransportFault) as caught:
        question.read(_said(question, [_txt(said)]))
    assert caught.value.kind is FaultKind.TOO_LARGE


def test_as_many_records_as_are_read() -> None:
    """Names of some length are no trouble, nor is a long text."""
    question = Question("portal.example.com", "MX")
    names = [b"\x02" + f"{number:02x}".encode() + b"\xc0\x0c" for number in range(250)]
    reply = question.read(_said(question, [_mx(b"\xc0\x0c", name) for name in names]))
    assert reply is not None
    assert len(reply.records) == len({record.key for record in reply.records}) >= 249
    question = Question("portal.example", "TXT")
    reply = question.read(_said(question, [_txt((b"\xff" + b"a" * 255) * 150)]))
    assert reply is not None
    assert len(reply.records) == 1


def test_what_answers_another_question_is_not_read() -> None:
    """Not even how many records it holds."""
    question = Question("portal.example", "A")
    said = _said(question, ())
    many = said[:6] + b"\xff" * 6 + said[12:]
    assert question.read(many.replace(b"portal", b"attack")) is None
    with pytest.raises(TransportFault):
        question.read(many)


def test_something_that_seems_an_answer_is_read_a_few_times() -> None:
    """A server that goes on sending damaged ones is given up."""
    question = Question("portal.example", "A")
    damaged = _said(question, ()) + b"junk"
    assert [question.read(damaged) for _ in range(3)] == [None] * 3
    with pytest.raises(TransportFault) as caught:
        question.read(damaged)
    assert (caught.value.kind, str(caught.value)) == (FaultKind.PROTOCOL, "what came is no answer to the question")
