"""Settings of dead man's switches: who notices when this monitor is gone."""

from datetime import timedelta
from typing import Annotated, ClassVar

from glasswatch.settings.duration import DurationShape
from glasswatch.settings.model import SettingsModel
from glasswatch.settings.shapes import Address, OneOf
from glasswatch.settings.tls import TrustSettings


class DeadManSettings(SettingsModel):
    """An address elsewhere that this monitor beats to while it is well. Its silence is noticed there."""

    expected: ClassVar[str] = "a mapping with url"

    url: Address
    """Address that is asked for at each beat, as the watcher elsewhere says."""
    method: Annotated[str, OneOf(("GET", "POST"))] = "POST"
    """Request method."""
    every: Annotated[timedelta, DurationShape(at_least=timedelta(seconds=1), at_most=timedelta(days=1))] = timedelta(
        minutes=1
    )
    """How often it beats."""
    timeout: Annotated[timedelta, DurationShape(at_most=timedelta(minutes=1))] = timedelta(seconds=10)
    """The longest one beat may take."""
    tls: TrustSettings = TrustSettings()
    """How the watcher is verified."""
