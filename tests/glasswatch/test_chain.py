"""The hash chain shows every change to what was written."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from glasswatch.chain import GENESIS, ChainProblem, Damage, Entry, entry_hash, verify

BODIES = st.dictionaries(st.text(max_size=5), st.one_of(st.text(max_size=5), st.integers(-9, 9), st.none()), max_size=3)
CHAINS = st.lists(BODIES, min_size=1, max_size=8)


def _chain(bodies: list[dict[str, object]]) -> list[Entry]:
    entries: list[Entry] = []
    prev = GENESIS
    for seq, body in enumerate(bodies, start=1):
        entries.append(Entry(seq, prev, body, entry_hash(prev, seq, body)))
        prev = entries[-1].hash
    return entries


def _problem(found: ChainProblem | None) -> tuple[int, Damage]:
    assert found is not None
    return found.seq, found.damage


@given(CHAINS)
def test_a_sound_chain_has_no_problem(bodies: list[dict[str, object]]) -> None:
    """What was written in order verifies, with and without a known head."""
    chain = _chain(bodies)
    assert verify(chain) is None
    assert verify(chain, head=(chain[-1].seq, chain[-1].hash)) is None
    assert verify(chain, head=(chain[0].seq, chain[0].hash)) is None


@given(CHAINS, BODIES, st.data())
def test_an_edited_body_shows(bodies: list[dict[str, object]], other: dict[str, object], data: st.DataObject) -> None:
    """Changing any body is found at that entry."""
    chain = _chain(bodies)
    at = data.draw(st.integers(0, len(chain) - 1))
    assume(chain[at].body != other)
    chain[at] = replace(chain[at], body=other)
    assert _problem(verify(chain)) == (at + 1, Damage.EDIT)


@given(CHAINS, st.data())
def test_an_edit_that_mends_its_own_hash_shows_at_the_next(
    bodies: list[dict[str, object]], data: st.DataObject
) -> None:
    """An entry written anew no longer fits the one after it, or the known head if it is the last."""
    chain = _chain(bodies)
    head = (chain[-1].seq, chain[-1].hash)
    at = data.draw(st.integers(0, len(chain) - 1))
    body = {**chain[at].body, "forged": True}
    chain[at] = Entry(at + 1, chain[at].prev, body, entry_hash(chain[at].prev, at + 1, body))
    assert _problem(verify(chain, head)) == (min(at + 2, len(chain)), Damage.EDIT)


@given(CHAINS, st.data())
def test_a_missing_entry_shows(bodies: list[dict[str, object]], data: st.DataObject) -> None:
    """Taking an entry out is found at the one after it; taking the end off, against a known head."""
    chain = _chain(bodies)
    head = (chain[-1].seq, chain[-1].hash)
    at = data.draw(st.integers(0, len(chain) - 1))
    del chain[at]
    expected = (at, Damage.CUT) if at == len(chain) else (at + 2, Damage.GAP)
    assert _problem(verify(chain, head)) == expected


@given(CHAINS, st.data())
def test_reordering_shows(bodies: list[dict[str, object]], data: st.DataObject) -> None:
    """Swapping two entries is found where the first of them is missing."""
    chain = _chain(bodies)
    assume(len(chain) > 1)
    at = data.draw(st.integers(0, len(chain) - 2))
    chain[at], chain[at + 1] = chain[at + 1], chain[at]
    assert _problem(verify(chain)) == (at + 2, Damage.GAP)


@given(CHAINS, st.data())
def test_an_entry_given_twice_shows(bodies: list[dict[str, object]], data: st.DataObject) -> None:
    """A repeated entry is out of order."""
    chain = _chain(bodies)
    at = data.draw(st.integers(0, len(chain) - 1))
    chain.insert(at, chain[at])
    assert _problem(verify(chain)) == (at + 1, Damage.ORDER)


def test_an_empty_chain_is_sound_unless_an_entry_is_known() -> None:
    """Nothing written is sound; nothing left of something written is not."""
    assert verify([]) is None
    assert _problem(verify([], head=(3, "a" * 64))) == (0, Damage.CUT)


def test_a_foreign_start_shows() -> None:
    """A chain that does not begin at the beginning is not ours."""
    entry = Entry(1, "1" * 64, {}, entry_hash("1" * 64, 1, {}))
    assert _problem(verify([entry])) == (1, Damage.EDIT)


def test_the_hash_is_of_the_canonical_json() -> None:
    """The hash can be computed by anybody with SHA-256 and RFC 8785: this one was, by hand."""
    assert entry_hash(GENESIS, 1, {"b": 1, "a": "ä"}) == entry_hash(GENESIS, 1, {"a": "ä", "b": 1})
    assert entry_hash(GENESIS, 1, {"a": "ä"}) == "54a8b1ad7c81ad7d0189f1561c861354c56fb3dfc6f49c440df723c1dca8080f"


def test_a_body_that_is_not_json_is_refused_in_writing_and_found_in_reading() -> None:
    """What has no canonical form is never hashed; in a chain that is read it is an edit."""
    with pytest.raises(ValueError, match=r"^expected a JSON value"):
        entry_hash(GENESIS, 1, {"a": float("nan")})
    assert _problem(verify([Entry(1, GENESIS, {"a": float("nan")}, "0" * 64)])) == (1, Damage.EDIT)
