"""The action `aws`: one call, in a role's session where one is given, and what must come of it."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Final

from pydantic import Field

from drills.settings.actions.document import DocumentStep
from drills.settings.actions.parts import Given, HiddenGiven, nothing_comes_of, secrets, texts
from drills.settings.fill import JsonFillShape
from glasswatch.durations import render
from glasswatch.placeholders import names_in
from glasswatch.settings.addresses import SafeAddressShape
from glasswatch.settings.duration import Duration, DurationShape
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.shapes import RelativePath, Switch, TextShape

READING: Final = ("BatchGet", "Describe", "Get", "Head", "List", "Lookup")
_ARN: Final = TextShape("a role's ARN", r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]{1,576}")
_REGION: Final = TextShape("a region such as eu-central-1", r"[a-z0-9-]{2,40}")
_SERVICE: Final = TextShape("a service's name as boto3 has it, such as s3", r"[a-z0-9-]{2,60}")
_OPERATION: Final = TextShape("an operation's name as AWS has it, such as ListBuckets", r"[A-Z][A-Za-z0-9]{1,100}")
_SESSION: Final = DurationShape(at_least=timedelta(minutes=15), at_most=timedelta(hours=12))


class AwsCredentialsSettings(SettingsModel):
    """The key that is shown."""

    expected: ClassVar[str] = "a mapping with access_key_id and secret_access_key"

    access_key_id: Given = Field(repr=False)
    """Its id: text, in which `${name}` stands for a value, or a reference to a secret."""
    secret_access_key: HiddenGiven = Field(repr=False)
    """The key itself."""
    session_token: HiddenGiven | None = Field(default=None, repr=False)
    """Token of a session, where it is a session's key."""


class AwsRoleSettings(SettingsModel):
    """The role that is assumed. Its session's name is the run's id."""

    expected: ClassVar[str] = "a mapping with arn"

    arn: Annotated[str, _ARN]
    """ARN of the role."""
    external_id: HiddenGiven | None = Field(default=None, repr=False)
    """External id that its trust policy asks for."""
    duration: Annotated[timedelta, _SESSION] = timedelta(minutes=15)
    """How long its credentials are good for: nobody takes them back."""


class AwsWithSettings(SettingsModel):
    """What is called, as whom."""

    expected: ClassVar[str] = "a mapping with region, service and operation"

    region: Annotated[str, _REGION]
    """Region that is asked."""
    credentials: AwsCredentialsSettings | None = None
    """Key that is shown."""
    ambient: Switch = False
    """In place of a key: whatever boto3 finds by itself, in AWS_… variables, its files or the machine's own role."""
    role: AwsRoleSettings | None = None
    """Role that is assumed before the call."""
    service: Annotated[str, _SERVICE]
    """Service that is called, as boto3 names it."""
    operation: Annotated[str, _OPERATION]
    """Its operation, as AWS names it."""
    parameters: Annotated[Any, JsonFillShape()] = Field(default_factory=dict, repr=False)
    """The operation's parameters. In their texts `${name}` stands for a value."""
    endpoint_url: Annotated[str, SafeAddressShape()] | None = None
    """Address to ask in place of AWS's own, for STS too."""
    ca_file: RelativePath | None = None
    """Authorities to trust in place of the system's, as PEM."""
    timeout: Duration = timedelta(seconds=20)
    """How long one try may take, both calls included."""

    @finding("credentials", "ambient")
    def somebody_is_shown(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """Nothing is taken from the environment unless that is written down."""
        if (self.credentials is None) is not self.ambient:
            yield (), "expected either credentials, or ambient: true"

    @finding("parameters")
    def parameters_are_named(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A call takes parameters by name."""
        if not isinstance(self.parameters, Mapping):
            yield ("parameters",), "expected a mapping from the operation's parameters to values"


class AwsStep(DocumentStep):
    """Makes a call to AWS."""

    what: AwsWithSettings = Field(alias="with")
    """What is called, as whom."""

    @finding("refused", "capture", "expect")
    def nothing_comes_of_a_refusal(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """Who is refused gets no answer."""
        if self.refused:
            yield from nothing_comes_of("where access is refused", given)

    @property
    def only_reads(self) -> bool:
        """Whether the operation changes nothing, by its name."""
        return self.what.operation.startswith(READING)

    @property
    def line(self) -> str:
        """What it does."""
        role = f" in a session of {self.what.role.arn}" if self.what.role else ""
        refused = ", which must be refused" if self.refused else ""
        return f"call {self.what.service}:{self.what.operation}{role}{refused}"

    @property
    def door(self) -> str:
        """What it tries to get into."""
        return self.what.role.arn if self.what.role else ""

    @property
    def touches(self) -> tuple[str, ...]:
        """What is not a reading operation changes something; a session ends by itself alone."""
        what = self.what
        changes = () if self.only_reads else (f"whatever {what.service}:{what.operation} changes",)
        if what.role is None:
            return changes
        ends = f"its credentials are kept nowhere, and end {render(what.role.duration)} after it began"
        return (*changes, f"a session of {what.role.arn} that nobody takes back: {ends}")

    @property
    def rights(self) -> tuple[str, ...]:
        """What it needs to be allowed."""
        what = self.what
        role = ("to assume the role",) if what.role else ()
        ambient = ("to use the machine's own AWS credentials",) if what.ambient else ()
        return (*secrets(self._given()), *ambient, *role, f"{what.service}:{what.operation}")

    def names(self) -> frozenset[str]:
        """Return the names of the values that it uses."""
        return super().names() | texts(self._given()) | names_in(self.what.parameters)

    def _given(self) -> tuple[object, ...]:
        key, role = self.what.credentials, self.what.role
        shown = (key.access_key_id, key.secret_access_key, key.session_token) if key else ()
        return (*shown, role.external_id if role else None)
