"""Settings of the `journey` probe: an engineer's whole way in named steps.

Its steps, and what can be found wrong with them, are `platforms.settings.journey`'s.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field

from glasswatch.secrets import SecretReference
from glasswatch.settings.duration import DurationShape
from glasswatch.settings.model import Finding, finding
from glasswatch.settings.sentences import Words
from glasswatch.settings.shapes import WholeNumber
from glasswatch.settings.tls import TlsSettings
from monitor.model.policy import ProbePolicy
from monitor.model.verdict import Role
from monitor.settings.places import is_loopback
from monitor.settings.probe import ConfirmSettings, ProbeSettings
from platforms.journey.model import RUN, TOTAL, Journey
from platforms.journey.record import RECORD_SECONDS
from platforms.settings.journey import JourneyStepSettings, OriginShape, closable, fitting
from platforms.settings.steps import ValueName

_MEBIBYTE = 1024 * 1024
_MOST_STEPS = 50


class JourneyConfirmSettings(ConfirmSettings):
    """How a bad outcome is confirmed before it is believed."""

    attempts: Annotated[int, WholeNumber(1, 10)] = 2
    """Bad outcomes in a row that are believed, the first one included."""
    every: Annotated[timedelta, DurationShape()] = timedelta(seconds=30)
    """Pause between them, counted from the end of an attempt."""


class JourneyProbeSettings(ProbeSettings):
    """An engineer's whole way over HTTP, in named steps. It decides its function."""

    role: ClassVar[Role] = Role.DECIDING
    _JUDGING: ClassVar[frozenset[str]] = ProbeSettings._JUDGING | {"clean_up"}  # noqa: SLF001 - our own base's

    type: Literal["journey"] = "journey"
    """What kind of probe it is."""
    interval: Annotated[timedelta, DurationShape(at_least=timedelta(seconds=1), at_most=timedelta(days=1))] = timedelta(
        minutes=5
    )
    """How often it runs."""
    timeout: Annotated[
        timedelta, DurationShape(at_least=timedelta(milliseconds=100), at_most=timedelta(minutes=10))
    ] = timedelta(minutes=2)
    """The longest the steps may take together."""
    confirm: JourneyConfirmSettings = JourneyConfirmSettings()
    """How a bad outcome is confirmed."""
    recover: Annotated[int, WholeNumber(1, 100)] = 1
    """Good outcomes in a row that end a confirmed bad one."""
    url: Annotated[str, OriginShape()]
    """Where every request goes: scheme, host and port."""
    secrets: Annotated[Mapping[ValueName, SecretReference], Words("a mapping from names to references to secrets")] = (
        Field(default_factory=dict, repr=False)
    )
    """Our own credentials, by the names under which steps use them."""
    steps: Annotated[
        tuple[JourneyStepSettings, ...], Field(min_length=1, max_length=_MOST_STEPS), Words("a list of 1 to 50 steps")
    ]
    """What is done, in order."""
    clean_up: Annotated[timedelta, DurationShape(at_least=timedelta(seconds=1), at_most=timedelta(minutes=2))] = (
        timedelta(seconds=30)
    )
    """The longest that closing what was opened may take: after the steps, and before them what is left of earlier."""
    tls: TlsSettings = TlsSettings()
    """How the server is verified."""
    max_body: Annotated[int, WholeNumber(1, 16 * _MEBIBYTE)] = _MEBIBYTE
    """Largest body that is read, in bytes, after decompression; more is bad."""

    @property
    def whole(self) -> timedelta:
        """The longest an attempt takes, with what is closed before and after the steps; but for our own record."""
        return self.timeout + 2 * self.clean_up

    @property
    def requests(self) -> int:
        """How many requests an attempt makes where all is well: one a step, at the least."""
        return len(self.steps)

    @finding("interval", "timeout", "clean_up")
    def timeout_fits(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """An attempt ends before the next one is due."""
        if self.whole > self.interval:
            yield ("interval",), "expected no less than timeout and twice clean_up together"

    @finding("url", "tls")
    def tls_needs_https(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """What only makes sense with TLS is refused where it can never take effect."""
        if self.url.startswith("http://") and "tls" in given:
            yield ("tls",), "expected an https address, or no TLS settings"

    @finding("url", "secrets")
    def secrets_need_https(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """Secrets leave this machine encrypted, or not at all."""
        if self.secrets and self.url.startswith("http:") and not is_loopback(urlsplit(self.url).hostname or ""):
            yield ("secrets",), "expected an https address with it: in clear everybody on the way could read it"

    @finding("steps", "timeout")
    def waiting_fits(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """What is waited for has its time within that of all steps."""
        for place, step in enumerate(self.steps):
            until = step.until
            if until is not None and "within" in until.model_fields_set and until.within > self.timeout:
                yield ("steps", place, "until", "within"), "expected no more than timeout"

    @finding("steps", "secrets")
    def steps_fit_together(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """Every value that a step needs is there by then, and is put where it may stand."""
        yield from fitting(self.steps, frozenset({RUN}), frozenset(self.secrets))

    @finding("steps", "secrets")
    def undoing_works(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """What is opened can be closed, after a crash as well; no secret stands in an address."""
        yield from closable(self.journey(), frozenset({RUN}), frozenset(self.secrets))

    def journey(self) -> Journey:
        """Return the steps as a plain value."""
        secrets = frozenset(self.secrets)
        return Journey(self.url if hasattr(self, "url") else "", tuple(step.step(secrets) for step in self.steps))

    def policy(self, name: str) -> ProbePolicy:
        """Return how this probe is run and believed, as a plain value."""
        spans = dict.fromkeys([*(step.span or step.id for step in self.steps), TOTAL])
        timeout = self.whole + 3 * timedelta(seconds=RECORD_SECONDS)
        return replace(super().policy(name), timeout=timeout, spans=tuple(spans))
