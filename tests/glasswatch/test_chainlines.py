"""A chain as lines: what is written is read back, and nothing but that."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasswatch.canonical import canonical
from glasswatch.chain import GENESIS, Damage, entry_hash, problem_of, verify
from glasswatch.chainlines import parse, write

BODIES = st.dictionaries(st.text(max_size=5), st.one_of(st.text(max_size=9), st.integers(-9, 9), st.floats(-9, 9)))


@given(BODIES, st.integers(1, 2**53 - 1))
def test_a_line_holds_the_entry_that_the_chain_knows(body: dict[str, object], seq: int) -> None:
    """Its hash is `entry_hash`, although it is taken from the line's bytes."""
    line, digest = write(GENESIS, seq, body)
    read = parse(line.removesuffix(b"\n"))
    assert read.right == read.entry.hash == digest == entry_hash(GENESIS, seq, body)
    assert verify([read.entry]) == problem_of(read.entry, 0, GENESIS, read.right)


@given(BODIES, st.data())
def test_no_byte_of_a_line_can_be_changed(body: dict[str, object], data: st.DataObject) -> None:
    """Whatever is put in its place: it is no line any more, or not the right one."""
    line = write(GENESIS, 1, body)[0].removesuffix(b"\n")
    at = data.draw(st.integers(0, len(line) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != line[at]))
    changed = line[:at] + bytes([byte]) + line[at + 1 :]
    try:
        read = parse(changed)
    except ValueError:
        return
    assert problem_of(read.entry, 0, GENESIS, read.right) is not None


def test_an_edit_that_is_still_a_line_is_named() -> None:
    """As the chain names it."""
    line = write(GENESIS, 1, {"a": "b"})[0].removesuffix(b"\n").replace(b'"b"', b'"c"')
    read = parse(line)
    problem = problem_of(read.entry, 0, GENESIS, read.right)
    assert problem is not None
    assert problem.damage is Damage.EDIT


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b"{}",
        canonical({"body": [], "hash": "", "prev": "", "seq": 1}),
        canonical({"body": {}, "hash": "", "prev": "", "seq": "1"}),
        canonical({"body": {}, "hash": "", "prev": "", "seq": True}),
        canonical({"body": {}, "hash": 1, "prev": "", "seq": 1}),
        json.dumps({"body": {}, "hash": "", "prev": "", "seq": 1}).encode(),
    ],
)
def test_what_is_no_entry_is_not_read(line: bytes) -> None:
    """A line has its four members, of their types, and is canonical."""
    with pytest.raises(ValueError, match="expected"):
        parse(line)


@pytest.mark.parametrize("odd", ['"', "\\", "\n", "é"])
def test_a_hash_that_json_writes_otherwise_is_none(odd: str) -> None:
    """It is no hash, and does not confuse where the bytes are taken from."""
    read = parse(canonical({"body": {}, "hash": odd, "prev": odd, "seq": 1}))
    assert problem_of(read.entry, 0, odd, read.right) is not None


def test_what_could_not_be_read_back_is_not_written() -> None:
    """A float of 10**20 is written as a whole number that no reader takes."""
    with pytest.raises(ValueError, match="canonical"):
        write(GENESIS, 1, {"a": 1e20})
