"""The page can be read: by its contrast, by its order of headings, and by who listens to it."""

import re
from importlib.resources import files
from itertools import pairwise

import pytest

from drills.report.controls import shipped
from drills.report.formats import html
from drills.report.timeline import FILLS
from drills.report.view import view
from tests.drills.report import sample
from tests.support.html import Reader

SHEET = files("drills.report").joinpath("templates", "report.css").read_text()
PAGE = html(view(sample.journal(), sample.RESULT, shipped()))
LOOKS = [dict(re.findall(r"--(\w+):(#[0-9a-f]{3,6})", block)) for block in re.findall(r":root\{([^}]*)\}", SHEET)]
ENOUGH = 4.5
ENOUGH_DRAWN = 3.0


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
@pytest.mark.parametrize("name", ["ink", "soft", "good", "warn", "bad", "unknown", "link"])
def test_text_stands_out(look: dict[str, str], name: str) -> None:
    """On the page and on the tinted ground of the verdict."""
    assert contrast(look[name], look["ground"]) >= ENOUGH
    assert contrast(look[name], look["tint"]) >= ENOUGH


@pytest.mark.parametrize("look", LOOKS, ids=["light", "dark", "paper"])
def test_bars_stand_out(look: dict[str, str]) -> None:
    """From the page; and those drawn without the style sheet from paper."""
    assert min(contrast(look[name], look["ground"]) for name in ("good", "bad", "ink")) >= ENOUGH_DRAWN
    assert contrast(FILLS["passed"], "#ffffff") >= ENOUGH_DRAWN
    assert contrast(FILLS["failed"], "#ffffff") >= ENOUGH_DRAWN


def test_headings_come_in_order() -> None:
    """One of the first level, and none that skips a level. Whatever leads somewhere finds it, and it is there once."""
    page = Reader(PAGE)
    assert page.levels.count(1) == 1
    assert page.levels[0] == 1
    assert all(level <= before + 1 for before, level in pairwise(page.levels))
    assert len(set(page.ids)) == len(page.ids)
    assert set(page.references) <= set(page.ids)
    assert {"measured", "findings", "timeline", "steps", "review"} <= set(page.references)


def test_who_listens_finds_their_way() -> None:
    """Landmarks, a language, a title, what each cell of a table belongs to, and what each drawing shows."""
    for mark in ('<html lang="en">', "<header>", "<main>", "<footer>", '<nav aria-label="Contents">'):
        assert PAGE.count(mark) == 1
    assert "<title>CLEAN-UP FAILED: " in PAGE
    assert re.findall(r"<th(?! scope=\"(?:col|row)\")[ >]", PAGE) == []
    assert all('aria-label="' in group for group in re.findall(r"<div class=\"wide\"[^>]*>", PAGE))
    drawn = re.findall(r"<svg([^>]*)>(.*?)</svg>", PAGE)
    assert len(drawn) > len(sample.STEPS)
    assert all('role="img"' in given and re.match(r"<title>[^<]+</title>", inside) for given, inside in drawn)


def test_nothing_is_told_by_colour_alone() -> None:
    """Each mark has its word, and each lane and each meter stands beside one."""
    assert all(word.strip() for word in re.findall(r'<span class="(?:mark|met) [^>]*>([^<]*)</span>', PAGE))
    rows = [row for row in re.findall(r"<tr>.*?</tr>", PAGE) if "<rect" in row and "<text" not in row]
    assert len(rows) == len(sample.STEPS) + 2  # a step's each, an undo's, and that of the span that was measured
    assert all(re.search(r'<span class="(?:mark|met) ', row) for row in rows)


def test_the_first_page_says_who_when_and_what_came_of_it() -> None:
    """Verdict, what must not be missed, people, times and the journal, what was measured, findings; then the rest."""
    sections = re.findall(r'<section id="([^"]*)"', PAGE)
    assert sections[:4] == ["measured", "findings", "timeline", "gates"]
    assert sections[-1] == "review"
    top = Reader(PAGE.partition("<header>")[2].partition("</header>")[0]).text
    for said in ("CLEAN-UP FAILED", "Left behind", "Run by ben", "Approved by carla", "Began 2026-03-01", sample.RUN):
        assert said in top
