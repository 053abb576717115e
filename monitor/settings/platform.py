"""Settings of a platform: what it is, what people do when it is down, and the probes that watch it."""

import math
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.registry import Choice
from glasswatch.settings.sentences import Words
from glasswatch.settings.shapes import Address, Name, RelativePath, WholeNumber
from monitor.registries import PROBES
from monitor.rules.budget import kept_of, limit_for
from monitor.settings import maintenance as windows
from monitor.settings.maintenance import Maintenance
from monitor.settings.probe import ProbeSettings
from monitor.settings.sla import SlaSettings

_MINUTE = timedelta(minutes=1)


class ProcedureSettings(SettingsModel):
    """What an engineer does when access can't be had. The text goes into pages, its hash into the flag."""

    expected: ClassVar[str] = "a mapping with url and file: what people do when the platform is down"

    url: Address
    """Where people read it."""
    file: RelativePath
    """The same text as a file, so that it can be shown when the address above is down too."""


class PlatformSettings(SettingsModel):
    """One JIT platform."""

    expected: ClassVar[str] = "a mapping with procedure and probes"

    kind: Literal["generic"] = "generic"
    """What platform it is. `generic` brings no probes of its own."""
    procedure: ProcedureSettings
    """What people do when it is down."""
    identity_provider: Address | None = None
    """Where people sign in before the platform lets them in: nothing needed in an outage may depend on it."""
    max_requests_per_minute: Annotated[int, WholeNumber(1, 1_000_000)] | None = None
    """The most we ask of it per minute, all probes together, confirmations first. Not limited if left out."""
    probes: Annotated[
        Mapping[Name, Annotated[ProbeSettings, Choice("type", PROBES)]],
        Field(min_length=1),
        Words("one or more probes by name"),
    ]
    """The probes that watch it, by name."""
    maintenance: Maintenance = Field(default_factory=dict)
    """Agreed maintenance windows, by name: an outage in one is a ticket."""
    sla: SlaSettings | None = None
    """What was agreed about its availability; without it nothing is compared with an objective."""

    @finding("max_requests_per_minute", "probes")
    def probes_can_run(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """All probes together ask no more often than they may, a part of which is kept for confirmations."""
        most = self.max_requests_per_minute
        asking = [probe for probe in self.probes.values() if probe.asks]
        attempts = sum(_MINUTE / probe.interval for probe in asking)
        requests = sum(probe.requests * (_MINUTE / probe.interval) for probe in asking)
        if most is not None and (attempts > most - kept_of(most) or requests > most):
            least = max(limit_for(math.ceil(attempts)), math.ceil(requests))
            more = f" with {requests:.4g} requests" if requests > attempts else ""
            text = (
                f"expected {least} at least: by their intervals the probes make {attempts:.4g} attempts a minute"
                f"{more}, and a quarter is kept for confirmations"
            )
            yield ("max_requests_per_minute",), text

    @finding("probes")
    def has_a_critical_function(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """Without a critical function a platform could never be found down."""
        if not any(probe.critical for probe in self.probes.values()):
            yield ("probes",), "expected at least one critical probe: without one the platform is never down"

    @finding("maintenance", "probes")
    def windows_are_for_what_is_watched(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A window for nothing keeps nothing quiet, and its author would find out at night."""
        functions = (probe.function for probe in self.probes.values())
        found = windows.unwatched(self.maintenance, functions, self.probes)
        yield from ((("maintenance", *place), text) for place, text in found)
