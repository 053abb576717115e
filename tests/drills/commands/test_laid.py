"""Text laid out: within the columns of a terminal, unbroken for a program, and never cut."""

import click
import pytest

from drills.commands.laid import columns, lines, table, table_within

ROWS = [("ID", "TITLE", "DUE"), ("door", "the door is opened, and shut again", "due"), ("window", "seen", "overdue")]


def test_columns_stand_below_each_other_in_colours_too() -> None:
    """What drives a terminal takes no room."""
    rows = list(table([[click.style("a", fg="red"), "b"], ["long", "c"]]))
    assert [click.unstyle(row) for row in rows] == ["a     b", "long  c"]
    assert rows[0] != click.unstyle(rows[0])


@pytest.mark.parametrize("room", [None, 120, 51])
def test_a_table_that_fits_or_that_a_program_reads_is_not_broken(room: int | None) -> None:
    """A row is a line."""
    assert table_within(ROWS, room, 1) == list(table(ROWS))


def test_one_column_gives_way_where_there_is_not_enough_room() -> None:
    """Its cells go on below, and all others stand where they stood; styled cells stay styled."""
    rows = [[click.style(cell, bold=True) for cell in ROWS[0]], *ROWS[1:]]
    found = table_within(rows, 40, 1)
    assert found is not None
    assert [click.unstyle(row) for row in found] == [
        "ID      TITLE                    DUE",
        "door    the door is opened, and  due",
        "        shut again",
        "window  seen                     overdue",
    ]
    assert found[0].startswith("\x1b[1mID")


def test_a_table_that_can_not_be_made_to_fit_is_none() -> None:
    """Words of three letters below each other are no title."""
    assert table_within(ROWS, 36, 1) is None


def test_a_text_goes_on_where_it_began_and_no_word_of_it_is_cut() -> None:
    """A path is copied whole, over the edge."""
    path = f"/{'x' * 40}"
    assert list(lines(f"  {click.style('mark', fg='red')}  ", f"in a place such as {path}", 30)) == [
        f"  {click.style('mark', fg='red')}  in a place such as",
        f"        {path}",
    ]
    assert list(lines("  ", "a text " * 20, None)) == [f"  {'a text ' * 20}"]


@pytest.mark.parametrize(("told", "expected"), [("", None), ("x", None), ("100", 100), ("8", 40)])
def test_a_pipe_has_no_columns_unless_it_is_said(
    monkeypatch: pytest.MonkeyPatch, told: str, expected: int | None
) -> None:
    """What a program reads is not broken."""
    monkeypatch.setenv("COLUMNS", told)
    assert columns() == expected
