"""Settings of the places where the signed flag is published, each of the kind that its key names.

- `{platform}` stands for the platform's name.
- A target's name stands in metrics, pages and logs. By default it is where it leads, without user, query and arguments.
- `place` is what no two targets may share.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, ClassVar, Final
from urllib.parse import urlsplit

from pydantic import Field

from glasswatch.secrets import ArgumentShape, SecretReference
from glasswatch.settings.addresses import SafeAddressShape
from glasswatch.settings.duration import DurationShape
from glasswatch.settings.headers import FRAMING, HeaderName, HeaderValue, sent
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.sentences import Words
from glasswatch.settings.shape import expected
from glasswatch.settings.shapes import Name, PathShape
from glasswatch.settings.tls import TrustSettings

PLACEHOLDER: Final = "{platform}"
LONGEST_TIMEOUT: Final = timedelta(seconds=30)
_LONGEST_NAME: Final = 120
_PORTS: Final = {"http": 80, "https": 443}
_OUR_HEADERS: Final = FRAMING | {"content-type", "content-encoding", "glasswatch-flag-ver"}

Timeout = Annotated[timedelta, DurationShape(at_most=LONGEST_TIMEOUT)]


class PublishPathShape(PathShape):
    """A path in which `{platform}` stands for the platform's name."""

    expected = "a path, absolute or relative to this file, with {platform} where the platform's name belongs"

    def read_at(self, value: object, directory: Path) -> Path:
        """Return the absolute path, its placeholder still in place."""
        path = super().read_at(value, directory)
        if _has_other_braces(str(value)):
            raise expected("a path with no braces but {platform}")
        return path


class PublishAddressShape(SafeAddressShape):
    """An address, encrypted unless it is on this machine, with `{platform}` in its path or query."""

    def read(self, value: object) -> str:
        """Return the address, its placeholder still in place."""
        address = super().read(value)
        if _has_other_braces(address):
            raise expected("an address with no braces but {platform}")
        return address


class TargetSettings(SettingsModel):
    """One place where the signed flag is published."""

    kind: ClassVar[str]
    other: ClassVar[str]
    """What to give in place of a place that another target has."""

    name: Name | None = None
    """Name in metrics, pages and logs; if left out, where it leads: a path, or an address's host and path."""

    @property
    def label(self) -> str:
        """The name, given or derived; never more than a label can bear."""
        text = self.name or self._derived()
        if len(text) <= _LONGEST_NAME:
            return text
        return f"{text[:_LONGEST_NAME]}~{hashlib.sha256(text.encode()).hexdigest()[:8]}"

    @property
    def place(self) -> str:
        """Where it leads, its placeholder still in place."""
        raise NotImplementedError

    def place_for(self, platform: str) -> str:
        """Return where one platform's flag goes."""
        return self.place.replace(PLACEHOLDER, platform)

    def _derived(self) -> str:
        raise NotImplementedError


class FileTargetSettings(TargetSettings):
    """A file that is replaced whole."""

    kind: ClassVar[str] = "file"
    other: ClassVar[str] = "another file"

    file: Annotated[Path, PublishPathShape()]
    """File that is replaced whole; `{platform}` stands for the platform's name."""

    @property
    def place(self) -> str:
        """The path."""
        return os.path.normpath(self.file)

    def _derived(self) -> str:
        return str(self.file)


class PutTargetSettings(TargetSettings):
    """An address that the flag is put to."""

    kind: ClassVar[str] = "put"
    other: ClassVar[str] = "another address"

    put: Annotated[str, PublishAddressShape()]
    """Address that takes a `PUT` of the flag; `{platform}` stands for the platform's name, in the path or query."""
    token: SecretReference | None = None
    """Token that is sent as `Authorization: Bearer …`."""
    headers: Annotated[Mapping[HeaderName, HeaderValue], Words("a mapping from headers to values")] = Field(
        default_factory=dict, repr=False
    )
    """More headers to send. Credentials are references to secrets."""
    tls: TrustSettings = TrustSettings()
    """How the server is verified."""
    timeout: Timeout = timedelta(seconds=10)
    """The longest one try may take."""

    @finding("headers", "token")
    def headers_are_ours_to_set(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """What frames and describes the document is set by us; a credential is sent once."""
        ours = _OUR_HEADERS | ({"authorization"} if self.token is not None else set())
        return sent("headers", self.headers, frozenset(ours), "glasswatch itself")

    @finding("put", "tls")
    def tls_needs_https(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """What only makes sense with TLS is refused where it can never take effect."""
        if "tls" in given and self.put.startswith("http://"):
            yield ("tls",), "expected an https address, or no TLS settings"

    @property
    def place(self) -> str:
        """The address, written in one way."""
        parts = urlsplit(self.put)
        port = parts.port or _PORTS[parts.scheme]
        return f"{parts.scheme}://{parts.hostname}:{port}{parts.path or '/'}?{parts.query}"

    def _derived(self) -> str:
        parts = urlsplit(self.put)
        return f"{parts.netloc}{parts.path}"


class CommandTargetSettings(TargetSettings):
    """A program that is given the flag."""

    kind: ClassVar[str] = "command"
    other: ClassVar[str] = "another command"

    command: Annotated[
        tuple[Annotated[str, ArgumentShape()], ...],
        Field(min_length=1),
        Words("a list: the program and its arguments"),
    ]
    """Program with an absolute path, and its arguments; it reads the flag from standard input. No shell."""
    timeout: Timeout = timedelta(seconds=10)
    """The longest one run may take."""

    @finding("command")
    def program_is_absolute(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A command names its program by an absolute path: nothing is searched for, and every platform has the same."""
        if not self.command[0].startswith("/"):
            yield ("command", 0), "expected the program's absolute path"
        elif PLACEHOLDER in self.command[0]:
            yield ("command", 0), "expected {platform} in arguments only: the program is the same for every platform"

    @property
    def place(self) -> str:
        """The whole command line."""
        return "\0".join(self.command)

    def _derived(self) -> str:
        return self.command[0]


def _has_other_braces(text: str) -> bool:
    return re.search(r"[{}]", text.replace(PLACEHOLDER, "")) is not None
