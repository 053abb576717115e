"""What the web face is told of the settings: names, policies, procedures, public keys, tokens."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from monitor.model.caller import Token
from monitor.model.policy import PlatformPolicy
from monitor.rules.forwarded import Network
from monitor.rules.periods import Terms


@dataclass(frozen=True, slots=True)
class Watched:
    """One platform as people are told about it. `procedure_text` is the whole text of the procedure's file."""

    policy: PlatformPolicy
    procedure_url: str
    procedure_text: str


@dataclass(slots=True)
class Site:
    """What changes with the settings alone; whoever needs it longer than for a moment takes a copy.

    `platforms` is in the order of the settings. `keys` are public keys as JWKs. `hosts` are the
    names and addresses that a `Host` header may say, beside those of loopback. `is_local`: it is this machine's alone,
    so reading is open to whoever comes from there. `proxies`: where alone requests come from, if there are any.
    `config` returns the settings' file, where that is known, for commands that are shown.
    `has_controls`: others' addresses are asked before a probe is believed bad.
    `settings_of` returns a probe's settings as they hold, by platform and probe, for showing. `terms`:
    what each platform's SLA goes by.
    """

    deployment: str
    vantage: str
    version: str
    platforms: Mapping[str, Watched]
    keys: tuple[Mapping[str, object], ...] = ()
    hosts: tuple[str, ...] = ()
    is_local: bool = True
    proxies: tuple[Network, ...] = ()
    tokens: tuple[Token, ...] = ()
    has_controls: bool = True
    config: Callable[[], str] = lambda: ""
    settings_of: Callable[[str, str], Mapping[str, Any]] = lambda _platform, _probe: {}
    terms: Mapping[str, Terms] = field(default_factory=dict)

    def adopt(self, other: "Site") -> None:
        """Be as the other is, in all that can change while the monitor runs."""
        self.platforms = other.platforms
        self.tokens = other.tokens
        self.settings_of = other.settings_of
        self.terms = other.terms
