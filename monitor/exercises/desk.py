"""Takes exercises up and ends them, and runs their own probes.

Whether one may begin, and what ends it, is decided by the rules, in the platform's order of events. What is done here
follows what was settled: probes of an exercise run from when it is on record that it began until it is that it ended.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator

from monitor.board import Board
from monitor.exercises.shadow import Ground, Shadow
from monitor.keeper import Keeper
from monitor.model.act import Act, Acted, Answer, Hand, Ruling
from monitor.model.event import ExerciseDetected, PersonActed
from monitor.model.exercise import BeginExercise, EndExercise, Exercise, ExerciseBegan, ExerciseOver, Listed, Wish
from monitor.rules import exercise as rules
from monitor.rules.audit import ACTOR
from monitor.settle import Settled

log = logging.getLogger("glasswatch.exercise")

DoAct = Callable[[str, Act, Hand], Awaitable[Acted]]


class ExerciseDesk:
    """The exercises of all platforms. `settled` is to be told of everything that was settled."""

    def __init__(self, board: Board, act: DoAct) -> None:
        self._board = board
        self._act = act
        self._ground: Ground | None = None
        self._crew: asyncio.TaskGroup | None = None
        self._shadows: dict[str, asyncio.Task[None]] = {}

    def attach(self, ground: Ground) -> None:
        """Name what probes stand on."""
        self._ground = ground

    async def begin(self, platform: str, wish: Wish, hand: Hand) -> Acted:
        """Begin one; answer when that is settled.

        Raises:
            KeyError: no such platform is watched.
        """
        known = next((each for each in self._all() if each.exercise.id == wish.id), None)
        if known is not None and known.platform != platform:
            line = f"the id {wish.id} is another exercise's, of {known.platform}: give each one an id of its own"
            return Acted(Ruling(Answer.NOT_POSSIBLE, line), is_recorded=True)
        missing = self._board.waiting_for()
        obstacle = f"the monitor is not ready: {'; '.join(missing)}" if missing else ""
        elsewhere = sum(each.exercise.is_running and each.platform != platform for each in self._all())
        return await self._act(platform, BeginExercise(wish, elsewhere, obstacle), hand)

    async def end(self, known: Listed, reason: str, hand: Hand) -> Acted:
        """End one; answer when that is settled."""
        return await self._act(known.platform, EndExercise(known.exercise.id, reason), hand)

    def settled(self, settled: Settled) -> None:
        """Start and stop what has to. A listener of every settler: returns at once, raises nothing."""
        for fact in settled.facts:
            if isinstance(fact, ExerciseBegan):
                self._start(settled.state.platform, fact.exercise)
            elif isinstance(fact, ExerciseOver):
                shadow = self._shadows.pop(fact.exercise.id, None)
                if shadow is not None:
                    shadow.cancel()

    def stop(self) -> None:
        """End all of them: the monitor stops, and nobody would see a real outage."""
        for platform, each in tuple(self._all()):
            if each.is_running:
                self._board.keepers[platform].hear(_ending(each, "the monitor stops"))

    async def run(self) -> None:
        """Run the probes of whatever is exercised. Runs until cancelled."""
        async with asyncio.TaskGroup() as crew:
            self._crew = crew
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                self._crew = None

    def _all(self) -> Iterator[Listed]:
        for platform, keeper in self._board.keepers.items():
            yield from (Listed(platform, each) for each in keeper.state.exercises)

    def _start(self, platform: str, found: Exercise) -> None:
        keeper, ground = self._board.keepers.get(platform), self._ground
        settings = ground.platforms().get(platform) if ground is not None else None
        if keeper is None or ground is None or settings is None or self._crew is None:
            return  # nobody watches it any more, or nobody watches at all: it has ended, or ends at once
        policy = rules.shadow_policy(keeper.policy)
        shadow = Shadow(found.wish.sees, policy, rules.shadow_of(keeper.state, policy), settings)
        job = self._watched(found, keeper, shadow, ground)
        self._shadows[found.id] = self._crew.create_task(job, name=f"exercise {found.id}")

    async def _watched(self, found: Exercise, keeper: Keeper, shadow: Shadow, ground: Ground) -> None:
        """Run the probes, and tell the rules of the detection. A fault of ours in them ends it, and nothing else."""
        try:
            await shadow.run(ground, lambda seconds: keeper.hear(ExerciseDetected(found.id, seconds)))
        except Exception:
            log.exception("exercise_fault", extra={"fields": {"id": found.id}})
            keeper.hear(_ending(found, "a fault of glasswatch: its log has it"))


def _ending(found: Exercise, why: str) -> PersonActed:
    return PersonActed(EndExercise(found.id, why), Hand(ACTOR, ""))
