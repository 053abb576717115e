"""Acts through the keeper and the settler: answered when written and signed, and in time where they can't be."""

import asyncio
from datetime import timedelta

import pytest

from monitor.acting import PATIENCE_SECONDS, Acting
from monitor.errors import StoreUnavailable
from monitor.model.act import Acted, Answer, Confirm, EndInhibit, Hand, Inhibit, Lower, Raise
from monitor.model.verdict import FlagState, Verdict
from tests.support.keeping import PLATFORM, Watch, second
from tests.support.virtual_time import run

ANNA, BEN = Hand("anna", "anna-cli"), Hand("ben", "ben-cli")
HOUR = timedelta(hours=1)


class Scene:
    """A platform that is up, and acts on it."""

    def __init__(self, **policy: object) -> None:
        self.watch = Watch(**policy)  # type: ignore[arg-type]  # a test names fields that exist
        self.acting = Acting({PLATFORM: self.watch.keeper})
        self.watch.listeners.append(self.acting.settled)

    async def up(self) -> None:
        """Wait until it is up, and everything written."""
        await self.watch.until(lambda: self.watch.keeper.state.verdict is Verdict.UP)
        await self.watch.until(lambda: self.watch.settler.is_settled)

    async def raises(self, hand: Hand = ANNA) -> Acted:
        """Raise the flag for an hour."""
        return await self.acting.act(PLATFORM, Raise("needed", HOUR), hand)


def test_it_answers_when_it_is_written_and_signed() -> None:
    """By then the store holds it, and the document says ready."""

    async def main() -> None:
        scene = Scene()
        async with scene.watch.running():
            await scene.up()
            acted = await scene.raises()
            assert (acted.ruling.answer, acted.is_recorded) == (Answer.DONE, True)
            assert scene.watch.documents()[-1].state == FlagState.READY
            kinds = {entry.kind: entry.actor for entry in scene.watch.store.disk.audit}
            assert kinds["flag_raise"] == "anna"

    run(main())


def test_a_store_that_fails_holds_nothing_up() -> None:
    """It is raised and signed all the same, and the answer says unrecorded; later it is written."""

    async def main() -> None:
        scene = Scene()
        async with scene.watch.running():
            await scene.up()
            scene.watch.store.fail("commit", error=StoreUnavailable("the disk is full"))
            acted = await scene.raises()
            assert (acted.ruling.answer, acted.is_recorded) == (Answer.DONE, False)
            assert scene.watch.keeper.state.flag.state is FlagState.READY
            assert scene.watch.documents()[-1].state == FlagState.READY
            again = await scene.acting.act(PLATFORM, Lower(""), BEN)
            assert (again.ruling.is_refused, again.is_recorded) == (True, False)
            scene.watch.store.heal("commit")
            await scene.watch.until(lambda: scene.watch.settler.is_settled)
            assert "flag_raise" in {entry.kind for entry in scene.watch.store.disk.audit}

    run(main())


def test_a_store_that_hangs_holds_it_up_for_no_longer_than_a_client_waits() -> None:
    """The answer comes within four seconds, whatever waits before it."""

    async def main() -> None:
        scene = Scene()
        async with scene.watch.running():
            await scene.up()
            scene.watch.store.hold("commit")
            begun = scene.watch.clock.monotonic()
            acted = await scene.raises()
            assert acted.is_recorded is False
            assert scene.watch.clock.monotonic() - begun <= PATIENCE_SECONDS + 0.1
            assert scene.watch.keeper.state.flag.state is FlagState.READY
            scene.watch.store.heal("commit")
            await scene.watch.until(lambda: scene.watch.settler.is_settled)

    run(main())


def test_a_refused_act_is_answered_at_once() -> None:
    """There is nothing to write."""

    async def main() -> None:
        scene = Scene()
        async with scene.watch.running():
            await scene.up()
            commits = scene.watch.store.calls.count("commit")
            acted = await scene.acting.act(PLATFORM, EndInhibit(), ANNA)
            assert acted.ruling.answer is Answer.NOT_POSSIBLE
            assert scene.watch.store.calls.count("commit") == commits

    run(main())


def test_many_at_once_are_done_one_after_another() -> None:
    """Each gets its own answer; nothing is done twice or lost."""

    async def main() -> None:
        scene = Scene()
        async with scene.watch.running():
            await scene.up()
            hands = [Hand(f"person-{number}", "t") for number in range(8)]
            answers = await asyncio.gather(*(scene.raises(hand) for hand in (*hands, *hands)))
            assert [acted.ruling.answer for acted in answers] == [Answer.DONE] * 8 + [Answer.NOT_POSSIBLE] * 8
            assert all(acted.is_recorded for acted in answers[:8])
            assert len(scene.watch.keeper.state.causes) == 8

    run(main())


def test_who_goes_away_is_settled_all_the_same() -> None:
    """A client that hangs up stops nothing that was decided."""

    async def main() -> None:
        scene = Scene()
        async with scene.watch.running():
            await scene.up()
            hold = scene.watch.store.hold("commit")
            asking = asyncio.create_task(scene.raises())
            await hold.reached.wait()
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            scene.watch.store.heal("commit")
            await scene.watch.until(lambda: scene.watch.settler.is_settled)
            assert "flag_raise" in {entry.kind for entry in scene.watch.store.disk.audit}

    run(main())


def test_a_clock_set_back_gives_a_request_no_more_time() -> None:
    """The keeper notices, and the request dies after a quarter of an hour that really passed."""

    async def main() -> None:
        scene = Scene(manual_persons=2)
        async with scene.watch.running():
            await scene.up()
            scene.watch.keeper.tick()
            request = (await scene.raises()).ruling.subject
            for _ in range(16):
                await asyncio.sleep(60)
                scene.watch.clock.shift -= second(55)
                scene.watch.keeper.tick()
                await asyncio.sleep(1)
                scene.watch.keeper.tick()
            confirmed = await scene.acting.act(PLATFORM, Confirm(str(request)), BEN)
            assert confirmed.ruling.answer is Answer.NO_SUCH

    run(main())


def test_two_persons_through_the_keeper() -> None:
    """Pending, then done; what was asked for and confirmed is recorded each time."""

    async def main() -> None:
        scene = Scene()
        async with scene.watch.running():
            await scene.up()
            asked = await scene.acting.act(PLATFORM, Inhibit("false", HOUR), ANNA)
            assert (asked.ruling.answer, asked.is_recorded) == (Answer.PENDING, True)
            done = await scene.acting.act(PLATFORM, Confirm(str(asked.ruling.subject)), BEN)
            assert (done.ruling.answer, done.is_recorded) == (Answer.DONE, True)

    run(main())
