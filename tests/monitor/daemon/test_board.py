"""The board: what the running monitor shows of itself, and what a page is sent with."""

from dataclasses import replace
from datetime import timedelta

from monitor.board import Board
from monitor.model.act import Hand
from monitor.model.event import PersonActed
from monitor.model.exercise import BeginExercise
from monitor.model.page import PageKind
from monitor.model.told import Acknowledgement
from monitor.model.verdict import FlagState, Verdict
from monitor.procedure import Procedure
from monitor.publish import Publisher
from monitor.settle import Settled
from tests.support.clock import START
from tests.support.exercising import WISH
from tests.support.keeping import BAD, PLATFORM, Watch, probe_policy
from tests.support.pages import page
from tests.support.publishing import ScriptedTarget
from tests.support.virtual_time import run
from tests.support.watching import document

PROCEDURE = Procedure("https://wiki.example.com/glass", "Break it.", "ab" * 32)


def _board(watch: Watch) -> Board:
    board = Board("prod", "fra-1", {PLATFORM: PROCEDURE}, keepers={PLATFORM: watch.keeper})
    board.unrun.extend(loop.unrun for loop in watch.loops.values())
    return board


def test_it_says_what_is_missing_before_the_monitor_can_be_relied_on() -> None:
    """The store, then a signed flag for each platform, then one attempt of each probe; in the end nothing."""

    async def main() -> None:
        assert Board("prod", "main", {}).waiting_for() == ["the store is not open yet"]
        watch = Watch(probe_policy("a"), probe_policy("b"))
        board = _board(watch)
        assert board.waiting_for() == [
            "the flag of payments is not signed yet",
            "payments/a has not run yet",
            "payments/b has not run yet",
        ]
        board.settled(Settled(watch.keeper.state, (), document(), (), is_recorded=True))
        async with watch.running():
            await watch.until(lambda: not board.waiting_for())
        assert not board.unrun  # what ran is not asked again each second

    run(main())


def test_it_names_the_targets_that_lack_the_flag() -> None:
    """Among what is missing, and by platform."""

    async def main() -> None:
        watch = Watch()
        board = _board(watch)
        board.settled(Settled(watch.keeper.state, (), document(), (), is_recorded=True))
        assert board.unpublished(PLATFORM) == []
        publisher = Publisher([ScriptedTarget("sick", hangs=True), ScriptedTarget("well")])
        board.publishers.append(publisher)
        await publisher.publish_now(document(), timedelta(seconds=1))
        assert board.unpublished(PLATFORM) == ["sick"]
        assert "the flag of payments is not published to sick" in board.waiting_for()
        await publisher.stop()

    run(main())


def test_it_shows_the_flag_as_last_signed() -> None:
    """What was settled without a document changes nothing; a platform nobody knows has none."""

    async def main() -> None:
        watch = Watch()
        board = _board(watch)
        assert board.document(PLATFORM) is None
        first = document()
        board.settled(Settled(watch.keeper.state, (), first, (), is_recorded=False))
        board.settled(Settled(watch.keeper.state, (), None, (), is_recorded=True))
        assert board.document(PLATFORM) is first
        assert board.document("another") is None
        assert [state.platform for state in board.platforms()] == [PLATFORM]

    run(main())


def test_a_page_is_sent_with_what_holds_now() -> None:
    """Flag and outage as of sending, the procedure beside them; an outage that is no longer at hand is left out.

    An exercise that had it sent is named though it is over, and raises nothing any more.
    """

    async def main() -> None:
        watch = Watch()
        board = _board(watch)
        async with watch.running():
            await watch.until(lambda: watch.keeper.state.verdict is Verdict.UP)
            assert watch.keeper.hear(PersonActed(BeginExercise(WISH), Hand("drill-runner", "drill"))).ruling is not None
            watch.probes["portal"].act = BAD
            await watch.until(lambda: watch.keeper.state.outage is not None)
        outage = watch.keeper.state.outage
        assert outage is not None
        told = board.describe(replace(page(), outage=outage.id))
        assert (told.deployment, told.vantage) == ("prod", "fra-1")
        assert (told.procedure_url, told.procedure_text) == (PROCEDURE.url, PROCEDURE.text)
        assert (told.flag, told.outage) == (FlagState.READY, outage)
        assert board.describe(replace(page(), outage="an earlier one")).outage is None
        assert board.describe(replace(page(), outage=None)).outage is None
        own = board.describe(replace(page(), outage=None, dedup_key=f"prod/{PLATFORM}/outage/exercise/{WISH.id}"))
        assert own.own_exercise is not None
        assert (own.own_exercise.id, own.own_exercise.is_running, own.exercise) == (WISH.id, False, None)

    run(main())


def test_who_deals_with_the_outage_is_shown_while_it_lasts() -> None:
    """By the outage's own key; nobody before it begins, and nobody for another platform."""

    async def main() -> None:
        watch = Watch()
        board = _board(watch)
        known: dict[str, Acknowledgement] = {}
        board.acknowledgements.append(known.get)
        async with watch.running():
            await watch.until(lambda: watch.keeper.state.verdict is Verdict.UP)
            assert board.acknowledged(PLATFORM) is None
            watch.probes["portal"].act = BAD
            await watch.until(lambda: watch.keeper.state.outage is not None)
            outage = watch.keeper.state.outage
            assert outage is not None
            assert board.acknowledged(PLATFORM) is None
            anna = Acknowledgement("Anna", START, "pager")
            known[f"prod/{PLATFORM}/outage/{outage.id}"] = anna
            assert board.acknowledged(PLATFORM) is anna
            assert board.acknowledged("another") is None

    run(main())


def test_a_page_about_no_platform_speaks_of_nobodys_flag() -> None:
    """The store's page has no procedure and no flag; so has one of a platform that is no longer configured."""

    async def main() -> None:
        board = _board(Watch())
        for name in ("", "gone"):
            told = board.describe(replace(page(kind=PageKind.STORE), platform=name))
            assert (told.flag, told.outage, told.procedure_url, told.procedure_text) == (None, None, "", "")

    run(main())
