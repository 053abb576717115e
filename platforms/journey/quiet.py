"""For how long the requests that may have opened something are known not to be under way from here.

By a clock that never leaps: a wall clock that jumps ahead would have "nothing is there" believed while the server is
still at it, and one that is set back would have it believed by nobody for as long. After a restart the time begins
anew: it is waited for once more.
"""

from collections.abc import Iterable

from platforms.journey.model import Opening


class Quiet:
    """Since when openings were first looked at in this process."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, str], float] = {}

    def seconds(self, opening: Opening, now: float) -> float:
        """Return for how long it is known; the first time that is no time. `now` is a monotonic reading."""
        return now - self._since.setdefault((opening.run, opening.step), now)

    def only(self, openings: Iterable[Opening]) -> None:
        """Forget all others: they are closed."""
        known = {(opening.run, opening.step) for opening in openings}
        self._since = {key: since for key, since in self._since.items() if key in known}
