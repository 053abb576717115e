"""Announcing: everybody is told what concerns them, the flag first, what only shows it last."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import cast

import pytest

from monitor.announce import Announcer, note
from monitor.exercises.desk import ExerciseDesk
from monitor.metrics.book import MetricsBook
from monitor.model.fact import Fact, FlagChanged, OutageEnded, OutageOpened, PageWithheld, PlatformChanged
from monitor.model.maintenance import InForce, MaintenanceBegan
from monitor.model.page import PageKind
from monitor.model.record import FlagDocument, RoutedPage
from monitor.model.state import FlagHead, Outage, PlatformState
from monitor.model.verdict import FlagState, Verdict
from monitor.outbox import Outbox
from monitor.publish import Publisher
from monitor.settle import Settled
from monitor.web.face import WebFace
from tests.support.clock import START, ManualClock
from tests.support.pages import page, routed
from tests.support.watching import document, outage

CHANGED = FlagChanged(FlagHead(), FlagHead(FlagState.READY, START, 1), "an outage")


@dataclass
class Everybody:
    """Stands in for all who are told; `heard` has what they were told, in order."""

    heard: list[tuple[str, object]] = field(default_factory=list)

    def submit(self, what: FlagDocument | RoutedPage) -> None:
        """Hear of a flag (as a publisher) or a page (as an outbox)."""
        self.heard.append(("publish" if isinstance(what, FlagDocument) else "page", what))

    def flag(self, document: FlagDocument) -> None:
        """Hear of a flag, as metrics."""
        self.heard.append(("count flag", document))

    def state(self, held: PlatformState) -> None:
        """Hear of a state, as metrics."""
        self.heard.append(("count state", held))

    def outage_confirmed(self, found: Outage) -> None:
        """Hear of an outage, as metrics."""
        self.heard.append(("count outage", found))

    def changed(self, platform: str, facts: Iterable[Fact], at: datetime) -> None:
        """Hear of a change, as the web face."""
        self.heard.append(("show change", (platform, tuple(facts), at)))

    def renewed(self) -> None:
        """Hear of a renewal, as the web face."""
        self.heard.append(("show renewal", None))

    def settled(self, settled: Settled) -> None:
        """Hear of everything, as the desk of exercises."""
        self.heard.append(("exercise", settled))


def _told(settled: Settled) -> list[tuple[str, object]]:
    everybody = Everybody()
    announcer = Announcer(
        cast("Publisher", everybody),
        cast("Outbox", everybody),
        cast("MetricsBook", everybody),
        cast("WebFace", everybody),
        ManualClock(),
        cast("ExerciseDesk", everybody),
    )
    for listener in announcer.listeners():
        listener(settled)
    assert everybody.heard.pop() == ("exercise", settled)
    return everybody.heard


STATE = PlatformState("payments")


def test_flag_first_then_pages_then_what_only_shows_it() -> None:
    """The door opens before anybody is woken, and both before a counter moves."""
    found, signed, told = OutageOpened(outage()), document(), routed(page())
    heard = _told(Settled(STATE, (found, CHANGED), signed, (told,), is_recorded=True))
    assert [what for what, _ in heard] == [
        "publish",
        "page",
        "count flag",
        "count state",
        "count outage",
        "show change",
    ]
    assert heard[0][1] is signed
    assert heard[1][1] is told
    assert heard[-1][1] == ("payments", (found, CHANGED), START)


def test_a_renewal_is_published_and_shown_and_nothing_else() -> None:
    """Nobody is paged; the page as a file says the new end."""
    heard = _told(Settled(STATE, (), document(), (), is_recorded=True))
    assert [what for what, _ in heard] == ["publish", "count flag", "count state", "show renewal"]


def test_what_changed_no_flag_publishes_none() -> None:
    """A ticket alone leaves the published flag alone."""
    heard = _told(Settled(STATE, (PageWithheld(PageKind.OUTAGE, "why"),), None, (), is_recorded=True))
    assert [what for what, _ in heard] == ["count state", "show change"]


def test_every_page_goes_out_also_unrecorded_ones() -> None:
    """The outbox gets all of them, as they are."""
    pages = tuple(routed(replace(page(number=number), unrecorded=True)) for number in range(3))
    heard = _told(Settled(STATE, (), None, pages, is_recorded=False))
    assert [what for kind, what in heard if kind == "page"] == list(pages)


def test_the_log_says_what_happened(caplog: pytest.LogCaptureFixture) -> None:
    """Verdict, flag, outage and its end, maintenance, one line each, with the platform; nothing for the rest."""
    facts = (
        PlatformChanged(Verdict.UP, Verdict.DOWN, START, "why"),
        OutageOpened(outage()),
        CHANGED,
        OutageEnded(outage()),
        MaintenanceBegan(InForce("w", "nights", START, START + timedelta(hours=1))),
        PageWithheld(PageKind.OUTAGE, "why"),
    )
    with caplog.at_level(logging.INFO):
        note(Settled(STATE, facts, None, (), is_recorded=True))
    assert [record.getMessage() for record in caplog.records] == [
        *("verdict", "outage", "flag", "outage_ended", "maintenance_began"),
    ]
    assert {record.__dict__["fields"]["platform"] for record in caplog.records} == {"payments"}
