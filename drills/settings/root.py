"""The section `drill` of the settings file: how drills are run from here, and whom they ask."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Final

from pydantic import Field

from glasswatch.secrets import ArgumentShape, SecretReference
from glasswatch.settings.addresses import SafeAddressShape
from glasswatch.settings.duration import Duration, DurationShape
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.sentences import Words
from glasswatch.settings.shapes import Label, OneOf, RelativePath, TextShape

WAIVABLE: Final = ("window", "approval", "monitor_healthy", "no_open_incident", "witness")
"""Gates that settings may let go; evidence is always kept, and a drill always alone."""

PERSON: Final = r"[a-z0-9][a-z0-9._@+-]{0,62}"
PERSON_WORDS: Final = "a person's name of a-z, 0-9 and . _ @ + -, at most 63 long"
Person = Annotated[str, TextShape(PERSON_WORDS, PERSON)]


class MonitorReachSettings(SettingsModel):
    """How the monitor is reached. Its token has the scopes `drill` and `exercise`."""

    expected: ClassVar[str] = "a mapping with url and token"

    url: Annotated[str, SafeAddressShape()]
    """Its address, such as https://monitor.example.com."""
    token: SecretReference
    """Token of whoever runs drills."""
    ca_file: RelativePath | None = None
    """Authorities to trust in place of the system's, as PEM."""


class WitnessSettings(SettingsModel):
    """A program that is told of every head, and keeps it elsewhere. What it prints is the receipt."""

    expected: ClassVar[str] = "a mapping with command"

    command: Annotated[
        tuple[Annotated[str, ArgumentShape()], ...],
        Field(min_length=1),
        Words("a list: an absolute program and arguments"),
    ]
    """Program and its arguments. It is given one line of JSON on standard input."""

    @finding("command")
    def program_is_absolute(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """Nothing is searched for."""
        if not self.command[0].startswith("/"):
            yield ("command", 0), "expected the program's absolute path"


_Due = Annotated[timedelta, DurationShape(at_least=timedelta(days=1), at_most=timedelta(days=3650))]


class FindingsDueSettings(SettingsModel):
    """How long after a run a finding of each severity may stand."""

    expected: ClassVar[str] = "a mapping such as {critical: 7d, major: 30d, minor: 90d}"

    critical: _Due = timedelta(days=7)
    """Something is left behind, or the drill's own safeguards don't hold."""
    major: _Due = timedelta(days=30)
    """Something failed, or could not be told."""
    minor: _Due = timedelta(days=90)
    """All the rest that is more than a note."""


class DrillSettings(SettingsModel):
    """How drills are run from here."""

    expected: ClassVar[str] = "a mapping such as {scenarios: [drills/], directory: evidence}"

    scenarios: Annotated[tuple[RelativePath, ...], Words("a list of files and directories")] = Field(
        default=("scenarios",), validate_default=True
    )
    """Scenario files, or directories of them (*.yaml)."""
    directory: RelativePath = Field(default="drills", validate_default=True)
    """Where evidence is kept: one directory for each run. Others may not be able to write there."""
    operator: Person | None = None
    """Who runs drills from here, unless the command line says otherwise; the login's name if left out."""
    monitor: MonitorReachSettings | None = None
    """The monitor that runs are opened at."""
    witness: WitnessSettings | None = None
    """Who else is told of every head; in place of the monitor where there is none."""
    key: RelativePath | None = None
    """Key of role `evidence` that signs checkpoints here; if left out, each run makes one of its own."""
    trust: RelativePath | None = None
    """Trust file: whose approvals, receipts and flags are believed."""
    approval: Annotated[str, OneOf(("required", "waived"))] = "required"
    """Whether a second person must have signed a scenario that really acts. `waived` is shown as a finding."""
    ready_within: Duration = timedelta(seconds=10)
    """How long the monitor or the witness may take for an answer."""
    prometheus: Annotated[str, SafeAddressShape()] | None = None
    """Address of the Prometheus that `expect_metric` asks."""
    waived_gates: Annotated[
        tuple[Annotated[str, OneOf(WAIVABLE)], ...], Words("a list of gates' names such as [window]")
    ] = ()
    """Gates that are let go from here; each is shown as a finding."""
    findings_due: FindingsDueSettings = FindingsDueSettings()
    """How long after the run its findings are to be put right; each report shows the days."""


def _default_drill() -> Any:  # noqa: ANN401 - read like what stands in a file, relative to the settings
    return {"scenarios": ["scenarios"]}


class DrillFile(SettingsModel):
    """What `drill` reads of the settings file."""

    deployment: Label
    """Name of what is watched as a whole; part of every flag and page."""
    drill: DrillSettings = Field(default_factory=_default_drill, validate_default=True)
    """How drills are run from here."""
