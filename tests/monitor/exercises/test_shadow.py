"""One exercise's probes in virtual time: their slots, their rounds, their calls, and the one thing they tell."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from monitor.exercises.shadow import Ground, Shadow
from monitor.model.exercise import Sees
from monitor.model.outcome import OutcomeKind
from monitor.model.policy import PlatformPolicy
from monitor.model.state import PlatformState
from monitor.model.verdict import Verdict
from monitor.rules import exercise
from monitor.rules.schedule import Grid, Slots, next_attempt
from monitor.settings.platform import PlatformSettings
from monitor.settings.policy import policies_of
from platforms.transport.reach import Network
from platforms.transport.resolver import AresResolver
from platforms.transport.tls import TlsContexts
from tests.support.clock import START
from tests.support.rulings import SECOND, Platform
from tests.support.settings_files import GOOD, settings_of
from tests.support.virtual_time import VirtualClock, run

PORTAL = "http://platform.invalid/"
HTTP = f"{{type: http, function: sign_in, url: '{PORTAL}', interval: 15s, timeout: 5s}}"


class Sighted:
    """Controls that answer as told. `asked`: when."""

    is_blind = False

    def __init__(self, *, answers: bool = True) -> None:
        self.answers = answers
        self.asked: list[float] = []

    def ask(self, *, afresh: bool = False) -> asyncio.Task[bool]:
        """See `monitor.scheduler.Sighted`."""
        self.asked.append(asyncio.get_running_loop().time())
        return asyncio.create_task(self._answer(afresh=afresh))

    async def _answer(self, *, afresh: bool) -> bool:
        return self.answers or (afresh and self.answers)

    def lost(self) -> None:
        """Complain: an exercise makes nobody blind."""
        raise AssertionError("blind")


class Scene:
    """A platform of these probes that is up, and the ground under its exercise. To be made inside a virtual loop."""

    def __init__(self, platforms: Mapping[str, PlatformSettings], policy: PlatformPolicy, sight: Sighted) -> None:
        self.clock = VirtualClock()
        self.sight = sight
        self.found: list[tuple[float, float]] = []
        network = Network(self.clock, AresResolver(), TlsContexts())
        self.ground = Ground(network, sight, self.clock, Grid, lambda: platforms)
        self.policy = exercise.shadow_policy(policy)
        self.settings = platforms["payments"]
        real = Platform(policy, START - 2 * SECOND * len(policy.probes))
        real.good()
        self.real: PlatformState = real.state

    async def run(self, sees: Sees = Sees.HANG) -> float:
        """Run the shadow; return after how many seconds it was found."""
        shadow = Shadow(sees, self.policy, exercise.shadow_of(self.real, self.policy), self.settings)
        began = self.clock.monotonic()

        def found(took: float) -> None:
            assert took == pytest.approx(self.clock.monotonic() - began)
            self.found.append((began, took))

        await shadow.run(self.ground, found)
        assert len(self.found) == 1
        return self.found[0][1]


@pytest.fixture
def scene(tmp_path: Any) -> Callable[..., Callable[[], Scene]]:
    """Return what makes a scene of probes as the settings have them."""

    def prepare(sight: Callable[[], Sighted] = Sighted, **probes: str) -> Callable[[], Scene]:
        lines = "".join(f"      {name}: {each}\n" for name, each in probes.items())
        head, _, tail = GOOD.partition("      portal:\n")
        settings = settings_of(tmp_path, f"{head}{lines}controls: {tail.partition('controls: ')[2]}")
        return lambda: Scene(settings.platforms, policies_of(settings)["payments"], sight())

    return prepare


def _until_the_slot(there: Scene, name: str = "portal") -> float:
    """Return how many seconds it is from the start to the next slot of the real probe."""
    policy, now = there.policy.probes[name], there.clock.now()
    slots = Slots("payments", name, there.ground.grid())
    due, _ = next_attempt(there.real.probes[name], policy, slots=slots, last_ended_at=now, now=now)
    return (due - now).total_seconds()


def test_a_platform_that_hangs_is_found_after_the_slot_three_timeouts_and_two_pauses(scene: Any) -> None:
    """As an outage that begins at that instant would be: by the slots of the real probe."""

    async def main() -> None:
        there = make()
        waits = _until_the_slot(there)
        assert 0 < waits <= 15
        assert await there.run() == pytest.approx(waits + 3 * 5.0 + 2 * 5.0)
        assert len(there.sight.asked) == 1

    make = scene(portal=HTTP)
    run(main())


def test_a_platform_that_refuses_is_found_without_the_timeouts(scene: Any) -> None:
    """Each attempt ends at once."""

    async def main() -> None:
        there = make()
        waits = _until_the_slot(there)
        assert await there.run(Sees.REFUSE) == pytest.approx(waits + 2 * 5.0)

    make = scene(portal=HTTP)
    run(main())


def test_a_deciding_probe_is_called_by_a_cheap_one(scene: Any) -> None:
    """It goes the same way: confirmed bad itself before anything is said."""
    journey = (
        "{type: journey, function: sign_in, url: 'http://platform.invalid', interval: 10m, timeout: 5s, clean_up: 1s, "
        "steps: [{id: look, request: {path: /}, expect: {status: [200]}}]}"
    )

    async def main() -> None:
        there = make()
        waits = _until_the_slot(there)
        confirm = there.policy.probes["way"]
        attempts, pause = confirm.confirm_attempts, confirm.confirm_every.total_seconds()
        assert attempts == 2
        assert await there.run(Sees.REFUSE) == pytest.approx(waits + 2 * 5.0 + pause, abs=0.01)

    make = scene(portal=HTTP, way=journey)
    run(main())


def test_without_a_control_that_answers_nothing_is_found(scene: Any) -> None:
    """It may be our own network, exercised or not; and nobody is called blind for it."""

    async def main() -> None:
        there = make()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(600):
                await there.run(Sees.REFUSE)
        assert there.found == []
        assert there.sight.asked

    make = scene(lambda: Sighted(answers=False), portal=HTTP)
    run(main())


def test_its_state_is_its_own(scene: Any) -> None:
    """What the real platform's state is does not change, whatever the shadow found."""

    async def main() -> None:
        there = make()
        before = there.real
        await there.run(Sees.REFUSE)
        assert there.real is before
        assert there.real.verdict is Verdict.UP
        assert OutcomeKind.BAD not in {held.last_reason for held in there.real.probes.values()}

    make = scene(portal=HTTP)
    run(main())
