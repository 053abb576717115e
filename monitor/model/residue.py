"""What a person says of residue: that something a journey left open is gone."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gone:
    """Whose it was, which run's (and which step's, else all that the run left open), who says so, and why."""

    platform: str
    probe: str
    run: str
    step: str | None
    person: str
    token: str
    because: str
