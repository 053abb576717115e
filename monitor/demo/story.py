"""The story: healthy, an outage, break-glass ready, a page, recovery, sealed again. It happened only if it was seen.

The rules:
1. It begins only when all is well: the verdict is `up`, the flag says standby, no page is firing.
2. Times are seconds since just before the platform was told to break. A page counts from its arrival at the receiver,
   everything else from when it was first seen.
3. The flag's word is our own reader's, on the file that readers get; never the monitor's claim about it.
4. Each expectation has its deadline. One that passes is *missing*, with what was seen last; where nothing could be
   seen at all it is *not measured*. Both are told, and neither is taken for the other.
5. Once something is missing, what builds on it is not waited for; the platform is mended all the same.
6. What one look round saw is told by when it happened.
7. The end of the outage counts only for the page that was fired for it: same dedup key.

Everything outside is behind four small ports; nothing here knows a process, a socket or a screen.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from glasswatch.clock import Clock
from glasswatch.errors import NotMeasured
from monitor.demo.ports import Views
from monitor.demo.told import Happened, Missing, NotReached, Result, Told, Unmeasured


@dataclass(frozen=True, slots=True)
class Pace:
    """Deadlines of the story's parts and the pauses in it, in seconds. All deadlines together stay under 120 s."""

    healthy_within: float = 25.0
    outage_within: float = 15.0
    hold: float = 3.0  # the outage lasts so much longer, so that a person can look at it
    recovery_within: float = 65.0
    look_every: float = 0.05


@dataclass(frozen=True, slots=True)
class _Sight:
    """What one look found. `note` goes with it if it is there, `seen` says what was there instead if not.

    `at`: when it happened, where that is known better than by the look itself.
    """

    is_there: bool
    seen: str
    note: str = ""
    at: float | None = None


@dataclass(slots=True)
class _Expectation:
    """One thing to be seen. `blind` is why the last look saw nothing; None after a look that saw something."""

    name: str
    words: str
    look: Callable[[], Awaitable[_Sight]]
    seen: str = ""
    blind: str | None = "it was never looked at"

    def failed(self) -> Missing | Unmeasured:
        """Return what to tell once the deadline has passed."""
        if self.blind is not None:
            return Unmeasured(self.name, self.words, self.blind)
        return Missing(self.name, self.words, self.seen)


class Story:
    """One telling, to be played once."""

    def __init__(self, views: Views, pace: Pace, clock: Clock, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._views = views
        self._pace = pace
        self._clock = clock
        self._sleep = sleep
        self._told: list[Told] = []
        self._tell: Callable[[Told], None] = lambda _: None
        self._broke_at: float | None = None
        self._fired: dict[str, str] = {}  # kind of page → dedup key it was fired under

    async def play(self, function: str, tell: Callable[[Told], None]) -> Result:
        """Break a function, see everything through, mend it; `tell` is called at once with each thing told.

        Raises nothing of its own; the platform is left mended unless this is cancelled.
        """
        self._tell = tell
        is_whole = await self._all(self._healthy(), self._pace.healthy_within)
        is_whole = is_whole and await self._break(function)
        is_whole = await self._all(self._outage(), self._pace.outage_within, is_reached=is_whole)
        if is_whole:
            await self._sleep(self._pace.hold)
        if self._broke_at is not None:
            is_whole = await self._mend(function) and is_whole
        await self._all(self._recovery(), self._pace.recovery_within, is_reached=is_whole)
        return Result(tuple(self._told))

    def _healthy(self) -> tuple[_Expectation, ...]:
        return (
            _Expectation("healthy", "the monitor says up", self._verdict_is("up")),
            _Expectation(
                "sealed", "the signed flag, by our own reader: standby, break-glass is sealed", self._flag_is("standby")
            ),
            _Expectation("quiet", "no page is firing", self._nothing_fires),
        )

    def _outage(self) -> tuple[_Expectation, ...]:
        return (
            _Expectation("down", "the monitor says down", self._verdict_is("down")),
            _Expectation(
                "ready", "the signed flag, by our own reader: ready, break-glass is permitted", self._flag_is("ready")
            ),
            _Expectation("page", "the page of the outage arrives", self._page_came("outage", "firing")),
            _Expectation("flag_page", "the page of the raised flag arrives", self._page_came("flag", "firing")),
        )

    def _recovery(self) -> tuple[_Expectation, ...]:
        return (
            _Expectation("over", "the page of the outage is resolved", self._page_came("outage", "resolved")),
            _Expectation("up", "the monitor says up", self._verdict_is("up")),
            _Expectation(
                "standby", "the signed flag, by our own reader: standby, sealed again", self._flag_is("standby")
            ),
            _Expectation("flag_over", "the page of the flag is resolved", self._page_came("flag", "resolved")),
        )

    async def _break(self, function: str) -> bool:
        words = f"{function} answers 503 from now on"
        self._broke_at = self._clock.monotonic()  # set first: what may have been broken must be mended
        try:
            await self._views.platform.break_function(function)
        except NotMeasured as error:
            self._say(Unmeasured("break", words, str(error)))
            return False
        self._say(Happened("break", words, 0.0))
        return True

    async def _mend(self, function: str) -> bool:
        words = f"{function} answers honestly again"
        try:
            await self._views.platform.recover()
        except NotMeasured as error:
            self._say(Unmeasured("recover", words, str(error)))
            return False
        self._say(Happened("recover", words, self._since_break(None)))
        return True

    async def _all(self, wanted: Iterable[_Expectation], seconds: float, *, is_reached: bool = True) -> bool:
        """Look until everything was seen or the time is up; return whether everything was."""
        pending = list(wanted)
        if not is_reached:
            for each in pending:
                self._say(NotReached(each.name, each.words))
            return False
        ends_at = self._clock.monotonic() + seconds
        while pending:
            looked = [(each, await self._seen(each)) for each in pending]
            for happened in sorted((seen for _, seen in looked if seen), key=lambda seen: seen.seconds or 0.0):
                self._say(happened)
            pending = [each for each, seen in looked if seen is None]
            if not pending or self._clock.monotonic() >= ends_at:
                break
            await self._sleep(self._pace.look_every)
        for each in pending:
            self._say(each.failed())
        return not pending

    async def _seen(self, wanted: _Expectation) -> Happened | None:
        try:
            sight = await wanted.look()
        except NotMeasured as error:
            wanted.blind = str(error)
            return None
        wanted.blind, wanted.seen = None, sight.seen
        if not sight.is_there:
            return None
        words = f"{wanted.words}: {sight.note}" if sight.note else wanted.words
        return Happened(wanted.name, words, self._since_break(sight.at))

    def _since_break(self, at: float | None) -> float | None:
        if self._broke_at is None:
            return None
        return (self._clock.monotonic() if at is None else at) - self._broke_at

    def _say(self, told: Told) -> None:
        self._told.append(told)
        self._tell(told)

    def _verdict_is(self, wanted: str) -> Callable[[], Awaitable[_Sight]]:
        async def look() -> _Sight:
            found = await self._views.status.verdict()
            return _Sight(found.verdict == wanted, f"{found.verdict}: {found.why}", note=found.why)

        return look

    def _flag_is(self, wanted: str) -> Callable[[], Awaitable[_Sight]]:
        async def look() -> _Sight:
            found = await self._views.flag.word()
            return _Sight(found.state == wanted, f"{found.state}: {found.words}")

        return look

    async def _nothing_fires(self) -> _Sight:
        status = {page.dedup_key: page for page in await self._views.pages.pages()}
        firing = (page for page in status.values() if page.status == "firing")
        # A ticket wakes nobody, and is none of the story's: the drill at its end is due from the start.
        paging = [page.summary for page in firing if page.severity != "ticket"]
        return _Sight(not paging, "; ".join(paging))

    def _page_came(self, kind: str, status: str) -> Callable[[], Awaitable[_Sight]]:
        async def look() -> _Sight:
            since = self._broke_at or 0.0
            pages = [page for page in await self._views.pages.pages() if page.arrived >= since]
            for page in pages:
                is_same = status == "firing" or page.dedup_key == self._fired.get(kind)
                if page.kind == kind and page.status == status and is_same:
                    self._fired.setdefault(kind, page.dedup_key)
                    return _Sight(is_there=True, seen="", note=page.summary, at=page.arrived)
            came = ", ".join(f"{page.kind} {page.status}" for page in pages)
            return _Sight(is_there=False, seen=f"pages that came: {came or 'none'}")

        return look
