"""Journeys as drills go them: what is needed for the engine of `platforms.journey`, for one step of a scenario.

The run's id is the journey's `${run}`, and goes into the headers of every request. What is open is on record in memory
alone: after a crash it is known from the approved scenario and the journal.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from drills import credentials
from drills.asking import ours
from drills.model.found import Attempt
from drills.model.step import Status
from drills.ports import Tools
from drills.settings.actions.ways import WaySettings
from platforms.journey.engine import Engine, Means
from platforms.journey.exchange import Exchange, Where, guarded
from platforms.journey.model import Answer, Ending, Opening, OpenState, Planned, Scalar, Why
from platforms.journey.ports import Send
from platforms.journey.quiet import Quiet
from platforms.transport.http import HttpTransport, Terms
from platforms.transport.reach import Network
from platforms.transport.resolver import AresResolver
from platforms.transport.stopwatch import Stopwatch
from platforms.transport.tls import TlsContexts

LARGEST: Final = 1024 * 1024
_FAILED: Final = frozenset(
    {Why.STATUS, Why.JSON, Why.NEVER, Why.NOT_REFUSED, Why.DENIED, Why.CREDENTIALS}
)  # the platform answered, and not as expected


@dataclass(slots=True)
class MemoryBook:
    """A `platforms.journey.ports.Book` that keeps at once."""

    kept: dict[tuple[str, str], Opening] = field(default_factory=dict)

    async def openings(self) -> Sequence[Opening]:
        """See `Book`."""
        return tuple(self.kept.values())

    async def keep(self, opening: Opening) -> None:
        """See `Book`."""
        key = (opening.run, opening.step)
        if opening.state is OpenState.CLOSED:
            self.kept.pop(key, None)
        else:
            self.kept[key] = opening


class Requests:
    """As many as it takes: a drill's step is short."""

    def may_send(self) -> bool:
        """See `platforms.journey.ports.Requests`."""
        return True

    def sent(self) -> None:
        """See `platforms.journey.ports.Requests`."""


@dataclass(frozen=True, slots=True)
class Going:
    """An engine for one try, how it sends, and its values: secrets, and those of the scenario that it uses."""

    engine: Engine
    send: Send = field(repr=False)
    values: Mapping[str, Scalar] = field(repr=False)


class Journeys:
    """Goes the journey of one step of a scenario. `book` is what is open of it."""

    def __init__(self, what: WaySettings, tools: Tools) -> None:
        self._what = what
        self._tools = tools
        self._journey = what.journey()
        self._quiet = Quiet()
        self._tls = TlsContexts()
        self.book = MemoryBook()

    @asynccontextmanager
    async def going(self, attempt: Attempt) -> AsyncIterator[Going]:
        """Give an engine, for as long as the try may take.

        Raises:
            SecretUnavailable, NotMeasured: a credential can't be had, or the file of authorities.
        """
        clock, what = self._tools.clock, self._what
        values: dict[str, Scalar] = {
            name: attempt.values[name].text for name in what.outside() if name in attempt.values
        }
        for name, reference in what.secrets.items():
            values[name] = await credentials.read_for_header(self._tools.secret, reference)
        terms = Terms(LARGEST, await credentials.trust(what.tls.ca_file, what.tls.min_version))
        resolver = AresResolver()
        network = guarded(Network(clock, resolver, self._tls))
        where = Where(what.url, what.tls.server_name, LARGEST)
        exchange = Exchange(HttpTransport(network, terms, Stopwatch(clock)), where)

        async def send(planned: Planned) -> Answer:
            given = {name.lower() for name in planned.headers}
            mine = {name: text for name, text in ours(attempt.run).items() if name.lower() not in given}
            return await exchange(replace(planned, headers={**mine, **planned.headers}))

        limit = timedelta(seconds=attempt.seconds)
        means = Means(self.book, Requests(), clock, limit, limit, self._quiet)
        try:
            yield Going(Engine(self._journey, means), send, values)
        finally:
            await resolver.aclose()


def worth(ending: Ending) -> Status:
    """Return what it is worth that a journey ended so: failed only where the platform itself answered."""
    if ending.why is Why.OK:
        return Status.PASSED
    return Status.FAILED if ending.why in _FAILED else Status.NOT_MEASURED


def told(ending: Ending) -> str:
    """Return in a line how it ended."""
    return f"step {ending.step}: {ending.detail}" if ending.step else ending.detail or "every step held"
