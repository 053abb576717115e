"""What the web face asks of exercises."""

from collections.abc import Sequence
from typing import Protocol

from monitor.model.act import Acted, Hand
from monitor.model.exercise import Listed, Wish


class Exercising(Protocol):
    """The exercises of all platforms."""

    def listed(self) -> Sequence[Listed]:
        """Return every exercise that is remembered, newest first."""
        ...

    def find(self, name: str) -> Listed | None:
        """Return the exercise of this id; None if there is none."""
        ...

    async def begin(self, platform: str, wish: Wish, hand: Hand) -> Acted:
        """Begin one; answer when that is settled.

        Raises:
            KeyError: no such platform is watched.
        """
        ...

    async def end(self, known: Listed, reason: str, hand: Hand) -> Acted:
        """End one; answer when that is settled."""
        ...
