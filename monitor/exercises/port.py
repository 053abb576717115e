"""What the web face asks of exercises."""

from typing import Protocol

from monitor.model.act import Acted, Hand
from monitor.model.exercise import Listed, Wish


class Exercising(Protocol):
    """The exercises of all platforms."""

    async def begin(self, platform: str, wish: Wish, hand: Hand) -> Acted:
        """Begin one; answer when that is settled.

        Raises:
            KeyError: no such platform is watched.
        """
        ...

    async def end(self, known: Listed, reason: str, hand: Hand) -> Acted:
        """End one; answer when that is settled."""
        ...
