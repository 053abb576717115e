"""Plans of random faults."""

import pytest

from tests.faults.plan import OF_THE_PROCESS, Blow, Fault, plan

SEEDS = range(200)


def test_a_seed_is_a_plan() -> None:
    """The same one each time, and another for another seed."""
    assert plan(7, 30) == plan(7, 30)
    assert plan(7, 30) != plan(8, 30)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_broken_is_mended(seed: int) -> None:
    """Nothing is broken twice, mended unbroken, left broken, or started on while the store is locked."""
    broken: set[Fault] = set()
    for step in plan(seed, 30):
        if isinstance(step.what, Fault):
            assert (step.what in broken) is step.mends
            broken ^= {step.what}
        elif step.what is not Blow.FREEZE:
            assert Fault.LOCK not in broken
            broken -= OF_THE_PROCESS
    assert not broken


def test_everything_happens() -> None:
    """Each fault and each blow, at the same time as each other fault."""
    seen: set[object] = set()
    pairs: set[frozenset[Fault]] = set()
    for seed in SEEDS:
        broken: set[Fault] = set()
        for step in plan(seed, 30):
            seen.add(step.what)
            if isinstance(step.what, Fault):
                broken ^= {step.what}
            elif step.what is not Blow.FREEZE:
                broken -= OF_THE_PROCESS
            pairs |= {frozenset({one, two}) for one in broken for two in broken if one is not two}
    assert seen == {*Fault, *Blow}
    assert len(pairs) == len(Fault) * (len(Fault) - 1) // 2
