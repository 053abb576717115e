"""Which settings are tried: those of a file, with what the command line says instead."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from glasswatch import visible
from glasswatch.errors import UsageFault
from monitor.backtest.judge import deciding_only
from monitor.backtest.study import Rules
from monitor.model.policy import PlatformPolicy, ProbePolicy
from monitor.rules.schedule import Grid, grid_of
from monitor.settings.flag import FlagSettings
from monitor.settings.http import HttpProbeSettings
from monitor.settings.policy import policies_of
from monitor.settings.root import MonitorSettings

_SHORTEST: Final = timedelta(milliseconds=100)
_LONGEST: Final = timedelta(days=1)
_MOST_ATTEMPTS, _MOST_RECOVER = 10, 100  # as in the settings
OURS: Final = "ours"
PROPOSED: Final = "proposed"


@dataclass(frozen=True, slots=True)
class Instead:
    """What a proposal says instead of what the settings say; None: what they say."""

    interval: timedelta | None = None
    timeout: timedelta | None = None
    confirm: int | None = None
    confirm_every: timedelta | None = None
    recover: int | None = None

    @property
    def is_proposal(self) -> bool:
        """Whether anything is to be tried instead."""
        return bool(self._changes())

    def applied(self, policy: PlatformPolicy) -> PlatformPolicy:
        """Return the policy as it is tried."""
        probes = {name: replace(probe, **self._changes()) for name, probe in policy.probes.items()}
        return replace(policy, probes=probes)

    def _changes(self) -> dict[str, Any]:
        found = {
            "interval": self.interval,
            "timeout": self.timeout,
            "confirm_attempts": self.confirm,
            "confirm_every": self.confirm_every,
            "recover": self.recover,
        }
        return {name: value for name, value in found.items() if value is not None}


def platform_of(settings: MonitorSettings, platform: str | None) -> str:
    """Return the platform that is meant: the only one, where none is named.

    Raises:
        UsageFault: it can't be told.
    """
    known = ", ".join(settings.platforms)
    if platform is None:
        if len(settings.platforms) > 1:
            raise UsageFault(f"several platforms: name one with --platform: {known}")
        return next(iter(settings.platforms))
    if platform not in settings.platforms:
        raise UsageFault(f"no platform is called {visible.line(platform)}: expected one of {known}")
    return platform


def whole(settings: MonitorSettings, platform: str) -> tuple[PlatformPolicy, Grid]:
    """Return a platform's policy, all of it, and the grid of the monitor that has these settings."""
    policies = policies_of(settings)
    probes = (probe for policy in policies.values() for probe in policy.probes.values())
    return policies[platform], grid_of(settings.deployment, settings.vantage, probes)


def rules_of(name: str, settings: MonitorSettings, platform: str, probes: Sequence[str], instead: Instead) -> Rules:
    """Return what is tried of a platform.

    Raises:
        UsageFault: what is asked for can't be.
    """
    policy, grid = whole(settings, platform)
    unknown = [probe for probe in probes if probe not in policy.probes]
    if unknown:
        raise UsageFault(f"no probe is called {visible.line(unknown[0])}: expected one of {', '.join(policy.probes)}")
    kept = {each: probe for each, probe in policy.probes.items() if not probes or each in probes}
    return _rules(name, replace(policy, probes=kept), grid, instead, has_controls=bool(settings.controls))


def defaults(name: str, instead: Instead) -> Rules:
    """Return one critical `http` probe as it is by default, but for what is tried instead."""
    fields = HttpProbeSettings.model_fields
    flag = FlagSettings.model_fields
    confirm = fields["confirm"].default
    probe = ProbePolicy(
        name="portal",
        function="sign_in",
        critical=fields["critical"].default,
        role=HttpProbeSettings.role,
        interval=fields["interval"].default,
        timeout=fields["timeout"].default,
        confirm_attempts=confirm.attempts,
        confirm_every=confirm.every,
        recover=fields["recover"].default,
        fingerprint="defaults",
    )
    names = ("lower_after", "ready_ttl", "unknown_max", "unknown_pages_after", "manual_max", "manual_persons")
    policy = PlatformPolicy(
        deployment="backtest",
        platform="platform",
        probes={probe.name: probe},
        configured_vantages=1,
        **{name: flag[name].default for name in names},
    )
    return _rules(name, policy, grid_of("backtest", "main", [probe]), instead, has_controls=True)


def _rules(name: str, policy: PlatformPolicy, grid: Grid, instead: Instead, *, has_controls: bool) -> Rules:
    tried = instead.applied(deciding_only(policy))
    if not tried.probes:
        raise UsageFault("none of these probes can take the platform down: nothing to try")
    possible(tried)
    return Rules(name, tried, grid, has_controls)


def possible(policy: PlatformPolicy) -> None:
    """Refuse what the settings would refuse too.

    Raises:
        UsageFault: it says which probe, and what is expected.
    """
    for probe in policy.probes.values():
        _possible(probe)


def _possible(probe: ProbePolicy) -> None:
    what = f"probe {probe.name}"
    if not _SHORTEST <= probe.interval <= _LONGEST:
        raise UsageFault(f"{what}: the interval is 100ms at least and 1d at most")
    if probe.timeout > probe.interval:
        raise UsageFault(f"{what}: the timeout is no longer than the interval")
    if not 1 <= probe.confirm_attempts <= _MOST_ATTEMPTS:
        raise UsageFault(f"{what}: --confirm is 1 to {_MOST_ATTEMPTS}")
    if not 1 <= probe.recover <= _MOST_RECOVER:
        raise UsageFault(f"{what}: --recover is 1 to {_MOST_RECOVER}")
