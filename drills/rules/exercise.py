"""What an exercise is called, and what it means to a step how it stands. The monitor knows it by the name alone."""

from hashlib import sha256
from typing import Final

LONGEST: Final = 63
_DIGEST: Final = 8


def exercise_id(run: str, step: str) -> str:
    """Return the id of a step's exercise: of a-z, 0-9 and -, the same each time, and no other step's."""
    plain = f"{run}-{step}"
    if len(plain) <= LONGEST and "_" not in plain:
        return plain
    digest = sha256(f"{run}/{step}".encode()).hexdigest()[:_DIGEST]
    return f"{plain[: LONGEST - _DIGEST - 1].replace('_', '-')}-{digest}"
