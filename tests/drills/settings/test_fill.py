"""Where values may stand in what steps run and send: never as a program, a host or a key."""

from typing import Annotated

import pytest

from drills.settings.fill import Argv, UrlFillShape, wrong_program
from glasswatch.settings.model import SettingsModel
from glasswatch.settings.shapes import AddressShape


class Sent(SettingsModel):
    """What a step could send."""

    url: Annotated[str, UrlFillShape(AddressShape("http", "https"))] = "https://a.example"
    run: Argv = ("/bin/true",)


def faults(**given: object) -> list[tuple[tuple[int | str, ...], str]]:
    """Return the places and sentences of all mistakes."""
    try:
        Sent.model_validate(given)
    except ValueError as error:
        return [(each["loc"], each["msg"]) for each in error.errors()]  # type: ignore[attr-defined]  # pydantic's own
    return []


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/${x}",
        "https://a.example:8443/a-${x}/b?c=${x}&d=1${x}",
        "http://a.example?c=${x}",
        "https://a.example/x",
    ],
)
def test_path_and_query_may_hold_values(url: str) -> None:
    """In a segment, and behind an equals sign."""
    assert faults(url=url) == []


@pytest.mark.parametrize(
    "url",
    [
        "https://${x}/a",
        "https://a.${x}/a",
        "https://a.example:${x}/a",
        "https://a.example${x}/a",
        "${x}://a.example/",
        "${x}",
        "https://a.example/?${x}=1",
        "https://a.example/?${x}",
        "https://a.example/?a=1&b${x}=2",
        "https://a.example/${X}",
        "https://a.example/${x",
        "https://a.example/#${x}",
        "https://u:${x}@a.example/",
        "https://a b.example/${x}",
        "ftp://a.example/${x}",
        7,
    ],
)
def test_nothing_else_of_an_address_may(url: object) -> None:
    """Scheme, host, port and the query's keys say whom we talk to, and about what."""
    ((place, sentence),) = faults(url=url)
    assert place == ("url",)
    assert sentence.startswith("expected an http or https address")
    assert "${x}" not in sentence


def test_an_argument_is_a_value_whole_or_holds_none() -> None:
    """So that a value is one argument, whatever it holds."""
    assert faults(run=["/bin/door", "--to", "${x}", "$x {x}"]) == []
    assert [place for place, _ in faults(run=["/bin/door", "--to=${x}", "${x}${y}", "${X}", 7, "a\0b"])] == [
        ("run", number) for number in range(1, 6)
    ]
    assert [place for place, _ in faults(run=[])] == [("run",)]


@pytest.mark.parametrize(("program", "is_good"), [("/bin/door", True), ("door", False), ("${x}", False), ("", False)])
def test_a_program_is_literal_and_absolute(program: str, *, is_good: bool) -> None:
    """Nothing is searched for, and no value says what is run."""
    assert (list(wrong_program((program, "a"), "run")) == []) is is_good
    assert is_good or next(iter(wrong_program((program,), "run")))[0] == ("run", 0)
