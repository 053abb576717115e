"""What the audit is held against: itself, and those who knew how far it went."""

import pytest

from glasswatch.chain import GENESIS, Damage, Entry, entry_hash
from monitor.rules.witnesses import Verified, Witness, judge


def chain(count: int, word: str = "a") -> list[Entry]:
    """Return a sound chain."""
    entries, prev = [], GENESIS
    for seq in range(1, count + 1):
        body = {"number": seq, "word": word}
        digest = entry_hash(prev, seq, body)
        entries.append(Entry(seq, prev, body, digest))
        prev = digest
    return entries


CHAIN = chain(5)


def test_a_sound_chain_that_everybody_knows() -> None:
    """Its length and its end are told; a witness from before the first entry knows of nothing."""
    witnesses = [Witness("first", 0, GENESIS), Witness("second", 3, CHAIN[2].hash), Witness("last", 5, CHAIN[4].hash)]
    assert judge(CHAIN, witnesses) == Verified(5, CHAIN[4].hash, None)
    assert judge([], [Witness("first", 0, GENESIS)]) == Verified(0, GENESIS, None)


@pytest.mark.parametrize(
    ("witness", "seq", "damage", "says"),
    [
        (Witness("the flag", 3, CHAIN[3].hash), 3, Damage.EDIT, "entry 3 is not the one that the flag names"),
        (Witness("the flag", 7, "f" * 64), 5, Damage.CUT, "the chain ends at 5, but the flag names entry 7"),
        (Witness("the flag", 0, "f" * 64), 0, Damage.EDIT, "entry 0 is not the one that the flag names"),
        (Witness("the flag", 0, None), 0, Damage.EDIT, "the flag is not what was written"),
    ],
)
def test_a_witness_that_knows_otherwise(witness: Witness, seq: int, damage: Damage, says: str) -> None:
    """It is named, whatever others say."""
    flaw = judge(CHAIN, [Witness("another", 2, CHAIN[1].hash), witness]).flaw
    assert flaw is not None
    assert (flaw.seq, flaw.damage, flaw.message, flaw.witness) == (seq, damage, says, "the flag")


def test_a_chain_that_was_written_anew_is_sound_but_for_its_witness() -> None:
    """All hashes fit; only somebody else knows that they were others."""
    assert judge(chain(5, "b"), []).flaw is None
    flaw = judge(chain(5, "b"), [Witness("the flag", 2, CHAIN[1].hash)]).flaw
    assert flaw is not None
    assert flaw.seq == 2


def test_what_is_wrong_with_the_chain_itself_comes_first() -> None:
    """What follows can't be told."""
    flaw = judge(CHAIN[1:], [Witness("the flag", 9, "f" * 64)]).flaw
    assert flaw is not None
    assert (flaw.seq, flaw.damage, flaw.witness) == (2, Damage.GAP, None)
