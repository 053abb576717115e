"""What is shown of whom, so that it can be taken away again when its owner goes."""

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from monitor.metrics.exposition import Family, Lent

T = TypeVar("T")


class _Lending(Mapping[str, Family]):
    """The families as one owner has them."""

    def __init__(self, families: Mapping[str, Family]) -> None:
        self._families = families
        self._lent: dict[str, Lent] = {}

    def __getitem__(self, name: str) -> Family:
        lent = self._lent.get(name)
        if lent is None:
            lent = self._lent[name] = Lent(self._families[name])
        return lent

    def __iter__(self) -> Iterator[str]:
        return iter(self._families)

    def __len__(self) -> int:
        return len(self._families)

    def give_back(self) -> None:
        for lent in self._lent.values():
            lent.give_back()


class Shown:
    """Lends the families to owners, by their keys. A `mark` tells what an owner's labels were made of."""

    def __init__(self, families: Mapping[str, Family]) -> None:
        self._families = families
        self._owners: dict[tuple[str, ...], tuple[_Lending, object]] = {}

    def of(self, key: tuple[str, ...], make: Callable[[Mapping[str, Family]], T], mark: object = None) -> T:
        """Return an owner made with families of its own."""
        lending = _Lending(self._families)
        self._owners[key] = lending, mark
        return make(lending)

    def mark(self, key: tuple[str, ...]) -> object:
        """Return an owner's mark; None where there is no such owner."""
        return self._owners[key][1] if key in self._owners else None

    def forget(self, key: tuple[str, ...]) -> None:
        """Show nothing more of an owner."""
        lending, _ = self._owners.pop(key)
        lending.give_back()
