"""What every target is built with, whatever its kind."""

from dataclasses import dataclass

from glasswatch.clock import Clock
from monitor.probes.secrets import SecretSource


@dataclass(frozen=True, slots=True)
class TargetContext:
    """What a target is made with besides its settings."""

    clock: Clock
    secrets: SecretSource
