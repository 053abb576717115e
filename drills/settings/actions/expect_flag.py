"""The action `expect_flag`: what a reader would make of the signed flag."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, ClassVar, Final

from pydantic import Field

from drills.rules.parts import OPENED
from drills.settings.actions.parts import PlatformName, Principal, secrets, texts, unsafe
from drills.settings.fill import UrlFillShape
from drills.settings.step import StepSettings
from glasswatch.flag.document import FlagState
from glasswatch.flag.errors import Refusal
from glasswatch.settings.auth import PlainAuthSettings
from glasswatch.settings.duration import Duration, DurationShape
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.shapes import AddressShape, Label, OneOf, RelativePath, WholeNumber
from glasswatch.settings.tls import TrustSettings

# Of orders, and of a reader that has nothing to judge by: no flag is ever refused for them.
_NOT_OF_FLAGS: Final = (
    Refusal.KEY_PERSON,
    Refusal.TOO_FEW_PERSONS,
    Refusal.NO_ORDER,
    Refusal.UNREADABLE,
    Refusal.TRUST,
)
ANY: Final = "any"
REFUSALS: Final = tuple(each.value for each in Refusal if each not in _NOT_OF_FLAGS)


class ExpectFlagWithSettings(SettingsModel):
    """Which flag, and as what kind of reader."""

    expected: ClassVar[str] = "a mapping with file or url"

    file: RelativePath | None = None
    """File that holds it."""
    url: Annotated[str, UrlFillShape(AddressShape("http", "https"))] | None = None
    """Address that answers with it: the JWS itself, or JSON with a member `jws`."""
    auth: PlainAuthSettings | None = None
    """Credential that is shown at the address."""
    tls: TrustSettings = TrustSettings()
    """Whom to trust at the address."""
    trust: RelativePath | None = None
    """Trust file; `drill.trust`, if left out."""
    platform: PlatformName | None = None
    """Platform that the flag is asked for; the scenario's, if left out."""
    deployment: Label | None = None
    """Deployment that it is asked for; the settings' own, if left out."""
    principal: Principal | None = None
    """Principal of an exercise that the reader judges for; an emergency's reader, if left out."""
    max_ttl: Annotated[timedelta, DurationShape(at_least=timedelta(seconds=1))] = timedelta(minutes=20)
    """The longest that a flag may claim to hold."""
    min_agreeing: Annotated[int, WholeNumber(0, 100)] = 0
    """How many vantages must agree that it is ready; they are not counted at 0."""

    @finding("file", "url")
    def comes_from_one_place(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A document comes from one place."""
        if (self.file is None) == (self.url is None):
            yield (), "expected either file or url"

    @finding("url", "auth", "tls")
    def credential_is_sent_safely(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """A credential goes to an address, and not in clear."""
        if self.auth is not None and self.url is not None:
            yield from unsafe(self.url, "url")
        for key in ("auth", "tls"):
            if key in given and self.url is None:
                yield (key,), "expected an url beside it"


class ExpectFlagExpectSettings(SettingsModel):
    """What the reader must find."""

    expected: ClassVar[str] = "a mapping such as state: exercise"

    state: Annotated[FlagState, OneOf(FlagState)] | None = None
    """State that it believes. An exercise must be this run's."""
    refusal: Annotated[str, OneOf((ANY, *REFUSALS))] | None = None
    """In place of a state: the reason that it refuses the flag for; `any` is any that lies in the flag."""

    @finding("state", "refusal")
    def one_thing_is_expected(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A flag is believed or refused."""
        if (self.state is None) == (self.refusal is None):
            yield (), "expected either state or refusal"


class ExpectFlagStep(StepSettings):
    """Reads the flag as a reader does."""

    what: ExpectFlagWithSettings = Field(alias="with")
    """Which flag, and as what kind of reader."""
    expect: ExpectFlagExpectSettings
    """What the reader must find."""
    every: Duration | None = timedelta(seconds=1)
    """Pause between tries."""

    def unshown(self, part: str) -> str:
        """Return the same as for any step; but a flag that is sealed opened nothing."""
        if part == OPENED and self.expect.state is FlagState.STANDBY:
            return f"expected it at a flag that opens: standby does not show {OPENED}"
        return super().unshown(part)

    @property
    def expects_refusal(self) -> bool:
        """Whether the flag must be refused."""
        return self.expect.refusal is not None

    @property
    def line(self) -> str:
        """What it does."""
        where = self.what.url or self.what.file
        if self.expect.refusal is not None:
            why = f" as {self.expect.refusal}" if self.expect.refusal != ANY else ""
            return f"read the flag at {where}: it must be refused{why}"
        return f"read the flag at {where}: it must say {self.expect.state}"

    @property
    def rights(self) -> tuple[str, ...]:
        """What it needs to be allowed."""
        return secrets(self.what.auth.secrets()) if self.what.auth is not None else ()

    def names(self) -> frozenset[str]:
        """Return the names of the values that it uses."""
        return texts([self.what.url])
