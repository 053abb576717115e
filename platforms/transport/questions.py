"""A DNS question and its answer, as bytes and as values. dnspython reads and writes them; nothing is sent here.

Rules:
- Each question has a random id. An answer is one only with that id, and to that question: both are looked at first, as
  bytes. Anything else, and anything that can't be read, is none.
- Whoever is asked is a stranger, and reading an answer must hold nothing up. Only what is wanted is read: the answer's
  own records, of the type that was asked for, and the aliases that may lead to them. Bytes and leaps of all names
  together are bounded, and so is how often something that seems an answer may turn out none.
- Recursion is asked for, and EDNS with 1232 bytes, which fit into any path. Who wants to know whether an answer is
  authenticated says so (AD and DO).
- Records are those of the type that was asked for, at the end of the aliases that the answer holds.
- Two records are the same if their canonical forms are: names in one case, numbers in one spelling.
- An answer with more records, or longer names in all, than anybody needs is not read.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.wire
from dns.rdtypes.ANY.CNAME import CNAME

from platforms.errors import FaultKind, TransportFault

_PAYLOAD: Final = 1232
_MOST_RECORDS: Final = 250
# Labels and leaps of all names that are read, and strings, a long one for several; each costs up to 10 us, so that no
# answer takes more than 20 ms. 250 records that point to names of a few labels need as many.
_MOST_STEPS: Final = 1_800
_A_STEP: Final = 32  # bytes of a string
_MOST_ALIASES: Final = 16
_MOST_SPOILT: Final = 3
_HEADER: Final = struct.Struct(">6H")
_IN: Final = dns.rdataclass.IN
_LEAP: Final = 0xC0
_NAMED: Final = 0x87B0  # what of a header's second word are flags
_QUESTIONS: Final = bytes((_LEAP, _HEADER.size))  # as nearly all servers write the name that was asked for
# Failures with which servers may leave the question out.
_MAY_FORGET: Final = frozenset({dns.rcode.FORMERR, dns.rcode.SERVFAIL, dns.rcode.NOTIMP, dns.rcode.REFUSED})


@dataclass(frozen=True, slots=True)
class Record:
    """One record's data: its canonical form, and as zone files have it."""

    key: bytes
    text: str


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. `rcode` by its name; `is_cut`: it was too long, and is to be asked for again over TCP.

    `flags`: as they are usually written, in capitals.
    """

    rcode: str
    records: tuple[Record, ...] = ()
    is_authenticated: bool = False
    is_cut: bool = False
    flags: str = ""


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
    """One question, once asked. `wire`: as it is sent; `text`: as people read it."""

    def __init__(self, name: str, kind: str, *, wants_authenticated: bool = False) -> None:
        flags = dns.flags.RD | (dns.flags.AD if wants_authenticated else 0)
        query = dns.message.make_query(
            name, kind, use_edns=0, payload=_PAYLOAD, want_dnssec=wants_authenticated, flags=flags
        )
        self.wire = query.to_wire()
        asked = query.question[0]
        self._name, self._kind = asked.name, asked.rdtype
        self.text = f"{asked.to_text()}\nflags {_flags(flags)}{', DNSSEC wanted (DO)' if wants_authenticated else ''}"
        self._asked = self._name.to_digestable() + struct.pack(">2H", self._kind, _IN)
        self._spoilt = 0

    def read(self, data: bytes) -> Reply | None:
        """Return the answer; None if it is none.

        Raises:
            TransportFault: TOO_LARGE, ANSWER, PROTOCOL: too much came that seemed an answer.
        """
        if len(data) < _HEADER.size or data[:2] != self.wire[:2]:
            return None
        _, flags, questions, *counts = _HEADER.unpack_from(data)
        if not self._is_answered_by(data, flags, questions):
            return None
        if sum(counts) > _MOST_RECORDS:
            raise TransportFault(FaultKind.TOO_LARGE, f"the answer holds more than {_MOST_RECORDS} records")
        if flags & dns.flags.TC:
            return Reply(dns.rcode.to_text(dns.rcode.Rcode(flags & 0xF)), is_cut=True, flags=_flags(flags))
        parser = _Bounded(data)
        try:
            parser.seek(_HEADER.size + (len(self._asked) if questions else 0))
            return self._reply(parser, flags, counts)
        except _TooLong as error:
            raise TransportFault(FaultKind.TOO_LARGE, "the names or strings in the answer are too long") from error
        except (dns.exception.DNSException, ValueError, struct.error) as error:
            self._spoilt += 1
            if self._spoilt > _MOST_SPOILT:
                raise TransportFault(FaultKind.PROTOCOL, "what came is no answer to the question") from error
            return None

    def _is_answered_by(self, data: bytes, flags: int, questions: int) -> bool:
        if not flags & dns.flags.QR or dns.opcode.from_flags(flags) != dns.opcode.QUERY:
            return False
        if questions == 0:
            return flags & 0xF in _MAY_FORGET
        asked, size = self._asked, _HEADER.size
        said = data[size : size + len(asked)]
        return questions == 1 and said[:-4].lower() == asked[:-4].lower() and said[-4:] == asked[-4:]

    def _reply(self, parser: "_Bounded", flags: int, counts: Sequence[int]) -> Reply:
        answers, authorities, more = counts
        found = _Found(self._name, self._kind)
        for _ in range(answers):
            found.take(parser)
        for _ in range(authorities):
            parser.pass_record()
        extended = 0
        for _ in range(more):
            kind, ttl = parser.pass_record()
            extended = ttl >> 24 if kind == dns.rdatatype.OPT else extended
        if parser.remaining():
            raise dns.message.TrailingJunk
        rcode = dns.rcode.Rcode((extended << 4) | (flags & 0xF))
        return Reply(
            rcode=dns.rcode.to_text(rcode),
            records=found.at_the_end() if rcode == dns.rcode.NOERROR else (),
            is_authenticated=bool(flags & dns.flags.AD),
            flags=_flags(flags),
        )


def _flags(flags: int) -> str:
    """Return the names of those that are set: the message's own, not its code and kind."""
    return str(dns.flags.to_text(flags & _NAMED))


class _TooLong(dns.exception.FormError):
    """All names together are longer than anybody needs."""


class _Bounded(dns.wire.Parser):
    """Reads a message's parts, and no more than `_MOST_STEPS` of names and strings."""

    _steps = 0

    def get_uint8(self) -> int:
        """Return the next byte. Each label and each leap of a name begins with this."""
        self._count(1)
        return super().get_uint8()

    def get_counted_bytes(self, length_size: int = 1) -> bytes:
        """Return a string behind its length."""
        said = super().get_counted_bytes(length_size)
        self._count(1 + len(said) // _A_STEP)
        return said

    def _count(self, steps: int) -> None:
        self._steps += steps
        if self._steps > _MOST_STEPS:
            raise _TooLong

    def is_at(self, said: bytes) -> bool:
        """Step over these bytes if they come next; return whether they do."""
        is_next = self.wire[self.current : self.current + len(said)] == said
        if is_next:
            self.get_bytes(len(said))
        return is_next

    def pass_record(self) -> tuple[int, int]:
        """Pass over a record; return its type and its time to live."""
        while length := super().get_uint8():
            self.get_bytes(1 if length >= _LEAP else length)
            if length >= _LEAP:
                break
        kind, _, ttl, size = self.get_struct("!HHIH")
        self.get_bytes(size)
        return kind, ttl


class _Found:
    """The records of an answer that matter: those of the type, and aliases; by name."""

    def __init__(self, name: dns.name.Name, kind: dns.rdatatype.RdataType) -> None:
        self._name = name
        self._kind = kind
        self._records: dict[dns.name.Name, list[dns.rdata.Rdata]] = {}
        self._aliases: dict[dns.name.Name, dns.name.Name] = {}

    def take(self, parser: _Bounded) -> None:
        """Read the next record."""
        name = self._name if parser.is_at(_QUESTIONS) else parser.get_name(decompress=True)
        kind, zone, _, size = parser.get_struct("!HHIH")
        if zone != _IN or kind not in (self._kind, dns.rdatatype.CNAME):
            parser.get_bytes(size)
            return
        with parser.restrict_to(size):
            data = dns.rdata.from_wire_parser(_IN, kind, parser)
        if kind == self._kind:
            self._records.setdefault(name, []).append(data)
        else:
            self._aliases[name] = cast("CNAME", data).target

    def at_the_end(self) -> tuple[Record, ...]:
        """Return the records at the end of the aliases, each once."""
        name = self._name
        for _ in range(_MOST_ALIASES):
            if name in self._records or name not in self._aliases:
                found = [_record(data) for data in self._records.get(name, ())]
                return tuple({record.key: record for record in found}.values())
            name = self._aliases[name]
        raise TransportFault(FaultKind.ANSWER, "the aliases in the answer lead nowhere")


def _record(data: dns.rdata.Rdata) -> Record:
    return Record(data.to_digestable(dns.name.root), data.to_text())
