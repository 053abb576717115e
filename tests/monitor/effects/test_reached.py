"""Who knows what: how far pages got, who is told that something fires, who deals with it."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor.model.page import Page, PageStatus
from monitor.model.told import Acknowledgement, Reach, Told
from monitor.reached import ReachBook
from tests.support.clock import START, ManualClock
from tests.support.pages import page

ONE, OVER = page(), page(status=PageStatus.RESOLVED)
ANNA = Acknowledgement("Anna", START, "pager")


def told(book: ReachBook, one: Page, *channels: str) -> None:
    """Have channels take a page."""
    for channel in channels:
        book.put(one, channel)
    for channel in channels:
        book.took(one, channel)
        book.reached(one, channel, Reach.TOLD)


def test_a_page_is_known_with_all_whom_it_goes_to() -> None:
    """In the order in which they were named, with when they were reached."""
    book = ReachBook(ManualClock())
    book.put(ONE, "pager")
    book.put(ONE, "chat")
    book.put(ONE, "sms", is_fallback=True)
    book.reached(ONE, "chat", Reach.TOLD)
    book.reached(ONE, "pager", Reach.NOT_REACHED)
    assert book.of(ONE) == (
        Told("pager", Reach.NOT_REACHED, START),
        Told("chat", Reach.TOLD, START),
        Told("sms", Reach.BEING_TOLD, is_fallback=True),
    )
    assert list(book.under_way()) == [ONE]


def test_its_age_counts_from_the_decision_and_no_clock_that_jumps() -> None:
    """Wall time before it was put in, monotonic time since."""
    clock = ManualClock(START + timedelta(seconds=40))
    book = ReachBook(clock)
    book.put(ONE, "pager")
    clock._now += timedelta(hours=5)
    assert book.waited(ONE) == 40
    clock.advance(20)
    assert book.waited(ONE) == 60


def test_who_was_told_that_it_fires_is_known_until_told_that_it_is_over() -> None:
    """Each channel for itself; whoever is being told counts, whoever was given up doesn't."""
    book = ReachBook(ManualClock())
    told(book, ONE, "pager", "chat")
    assert book.knowing(ONE.dedup_key) == ("pager", "chat")
    assert book.firing("pager") == (ONE,)
    told(book, OVER, "pager")
    assert book.knowing(ONE.dedup_key) == ("chat",)
    assert (book.firing("pager"), book.firing("chat")) == ((), (ONE,))
    other = page("other")
    book.put(other, "pager")
    assert book.knowing("other") == ("pager",)
    book.reached(other, "pager", Reach.GIVEN_UP)
    assert book.knowing("other") == ()


def test_who_deals_with_it_is_forgotten_with_it() -> None:
    """Nobody deals with what nobody was told of; and once it is over, nobody has to."""
    book = ReachBook(ManualClock())
    book.acknowledged(ONE.dedup_key, ANNA)
    assert book.acknowledgement(ONE.dedup_key) is None
    told(book, ONE, "pager")
    book.acknowledged(ONE.dedup_key, ANNA)
    assert book.acknowledgement(ONE.dedup_key) == ANNA
    told(book, OVER, "pager")
    assert book.acknowledgement(ONE.dedup_key) is None


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(PageStatus)), max_size=30))
def test_nothing_is_kept_for_ever(steps: list[tuple[str, PageStatus]]) -> None:
    """When all is over and told, nothing is left; before that no more than what fires."""
    book = ReachBook(ManualClock())
    for number, (key, status) in enumerate(steps):
        told(book, page(key, status, number=number), "pager", "chat")
        assert len(book._pages) <= 3
    for number, key in enumerate("abc"):
        told(book, page(key, PageStatus.RESOLVED, number=100 + number), "pager", "chat")
    assert (book._pages, book._last, book._acknowledged) == ({}, {}, {})
    assert not any(book._firing.values())
