"""Which controls a run supports."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from drills.report.controls import shipped
from drills.rules.controls import FULL, NONE, PARTIAL, Cited, Control, Shown, Table, supported
from drills.rules.parts import PARTS

TABLE = Table("1", "0" * 64, "", (Control("F", "1", "both", ("D4", "D6")), Control("F", "2", "one", ("D9",))))
A, B = Cited("a", (1, 2), "1" * 64), Cited("b", (3,), "3" * 64)
STANDINGS = st.sampled_from([FULL, PARTIAL])
PART_VIEWS = st.dictionaries(
    st.sampled_from(list(PARTS)),
    st.one_of(
        st.just(Shown(NONE, ())),
        st.builds(Shown, STANDINGS, st.lists(st.sampled_from([A, B, Cited("c")]), min_size=1, unique=True).map(tuple)),
    ),
)


def standings(parts: Mapping[str, Shown], *, is_passed: bool = True) -> list[str]:
    """Return how a run stands to each row of the small table."""
    return [each.standing for each in supported(TABLE, parts, is_passed=is_passed)]


def test_a_control_needs_all_of_its_parts() -> None:
    """One of two is partial, and none is none."""
    assert standings({"D4": Shown(FULL, (A,)), "D6": Shown(FULL, (B,))}) == [FULL, NONE]
    assert standings({"D4": Shown(FULL, (A,))}) == [PARTIAL, NONE]
    assert standings({"D4": Shown(FULL, (A,)), "D6": Shown(PARTIAL, (B,))}) == [PARTIAL, NONE]
    assert standings({}) == [NONE, NONE]


def test_a_run_that_did_not_pass_supports_nothing_in_full() -> None:
    """Its steps are cited all the same: they were real, and passed."""
    parts = {"D4": Shown(FULL, (A,)), "D6": Shown(FULL, (B,))}
    assert standings(parts, is_passed=False) == [PARTIAL, NONE]


@given(PART_VIEWS, st.booleans())
def test_nothing_is_supported_by_what_is_no_evidence(parts: Mapping[str, Shown], is_passed: bool) -> None:  # noqa: FBT001 - drawn by name
    """A row cites what shows its own parts, with its entries, and nothing else."""
    for each in supported(shipped(), parts, is_passed=is_passed):
        known = {one for name in each.control.parts for one in parts.get(name, Shown(NONE, ())).cited}
        assert set(each.cited) == known
        assert (each.standing == NONE) is (not known)
        if each.standing == FULL:
            assert is_passed
            assert all(parts[name].standing == FULL for name in each.control.parts)


def test_the_shipped_table_says_supports_and_never_complies() -> None:
    """Its words are ours, and claim nothing for who judges."""
    table = shipped()
    words = " ".join(each.line for each in table.controls).lower()
    assert not any(word in words for word in ("complies", "compliant", "certif"))
    assert len({(each.framework, each.id) for each in table.controls}) == len(table.controls)
    assert all(each.parts for each in table.controls)


def test_that_refused_access_is_logged_needs_the_entry_of_one() -> None:
    """That of an access does not show it, nor the other way round."""
    (row,) = (each for each in shipped().controls if "refused access is logged" in each.line)
    parts = {part: Shown(FULL, (A,)) for part in row.parts}
    table = Table("1", "0" * 64, "", (row,))
    assert supported(table, parts, is_passed=True)[0].standing == FULL
    for part in ("D6", "D6R"):
        (found,) = supported(table, {**parts, part: Shown(NONE, ())}, is_passed=True)
        assert (found.standing, found.lacking) == (PARTIAL, (part,))
