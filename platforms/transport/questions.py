"""A DNS question and its answer, as bytes and as values. dnspython reads and writes them; nothing is sent here.

Rules:
- Each question has a random id. An answer is one only with that id, and to that question; anything else, and anything
  that can't be read, is none.
- Recursion is asked for, and EDNS with 1232 bytes, which fit into any path. Who wants to know whether an answer is
  authenticated says so (AD and DO).
- Records are those of the type that was asked for, at the end of the aliases that the answer holds.
- Two records are the same if their canonical forms are: names in one case, numbers in one spelling.
- An answer with more records than anybody needs is not read.
"""

import struct
from dataclasses import dataclass
from typing import Final

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from platforms.errors import FaultKind, TransportFault

_PAYLOAD: Final = 1232
_MOST_RECORDS: Final = 250  # reading them takes 20 ms
_HEADER: Final = struct.Struct(">6H")
_IN: Final = dns.rdataclass.IN


@dataclass(frozen=True, slots=True)
class Record:
    """One record's data: its canonical form, and as zone files have it."""

    key: bytes
    text: str


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. `rcode` by its name; `is_cut`: it was too long, and is to be asked for again over TCP."""

    rcode: str
    records: tuple[Record, ...] = ()
    is_authenticated: bool = False
    is_cut: bool = False


def record_of(kind: str, text: str) -> Record:
    """Return a record of this type from how zone files have it; names are absolute with and without a dot.

    Raises:
        ValueError: it is none.
    """
    try:
        data = dns.rdata.from_text(_IN, kind, text, origin=dns.name.root, relativize=False)
    except (dns.exception.DNSException, ValueError) as error:
        raise ValueError(kind) from error
    return _record(data)


class Question:
    """One question, once asked."""

    def __init__(self, name: str, kind: str, *, wants_authenticated: bool = False) -> None:
        flags = dns.flags.RD | (dns.flags.AD if wants_authenticated else 0)
        self._query = dns.message.make_query(
            name, kind, use_edns=0, payload=_PAYLOAD, want_dnssec=wants_authenticated, flags=flags
        )
        self.wire = self._query.to_wire()

    def read(self, data: bytes) -> Reply | None:
        """Return the answer; None if it is none.

        Raises:
            TransportFault: TOO_LARGE, ANSWER.
        """
        if len(data) < _HEADER.size or data[:2] != self.wire[:2]:
            return None
        if sum(_HEADER.unpack_from(data)[3:]) > _MOST_RECORDS:
            raise TransportFault(FaultKind.TOO_LARGE, f"the answer holds more than {_MOST_RECORDS} records")
        is_cut = False
        try:
            message = dns.message.from_wire(data, raise_on_truncation=True)
        except dns.message.Truncated as cut:
            message, is_cut = cut.kwargs["message"], True
        except (dns.exception.DNSException, ValueError, struct.error):
            return None
        if not self._query.is_response(message):
            return None
        return Reply(
            rcode=dns.rcode.to_text(message.rcode()),
            records=() if is_cut else self._records(message),
            is_authenticated=bool(message.flags & dns.flags.AD),
            is_cut=is_cut,
        )

    def _records(self, message: dns.message.Message) -> tuple[Record, ...]:
        if message.rcode() != dns.rcode.NOERROR or not isinstance(message, dns.message.QueryMessage):
            return ()
        try:
            found = message.resolve_chaining().answer
        except dns.message.ChainTooLong as error:
            raise TransportFault(FaultKind.ANSWER, "the aliases in the answer lead nowhere") from error
        except dns.exception.DNSException:
            return ()
        return tuple(_record(data) for data in found or ())


def _record(data: dns.rdata.Rdata) -> Record:
    return Record(data.to_digestable(dns.name.root), data.to_text())
