"""What became of a reload."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reloaded:
    """Settings were taken over; `lines` say what changed, by names alone. None: they are the ones in force."""

    lines: tuple[str, ...] = ()

    @property
    def is_changed(self) -> bool:
        """Whether anything is otherwise than before."""
        return bool(self.lines)
