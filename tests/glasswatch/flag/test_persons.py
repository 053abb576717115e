"""One person must not pass as two, however their name is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasswatch.flag.persons import folded, is_same_person
from glasswatch.flag.trust import KeyRole, TrustKey

ONE = [
    "anna",
    "Anna",
    "ANNA@example.com",
    "anna@example.org",
    "anna+oncall",
    "Anna+a+b@example.com",
    " anna  ",
    "\uff41nna",
]
NAMES = st.text(st.sampled_from("aAn\uff21\ufb00\xdf\u017f .+@-_\xa0"), max_size=8) | st.text(max_size=6)


@pytest.mark.parametrize("one", ONE)
@pytest.mark.parametrize("other", ONE)
def test_one_person_is_one_however_written(one: str, other: str) -> None:
    """Case, compatible characters, spaces, a domain and a tag make no second person."""
    assert is_same_person(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("anna", "ben"),
        ("anna", "annabel"),
        ("anna.b@example.com", "anna@example.com"),
        ("anna-a", "anna"),
        ("@example.com", "@example.org"),
        ("+a", "+b"),
        ("", "anna"),
    ],
)
def test_two_persons_are_two(one: str, other: str) -> None:
    """A name of which nothing would be left is compared as it stands."""
    assert not is_same_person(one, other)
    assert not is_same_person(other, one)


@pytest.mark.parametrize(("one", "other"), [(None, "anna"), ("anna", None), (None, None)])
def test_no_name_is_nobodys(one: str | None, other: str | None) -> None:
    """Where nobody knows who it was, it is not taken for anybody."""
    assert not is_same_person(one, other)


@given(NAMES, NAMES)
def test_an_orders_keys_are_counted_by_the_same_rule(one: str, other: str) -> None:
    """Whom a trust file takes for one is one here too, and the other way round."""
    holders = [TrustKey("k", b"", KeyRole.ORDER, person=name).holder for name in (one, other)]
    assert is_same_person(one, other) is (holders[0] is not None and holders[0] == holders[1])


@given(NAMES)
def test_folding_twice_changes_nothing_that_counts(name: str) -> None:
    """What was folded is the same person's still."""
    assert folded(folded(name)) == folded(name)


@pytest.mark.parametrize("name", ["an\u200bna", "anna\u00ad", "\u2060anna", "a\u034fnna"])
def test_what_nobody_sees_makes_no_second_person(name: str) -> None:
    """Joiners and fillers; a name of nothing else is nobody's."""
    assert is_same_person(name, "anna")
    assert not is_same_person("\u200b", "\u200b")
