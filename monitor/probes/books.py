"""Where a journey's openings are put on record: in the store, or in memory where nothing is stored."""

from collections.abc import Mapping, Sequence

from monitor.errors import StoreError
from monitor.ports import OpeningStore
from platforms.errors import NotKept
from platforms.journey.model import Opening, OpenState


class StoreBook:
    """`platforms.journey.ports.Book` of one probe, in the store."""

    def __init__(self, store: OpeningStore, platform: str, probe: str) -> None:
        self._store = store
        self._platform = platform
        self._probe = probe

    async def openings(self) -> Sequence[Opening]:
        """See `Book`."""
        try:
            return await self._store.openings(self._platform, self._probe)
        except StoreError as fault:
            raise NotKept(str(fault)) from fault

    async def keep(self, opening: Opening) -> None:
        """See `Book`."""
        try:
            await self._store.keep_opening(self._platform, self._probe, opening)
        except StoreError as fault:
            raise NotKept(str(fault)) from fault


def found_by(opening: Opening) -> str:
    """Return what a person finds an opening by: its name, and what was kept of it. That is a server's text."""
    kept = ", ".join(f"{name} {text}" for name, text in sorted(opening.kept.items()))
    return f"{opening.name} ({kept})" if kept else opening.name


class MemoryBook:
    """`platforms.journey.ports.Book` for as long as this process lives."""

    def __init__(self) -> None:
        self._openings: dict[tuple[str, str], Opening] = {}

    @property
    def found(self) -> Mapping[str, str]:
        """What is open, as a person finds it on the platform (`found_by`), by its name."""
        return {opening.name: found_by(opening) for opening in self._openings.values()}

    async def openings(self) -> Sequence[Opening]:
        """See `Book`."""
        return tuple(self._openings.values())

    async def keep(self, opening: Opening) -> None:
        """See `Book`."""
        key = opening.run, opening.step
        if opening.state is OpenState.CLOSED:
            self._openings.pop(key, None)
        else:
            self._openings[key] = opening
