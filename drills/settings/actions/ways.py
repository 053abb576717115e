"""What `request_access` and `revoke_access` have in common: steps of a journey to one platform."""

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import Field

from drills.settings.actions.parts import secrets, unsafe
from glasswatch.secrets import SecretReference
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.sentences import Words
from glasswatch.settings.tls import TlsSettings
from platforms.journey.model import RUN, Journey
from platforms.journey.rules.names import names_in
from platforms.settings.journey import JourneyStepSettings, OriginShape, closable, fitting
from platforms.settings.steps import ValueName

_MOST_STEPS = 50


class WaySettings(SettingsModel):
    """Where a journey goes, as whom, and how."""

    url: Annotated[str, OriginShape()]
    """Where every request goes: scheme, host and port."""
    secrets: Annotated[Mapping[ValueName, SecretReference], Words("a mapping from names to references to secrets")] = (
        Field(default_factory=dict, repr=False)
    )
    """Credentials, by the names under which steps use them."""
    steps: Annotated[
        tuple[JourneyStepSettings, ...],
        Field(min_length=1, max_length=_MOST_STEPS),
        Words(f"a list of 1 to {_MOST_STEPS} steps"),
    ]
    """What is done, in order: steps as those of the probe `journey`."""
    tls: TlsSettings = TlsSettings()
    """How the server is verified."""

    @finding("url", "tls")
    def what_is_shown_is_safe(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """Sessions and credentials are never sent in clear."""
        yield from unsafe(self.url, "url")
        if self.url.startswith("http://") and "tls" in given:
            yield ("tls",), "expected an https address, or no TLS settings"

    @finding("steps", "secrets")
    def steps_fit_together(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """Every value that a step needs is there by then, and is put where it may stand."""
        yield from fitting(self.steps, self.outside(), frozenset(self.secrets))

    @finding("url", "steps", "secrets")
    def undoing_works(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """What is opened can be closed, after a crash as well."""
        yield from closable(self.journey(), self.outside(), frozenset(self.secrets))

    def journey(self) -> Journey:
        """Return the steps as a plain value."""
        return Journey(self.url, tuple(step.step(frozenset(self.secrets)) for step in self.steps))

    def outside(self) -> frozenset[str]:
        """Return the names of the scenario's own values that the steps use: what is neither a secret nor captured."""
        used = {RUN}
        captured = set[str]()
        for step in self.steps:
            plain = step.step(frozenset())
            captured |= set(step.capture)
            used |= names_in(plain.ask)
            if plain.undo is not None:
                used |= names_in(plain.undo.ask)
                find = plain.undo.find
                used |= names_in(find.ask) if find is not None else frozenset()
                captured |= {each.name for each in find.capture} if find is not None else set()
        return frozenset(used - captured - set(self.secrets))

    def kept(self) -> frozenset[str]:
        """Return the names of what is captured and may be put on record."""
        return frozenset(name for step in self.steps for name, each in step.capture.items() if each.keep)

    def rights(self) -> tuple[str, ...]:
        """Return in words what it needs to be allowed."""
        return (f"to use {self.url} as the engineer whose credential it is", *secrets(self.secrets.values()))
