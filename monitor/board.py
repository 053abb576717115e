"""What the running monitor shows of itself: every platform's state, the flags last signed, what is still missing.

A `monitor.ports.StatusReader`; it also says, for a page, what a person needs beside it. It decides nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from monitor.keeper import Keeper
from monitor.model.page import Page, PageContext, PageKind
from monitor.model.record import FlagDocument
from monitor.model.state import Outage, PlatformState
from monitor.model.told import Acknowledgement
from monitor.procedure import Procedure
from monitor.publish import Publisher
from monitor.rules.exercise import shown
from monitor.rules.exercise_pages import named
from monitor.rules.versions import why_refused
from monitor.settle import Settled

_NO_PROCEDURE = Procedure("", "", "")


@dataclass(frozen=True, slots=True)
class Board:
    """The monitor as others see it.

    `unrun` return the probes that made no attempt yet; the publisher knows the flags that don't stand where readers
    look; `distrusted` says why readers would not believe them. `unclosed` names what is open that no journey of the
    settings closes. `acknowledgements` return who deals with a dedup key.
    """

    deployment: str
    vantage: str
    procedures: Mapping[str, Procedure]
    keepers: dict[str, Keeper] = field(default_factory=dict)
    documents: dict[str, FlagDocument] = field(default_factory=dict)
    unrun: list[Callable[[], str | None]] = field(default_factory=list)
    late: list[Callable[[], str | None]] = field(default_factory=list)
    publishers: list[Publisher] = field(default_factory=list)
    distrusted: list[str] = field(default_factory=list)
    unclosed: list[str] = field(default_factory=list)
    acknowledgements: list[Callable[[str], Acknowledgement | None]] = field(default_factory=list)

    def platforms(self) -> Sequence[PlatformState]:
        """Return every platform's state, in the order of the settings."""
        return [keeper.state for keeper in self.keepers.values()]

    def state(self, platform: str) -> PlatformState | None:
        """Return a platform's state; None for one that isn't watched."""
        keeper = self.keepers.get(platform)
        return keeper.state if keeper is not None else None

    def document(self, platform: str) -> FlagDocument | None:
        """Return the flag as last signed; None before the first or for an unknown platform."""
        return self.documents.get(platform)

    def unpublished(self, platform: str) -> Sequence[str]:
        """Return the names of the targets that can't be given the platform's latest flag."""
        return [name for publisher in self.publishers for name in publisher.unpublished_to(platform)]

    def forgotten(self) -> Sequence[str]:
        """Return what is open that no journey of the settings closes."""
        return tuple(self.unclosed)

    def acknowledged(self, platform: str) -> Acknowledgement | None:
        """Return who said that they deal with the platform's outage; None: nobody, or there is none."""
        state = self.state(platform)
        if state is None or state.outage is None or state.outage.ended_at is not None:
            return None
        key = f"{self.deployment}/{platform}/{PageKind.OUTAGE}/{state.outage.id}"
        return next((found for ask in self.acknowledgements if (found := ask(key)) is not None), None)

    def waiting_for(self) -> Sequence[str]:
        """Return what is still missing before the monitor can be relied on, one line each."""
        if not self.keepers:
            return ["the store is not open yet"]
        unsigned = [f"the flag of {name} is not signed yet" for name in self.keepers if name not in self.documents]
        unpublished = [each for publisher in self.publishers for each in publisher.unpublished()]
        left = [(ask, name) for ask in self.unrun if (name := ask()) is not None]
        self.unrun[:] = [ask for ask, _ in left]  # what ran has run: of ten thousand each would be asked every second
        unrun = [f"{name} has not run yet" for _, name in left]
        refused = [why for document in self.documents.values() if (why := why_refused(document))]
        return [*unsigned, *unpublished, *self.distrusted, *refused, *unrun]

    def late_probes(self) -> Sequence[str]:
        """Return the probes that make no attempts any more though they are due."""
        return [name for ask in self.late if (name := ask()) is not None]

    def settled(self, settled: Settled) -> None:
        """Take in what was settled."""
        if settled.document is not None:
            self.documents[settled.document.platform] = settled.document

    def describe(self, page: Page) -> PageContext:
        """Return what a person needs beside a page, as it stands now."""
        keeper = self.keepers.get(page.platform)
        procedure = self.procedures.get(page.platform, _NO_PROCEDURE)
        return PageContext(
            deployment=self.deployment,
            vantage=self.vantage,
            procedure_url=procedure.url,
            procedure_text=procedure.text,
            flag=keeper.state.flag.state if keeper is not None else None,
            outage=_outage(keeper, page.outage) if keeper is not None else None,
            inhibition=keeper.state.acts.inhibition if keeper is not None else None,
            maintenance=keeper.state.maintenance.in_force if keeper is not None else (),
            exercise=shown(keeper.state) if keeper is not None else None,
            own_exercise=named(page, keeper.state.exercises) if keeper is not None else None,
        )


def _outage(keeper: Keeper, wanted: str | None) -> Outage | None:
    found = keeper.state.outage
    return found if found is not None and found.id == wanted else None
