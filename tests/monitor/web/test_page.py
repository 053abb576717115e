import re
from dataclasses import replace

import pytest

from monitor.model.credential import Concern, EndSource, ToRenew
from monitor.model.drill import Cadence, CalendarLine, DueLine, DueState
from monitor.model.verdict import FlagState
from monitor.web.page import render, style
from monitor.web.view import Held, page_view
from tests.support.clock import START
from tests.support.face import World, asking
from tests.support.html import Reader
from tests.support.watching import PLATFORM, PROCEDURE, blind, document, down, outage, policy, site, up


def _html(*, is_file: bool = False) -> str:
    held = Held([down()], {PLATFORM: document(FlagState.READY)}, {PLATFORM: (outage(),)})
    return render(page_view(site(), held, START, is_file=is_file))


def test_everything_needed_at_night_is_on_the_page() -> None:
    """Verdict, since when, why, break-glass and until when, cause, procedure, functions, probes, outages."""
    text = Reader(_html()).text
    for words in (
        "DOWN",
        "Access can't be had through the platform.",
        "For 11 min 49 s , since 2026-03-01 02:48:11 UTC",
        "sign_in is down: portal and identity answered 503 three times",
        "PERMITTED",
        "Valid until 2026-03-01 03:05:00 UTC",
        "Outage 01JNP4",
        "Take the sealed envelope from the safe with a second person.",
        "https://wiki.example.com/glass",
        "portal",
        "status 503, expected 200",
        "7 s ago",
        "Last outages",
        "going on",
    ):
        assert words in text, words


def test_the_procedure_keeps_its_lines() -> None:
    """Commands are copied as they were written."""
    assert f"<pre>{PROCEDURE.strip()}</pre>" in _html().replace("&#39;", "'")


def test_the_page_is_well_formed_and_has_landmarks() -> None:
    """Tags nest, ids are unique, references lead somewhere, headings skip no level."""
    held = Held([up(platform="a"), down(platform="b")], {}, {"a": (), "b": None})
    reader = Reader(render(page_view(site(policy("a"), policy("b")), held, START, is_file=False)))
    assert len(set(reader.ids)) == len(reader.ids)
    assert set(reader.references) <= set(reader.ids)
    assert reader.levels[0] == 1
    assert all(after - before <= 1 for before, after in zip(reader.levels, reader.levels[1:], strict=False))
    assert {"header", "main", "nav", "footer", "article", "section"} <= set(reader.tags)


def test_the_served_page_refreshes_itself_and_the_file_does_not() -> None:
    """Five seconds, without a script; a file instead says when it was written and that it may be out of date."""
    assert '<meta http-equiv="refresh" content="5">' in _html()
    written = _html(is_file=True)
    assert "refresh" not in written.replace("refreshes", "")
    assert "This is a file, and may be out of date." in written
    assert "Written <time" in written
    assert "After that, believe the flag, not this page." in written


def test_nothing_is_fetched_from_elsewhere() -> None:
    """No script, no frame, no image, no style or font from another place; links lead out only when followed."""
    page = _html()
    assert not {"script", "iframe", "img", "object", "embed", "form"} & set(Reader(page).tags)
    assert "url(" not in style()
    assert "@import" not in style()
    assert set(re.findall(r'(?:src|href)="(?!#)([^"]*)"', page)) == {
        "https://wiki.example.com/glass",
        *(f"probes/payments/{probe}" for probe in ("docs", "identity", "portal", "requests")),
        re.findall(r'<link rel="icon" href="(data:image/svg\+xml,[^"]*)">', page)[0],
    }


def test_blindness_is_plain() -> None:
    """A blind vantage says that it can't see, in words."""
    page = render(page_view(site(), Held([blind()], {}, {PLATFORM: ()}), START, is_file=False))
    assert "This monitor can't see." in Reader(page).text


def test_what_no_journey_closes_any_more_is_named() -> None:
    """On the page that people look at, not only in the log."""
    held = Held([up()], {}, {PLATFORM: ()}, forgotten=["payments/gone: request of run <1>"])
    told = Reader(render(page_view(site(), held, START, is_file=True))).text
    assert "Access may be left open that nobody closes." in told
    assert "payments/gone: request of run <1>" in told
    assert "left open" not in Reader(render(page_view(site(), Held([up()], {}, {}), START, is_file=True))).text


def test_what_can_wait_stands_below_verdict_and_glass() -> None:
    """One line at the top leads to what there is to look after of drills and credentials."""
    line = CalendarLine("restore", PLATFORM, Cadence.QUARTERLY)
    due = DueLine(line, None, START, START, DueState.OVERDUE)
    renew = Concern("flag.key", ToRenew("flag.key", START, EndSource.SETTINGS, has_ended=False))
    held = Held([down()], {PLATFORM: document(FlagState.READY)}, {PLATFORM: ()}, due=[due], credentials=[renew])
    read = Reader(render(page_view(site(), held, START, is_file=False)))
    text = read.text
    assert "Drills to look after: 1 overdue Credentials to look after: 1 ends soon" in text
    assert text.index("PERMITTED") < text.index("overdue since") < text.rindex("Credentials to look after")
    assert read.references.index("credentials") < read.references.index("platform-1-name")
    assert set(read.references) <= set(read.ids)


def _luminance(colour: str) -> float:
    wide = "".join(digit * 2 for digit in colour) if len(colour) == 3 else colour
    channels = [int(wide[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_both_schemes(scheme: str) -> None:
    """Contrast of text with what it stands on is at least 4.5, and 7 for running text (WCAG AA and AAA)."""
    blocks = re.findall(r":root \{(.*?)\}", style(), re.DOTALL)
    colours = dict(re.findall(r"--([a-z-]+): #([0-9a-f]+);", blocks[("light", "dark").index(scheme)]))
    for tone in ("good", "warn", "bad", "unknown", "open", "sealed"):
        assert _contrast(colours[tone], colours[f"{tone}-tint"]) >= 4.5, tone
        assert _contrast(colours[tone], colours["card"]) >= 4.5, tone
        assert _contrast(colours["ink"], colours[f"{tone}-tint"]) >= 7, tone
    for ground in ("card", "ground"):
        assert _contrast(colours["ink"], colours[ground]) >= 7
        assert _contrast(colours["soft"], colours[ground]) >= 4.5
        assert _contrast(colours["link"], colours[ground]) >= 4.5


async def test_the_page_comes_up_when_the_store_does_not_answer() -> None:
    """A stuck store costs the page a second at most, once, and its past outages."""
    world = World()
    world.monitor.states = [down()]
    hold = world.store.hold("outages")
    face = world.face()
    async with asking(face) as client:
        first = await client.get("/")
        face.changed(PLATFORM, (), START)
        world.clock.advance(2)
        world.monitor.states = [replace(down(), why="still down")]
        world.store.heal()
        second = await client.get("/")
    assert hold.reached.is_set()
    assert "Past outages can&#39;t be read now." in first.text
    assert "DOWN" in first.text
    assert "None on record." in second.text
    assert "still down" in second.text


async def test_many_who_look_cost_one_rendering() -> None:
    """Within a second all get the same page; a change is shown at once."""
    world = World()
    face = world.face()
    async with asking(face) as client:
        first = await client.get("/")
        world.monitor.states = [down()]
        assert (await client.get("/")).content == first.content
        face.changed(PLATFORM, (), START)
        assert "DOWN" in (await client.get("/")).text
        assert world.store.calls.count("outages") == 2
