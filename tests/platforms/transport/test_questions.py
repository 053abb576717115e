"""DNS questions and answers as bytes."""

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
