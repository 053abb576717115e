"""A command line is read strictly: what can't be meant is told, and nothing is guessed."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasswatch import arguments
from glasswatch.arguments import Given, Option, read
from glasswatch.errors import UsageFault

OPTIONS = (
    Option("--name", "Whose it is.", "NAME", arguments.name, is_required=True),
    Option("--max", "At most.", "N", arguments.number),
    Option("--quiet", "Say nothing."),
)


def test_values_words_and_flags_are_told_apart() -> None:
    """In any order; a value after `=` may begin with a dash, and after `--` all are words."""
    given_ = read(["a", "--max=7", "-", "--quiet", "--name", "anna", "b", "--", "--max", "--"], OPTIONS)
    assert given_ == Given({"--max": 7, "--quiet": True, "--name": "anna"}, ("a", "-", "b", "--max", "--"))
    assert read(["--name=-x"], OPTIONS).values == {"--name": "-x"}
    assert read(["--name=a=b"], OPTIONS).values == {"--name": "a=b"}


WRONG = {
    "missing": ([], "--name is missing: Whose it is."),
    "without its value": (["--name"], "--name needs a value: NAME"),
    "an option for a value": (["--name", "--quiet"], "--name needs a value: NAME"),
    "the end for a value": (["--name", "--", "anna"], "--name needs a value: NAME"),
    "an empty value": (["--name="], "--name: expected 1 to 200 printable characters"),
    "a number that is none": (["--name=a", "--max", "x"], "--max: expected a whole number from 0 on"),
    "twice": (["--name", "a", "--name", "b"], "--name is given twice"),
    "twice the same": (["--quiet", "--quiet"], "--quiet is given twice"),
    "a value too many": (["--quiet=no"], "--quiet takes no value"),
    "abbreviated": (["--nam", "a"], "there is no option '--nam'"),
    "short": (["-n", "a"], "there is no option '-n'"),
    "in capitals": (["--NAME", "a"], "there is no option '--NAME'"),
    "no letters": (["---"], "there is no option '---'"),
    "with escapes": (["--\x1b[2J\n=secret"], "there is no option '--\\x1b[2J\\n'"),
    "endless": (["--" + "x" * 5000], f"there is no option '--{'x' * 37}...'"),
}


@pytest.mark.parametrize(("argv", "message"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_meant_is_told_in_one_line(argv: list[str], message: str) -> None:
    """The option is named and what was expected; a value is never repeated."""
    with pytest.raises(UsageFault) as caught:
        read(argv, OPTIONS)
    assert str(caught.value) == message


@given(st.lists(st.sampled_from(["--name", "--max", "--quiet", "--", "-", "=", "7"]) | st.text(max_size=5)))
def test_every_line_is_read_or_told(argv: list[str]) -> None:
    """Nothing else is raised, and what is read stood there."""
    message = ""
    words: tuple[str, ...] = ()
    try:
        words = read(argv, OPTIONS).words
    except UsageFault as fault:
        message = str(fault)
    assert set(words) <= set(argv)
    assert message.isprintable()


@pytest.mark.parametrize("text", ["2026-03-01T03:00:00Z", "2026-03-01T04:00:00+01:00", "2026-03-01 03:00:00+00:00"])
def test_instants_are_in_utc(text: str) -> None:
    """Whatever offset they were given with."""
    assert arguments.instant(text) == datetime(2026, 3, 1, 3, tzinfo=UTC)
    assert arguments.instant(text).utcoffset() == timedelta()


@pytest.mark.parametrize("text", ["", "2026-03-01", "2026-03-01T03:00:00", "0001-01-01T00:00:00+14:00", "soon"])
def test_an_instant_says_its_offset_and_exists(text: str) -> None:
    """Local times, dates alone and what lies outside the calendar are refused."""
    with pytest.raises(ValueError, match="expected a date and time with its offset"):
        arguments.instant(text)


def test_a_value_is_what_it_was_read_as() -> None:
    """Asking for another type than an option's is a fault of ours, and told as one."""
    given_ = read(["--name", "anna"], OPTIONS)
    assert (given_.demand("--name", str), given_.get("--max", int)) == ("anna", None)
    with pytest.raises(TypeError):
        given_.get("--name", int)
    with pytest.raises(TypeError):
        given_.demand("--max", int)
