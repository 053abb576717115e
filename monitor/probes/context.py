"""What all probes are given: network, secrets and tokens. A probe adds its own settings, and nothing else."""

from dataclasses import dataclass, field

from monitor.probes.secrets import SecretSource
from monitor.probes.tokens import KeptTokens
from platforms.transport.http import Network
from platforms.transport.tape import Tape


@dataclass(frozen=True, slots=True)
class ProbeContext:
    """What a probe is made with besides its settings. `network` brings the clock.

    `tape` takes what servers say, where somebody asked to see it. `tokens` are shared by all who are given this.
    """

    network: Network
    secrets: SecretSource
    tape: Tape | None = None
    tokens: KeptTokens = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tokens", KeptTokens(self.network, self.secrets))
