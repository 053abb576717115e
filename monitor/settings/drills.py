"""The section `drills` of the settings file: what the monitor signs receipts with, and what has to be drilled when."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from glasswatch.secrets import SecretReference
from glasswatch.settings.model import SettingsModel
from glasswatch.settings.sentences import Words
from glasswatch.settings.shapes import Name, OneOf
from monitor.model.drill import Cadence, CalendarLine


class CalendarSettings(SettingsModel):
    """A scenario that has to pass again and again."""

    expected: ClassVar[str] = "a mapping with platform and cadence"

    platform: Name
    """The platform that it is run on."""
    cadence: Annotated[str, OneOf(("quarterly", "yearly"))]
    """How often it has to pass: `quarterly` or `yearly`."""


class DrillsSettings(SettingsModel):
    """How the monitor deals with drills."""

    expected: ClassVar[str] = "a mapping such as {evidence_key: {file: evidence.key}}"

    evidence_key: SecretReference | None = None
    """Private key of role `evidence` that signs receipts: PKCS#8 PEM, Ed25519. Without one receipts are empty."""
    calendar: Annotated[
        Mapping[Name, CalendarSettings],
        Words("scenarios by id, each such as {platform: payments, cadence: quarterly}"),
    ] = Field(default_factory=dict)
    """Scenarios that have to pass again and again, by id."""

    def lines(self) -> tuple[CalendarLine, ...]:
        """Return the calendar."""
        return tuple(CalendarLine(name, each.platform, Cadence(each.cadence)) for name, each in self.calendar.items())
