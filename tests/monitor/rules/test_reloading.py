"""What a reload has to do: what stays, comes, goes and needs a restart."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.model.outline import Difference, Outline, PlatformOutline
from monitor.rules.reloading import change, difference, lines
from tests.support.rulings import BOUNDED

NAMES = st.sampled_from("abcd")
SAYS = st.integers(0, 2)
NAMED = st.dictionaries(NAMES, SAYS, max_size=4)
OUTLINES = st.builds(
    Outline,
    fixed=st.dictionaries(st.sampled_from(["store", "listen"]), SAYS),
    free=st.dictionaries(st.sampled_from(["flag", "tokens"]), SAYS),
    platforms=st.dictionaries(NAMES, st.builds(PlatformOutline, own=SAYS, probes=NAMED), max_size=3),
    parts=st.fixed_dictionaries({"channel": NAMED, "watcher": NAMED}),
)


@BOUNDED
@given(NAMED, NAMED)
def test_everything_has_exactly_one_fate(before: dict[str, int], after: dict[str, int]) -> None:
    """Each name comes, goes, changes or stays; applying it leads from one to the other."""
    found = difference(before, after)
    fates = [*found.came, *found.went, *found.changed]
    assert len(fates) == len(set(fates))
    stays = (before.keys() & after.keys()) - set(fates)
    assert all(before[name] == after[name] for name in stays)
    made = {name: before[name] for name in before if name not in found.ended}
    made |= {name: after[name] for name in found.built}
    assert made == after


@BOUNDED
@given(OUTLINES)
def test_the_same_is_nothing(outline: Outline) -> None:
    """Nothing to do, and nothing to say."""
    found = change(outline, outline)
    assert found.is_nothing
    assert lines(found) == ()


@BOUNDED
@given(OUTLINES, OUTLINES)
def test_nothing_is_done_exactly_where_both_say_the_same(before: Outline, after: Outline) -> None:
    """No change goes unseen, in whatever part; the way back undoes it."""
    found, back = change(before, after), change(after, before)
    assert found.is_nothing is (before == after)
    assert set(found.platforms.came) == set(back.platforms.went)
    assert set(found.platforms.changed) == set(back.platforms.changed)
    assert found.restart == back.restart
    assert found.probes.keys() == before.platforms.keys() & after.platforms.keys()
    for name, probes in found.probes.items():
        assert probes == difference(before.platforms[name].probes, after.platforms[name].probes)


def test_what_changed_is_told_by_name() -> None:
    """One line each, never what it says."""
    before = Outline(platforms={"payments": PlatformOutline(1, {"portal": 1, "old": 1})}, free={"tokens": 1})
    after = Outline(
        platforms={"payments": PlatformOutline(2, {"portal": 2, "new": 1}), "ledger": PlatformOutline(1, {})},
        free={"tokens": 2},
        parts={"channel": {"ops": 1}},
    )
    assert lines(change(before, after)) == (
        "platform ledger added",
        "platform payments changed",
        "probe payments/new added",
        "probe payments/old removed",
        "probe payments/portal changed",
        "channel ops added",
        "tokens changed",
    )


def test_what_needs_a_restart_is_named() -> None:
    """In order, once each."""
    assert change(Outline(fixed={"store": 1, "listen": 1}), Outline(fixed={"store": 2})).restart == ("listen", "store")


def test_built_and_ended_are_what_they_say() -> None:
    """What changed is both."""
    found = Difference(came=("a",), went=("b",), changed=("c",))
    assert found.built == {"a", "c"}
    assert found.ended == {"b", "c"}
    assert not found.is_nothing
