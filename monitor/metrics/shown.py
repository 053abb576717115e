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
    """Lends the families to owners, by their keys."""

    def __init__(self, families: Mapping[str, Family]) -> None:
        self._families = families
        self._owners: dict[tuple[str, ...], _Lending] = {}

    def of(self, key: tuple[str, ...], make: Callable[[Mapping[str, Family]], T]) -> T:
        """Return an owner made with families of its own."""
        lending = self._owners[key] = _Lending(self._families)
        return make(lending)

    def forget(self, key: tuple[str, ...]) -> None:
        """Show nothing more of an owner."""
        self._owners.pop(key).give_back()
