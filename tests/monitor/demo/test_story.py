from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from glasswatch.errors import ExitCode, NotMeasured
from monitor.demo.ports import FlagSeen, PageSeen, VerdictSeen, Views
from monitor.demo.story import Pace, Story
from monitor.demo.told import Happened, Missing, NotReached, Result, Told, Unmeasured
from tests.support.clock import ManualClock

PACE = Pace(healthy_within=20, outage_within=15, hold=3, recovery_within=65, look_every=0.5)
OUTAGE, FLAG = "demo/payments/outage/1", "demo/payments/flag"
HEALTHY = ("healthy", "sealed", "quiet")
BROKEN = ("down", "ready", "page", "flag_page")
MENDED = ("over", "up", "standby", "flag_over")


def _page(kind: str, status: str, key: str, at: float) -> PageSeen:
    return PageSeen(kind, status, key, f"{kind} is {status}", at)


@dataclass
class FakePlatform:
    """A platform, a monitor, a flag and a pager in one: what each shows follows from when it was broken and mended.

    Everything is late by `late` seconds after its cause; names in `never` don't happen, names in `blind` can't be
    asked. `seen_from_start` are pages that were there before.
    """

    clock: ManualClock
    never: frozenset[str] = frozenset()
    blind: frozenset[str] = frozenset()
    late: float = 2.0
    seen_from_start: tuple[PageSeen, ...] = ()
    resolved_key: str = OUTAGE
    broke_at: float | None = None
    mended_at: float | None = None
    pulls: list[str] = field(default_factory=list)

    async def break_function(self, function: str) -> None:
        """Break from now on."""
        self.pulls.append(f"break {function}")
        self._ask("break")
        self.broke_at = self.clock.monotonic()

    async def recover(self) -> None:
        """Mend from now on."""
        self.pulls.append("recover")
        self._ask("recover")
        self.mended_at = self.clock.monotonic()

    async def verdict(self) -> VerdictSeen:
        """Return down while broken, up otherwise, each as late as everything."""
        self._ask("status")
        if "healthy" in self.never:
            return VerdictSeen("unknown", "not measured yet")
        if self._has(self.mended_at, "up"):
            return VerdictSeen("up", "")
        return VerdictSeen("down", "sign_in is down") if self._has(self.broke_at, "down") else VerdictSeen("up", "")

    async def word(self) -> FlagSeen:
        """Return ready while broken, standby otherwise."""
        self._ask("flag")
        if "sealed" in self.never:
            return FlagSeen("refused", "no trusted key signed it")
        if self._has(self.mended_at, "standby"):
            return FlagSeen("standby", "sealed")
        return FlagSeen("ready", "ready") if self._has(self.broke_at, "ready") else FlagSeen("standby", "sealed")

    async def pages(self) -> Sequence[PageSeen]:
        """Return what came so far."""
        self._ask("pages")
        pages = list(self.seen_from_start)
        for name, page in (
            ("page", _page("outage", "firing", OUTAGE, 0)),
            ("flag_page", _page("flag", "firing", FLAG, 0)),
        ):
            if self._has(self.broke_at, name):
                pages.append(self._arrived(page, self.broke_at))
        resolved = _page("outage", "resolved", self.resolved_key, 0)
        for name, page in (("over", resolved), ("flag_over", _page("flag", "resolved", FLAG, 0))):
            if self._has(self.mended_at, name):
                pages.append(self._arrived(page, self.mended_at))
        return pages

    def _arrived(self, page: PageSeen, cause: float | None) -> PageSeen:
        return PageSeen(page.kind, page.status, page.dedup_key, page.summary, (cause or 0) + self.late)

    def _has(self, cause: float | None, name: str) -> bool:
        return name not in self.never and cause is not None and self.clock.monotonic() >= cause + self.late

    def _ask(self, name: str) -> None:
        if name in self.blind:
            raise NotMeasured(f"the {name} does not answer")


Change = Callable[[FakePlatform], None]


async def _play(fake: FakePlatform) -> Result:
    async def sleep(seconds: float) -> None:
        fake.clock.advance(seconds)

    told: list[Told] = []
    story = Story(Views(fake, fake, fake, fake), PACE, fake.clock, sleep)
    result = await story.play("sign_in", told.append)
    assert tuple(told) == result.told
    return result


def _fake(**changes: object) -> FakePlatform:
    return FakePlatform(ManualClock(), **changes)  # type: ignore[arg-type]  # its own fields, by name


def _names(result: Result, kind: type[Told]) -> set[str]:
    return {each.name for each in result.told if isinstance(each, kind)}


async def test_all_of_it_happens_and_is_timed_from_the_break() -> None:
    """0 only when everything was seen; a page counts from its arrival, the rest from the look that saw it."""
    fake = _fake(late=2.2)
    result = await _play(fake)
    assert result.exit_code is ExitCode.GOOD
    assert _names(result, Happened) == {*HEALTHY, "break", *BROKEN, "recover", *MENDED}
    times = {each.name: each.seconds for each in result.told if isinstance(each, Happened)}
    assert {name: times[name] for name in HEALTHY} == dict.fromkeys(HEALTHY)
    assert times["break"] == 0.0
    assert times["page"] == pytest.approx(2.2)
    assert times["down"] == times["ready"] == pytest.approx(2.5)
    assert times["recover"] == pytest.approx(2.5 + PACE.hold)
    assert times["over"] == pytest.approx(2.5 + PACE.hold + 2.2)
    told = [each.seconds for each in result.told if isinstance(each, Happened) and each.seconds is not None]
    assert told == sorted(told), "what came first is told first"
    assert fake.pulls == ["break sign_in", "recover"]


@pytest.mark.parametrize("name", BROKEN)
async def test_a_part_of_the_outage_that_is_missing_is_a_finding(name: str) -> None:
    """It is named with what was seen instead, what builds on it is not waited for, and the platform is mended."""
    fake = _fake(never=frozenset({name}))
    result = await _play(fake)
    assert result.exit_code is ExitCode.FINDING
    assert _names(result, Missing) == {name}
    assert _names(result, NotReached) == set(MENDED)
    assert fake.pulls == ["break sign_in", "recover"]


@pytest.mark.parametrize("name", MENDED)
async def test_a_part_of_the_recovery_that_is_missing_is_a_finding(name: str) -> None:
    """An outage that never ends, or a flag that is never lowered, is no happy end."""
    result = await _play(_fake(never=frozenset({name})))
    assert result.exit_code is ExitCode.FINDING
    assert _names(result, Missing) == {name}


@pytest.mark.parametrize("name", ["healthy", "sealed"])
async def test_a_story_that_does_not_begin_well_breaks_nothing(name: str) -> None:
    """Whatever is seen later would prove nothing."""
    fake = _fake(never=frozenset({name}))
    result = await _play(fake)
    assert result.exit_code is ExitCode.FINDING
    assert _names(result, Missing) == {name}
    assert _names(result, NotReached) == {*BROKEN, *MENDED}
    assert fake.pulls == []


async def test_a_page_that_fires_already_is_not_a_beginning() -> None:
    """An old outage could be taken for the new one."""
    fake = _fake(seen_from_start=(_page("outage", "firing", OUTAGE, 1.0),))
    result = await _play(fake)
    assert _names(result, Missing) == {"quiet"}
    assert fake.pulls == []


async def test_a_ticket_that_fires_already_keeps_no_story_from_beginning() -> None:
    """The drill that ends the story is due from its first moment: that wakes nobody."""
    ticket = PageSeen("drill_due", "firing", "demo/payments/drill_due", "the drill is due", 1.0, "ticket")
    result = await _play(_fake(seen_from_start=(ticket,)))
    assert result.exit_code is ExitCode.GOOD


async def test_a_page_from_before_the_break_does_not_count() -> None:
    """What fired and was resolved earlier is not the page of this outage."""
    old = (_page("outage", "firing", OUTAGE, 1.0), _page("outage", "resolved", OUTAGE, 2.0))
    result = await _play(_fake(seen_from_start=old, never=frozenset({"page"})))
    assert _names(result, Missing) == {"page"}


async def test_the_end_of_another_outage_does_not_count() -> None:
    """A page is resolved under the key it was fired under, or it is not."""
    result = await _play(_fake(resolved_key="demo/payments/outage/2"))
    assert result.exit_code is ExitCode.FINDING
    assert _names(result, Missing) == {"over"}


@pytest.mark.parametrize(
    ("name", "unseen"),
    [("status", {"healthy"}), ("flag", {"sealed"}), ("pages", {"quiet"})],
)
async def test_what_cant_be_asked_is_not_measured_and_not_missing(name: str, unseen: set[str]) -> None:
    """Nobody saw it, so nobody may say that it did not happen."""
    result = await _play(_fake(blind=frozenset({name})))
    assert result.exit_code is ExitCode.NOT_MEASURED
    assert _names(result, Unmeasured) == unseen
    assert not _names(result, Missing)


async def test_a_platform_that_cant_be_broken_is_not_measured_but_mended() -> None:
    """The order may have arrived although its answer did not."""
    fake = _fake(blind=frozenset({"break"}))
    result = await _play(fake)
    assert result.exit_code is ExitCode.NOT_MEASURED
    assert _names(result, Unmeasured) == {"break"}
    assert fake.pulls == ["break sign_in", "recover"]


async def test_a_platform_that_cant_be_mended_is_not_measured() -> None:
    """Nothing after it is waited for."""
    result = await _play(_fake(blind=frozenset({"recover"})))
    assert result.exit_code is ExitCode.NOT_MEASURED
    assert _names(result, NotReached) == set(MENDED)


async def test_a_look_that_fails_once_is_not_the_end() -> None:
    """Only what was blind at the deadline was not measured."""
    fake = _fake(blind=frozenset({"status"}))

    async def sleep(seconds: float) -> None:
        fake.clock.advance(seconds)
        fake.blind = frozenset()

    story = Story(Views(fake, fake, fake, fake), PACE, fake.clock, sleep)
    assert (await story.play("sign_in", lambda _: None)).exit_code is ExitCode.GOOD


async def test_a_finding_outweighs_what_was_not_measured() -> None:
    """Exit codes follow the order of design 3.1."""
    fake = _fake(never=frozenset({"down"}))

    async def sleep(seconds: float) -> None:
        fake.clock.advance(seconds)
        if fake.broke_at is not None:
            fake.blind = frozenset({"pages"})

    result = await Story(Views(fake, fake, fake, fake), PACE, fake.clock, sleep).play("sign_in", lambda _: None)
    assert _names(result, Missing) == {"down"}
    assert _names(result, Unmeasured) == {"page", "flag_page"}
    assert result.exit_code is ExitCode.FINDING


def test_the_story_ends_within_two_minutes_at_worst() -> None:
    """All deadlines together leave time to start and to stop."""
    pace = Pace()
    assert pace.healthy_within + pace.outage_within + pace.hold + pace.recovery_within < 110
