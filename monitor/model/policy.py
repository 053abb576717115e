"""The settings a rule needs, as plain values: what the settings models become once checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from monitor.model.maintenance import SettingsWindow
from monitor.model.verdict import Role


@dataclass(frozen=True, slots=True)
class ProbePolicy:
    """How one probe is run and believed.

    `fingerprint` changes exactly when a setting of the probe changes that alters what it measures. `spans`: the parts
    of a journey that are timed. `tells`: it reads what a status page says.
    """

    name: str
    function: str
    critical: bool
    role: Role
    interval: timedelta
    timeout: timedelta
    confirm_attempts: int
    confirm_every: timedelta
    recover: int
    fingerprint: str
    spans: tuple[str, ...] = ()
    tells: bool = False


@dataclass(frozen=True, slots=True)
class PlatformPolicy:
    """How one platform is judged. Every duration is positive; `configured_vantages` is at least 1.

    `targets` names where its flag is published.
    `manual_persons`: how many it takes to raise the flag by hand, 1 or 2.
    """

    deployment: str
    platform: str
    probes: Mapping[str, ProbePolicy]
    configured_vantages: int
    lower_after: timedelta
    ready_ttl: timedelta
    unknown_max: timedelta
    unknown_pages_after: timedelta
    manual_max: timedelta
    manual_persons: int
    targets: tuple[str, ...] = ()
    maintenance: tuple[SettingsWindow, ...] = ()
