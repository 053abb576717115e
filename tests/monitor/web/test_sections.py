"""Which platforms' parts of the page stand as they were made, and what a page says of their age."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from markupsafe import Markup

from monitor.model.outcome import Reason, Warn
from monitor.model.state import PlatformState, ProbeState
from monitor.model.told import Acknowledgement
from monitor.model.verdict import FlagState, Phase
from monitor.web.pages import Kept
from monitor.web.sections import OLDEST, Section, kept_for, still_stands
from monitor.web.view import Held, Material, materials
from tests.support.clock import START
from tests.support.watching import PLATFORM, blind, document, down, outage, policy, site, up

SECOND = timedelta(seconds=1)
SITE = site()


def _material(state: PlatformState | None = None) -> Material:
    held = Held([up() if state is None else state], {PLATFORM: document()}, {PLATFORM: ()})
    (found,) = materials(SITE, held)
    return found


def _section(material: Material, cost: float = 1.0) -> Section:
    return Section(material, START, cost, Markup("as it was"))


def _probe(material: Material, change: Callable[[ProbeState], ProbeState]) -> Material:
    """Return the material with one probe changed."""
    state = material.state
    return replace(material, state=replace(state, probes={**state.probes, "portal": change(state.probes["portal"])}))


@pytest.mark.parametrize(
    ("costs", "expected"),
    [
        pytest.param((), 0, id="nothing was made yet"),
        pytest.param((0.05, 0.049), 0, id="all of them cost little"),
        pytest.param((0.05, 0.05), 5, id="a tenth of a second"),
        pytest.param((0.4, 0.4), 40, id="a fiftieth of the time"),
        pytest.param((30.0,), 60, id="a minute at most"),
    ],
)
def test_how_long_parts_are_kept(costs: tuple[float, ...], expected: float) -> None:
    """In proportion to what making them costs, with an end."""
    found = kept_for(_section(_material(), cost) for cost in costs)
    assert found.total_seconds() == pytest.approx(expected)


def test_what_says_the_same_stands_until_it_is_too_old() -> None:
    """A probe that ran again and found the same changes nothing but when that was, and how it put it."""
    material = _material()
    ran = _probe(
        material, lambda probe: replace(probe, last_at=START + 20 * SECOND, last_detail="status 200 in 3 ms", recent=8)
    )
    section = _section(material)
    assert still_stands(section, ran, START + 20 * SECOND, OLDEST)
    assert not still_stands(section, ran, START + OLDEST, OLDEST)
    assert not still_stands(section, material, START, timedelta(0))


def test_none_stands_that_was_made_later_than_now() -> None:
    """The clock was set back: what says "as of" the future is made anew."""
    assert not still_stands(_section(_material()), _material(), START - SECOND, OLDEST)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda found: replace(found, state=down()), id="verdict"),
        pytest.param(lambda found: replace(found, state=blind()), id="blindness"),
        pytest.param(lambda found: replace(found, state=replace(found.state, why="else")), id="why"),
        pytest.param(lambda found: replace(found, state=replace(found.state, outage=outage())), id="outage"),
        pytest.param(lambda found: replace(found, state=replace(found.state, functions={})), id="functions"),
        pytest.param(lambda found: replace(found, document=document(FlagState.READY)), id="flag"),
        pytest.param(lambda found: replace(found, document=document(minutes=6)), id="renewal"),
        pytest.param(lambda found: replace(found, document=None), id="no flag"),
        pytest.param(lambda found: replace(found, outages=None), id="outages unreadable"),
        pytest.param(lambda found: replace(found, unpublished=("elsewhere",)), id="target behind"),
        pytest.param(lambda found: replace(found, acknowledged=Acknowledgement("anna", START, "p")), id="acknowledged"),
        pytest.param(lambda found: replace(found, watched=replace(found.watched)), id="settings"),
        pytest.param(lambda found: replace(found, anchor="platform-2"), id="place"),
        pytest.param(lambda found: replace(found, state=replace(found.state, probes={})), id="probe gone"),
        pytest.param(lambda found: _probe(found, lambda probe: replace(probe, phase=Phase.BAD)), id="probe bad"),
        pytest.param(lambda found: _probe(found, lambda probe: replace(probe, round_bad=1)), id="probe suspect"),
        pytest.param(lambda found: _probe(found, lambda probe: replace(probe, good_run=1)), id="probe coming back"),
        pytest.param(lambda found: _probe(found, lambda probe: replace(probe, needs_reconfirm=True)), id="reconfirm"),
        pytest.param(
            lambda found: _probe(found, lambda probe: replace(probe, last_reason=Reason.OWN_FAULT)), id="not measured"
        ),
        pytest.param(
            lambda found: _probe(found, lambda probe: replace(probe, warnings=(Warn(next(iter(Warn))),))), id="warned"
        ),
    ],
)
def test_what_says_something_else_never_stands(change: Callable[[Material], Material]) -> None:
    """However new it is: a change is on the very next page."""
    material = _material()
    assert still_stands(_section(material), material, START + SECOND, OLDEST)
    assert not still_stands(_section(material), change(material), START + SECOND, OLDEST)


def test_what_time_alone_made_untrue_never_stands() -> None:
    """A flag past its expiry, and a probe not measured lately."""
    material = _material()
    expiring = replace(material, document=document(minutes=0.5))
    section = _section(expiring)
    assert still_stands(section, expiring, START + 29 * SECOND, OLDEST)
    assert not still_stands(section, expiring, START + 30 * SECOND, OLDEST)
    lately = _probe(material, lambda probe: replace(probe, last_at=START - 40 * SECOND))
    section = _section(lately)
    assert still_stands(section, lately, START + 10 * SECOND, OLDEST)  # 3 times 15 s, and 5 s for the attempt
    assert not still_stands(section, lately, START + 11 * SECOND, OLDEST)


class _Page:
    """Pages of two platforms whose making costs as much as a test wants."""

    def __init__(self, cost: float, *, is_file: bool = False) -> None:
        self.spent = 0.0
        self.cost = cost
        self.kept = Kept(is_file, self._spent)
        self.site = site(policy("a"), policy("b"))
        self.held = Held([up(platform="a"), up(platform="b")], {}, {"a": (), "b": ()})

    def _spent(self) -> float:
        self.spent += self.cost
        return self.spent

    def at(self, seconds: float) -> str:
        """Return the page that is made so long after the start."""
        making = self.kept.page(self.site, self.held, START + timedelta(seconds=seconds))
        while True:
            try:
                next(making)
            except StopIteration as end:
                return bytes(end.value).decode()


@pytest.mark.parametrize("is_file", [True, False])
def test_a_part_that_is_older_than_the_page_says_so(*, is_file: bool) -> None:
    """What changed is of now; what did not says as of when it is; the list on top is of now."""
    page = _Page(cost=10.0, is_file=is_file)
    assert "Last measurements as of" not in page.at(0)
    page.held = replace(page.held, states=[up(platform="a"), down(platform="b")])
    made = page.at(20)
    assert made.count("Last measurements as of") == 1
    (first, second) = made.split('<article class="platform"')[1:]
    assert '<time datetime="2026-03-01T03:00:00+00:00">2026-03-01 03:00:00 UTC</time>' in first
    assert "Last measurements as of" not in second
    assert "DOWN" in second
    assert "DOWN" in made.split("</nav>")[0]
    assert "Last measurements as of" not in page.at(60 + 20)


def test_where_making_costs_little_all_is_of_now() -> None:
    """A small site's page never says that a part of it is older."""
    page = _Page(cost=0.0)
    assert page.at(0) != page.at(20)
    assert "Last measurements as of" not in page.at(40)


def test_a_platform_that_left_the_settings_is_forgotten() -> None:
    """Neither shown nor kept."""
    page = _Page(cost=10.0)
    page.at(0)
    page.site = site(policy("b"))
    assert 'id="platform-2"' not in page.at(1)
    assert list(page.kept.sections) == ["b"]
