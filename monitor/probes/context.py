"""What all probes are given: the network and the secrets. A probe adds its own settings, and nothing else."""

from dataclasses import dataclass

from monitor.probes.secrets import SecretSource
from platforms.transport.http import Network


@dataclass(frozen=True, slots=True)
class ProbeContext:
    """What a probe is made with besides its settings. `network` brings the clock."""

    network: Network
    secrets: SecretSource
