"""The end of a run, which always comes: what goes on is let go of, all is taken back, the run is closed.

Every phase is done whatever the one before it met. What is left behind is named, in the journal as long as that can be
written, and in what is returned.
"""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from drills.errors import NOT_POSSIBLE, RequestRefused
from drills.model.event import CleaningUp, Closed, Ended, Entry, Interrupted, NotTold, Receipted
from drills.model.step import Status
from drills.model.verdict import Result, Verdict
from drills.ports import Closing, Witness
from drills.rules import course
from drills.rules.signatures import closed_as
from drills.rules.undo import residue_of, to_take_back
from drills.runner.cleanup import clean_up
from drills.runner.outside import Outside
from drills.runner.steady import Escaped, let_go, regardless, words
from drills.runner.steps import Stage
from drills.runner.stop import Stop
from drills.runner.telling import asked
from glasswatch.errors import ExitCode, worst
from glasswatch.visible import line

READING_SECONDS: Final = 30.0
"""How long the journal may take to be read back. A disk that takes longer would hold up the end."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What ended the steps of a run; `by` is set where it was an interruption."""

    why: str
    code: ExitCode = ExitCode.GOOD
    by: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """A run that is over: its result, what its command exits with, and what was left behind. `notes` are for people."""

    result: Result
    exit_code: ExitCode
    residue: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Finish:
    """Ends one run. `tasks` are its background steps, `opened` the witnesses that know of it."""

    def __init__(
        self, stage: Stage, stop: Stop, tasks: Mapping[str, asyncio.Task[None]], opened: Sequence[str]
    ) -> None:
        self._stage = stage
        self._record = stage.record
        self._stop = stop
        self._tasks = tasks
        self._opened = opened
        self._notes: list[str] = []
        self._codes: list[ExitCode] = []
        self._faults: list[BaseException] = []
        self._is_interrupted = False
        self._is_unread = False
        self._is_another_s = False

    async def finish(self, ending: Ending) -> Done:
        """Clean up and close. Never raises."""
        self._codes.append(ending.code)
        await self._whatever(let_go(*self._tasks.values()))
        if ending.by:
            await self._interrupted(ending.by, ending.detail)
        for step in course.going_on(self._record.events):
            await self._record.note(Ended(step, Status.INTERRUPTED, f"cut short: {ending.why}"))
        await self._record.note(CleaningUp(ending.why, to_take_back(self._record.events)))
        if (met := await clean_up(self._stage)) is not None and not self._record.lost:
            self._meet(met)
        await self._whatever(self._stage.telling.end())
        return await self._close(ending)

    async def _interrupted(self, by: str, detail: str) -> None:
        self._is_interrupted = True
        await self._record.note(Interrupted(by, detail))

    async def _close(self, ending: Ending) -> Done:
        before = next((e for e in reversed(self._record.events) if isinstance(e, Closed)), None)
        result, residue = await self._closed()
        if before is None or set(residue) != set(before.residue):
            await self._close_elsewhere(result, closing_of(result, residue))
        if self._is_another_s:
            result = self._judged(self._record.entries)
        if self._record.lost:
            self._notes.append(f"the journal can't be written: {self._record.lost}")
        return Done(result, self._code(result, residue), residue, (*self._notes, *_told(ending)))

    async def _closed(self) -> tuple[Result, tuple[str, ...]]:
        """Write the last entry; return what the run came to, which can't be passed where that was not written."""
        entries = await self._settled()
        residue = residue_of(self._stage.drill.steps, self._record.events)
        result = self._judged(entries)
        if not self._record.lost:
            closed = Closed(result.verdict, result.why, self._code(result, residue), residue)
            if await self._record.conclude(closed):  # with its signature, or it is not known that it ended like this
                return result, residue
            await self._came_late()
            result = self._judged(self._record.entries)
        return result, residue

    async def _settled(self) -> Sequence[Entry]:
        """Return all entries, with those of what came while the run was ended."""
        while True:
            entries = await self._read_back()
            if not await self._came_late():
                return entries

    async def _came_late(self) -> bool:
        """Write down what came too late to stop anything, and keeps the run from being passed; whether any did."""
        if self._stop.by and not self._is_interrupted:
            await self._interrupted(self._stop.by, f"while it cleaned up. {self._stop.detail}".strip())
            self._codes.append(ExitCode.INTERRUPTED)
            return True
        if self._faults:
            fault = self._faults.pop()
            await self._interrupted(type(fault).__name__, f"while it cleaned up: {words(fault)}")
            return True
        if self._record.lost and not self._is_interrupted:
            await self._interrupted("evidence", self._record.lost)
            return True
        return False

    async def _read_back(self) -> Sequence[Entry]:
        """Return the entries as they stand in the journal; as they are remembered where it can't be read."""
        if not self._record.lost and not self._is_unread:
            try:
                return await regardless(_entries(self._stage.outside))
            except BaseException as fault:  # noqa: BLE001 - what is remembered is there in any case
                self._is_unread = True
                self._codes.append(ExitCode.EVIDENCE_UNWRITABLE)
                self._meet(fault)
        return self._record.entries

    def _code(self, result: Result, residue: Sequence[str]) -> ExitCode:
        codes = [*self._codes, ExitCode(result.exit_code)]
        if residue:
            codes.append(ExitCode.RESIDUE)
        if self._record.lost:
            codes.append(ExitCode.EVIDENCE_UNWRITABLE)
        return worst(codes)

    def _judged(self, entries: Sequence[Entry]) -> Result:
        """Return what the run comes to. One whose end nobody elsewhere could see was not measured, at best."""
        try:
            result = self._stage.outside.judge(entries)
        except Exception as fault:  # noqa: BLE001 - a run that can't be judged was not passed
            self._codes.append(ExitCode.BUG)
            return Result(Verdict.ABORTED, f"it can't be judged: {words(fault)}", ExitCode.BUG, (), (), ())
        behind = self._stage.telling.behind
        if not behind or result.verdict is not Verdict.PASSED:
            return result
        why = f"{behind[0]} could not be told of its end"
        return replace(result, verdict=Verdict.NOT_MEASURED, why=why, exit_code=ExitCode.NOT_MEASURED)

    async def _close_elsewhere(self, result: Result, closing: Closing) -> None:
        """Close the run at every witness that knows of it. What it is told is kept before: a kill may come first."""
        witnesses = [witness for witness in self._stage.outside.witnesses if witness.name in self._opened]
        unkept: dict[str, str] = {}
        for witness in witnesses:
            await self._whatever(self._keep_unsent(witness, closing, unkept))
        for witness in witnesses:
            await self._whatever(self._close_at(witness, result, closing, unkept.get(witness.name, "")))

    async def _close_at(self, witness: Witness, result: Result, closing: Closing, unkept: str) -> None:
        """Close the run at a witness; where that can't be told it waits, and is sent later, unless it is `unkept`."""
        outside, run, head = self._stage.outside, self._stage.drill.facts.id, self._record.head
        try:
            jws = await asked(
                lambda: witness.close(run, closing, head),
                outside.ready_seconds,
                put_off=lambda seconds: outside.screen.say(
                    f"{witness.name} is told how it ended in {seconds:g} s, as it asks"
                ),
            )
            _check_verdict(witness, closing, jws)
            await self._record.note(Receipted(witness.name, head.seq, head.hash, jws))
            await self._waits_no_more(witness)
        except BaseException as fault:  # noqa: BLE001 - whatever it is, the witness does not know
            is_never_opened = self._was_never_opened_at(witness, fault)
            is_refused = isinstance(fault, RequestRefused) and fault.is_against_what_was_told
            if is_never_opened or is_refused:
                await self._waits_no_more(witness)
            if is_never_opened:
                return
            if isinstance(fault, RequestRefused) and is_refused:
                await self._refused(witness, fault, result)
                return
            self._codes.append(ExitCode.NOT_MEASURED)
            self._notes.append(f"{witness.name} could not be told how the run ended: {words(fault)}")
            self._notes.append(unkept or "it is sent by the next `drill run`, `drill status` or `drill resume`")
            if unkept:
                self._codes.append(ExitCode.EVIDENCE_UNWRITABLE)
            await self._record.note(NotTold(witness.name, words(fault)))

    async def _refused(self, witness: Witness, refused: RequestRefused, result: Result) -> None:
        """Write down that a witness knows the run otherwise: as passed it does not count here either."""
        self._codes.append(ExitCode.INTERRUPTED)
        self._notes.append(f"{witness.name} refused how the run ended: {refused}")
        self._is_another_s = result.verdict is Verdict.PASSED
        if self._is_another_s:
            await self._record.note(Interrupted(witness.name, f"when it was closed: {refused}"))
        else:
            await self._record.note(NotTold(witness.name, str(refused)))

    def _was_never_opened_at(self, witness: Witness, fault: BaseException) -> bool:
        """Whether a witness knows of no such run, and none of its answers says that it ever did."""
        is_known = any(isinstance(event, Receipted) and event.by == witness.name for event in self._record.events)
        return isinstance(fault, RequestRefused) and fault.is_of_no_such and not is_known

    async def _keep_unsent(self, witness: Witness, closing: Closing, unkept: dict[str, str]) -> None:
        try:
            await self._stage.outside.unsent.keep(witness.name, closing, self._record.head)
        except OSError as fault:
            why = fault.strerror or type(fault).__name__
            unkept[witness.name] = f"nor can that be kept here to be sent later: {why}"

    async def _waits_no_more(self, witness: Witness) -> None:
        with suppress(OSError):  # where it can't be taken out it is refused later, which is said
            await self._stage.outside.unsent.said(witness.name)

    async def _whatever(self, work: Coroutine[Any, Any, None]) -> None:
        """Do a piece of work to its end; what it meets is remembered, and stops nothing."""
        try:
            await regardless(work)
        except BaseException as fault:  # noqa: BLE001 - the next phase comes whatever this one met
            self._meet(fault)

    def _meet(self, fault: BaseException) -> None:
        met = fault.fault if isinstance(fault, Escaped) else fault
        is_told = isinstance(met, asyncio.CancelledError | KeyboardInterrupt)
        self._codes.append(ExitCode.INTERRUPTED if is_told else ExitCode.BUG)
        self._notes.append(f"while the run was ended: {words(fault)}")
        self._faults.append(met)


async def _entries(outside: Outside) -> Sequence[Entry]:
    async with asyncio.timeout(READING_SECONDS):
        return await outside.read_back()


def _check_verdict(witness: Witness, closing: Closing, receipt: str) -> None:
    """Take a receipt that says another verdict for what it is: somebody else told the witness how the run ended."""
    verdict = closed_as(receipt)
    if verdict not in (None, closing.verdict):
        raise RequestRefused(NOT_POSSIBLE, f"{witness.name} has it as {line(verdict or '')}, not as {closing.verdict}")


def closing_of(result: Result, residue: Sequence[str]) -> Closing:
    """Return what a witness is told of a run's end."""
    counts: dict[str, int] = {}
    for finding in result.findings:
        counts[finding.severity] = counts.get(finding.severity, 0) + 1
    spans = [(span.span.value, span.seconds) for span in result.spans if span.seconds is not None]
    return Closing(result.verdict, result.why, spans, list(counts.items()), tuple(residue))


def _told(ending: Ending) -> tuple[str, ...]:
    return (f"{ending.by}: {ending.detail}",) if ending.by and ending.detail else ()
