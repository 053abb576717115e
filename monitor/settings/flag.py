"""Settings of the break-glass flag: its key, where it is published, and how long it holds."""

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final

from pydantic import Field

from glasswatch.secrets import SecretReference
from glasswatch.settings.duration import Duration, DurationShape
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.sentences import Words
from glasswatch.settings.shape import expected
from glasswatch.settings.shapes import PathShape, WholeNumber

PLACEHOLDER: Final = "{platform}"
# The strict reader refuses documents that hold for longer.
READERS_CAP: Final = timedelta(minutes=20)
# Longer than a shift nobody remembers who raised it, and why.
MANUAL_CAP: Final = timedelta(hours=12)


class PublishPathShape(PathShape):
    """A path in which `{platform}` stands for the platform's name."""

    expected = "a path, absolute or relative to this file, with {platform} where the platform's name belongs"

    def read_at(self, value: object, directory: Path) -> Path:
        """Return the absolute path, its placeholder still in place."""
        path = super().read_at(value, directory)
        if re.search(r"[{}]", str(value).replace(PLACEHOLDER, "")):
            raise expected("a path with no braces but {platform}")
        return path


class PublishSettings(SettingsModel):
    """One place where the signed flag is published."""

    expected: ClassVar[str] = "a mapping with file"

    file: Annotated[Path, PublishPathShape()]
    """File that is replaced whole; `{platform}` stands for the platform's name."""

    def path_for(self, platform: str) -> Path:
        """Return the file of one platform's flag."""
        return Path(str(self.file).replace(PLACEHOLDER, platform))


def _default_publish() -> Any:  # noqa: ANN401 - read like what stands in a file, relative to the settings
    return [{"file": f"{PLACEHOLDER}.flag.jws"}]


class FlagSettings(SettingsModel):
    """The break-glass flag of every platform."""

    expected: ClassVar[str] = "a mapping with key"

    key: SecretReference
    """Private key that signs it: PKCS#8 PEM, Ed25519."""
    publish: Annotated[
        tuple[PublishSettings, ...], Field(min_length=1), Words("a list of targets such as {file: flag.jws}")
    ] = Field(default_factory=_default_publish, validate_default=True)
    """Where it is published."""
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
    def files_differ(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """Two targets are two files."""
        seen: set[Path] = set()
        for index, target in enumerate(self.publish):
            if target.file in seen:
                yield ("publish", index, "file"), "is given twice: expected another file"
            seen.add(target.file)

    @finding("ttl", "ready_ttl")
    def ready_holds_longer(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """A ready flag outlives a standby one."""
        if self.ready_ttl < self.ttl:
            yield ("ready_ttl" if "ready_ttl" in given else "ttl",), "expected a ready_ttl no shorter than ttl"
