"""A hash chain as lines of a file: each entry is canonical JSON with `body`, `hash`, `prev` and `seq`, and a line feed.

- What is under an entry's hash (`chain.entry_hash`) are the bytes of its line without the hash itself. So a line is
  checked by its bytes: no reader can understand another value than the one that was hashed, and it is quick.
- A line that is not in canonical form is not read.
"""

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from glasswatch.canonical import canonical, read
from glasswatch.chain import Entry

_MEMBERS = frozenset({"body", "hash", "prev", "seq"})


class Line(NamedTuple):
    """An entry as it was read, and what its hash must be."""

    entry: Entry
    right: str


def write(prev: str, seq: int, body: Mapping[str, object]) -> tuple[bytes, str]:
    """Return the line of an entry, line feed included, and its hash.

    Raises:
        ValueError: the body holds what could not be read back.
    """
    linked = f',"prev":"{prev}","seq":{seq}}}'.encode()
    begun = b'{"body":' + canonical(dict(body))
    digest = hashlib.sha256(begun + linked).hexdigest()
    line = begun + f',"hash":"{digest}"'.encode() + linked
    read(line)  # a whole float beyond what JSON's whole numbers hold would be written, and refused for ever after
    return line + b"\n", digest


def parse(line: bytes) -> Line:
    """Return the entry of a line, given without its line feed; `chain.problem_of` says whether it is in its place.

    Raises:
        ValueError: it is no entry in canonical form.
    """
    value = read(line)
    if not isinstance(value, dict) or value.keys() != _MEMBERS:
        raise ValueError("expected body, hash, prev and seq")
    body, digest, prev, seq = value["body"], value["hash"], value["prev"], value["seq"]
    if not (isinstance(body, dict) and isinstance(digest, str) and isinstance(prev, str) and type(seq) is int):
        raise ValueError("expected an object, two texts and a number")
    entry = Entry(seq, prev, body, digest)
    return Line(entry, _right(line, entry))


def _right(line: bytes, entry: Entry) -> str:
    """Return what the entry's hash must be; empty where it is no hash at all."""
    linked = f',"prev":"{entry.prev}","seq":{entry.seq}}}'.encode()
    end = f',"hash":"{entry.hash}"'.encode() + linked
    if not line.endswith(end):  # a text that JSON writes in another way than it reads: neither is a hash
        return ""
    return hashlib.sha256(line[: -len(end)] + linked).hexdigest()
