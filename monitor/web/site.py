"""What the web face is told once, at the start: names, policies, procedures, public keys."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from monitor.model.caller import Token
from monitor.model.policy import PlatformPolicy


@dataclass(frozen=True, slots=True)
class Watched:
    """One platform as people are told about it. `procedure_text` is the whole text of the procedure's file."""

    policy: PlatformPolicy
    procedure_url: str
    procedure_text: str


@dataclass(frozen=True, slots=True)
class Site:
    """What does not change while the monitor runs.

    `platforms` is in the order of the settings. `keys` are public keys as JWKs. `listen_host` is the host of
    `listen` as configured, so that it is accepted in a `Host` header. `is_local`: it is this machine's alone, so
    reading is open to whoever comes from there.
    """

    deployment: str
    vantage: str
    version: str
    platforms: Mapping[str, Watched]
    keys: tuple[Mapping[str, object], ...] = ()
    listen_host: str = field(default="127.0.0.1")
    is_local: bool = True
    tokens: tuple[Token, ...] = ()
