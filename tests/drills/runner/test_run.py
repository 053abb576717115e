"""What a run does, step after step, when nothing goes wrong that it could not foresee."""

import asyncio
import errno
import gc
from collections.abc import Coroutine
from itertools import pairwise
from typing import Any

import pytest

from drills.errors import AskedToWait
from drills.model.event import CleaningUp, Ended, Gated, Head, NotTold, Receipted, UndoEnded
from drills.model.found import Attempt, Found, Output, Value
from drills.model.step import Span, Status
from drills.model.verdict import Verdict
from drills.runner.finish import Done
from drills.runner.steady import let_go, spawn
from drills.runner.trying import Terms, Try, until_passed
from glasswatch.errors import EvidenceUnwritable, ExitCode, NotMeasured, SecretUnavailable
from tests.support.clock import START
from tests.support.drill_stage import Points, Stage, step, unwritable
from tests.support.virtual_time import VirtualClock, run

FAILED = Found(Status.FAILED, "seen 1, expected 2")
PASSED = Found(Status.PASSED, "done")


def test_a_step_is_tried_until_it_passes() -> None:
    """With its pause between tries; what is written is how often, and what came last."""
    stage = Stage((step("one"),))
    stage.every["one"] = 5.0
    stage.marking["one"].found = [FAILED, Found(Status.NOT_MEASURED, "no answer"), PASSED]
    done = run(stage.begin())
    assert done.exit_code is ExitCode.GOOD
    ended = stage.of(Ended)[0]
    assert isinstance(ended, Ended)
    assert (ended.status, ended.tries, ended.detail) == (Status.PASSED, 3, "done")
    assert [round(attempt.seconds) for attempt in stage.marking["one"].attempts] == [30, 24, 18]


def test_a_step_without_a_pause_is_tried_once() -> None:
    """And what needs it is skipped; what was done is taken back all the same."""
    stage = Stage()
    stage.marking["one"].found = [FAILED]
    done = run(stage.begin())
    assert stage.statuses() == {"one": "failed", "two": "skipped", "three": "skipped"}
    assert done.exit_code is ExitCode.FINDING
    assert stage.world.undone == ["one"]
    assert [event.why for event in stage.of(CleaningUp) if isinstance(event, CleaningUp)] == ["one failed"]


def test_a_step_that_can_not_pass_any_more_is_not_tried_again() -> None:
    """Its action says so."""
    stage = Stage((step("one"),))
    stage.every["one"] = 5.0
    stage.marking["one"].found = [Found(Status.FAILED, "refused", can_still=False), PASSED]
    run(stage.begin())
    assert stage.statuses() == {"one": "failed"}


def test_a_step_that_never_ends_is_cut_short_at_its_deadline() -> None:
    """It found nothing: that is neither good nor bad."""
    stage = Stage((step("one"),))
    stage.marking["one"]._seconds = 10_000.0
    done = run(stage.begin())
    ended = stage.of(Ended)[0]
    assert isinstance(ended, Ended)
    assert (ended.status, ended.detail) == (Status.NOT_MEASURED, "it was not over within 30 s")
    assert done.result.verdict is not Verdict.PASSED


def test_what_an_earlier_try_found_stands_when_the_last_is_cut_short() -> None:
    """A look that hung takes nothing away from one that saw."""
    found = [FAILED]

    async def look(_seconds: float) -> Found:
        if found:
            return found.pop()
        await asyncio.sleep(1000)
        return PASSED

    tried = run(_until_passed(look, Terms(within=30, every=1)))
    assert tried == (FAILED, 2)


def test_who_was_asked_to_wait_waits_and_what_was_found_before_stands() -> None:
    """Where there is no time for it nobody is asked again, but to take something back."""
    asked: list[float] = []
    wishes: list[float] = []

    async def throttled(seconds: float) -> Found:
        asked.append(seconds)
        if len(asked) == 1:
            return Found(Status.FAILED, "twelve are the most", pause=5)
        raise AskedToWait("later", wishes[-1])

    async def asked_at(terms: Terms, wish: float) -> tuple[str, list[int]]:
        asked.clear()
        wishes.append(wish)
        found, _tries = await _until_passed(throttled, terms)
        return found.detail, [round(each) for each in asked]

    first = "twelve are the most"
    assert run(asked_at(Terms(within=30, every=1), 20)) == (first, [30, 25, 5])
    assert run(asked_at(Terms(within=30, every=1), 40)) == (first, [30, 25])
    assert run(asked_at(Terms(within=30, tries=3), 40)) == (first, [30, 25, 23])


def test_a_look_that_hangs_says_itself_who_kept_it_waiting() -> None:
    """It is told a little less than there is; where there is hardly anything, still something."""

    async def hangs(seconds: float) -> Found:
        try:
            async with asyncio.timeout(seconds):
                await asyncio.sleep(1000)
        except TimeoutError:
            raise NotMeasured(f"https://pager did not answer within {seconds:g} s") from None
        return PASSED

    for within, told in ((8, "7.7"), (0.5, "0.45")):
        found, _tries = run(_until_passed(hangs, Terms(within=within)))
        assert found == Found(Status.NOT_MEASURED, f"https://pager did not answer within {told} s")


def test_what_does_not_end_when_it_is_cancelled_is_left_behind() -> None:
    """The run goes on without it."""

    async def stubborn(_seconds: float) -> Found:
        for _ in range(100):
            try:
                await asyncio.sleep(100)
            except asyncio.CancelledError:
                continue
        return PASSED

    async def tried() -> float:
        await until_passed(stubborn, Terms(within=10), VirtualClock())
        return VirtualClock().monotonic()

    loop_time = run(_bounded(tried()))
    assert 10 <= loop_time <= 20


def test_an_undo_is_tried_again_with_longer_and_longer_pauses() -> None:
    """Until it passes."""
    stage = Stage((step("one"),))
    gone = iter([FAILED, FAILED, PASSED])

    async def undo(attempt: Attempt) -> Found:
        return next(gone)

    stage.marking["one"].undo = undo  # type: ignore[method-assign]  # a world of its own
    done = run(stage.begin())
    ended = stage.of(UndoEnded)[0]
    assert isinstance(ended, UndoEnded)
    assert (ended.status, ended.tries) == (Status.PASSED, 3)
    assert done.exit_code is ExitCode.GOOD


def test_an_undo_that_fails_keeps_no_other_from_being_tried_and_is_named() -> None:
    """What is left, and how a person takes it back."""
    stage = Stage((step("one"), step("two", "one", undo="unmark two", touches=("mark two",)), step("three", "two")))
    stage.marking["two"].stuck = True
    done = run(stage.begin())
    assert stage.world.standing == {"two"}
    assert done.exit_code is ExitCode.RESIDUE
    assert done.residue == ("two: mark two still stands; by hand: unmark two",)
    assert [event.step for event in stage.of(UndoEnded) if isinstance(event, UndoEnded)] == ["three", "two", "one"]


def test_an_undo_is_told_how_its_step_ended() -> None:
    """By the journal: also in a process that did not do the step. What has no end was cut short."""
    stage = Stage()
    stage.marking["two"].found = [FAILED]
    run(stage.begin())
    ends = [place for place, each in enumerate(stage.journal.entries) if isinstance(each.event, Ended)]
    cut = Stage(entries=stage.journal.entries[: ends[1]])
    run(cut.resume(clean_up_only=True))
    told = [[each.ended for each in its.marking[id_].undos] for its in (stage, cut) for id_ in ("one", "two")]
    assert told == [[Status.PASSED], [Status.FAILED], [Status.PASSED], [Status.INTERRUPTED]]


def test_a_fault_in_an_action_is_the_steps_and_says_where_it_was() -> None:
    """Without its message, which may hold what nobody may see."""
    stage = Stage((step("one"),))

    async def act(attempt: Attempt) -> Found:
        raise ValueError("s3cret")

    stage.marking["one"].act = act  # type: ignore[method-assign]  # a world of its own
    run(stage.begin())
    ended = stage.of(Ended)[0]
    assert isinstance(ended, Ended)
    assert ended.status is Status.ERROR
    assert ended.detail.startswith("a fault: ValueError in tests/drills/runner/test_run.py:")
    assert stage.world.undone == ["one"]


def test_what_could_not_be_measured_is_told_in_its_own_words() -> None:
    """So is a secret that can't be had."""
    for fault in (NotMeasured("connection refused"), SecretUnavailable("env TOKEN is not set")):

        async def look(_seconds: float, fault: Exception = fault) -> Found:
            raise fault

        assert run(_until_passed(look, Terms(within=1))) == (Found(Status.NOT_MEASURED, str(fault)), 1)


def test_what_is_not_real_is_simulated_however_well_it_went() -> None:
    """The next step goes on from it."""
    stage = Stage((step("one", is_real=False), step("two", "one")))
    run(stage.begin())
    assert stage.statuses() == {"one": "simulated", "two": "passed"}


def test_background_steps_go_on_while_others_begin() -> None:
    """What needs one waits for it; the end waits for all; one that fails holds up nothing."""
    slow, bad = step("slow", is_background=True), step("bad", is_background=True)
    stage = Stage((slow, bad, step("free"), step("bound", "slow")))
    stage.marking["slow"]._seconds = 20.0
    stage.marking["bad"].found = [FAILED]
    done = run(stage.begin())
    assert stage.world.acted == ["slow", "bad", "free", "bound"]
    assert stage.statuses() == {"free": "passed", "bad": "failed", "slow": "passed", "bound": "passed"}
    assert stage.world.undone == ["bound", "free", "bad", "slow"]
    assert done.exit_code is ExitCode.FINDING


def test_background_steps_are_cut_short_when_the_run_is_stopped() -> None:
    """And taken back."""
    stage = Stage((step("slow", is_background=True), step("free")))
    stage.marking["slow"]._seconds = 25.0

    async def stopped() -> Done:
        asyncio.get_running_loop().call_later(3.0, stage.stop.tell, "SIGTERM")
        return await stage.begin()

    done = run(stopped())
    assert stage.statuses() == {"free": "passed", "slow": "interrupted"}
    assert done.exit_code is ExitCode.INTERRUPTED
    assert stage.world.standing == set()


def test_a_background_step_that_can_not_be_kept_ends_the_steps_at_once() -> None:
    """A full disk: what goes on is cut short, nothing further is begun, and nothing is printed by Python."""

    def full(name: str) -> None:
        if name == "keep":
            unwritable(name)

    printed: list[dict[str, Any]] = []

    async def begun() -> Done:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: printed.append(context))
        return await stage.begin()

    steps = (step("behind", is_background=True), step("long"), step("never"))
    stage = Stage(steps, points=Points(1, full, lasting=True))
    stage.marking["behind"].found = [Found(Status.PASSED, "done", outputs=(Output("answer", b"x"),))]
    stage.marking["long"]._seconds = 25.0
    done = run(begun())
    gc.collect()
    assert stage.world.acted == ["behind", "long"]
    assert (done.exit_code, stage.world.standing) == (ExitCode.EVIDENCE_UNWRITABLE, set())
    assert printed == []


def test_nobody_is_told_of_what_a_task_met_that_was_let_go_of() -> None:
    """Also where it had ended before: two background steps whose output can't be kept."""
    printed: list[dict[str, Any]] = []

    async def let_go_of() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: printed.append(context))
        tasks = [spawn(_fails()), spawn(_fails())]
        await asyncio.wait(tasks)
        await let_go(*tasks)

    run(let_go_of())
    gc.collect()
    assert printed == []


async def _fails() -> None:
    raise EvidenceUnwritable("no space left on device")


def test_captured_values_reach_later_steps_and_secrets_reach_no_entry() -> None:
    """A secret is hidden before its step's end is written."""
    stage = Stage((step("one"), step("two", "one")))
    captured = {"token": Value("s3cret", is_secret=True), "grant": Value("g-1")}
    output = Output("answer.json", b"{}")
    stage.marking["one"].found = [Found(Status.PASSED, "granted\nto anna", captured, (output,), at=START)]
    stage.values = {"run": Value("q"), "password": Value("hunter2", is_secret=True)}
    run(stage.begin())
    ended = stage.of(Ended)[0]
    assert isinstance(ended, Ended)
    assert (ended.captured, ended.secrets, ended.detail) == ({"grant": "g-1"}, ("token",), "granted to anna")
    assert (ended.outputs[0].file, ended.happened_at) == ("answer.json", START)
    assert stage.marking["two"].attempts[0].values["token"].text == "s3cret"
    assert [value.text for value in stage.journal.hidden] == ["hunter2", "s3cret"]
    assert "s3cret" not in str(stage.journal.entries)


@pytest.mark.parametrize("captured", [{}, {"grant": Value("g-1")}], ids=["nothing", "another value"])
def test_an_answer_that_a_secret_was_not_found_in_is_not_kept(captured: dict[str, Value]) -> None:
    """It may stand there in another way than was looked for, and nobody could hide it."""
    stage = Stage((step("one"),))
    stage.secrets["one"] = frozenset({"token"})
    output = Output("answer.json", b"s3cret")
    stage.marking["one"].found = [Found(Status.FAILED, "expected 200, got 201", captured, (output,), can_still=False)]
    run(stage.begin())
    ended = stage.of(Ended)[0]
    assert isinstance(ended, Ended)
    assert ended.outputs == ()
    assert ended.detail.startswith("expected 200, got 201; what it answered is not kept")


def test_a_run_that_is_resumed_knows_what_was_captured() -> None:
    """By its journal, which holds no secret."""
    first = Stage((step("one"), step("two", "one")))
    first.marking["one"].found = [
        Found(Status.PASSED, "", {"grant": Value("g-1"), "token": Value("x", is_secret=True)})
    ]
    run(first.begin())
    at = next(n for n, entry in enumerate(first.journal.entries) if isinstance(entry.event, Ended))
    second = Stage((step("one"), step("two", "one")), entries=first.journal.entries[: at + 1])
    run(second.resume())
    values = second.marking["two"].attempts[0].values
    assert (values["grant"].text, "token" in values) == ("g-1", False)


def test_steps_are_told_when_the_outage_began() -> None:
    """From the step on that begins a span."""
    stage = Stage((step("fault", begins=(Span.DETECT,)), step("look", "fault")))
    stage.marking["fault"].found = [Found(Status.PASSED, "", at=START)]
    run(stage.begin())
    assert stage.marking["fault"].attempts[0].since is None
    assert stage.marking["look"].attempts[0].since == START


def test_a_gate_that_is_shut_keeps_the_run_from_beginning() -> None:
    """Nothing is done, and no witness hears of it."""
    for status, code in ((Status.FAILED, ExitCode.FINDING), (Status.NOT_MEASURED, ExitCode.NOT_MEASURED)):
        stage = Stage()
        done = run(stage.begin(Gated("evidence", Status.PASSED, ""), Gated("window", status, "it is saturday")))
        assert stage.world.acted == []
        assert done.exit_code in (code, ExitCode.FINDING)
        assert [event.why for event in stage.of(CleaningUp) if isinstance(event, CleaningUp)] == [
            "gate window: it is saturday"
        ]
        assert (stage.witness.opened, stage.witness.closed) == ([], [])


def test_a_witness_that_hangs_holds_up_no_step() -> None:
    """It is told of the last head in the end, or could not be."""
    stage = Stage()
    hanging = stage.witness

    async def hang() -> Done:
        asyncio.get_running_loop().call_later(0.5, setattr, hanging, "seconds", 1000.0)
        return await stage.begin()

    done = run(hang())
    ends = [entry.at for entry in stage.journal.entries if isinstance(entry.event, Ended)]
    assert (ends[-1] - START).total_seconds() < 4
    assert stage.of(NotTold)
    assert done.exit_code is ExitCode.NOT_MEASURED
    assert stage.unsent.kept


def test_a_result_that_can_neither_be_told_nor_kept_is_no_fault_of_ours() -> None:
    """A full disk and a monitor that is away: the evidence is not written, which is what the exit code says."""
    points = Points(1, lambda name: setattr(stage.witness, "dead", name == "close at monitor"), lasting=True)
    stage = Stage(points=points)
    stage.unsent.fault = OSError(errno.ENOSPC, "No space left on device")
    done = run(stage.begin())
    assert done.exit_code is ExitCode.EVIDENCE_UNWRITABLE
    assert "nor can that be kept here to be sent later: No space left on device" in done.notes
    assert stage.world.standing == set()


@pytest.mark.parametrize("at", ["open at monitor", "tell at monitor", "close at monitor"])
def test_a_witness_that_asks_to_wait_is_told_then(at: str) -> None:
    """A token's allowance is used up: nothing was lost, nothing waits to be sent, and the verdict stands."""
    asks = 3

    def put_off(name: str) -> None:
        nonlocal asks
        if name == at and asks:
            asks -= 1
            raise AskedToWait("a token may do this 60 times a minute: try again in 20 s", 20)

    stage = Stage(points=Points(1, put_off, lasting=True))
    done = run(stage.begin())
    assert (done.exit_code, done.result.verdict, asks) == (ExitCode.GOOD, Verdict.PASSED, 0)
    assert stage.of(NotTold) == []
    assert stage.unsent.kept == []
    assert [closing.verdict for closing in stage.witness.closed] == ["passed"]
    assert len(stage.witness.told) == len({head.seq for head in stage.witness.told})


@pytest.mark.parametrize("seconds", [0.0, 60.0], ids=["it does not say for how long", "without end"])
def test_a_witness_that_puts_off_its_answer_for_too_long_was_not_told(seconds: float) -> None:
    """Its own trouble, which it can't see the end of; or more than a minute's allowance needs."""

    def put_off(name: str) -> None:
        if name == "close at monitor":
            raise AskedToWait("not now", seconds)

    stage = Stage(points=Points(1, put_off, lasting=True))
    done = run(stage.begin())
    assert done.exit_code is ExitCode.NOT_MEASURED
    assert len(stage.unsent.kept) == 1
    assert stage.points.names.count("close at monitor") == (2 if seconds else 1)


def test_a_witness_hears_of_a_long_step_all_the_while() -> None:
    """At least every 30 s, though nothing is new."""
    stage = Stage((step("one"),))
    stage.marking["one"]._seconds = 25.0
    times: list[float] = []
    tell = stage.witness.tell

    async def heard(run: str, head: Head) -> str:
        times.append(asyncio.get_running_loop().time())
        return await tell(run, head)

    stage.witness.tell = heard  # type: ignore[method-assign]  # listened to
    run(stage.begin())
    assert len(times) >= 3
    assert max(after - before for before, after in pairwise(times)) <= 30


def test_heads_are_told_in_the_background_and_answers_written_down() -> None:
    """Each answer once, of a head that stands in the journal."""
    stage = Stage()
    run(stage.begin())
    receipts = [event for event in stage.of(Receipted) if isinstance(event, Receipted)]
    by_seq = {entry.head.seq: entry.head.hash for entry in stage.journal.entries}
    assert len(receipts) >= 6
    assert all(by_seq[receipt.seq] == receipt.hash for receipt in receipts)
    assert len({receipt.seq for receipt in receipts}) == len(receipts)


async def _until_passed(call: Try, terms: Terms) -> tuple[Found, int]:
    tried = await until_passed(call, terms, VirtualClock())
    return tried.found, tried.tries


async def _bounded(work: Coroutine[Any, Any, float]) -> float:
    task = asyncio.ensure_future(work)
    seconds = await task
    for each in asyncio.all_tasks() - {asyncio.current_task()}:
        for _ in range(200):
            each.cancel()
            await asyncio.sleep(0)
    return seconds
