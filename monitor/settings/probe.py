"""What the settings of every probe have in common: what it watches for, how often, and when it is believed."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, Any, ClassVar

from glasswatch.canonical import canonical
from glasswatch.secrets import ONLY_WHERE
from glasswatch.settings.duration import Duration, DurationShape
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.shapes import Name, Switch, WholeNumber
from monitor.model.policy import ProbePolicy
from monitor.model.verdict import Role


class ConfirmSettings(SettingsModel):
    """How a bad outcome is confirmed before it is believed."""

    expected: ClassVar[str] = "a mapping with attempts and every"

    attempts: Annotated[int, WholeNumber(1, 10)] = 3
    """Bad outcomes in a row that are believed, the first one included."""
    every: Duration = timedelta(seconds=5)
    """Pause between them, counted from the end of an attempt."""


class ProbeSettings(SettingsModel):
    """One probe. Each type adds what it needs to reach its target."""

    left_to_types: ClassVar[frozenset[str]] = frozenset({"interval"})

    # What decides how a probe is scheduled, believed and shown; all else decides what it measures.
    _JUDGING: ClassVar[frozenset[str]] = frozenset({"function", "critical", "interval", "confirm", "recover", "warn"})
    role: ClassVar[Role] = Role.FIRST_HAND
    """What the word of a probe of this type is worth."""
    asks: ClassVar[bool] = True
    """Whether an attempt asks the platform for something, and counts against what it may be asked."""

    tells: ClassVar[bool] = False
    """Whether it reads what a status page says."""

    type: str
    """What kind of probe it is."""
    function: Name
    """What an engineer loses when this probe is bad: sign_in, request, approve, connect, …"""
    critical: Switch = True
    """Whether the platform is down when this function is."""
    interval: Annotated[timedelta, DurationShape(at_least=timedelta(milliseconds=100), at_most=timedelta(days=1))]
    """How often it runs."""
    timeout: Duration = timedelta(seconds=5)
    """The longest an attempt may take, from name resolution to the last byte."""
    confirm: ConfirmSettings = ConfirmSettings()
    """How a bad outcome is confirmed."""
    recover: Annotated[int, WholeNumber(1, 100)] = 3
    """Good outcomes in a row that end a confirmed bad one."""

    @finding("interval", "timeout")
    def timeout_fits(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """An attempt ends before the next one is due."""
        if self.timeout > self.interval and "timeout" in given:
            yield ("timeout",), "expected no more than the interval"
        elif self.timeout > self.interval:
            yield ("interval",), "expected no less than the timeout, or a shorter timeout"

    @property
    def requests(self) -> int:
        """How many requests an attempt makes where all is well."""
        return 1

    def measured(self) -> dict[str, Any]:
        """Return the settings that decide what is measured, as JSON values. References to secrets, never secrets.

        Defaults are left out: a new version's new setting must not make every probe unproven in mid-outage. So is what
        is said of a secret's end: who writes down another date must not either.
        """
        judging = set(self._JUDGING)
        return {
            "type": self.type,
            **self.model_dump(mode="json", exclude=judging, exclude_defaults=True, context=ONLY_WHERE),
        }

    def fingerprint(self) -> str:
        """Return what changes exactly when the probe measures something else: a SHA-256 in lower-case hex."""
        return hashlib.sha256(canonical(self.measured())).hexdigest()

    def policy(self, name: str) -> ProbePolicy:
        """Return how this probe is run and believed, as a plain value."""
        return ProbePolicy(
            name=name,
            function=self.function,
            critical=self.critical,
            role=self.role,
            interval=self.interval,
            timeout=self.timeout,
            confirm_attempts=self.confirm.attempts,
            confirm_every=self.confirm.every,
            recover=self.recover,
            fingerprint=self.fingerprint(),
            tells=self.tells,
        )
