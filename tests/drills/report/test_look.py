"""The page can be read: by its contrast, by its order of headings, and by who listens to it."""

import re
from importlib.resources import files
from itertools import pairwise

import pytest

from drills.report.controls import shipped
from drills.report.formats import html
from drills.report.view import view
from tests.drills.report import sample

SHEET = files("drills.report").joinpath("templates", "report.css").read_text()
PAGE = html(view(sample.journal(), sample.RESULT, shipped()))
LOOKS = [dict(re.findall(r"--(\w+):(#[0-9a-f]{3,6})", block)) for block in re.findall(r":root\{([^}]*)\}", SHEET)]
ENOUGH = 4.5


def luminance(colour: str) -> float:
    """Return how bright a colour is, as WCAG 2 reckons."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_there_is_a_look_for_the_light_the_dark_and_paper() -> None:
    """Each names all colours."""
    assert len(LOOKS) == 3
    assert len({frozenset(look) for look in LOOKS}) == 1


@pytest.mark.parametrize("look", LOOKS, ids=["light", "dark", "paper"])
@pytest.mark.parametrize("name", ["ink", "soft", "good", "warn", "bad", "unknown"])
def test_text_stands_out(look: dict[str, str], name: str) -> None:
    """On the page and on the tinted ground of the verdict."""
    assert contrast(look[name], look["ground"]) >= ENOUGH
    assert contrast(look[name], look["tint"]) >= ENOUGH


def test_headings_come_in_order() -> None:
    """One of the first level, and none that skips a level."""
    levels = [int(level) for level in re.findall(r"<h([1-6])>", PAGE)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(level <= before + 1 for before, level in pairwise(levels))


def test_who_listens_finds_their_way() -> None:
    """Landmarks, a language, a title, and what each cell of a table belongs to."""
    for mark in ('<html lang="en">', "<header>", "<main>", "<footer>"):
        assert PAGE.count(mark) == 1
    assert "<title>CLEAN-UP FAILED: " in PAGE
    assert re.findall(r"<th(?! scope=\"(?:col|row)\")[ >]", PAGE) == []
    assert all('aria-label="' in group for group in re.findall(r"<(?:svg|div class=\"wide\")[^>]*>", PAGE))
