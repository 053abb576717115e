"""Settings of the break-glass flag: its key, where it is published, and how long it holds."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Final

from pydantic import AfterValidator, Field, ValidationInfo

from glasswatch.secrets import SecretReference
from glasswatch.settings.duration import Duration, DurationShape
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.registry import KeyChoice
from glasswatch.settings.sentences import Words
from glasswatch.settings.shapes import WholeNumber
from monitor.registries import TARGETS
from monitor.settings.publish import PLACEHOLDER, FileTargetSettings, TargetSettings

# The strict reader refuses documents that hold for longer.
READERS_CAP: Final = timedelta(minutes=20)
_DEFAULT_FILE: Final = {"file": f"{PLACEHOLDER}.flag.jws"}
# Longer than a shift nobody remembers who raised it, and why.
MANUAL_CAP: Final = timedelta(hours=12)


def _default_publish() -> Any:  # noqa: ANN401 - read like what stands in a file, relative to the settings
    return [_DEFAULT_FILE]


def _with_a_file(targets: tuple[TargetSettings, ...], info: ValidationInfo) -> tuple[TargetSettings, ...]:
    """Return the targets, and the default file besides if none is a file: what is on this disk needs no network."""
    if any(isinstance(target, FileTargetSettings) for target in targets):
        return targets
    return (*targets, FileTargetSettings.model_validate(_DEFAULT_FILE, context=info.context))


class FlagSettings(SettingsModel):
    """The break-glass flag of every platform."""

    expected: ClassVar[str] = "a mapping with key"

    key: SecretReference
    """Private key that signs it: PKCS#8 PEM, Ed25519."""
    publish: Annotated[
        tuple[Annotated[TargetSettings, KeyChoice(TARGETS)], ...],
        Field(min_length=1),
        Words("a list of targets such as {file: flag.jws}"),
        AfterValidator(_with_a_file),
    ] = Field(default_factory=_default_publish, validate_default=True)
    """Where it is published. If none is a file, the default file is written as well."""
    ttl: Annotated[timedelta, DurationShape(at_most=READERS_CAP)] = timedelta(minutes=5)
    """How long a document holds."""
    ready_ttl: Annotated[timedelta, DurationShape(at_most=READERS_CAP)] = timedelta(minutes=15)
    """How long it holds when it says ready: an outage that also kills the monitor must not close the door at once."""
    lower_after: Duration = timedelta(minutes=15)
    """How long the platform is up without break before the flag is lowered."""
    unknown_max: Duration = timedelta(hours=4)
    """How long a raised flag may rest on an unknown verdict."""
    unknown_pages_after: Duration = timedelta(minutes=2)
    """How long the verdict is unknown before somebody is told."""
    manual_max: Annotated[timedelta, DurationShape(at_least=timedelta(minutes=1), at_most=MANUAL_CAP)] = timedelta(
        hours=4
    )
    """How long a person may raise the flag for by hand, and prolong what another person raised."""
    manual_persons: Annotated[int, WholeNumber(1, 2)] = 1
    """How many persons it takes to raise it by hand; where it takes 2, the second one confirms within 15 minutes."""

    @finding("publish")
    def targets_differ(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """Two targets are two places, and can be told apart by name."""
        places: set[str] = set()
        names: set[str] = set()
        for index, target in enumerate(self.publish):
            where = ("publish", index)
            if target.place in places:
                yield (*where, target.kind), f"is given twice: expected {target.other}"
            elif target.label in names and target.name is None:
                yield (*where, "name"), "is required: expected a name, because another target has the same one without"
            elif target.label in names:
                yield (*where, "name"), "is given twice: expected another name"
            places.add(target.place)
            names.add(target.label)

    @finding("ttl", "ready_ttl")
    def ready_holds_longer(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """A ready flag outlives a standby one."""
        if self.ready_ttl < self.ttl:
            yield ("ready_ttl" if "ready_ttl" in given else "ttl",), "expected a ready_ttl no shorter than ttl"
