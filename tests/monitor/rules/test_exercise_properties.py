"""Exercises and everything else: a history with them is, but for their cause, the history without them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor.model.act import Inhibit, Lower, Raise
from monitor.model.event import ClockSetBack
from monitor.model.fact import (
    FlagChanged,
    FunctionChanged,
    OutageEnded,
    OutageOpened,
    OutageReopened,
    OutageWidened,
    PlatformChanged,
    ProbeChanged,
)
from monitor.model.outcome import OutcomeKind
from monitor.model.page import Page, PageKind
from monitor.model.verdict import CauseKind, FlagState, Role, Verdict
from monitor.rules.causes import in_force
from monitor.rules.exercise import running
from monitor.rules.pages import EXERCISED
from tests.support.exercising import WISH, begin, detect, drills, end
from tests.support.rulings import BOUNDED, HOUR, MINUTE, SECOND, Platform, policy, probe

ACCESS = replace(probe("access", role=Role.DECIDING), interval=MINUTE, confirm_attempts=2, recover=1)
SPARE = replace(probe("spare", "approve"), critical=False)
PLATFORMS = [(probe(),), (probe(), SPARE), (probe(), ACCESS, SPARE)]
SPANS = st.sampled_from([SECOND, 15 * SECOND, MINUTE, 20 * MINUTE, HOUR])

HELD = (ProbeChanged, FunctionChanged, PlatformChanged, OutageOpened, OutageWidened, OutageReopened, OutageEnded)
Deed = Callable[[Platform], object]


@dataclass(frozen=True)
class Drill:
    """What is done to the one history alone."""

    do: Callable[[Platform], object]


def ordinary() -> st.SearchStrategy[Deed]:
    """Return what happens to both histories alike."""
    return st.one_of(
        st.sampled_from(
            [
                lambda each: each.good(),
                lambda each: each.good(),
                lambda each: each.bad("portal"),
                lambda each: each.confirm("portal"),
                lambda each: each.confirm(),
                lambda each: each.recover(),
                lambda each: each.not_measured(),
                lambda each: each.blind(),
                lambda each: each.blind(blind=False),
                lambda each: each.restart(),
                lambda each: each.restart(HOUR),
                lambda each: each.hear(ClockSetBack(MINUTE)),
                lambda each: each.act(Raise("needed", HOUR)),
                lambda each: each.act(Inhibit("false alarm", HOUR)),
            ]
        ),
        SPANS.map(lambda span: lambda each: each.tick(span)),
        st.sampled_from(list(OutcomeKind)).map(lambda kind: lambda each: each.after(SECOND).see(kind)),
    )


def _beginning(number: int, span: timedelta) -> Drill:
    return Drill(lambda each: begin(each, replace(WISH, id=f"ex-{number}", span=span)))


def _whole(number: int, span: timedelta) -> Drill:
    """Return one that begins and is detected."""
    return Drill(lambda each: (_beginning(number, span).do(each), detect(each, f"ex-{number}")))


def drilling() -> st.SearchStrategy[Drill]:
    """Return what exercises do."""
    numbers = st.integers(0, 3)
    spans = st.sampled_from([timedelta(seconds=10), MINUTE, HOUR])
    return st.one_of(
        st.builds(_beginning, numbers, spans),
        st.builds(_whole, numbers, spans),
        numbers.map(lambda n: Drill(lambda each: detect(each, f"ex-{n}"))),
        numbers.map(lambda n: Drill(lambda each: end(each, f"ex-{n}"))),
    )


def held(platform: Platform) -> object:
    """Return everything that an exercise may not touch."""
    state = platform.state
    left = tuple(cause for cause in state.causes if cause.kind is not CauseKind.EXERCISE)
    firing = {key: kind for key, kind in state.firing.items() if kind != PageKind.FLAG and f"/{EXERCISED}" not in key}
    return replace(
        state, causes=left, exercises=(), firing=firing, flag=type(state.flag)(), acts=type(state.acts)(), wake_at=None
    )


def _is_its_own(page: Page) -> bool:
    """Whether it is the page that an outage would send, which names none."""
    return page.kind is PageKind.OUTAGE and page.outage is None


def told(platform: Platform) -> list[object]:
    """Return the facts and pages that an exercise may not touch; a page's words may speak of it."""
    kept: list[object] = list(platform.found(*HELD))
    pages = [each for each in platform.pages() if each.kind is not PageKind.FLAG and not _is_its_own(each)]
    return [*kept, *((each.dedup_key, each.status, each.decided_at) for each in pages)]


@BOUNDED
@given(st.sampled_from(PLATFORMS), st.lists(st.one_of(ordinary(), drilling()), min_size=10, max_size=40))
def test_a_history_with_exercises_is_the_one_without_them(
    probes: tuple[object, ...], deeds: list[Deed | Drill]
) -> None:
    """Probes, functions, verdict, outages, their pages and whatever is real are alike; and so is ready."""
    drilled, plain = (Platform(policy(*probes)) for _ in range(2))  # type: ignore[arg-type]  # probes
    drilled.good()
    plain.good()
    for deed in deeds:
        if isinstance(deed, Drill):
            deed.do(drilled)
            plain.tick()
        else:
            deed(drilled)
            deed(plain)
        assert held(drilled) == held(plain)
        assert (drilled.flag() is FlagState.READY) is (plain.flag() is FlagState.READY)
        _holds_together(drilled)
    assert told(drilled) == told(plain)


def _holds_together(platform: Platform) -> None:
    """A cause of an exercise stands exactly while a detected one runs, beside nothing real."""
    known = running(platform.state)
    expected = [known.id] if known is not None and known.detected_at is not None else []
    assert [cause.id for cause in drills(platform)] == expected
    assert sum(each.is_running for each in platform.state.exercises) <= 1
    if known is not None:
        assert platform.verdict() in (Verdict.UP, Verdict.DEGRADED)
        assert platform.state.outage is None or platform.state.outage.ended_at is not None
        assert platform.now < known.until
    kinds = {each.kind for each in in_force(platform.state.causes, platform.now)}
    assert not expected or kinds == {CauseKind.EXERCISE}
    assert (platform.flag() is FlagState.EXERCISE) is bool(expected)
    own = [key for key in platform.state.firing if f"/{EXERCISED}" in key]
    assert own == [f"prod/payments/outage/exercise/{name}" for name in expected]


@BOUNDED
@given(st.lists(drilling(), max_size=30))
def test_no_exercise_ever_makes_the_flag_ready(deeds: list[Drill]) -> None:
    """Nor does its end; lowering it always works, and leaves nothing."""
    platform = Platform(policy())
    platform.good()
    for deed in deeds:
        deed.do(platform)
        assert platform.flag() is not FlagState.READY
    changes = [fact for fact in platform.facts if isinstance(fact, FlagChanged)]
    assert all(change.now.state is not FlagState.READY for change in changes)
    platform.act(Lower("over"))
    assert platform.flag() is FlagState.STANDBY
    assert platform.state.causes == ()
    assert all(page.kind is PageKind.FLAG or _is_its_own(page) for page in platform.pages())
