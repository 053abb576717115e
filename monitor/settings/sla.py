"""Settings of a platform's SLA: what was agreed with whoever runs it, and how what nobody saw counts."""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar, Final, Literal

from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.sentences import Words
from glasswatch.settings.shape import Shape
from glasswatch.settings.shapes import OneOf, RelativePath
from glasswatch.settings.zone import ZoneShape
from monitor.rules.periods import Terms
from monitor.rules.sla import Tier, Unmeasured

_LOWEST: Final = 0.0001
_SHARE: Final = re.compile(r"[01](?:\.[0-9]{1,10})?")


class ShareShape(Shape):
    """A share, written as a decimal fraction."""

    expected = "a share from 0.0001 to 1, such as 0.999"
    json: ClassVar[Mapping[str, object]] = {"type": "number", "minimum": 0.0001, "maximum": 1}

    def read(self, value: object) -> float:
        """Return the share."""
        text = str(value)
        is_number = isinstance(value, str | int | float) and not isinstance(value, bool)
        if not is_number or not _SHARE.fullmatch(text) or not _LOWEST <= float(text) <= 1.0:
            raise self.wrong()
        return float(text)


Share = Annotated[float, ShareShape()]


class CreditSettings(SettingsModel):
    """One step of what is credited."""

    expected: ClassVar[str] = "a mapping with below and credit"

    below: Share
    """An availability below this one earns it."""
    credit: Share
    """Which share of the price is credited."""


class SlaReportsSettings(SettingsModel):
    """Where reports are written when a period is over."""

    expected: ClassVar[str] = "a mapping with directory"

    directory: RelativePath
    """Directory for them; it must be there."""


class SlaSettings(SettingsModel):
    """What was agreed about a platform's availability."""

    expected: ClassVar[str] = "a mapping with objective"

    objective: Share
    """Which share of the time the platform is to be up."""
    period: Annotated[Literal["month", "quarter"], OneOf(("month", "quarter"))] = "month"
    """Over which calendar period the objective is kept."""
    timezone: Annotated[str, ZoneShape()] = "UTC"
    """Where the period begins at midnight."""
    not_measured: Annotated[Unmeasured, OneOf(Unmeasured)] = Unmeasured.LEFT_OUT
    """What time that nobody measured counts as: `left_out`, `down` or `up`."""
    credits: Annotated[tuple[CreditSettings, ...], Words("a list of steps such as {below: 0.999, credit: 0.1}")] = ()
    """What a breach earns, as the contract has it: of all steps that an availability is below, the largest."""
    reports: SlaReportsSettings | None = None
    """Where a report is written when a period is over. None is if left out."""

    @finding("credits")
    def each_step_is_another(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """Two steps at one bound would be a slip, and so is a worse availability that earns less."""
        earlier: dict[float, float] = {}
        for index, step in enumerate(self.credits):
            if step.below in earlier:
                yield ("credits", index, "below"), "is another step's bound as well"
            elif any((step.below < below) == (step.credit < credit) for below, credit in earlier.items()):
                yield ("credits", index, "credit"), "expected the more credit, the lower the availability"
            earlier.setdefault(step.below, step.credit)


def terms(settings: SlaSettings | None) -> Terms:
    """Return what an account goes by; without settings no objective, calendar months in UTC."""
    if settings is None:
        return Terms()
    return Terms(
        objective=settings.objective,
        period=settings.period,
        timezone=settings.timezone,
        not_measured=settings.not_measured,
        credits=tuple(Tier(step.below, step.credit) for step in settings.credits),
    )
