"""A run: gates, the opening at the witnesses, step after step, and clean-up, which always runs.

- What is next is `course`'s, what is to be taken back `undo`'s: both from the journal's entries.
- Whatever ends the steps, clean-up follows: the end of the plan, a step that failed, a signal, `drill stop`, an
  exception of whatever kind, a journal that can't be written, a cancellation.
- Background steps are tasks; one that fails ends no other, and holds none up.
- A run that is told to stop while it cleans up goes on cleaning up, and counts as interrupted.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from functools import partial
from typing import Any

from drills.model.calendar import Cadence
from drills.model.event import Checkpoint, Ended, Entry, Gated, NotTold, Receipted, Resumed
from drills.model.step import Status
from drills.ports import OpeningFacts
from drills.rules import behind, course, gates
from drills.rules.untold import may_know
from drills.runner.drill import Drill
from drills.runner.finish import Done, Ending, Finish
from drills.runner.outside import Outside
from drills.runner.record import Record
from drills.runner.steady import Escaped, let_go, regardless, spawn, words
from drills.runner.steps import Stage, begin, checkpoint, do, journalled
from drills.runner.stop import Stop
from drills.runner.telling import Telling, asked
from glasswatch.errors import EvidenceUnwritable, ExitCode, GlasswatchError, NotMeasured, UsageFault


class _Stopped(Exception):
    """The run was told to stop."""


class _Refused(Exception):
    """The run may not begin."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.why)
        self.ending = ending


class Run:
    """One run of a drill, from its first entry to its last. `entries` are those of a run that is resumed."""

    def __init__(self, drill: Drill, outside: Outside, stop: Stop, entries: Iterable[Entry] = ()) -> None:
        record = Record(drill.facts.id, outside, entries)
        telling = Telling(outside, record, drill.facts.id, stop)
        values = {**drill.values, **journalled(record)}
        self._stage = Stage(drill, record, telling, outside, values)
        self._stop = stop
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._opened: list[str] = []

    @property
    def record(self) -> Record:
        """Its journal, as it is written."""
        return self._stage.record

    async def begin(self, ask: Callable[[], Awaitable[Sequence[Gated]]]) -> Done:
        """Run it, unless a gate keeps it from beginning; `ask` returns what they say."""
        return await self._to_its_end(self._open(ask))

    async def resume(self, resumed: Resumed, *, is_behind: bool = False) -> Done:
        """Go on with a run that another process began: with its next step, or only to clean up.

        `is_behind`: steps may have been begun that its journal knows nothing of.

        Raises:
            UsageFault: it is closed.
        """
        closed = course.closed_in(self._stage.record.events)
        if closed is not None and not (closed.residue and resumed.clean_up_only):
            raise UsageFault("the run is closed: there is nothing to go on with")
        return await self._to_its_end(self._take_up(resumed, is_behind=is_behind))

    async def _to_its_end(self, opening: Coroutine[Any, Any, None]) -> Done:
        ending = await self._until_it_ends(opening)
        self._stop.again = lambda: self._stage.outside.screen.say("still cleaning up: nothing cuts it short")
        finish = Finish(self._stage, self._stop, self._tasks, self._opened)
        done = await regardless(finish.finish(ending), told=lambda: self._stop.tell("cancelled"))
        self._stop.again = lambda: None
        return done

    async def _until_it_ends(self, opening: Coroutine[Any, Any, None]) -> Ending:
        """Do all there is to do; return what ended it. Never raises."""
        try:
            self._hide()
            await self._or_stopped(opening)
            return Ending(await self._walk())
        except _Refused as refused:
            return refused.ending
        except _Stopped:
            return Ending(f"stopped by {self._stop.by}", ExitCode.INTERRUPTED, self._stop.by, self._stop.detail)
        except EvidenceUnwritable as fault:
            return Ending("evidence can't be written", ExitCode.EVIDENCE_UNWRITABLE, "evidence", str(fault))
        except (asyncio.CancelledError, KeyboardInterrupt) as told:
            return Ending("interrupted", ExitCode.INTERRUPTED, type(told).__name__)
        except BaseException as fault:  # noqa: BLE001 - whatever it is, clean-up follows
            met = fault.fault if isinstance(fault, Escaped) else fault
            code = ExitCode.INTERRUPTED if isinstance(met, KeyboardInterrupt) else ExitCode.BUG
            return Ending("a fault", code, type(met).__name__, words(fault))

    def _hide(self) -> None:
        for value in self._stage.values.values():
            if value.is_secret:
                self._stage.outside.hide(value)

    # Before the first step

    async def _open(self, ask: Callable[[], Awaitable[Sequence[Gated]]]) -> None:
        await self._stage.record.write(self._stage.drill.opening)
        gated = await ask()
        for gate in gated:
            await self._stage.record.write(gate)
        if shut := gates.shut(gated):
            raise _Refused(Ending(f"gate {shut[0].gate}: {shut[0].detail}", gates.code_of(shut)))
        await self._open_elsewhere()
        await checkpoint(self._stage)
        self._stage.telling.start()

    async def _open_elsewhere(self) -> None:
        """Open the run at every witness. Where one can't be told it does not begin."""
        record, outside = self._stage.record, self._stage.outside
        facts = self._opening_facts()
        for witness in outside.witnesses:
            head = record.head
            self._opened.append(witness.name)  # even where no answer comes it may have been opened
            try:
                jws = await asked(
                    partial(witness.open, facts, head),
                    outside.ready_seconds,
                    put_off=lambda seconds: outside.screen.say(f"it is opened in {seconds:g} s, as it is asked to"),
                )
            except GlasswatchError as fault:
                if not isinstance(fault, NotMeasured):
                    self._opened.remove(witness.name)
                await record.write(NotTold(witness.name, str(fault)))
                raise _Refused(Ending(f"the run can't be opened: {fault}", ExitCode(fault.exit_code))) from None
            await record.write(Receipted(witness.name, head.seq, head.hash, jws))

    def _opening_facts(self) -> OpeningFacts:
        drill, opening = self._stage.drill, self._stage.drill.opening
        return OpeningFacts(
            run=drill.facts,
            title=opening.title,
            owner=opening.owner,
            scenario_sha256=opening.scenario_sha256,
            cadence=opening.cadence if opening.cadence != Cadence.NONE else "",
            real=any(step.is_real for step in opening.steps),
            until=drill.until,
        )

    async def _take_up(self, resumed: Resumed, *, is_behind: bool) -> None:
        record = self._stage.record
        self._opened += may_know(record.events, [witness.name for witness in self._stage.outside.witnesses])
        await record.write(resumed)
        for step in course.going_on(record.events):
            detail = "cut short: the process that did it is gone"
            await record.write(Ended(step, Status.INTERRUPTED, detail))
        for unknown in behind.unheard_of(self._stage.drill.steps, record.events) if is_behind else ():
            await record.write(unknown)
        if not any(isinstance(event, Checkpoint) for event in record.events):
            raise _Refused(Ending("it ended before it was opened", ExitCode.INTERRUPTED, "killed"))
        await checkpoint(self._stage)
        self._stage.telling.start()

    # The steps

    async def _walk(self) -> str:
        """Do step after step; return why clean-up is next."""
        record, drill = self._stage.record, self._stage.drill
        while True:
            if self._stop.by:
                raise _Stopped
            match course.after(drill.steps, record.events):
                case course.Begin(step):
                    await self._begin(step.id)
                case course.Skip(step, why):
                    await record.write(Ended(step.id, Status.SKIPPED, why))
                case course.Wait(steps):
                    await self._or_stopped(self._first_of(steps))
                case course.CleanUp(why):
                    return why
                case course.Over():
                    raise RuntimeError("a run that goes on is not closed")

    async def _begin(self, step: str) -> None:
        doing = self._stage.drill.doings[step]
        await begin(self._stage, doing)
        if doing.planned.is_background:
            self._tasks[step] = spawn(do(self._stage, doing))
        else:
            await self._or_stopped(do(self._stage, doing))

    async def _first_of(self, steps: Iterable[str]) -> None:
        """Wait until one of the background steps has ended.

        Raises:
            Whatever kept it from writing down how it ended.
        """
        tasks = {self._tasks[step] for step in steps}
        done, _going = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def _or_stopped(self, work: Coroutine[Any, Any, None]) -> None:
        """Do the work, and let go of it as soon as the run is told to stop.

        Raises:
            _Stopped: it was told to.
        """
        task = spawn(work)
        told = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({task, told}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                task.result()
            elif self._stop.by:
                raise _Stopped
        finally:
            await let_go(task, told)
