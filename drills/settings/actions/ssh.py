"""The action `ssh`: a login by key or certificate, and what must come of it."""

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, ClassVar, Final

from pydantic import Field

from drills.settings.actions.command import CommandCaptureSettings, CommandExpectSettings
from drills.settings.fill import ArgumentFillShape, FillShape
from drills.settings.step import StepSettings, ValueName
from glasswatch.durations import render
from glasswatch.placeholders import names_in
from glasswatch.settings.duration import Duration, DurationShape
from glasswatch.settings.mistake import Place
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.sentences import Words
from glasswatch.settings.shapes import RelativePath, TextShape, WholeNumber

OWN_STATUS: Final = 255
"""What ssh itself ends with: no command's status can be told from it."""
_HOST: Final = TextShape(
    "a host name or an IP address", r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252})|[0-9A-Fa-f:]{2,39}(?:%[A-Za-z0-9._-]{1,15})?"
)
_USER: Final = TextShape("an account's name", r"[A-Za-z0-9_][A-Za-z0-9._@+-]{0,63}")
_PUBLIC: Final = TextShape("a public key such as ssh-ed25519 AAAA…", r"[a-z0-9@.-]{3,64} [A-Za-z0-9+/]{16,4096}={0,2}")
_PRINCIPAL: Final = TextShape("a principal's name", r"[A-Za-z0-9_][A-Za-z0-9._@+-]{0,63}")
_KEY_ID: Final = FillShape()
_VALID: Final = DurationShape(at_least=timedelta(minutes=1), at_most=timedelta(hours=1))


class MintSettings(SettingsModel):
    """How a certificate is made for the drill."""

    expected: ClassVar[str] = "a mapping with ca and principals"

    ca: RelativePath
    """Private key of the certificate authority that sshd trusts, without a passphrase."""
    principals: Annotated[
        tuple[Annotated[str, _PRINCIPAL], ...],
        Field(min_length=1, max_length=10),
        Words("a list of 1 to 10 names such as [breakglass-drill]"),
    ]
    """Whom the certificate is for: sshd lets it into accounts that take one of these principals."""
    key_id: Annotated[str, _KEY_ID] = "${run}"
    """Key id, which sshd writes into its log: text, in which `${name}` stands for a value."""
    valid_for: Annotated[timedelta, _VALID] = timedelta(minutes=5)
    """How long it is good for: nobody can take it back."""


class SshWithSettings(SettingsModel):
    """Who logs in where, and how the host is known."""

    expected: ClassVar[str] = "a mapping with host, user, key, and known_hosts, host_keys or host_ca"

    host: Annotated[str, _HOST]
    """Host to log in to."""
    port: Annotated[int, WholeNumber(1, 65535)] = 22
    """Its port."""
    user: Annotated[str, _USER]
    """Account to log in to."""
    key: RelativePath
    """Private key, without a passphrase and readable by its owner alone."""
    certificate: RelativePath | None = None
    """Certificate of the key, which is shown with it."""
    mint: MintSettings | None = None
    """In place of a certificate that is there: one that is made for this step."""
    known_hosts: RelativePath | None = None
    """File of hosts' keys, as ssh keeps them."""
    host_keys: Annotated[tuple[Annotated[str, _PUBLIC], ...], Words("a list of public keys")] = ()
    """In place of it: keys of which the host must have one."""
    host_ca: Annotated[tuple[Annotated[str, _PUBLIC], ...], Words("a list of public keys")] = ()
    """In place of both: authorities of which one must have signed the host's key for this host's name."""
    command: Annotated[
        tuple[Annotated[str, ArgumentFillShape()], ...],
        Words("a list: a program on the host and its arguments, each a text or exactly ${name}"),
    ] = ()
    """What is run there. An argument is text, or exactly `${name}`. What sshd runs by itself, if left out."""
    program: RelativePath | None = None
    """The ssh client; looked up in PATH, if left out."""
    timeout: Duration = timedelta(seconds=30)
    """How long one try may take. After that it is killed."""

    @property
    def has_certificate(self) -> bool:
        """Whether a certificate is shown."""
        return self.certificate is not None or self.mint is not None

    @finding("known_hosts", "host_keys", "host_ca")
    def host_is_known_in_one_way(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """An unknown host is never asked."""
        if sum(bool(each) for each in (self.known_hosts, self.host_keys, self.host_ca)) != 1:
            yield (), "expected exactly one of known_hosts, host_keys and host_ca: an unknown host proves nothing"

    @finding("certificate", "mint")
    def has_one_certificate(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A key is shown with one certificate at most."""
        if self.certificate is not None and self.mint is not None:
            yield ("mint",), "expected either certificate or mint"

    @finding("command")
    def program_is_literal(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A program is never a value."""
        if self.command and not re.fullmatch(r"[A-Za-z0-9_./][A-Za-z0-9_./+-]*", self.command[0]):
            yield ("command", 0), "expected a program's name or path, without a value"

    @finding("key")
    def key_is_taken_as_it_stands(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """Ssh would put something else in its place."""
        if "${" in str(self.key):
            yield ("key",), "expected a path without ${"


class SshStep(StepSettings):
    """Logs in to a host."""

    is_access: ClassVar[bool] = True
    what: SshWithSettings = Field(alias="with")
    """Who logs in where, and how the host is known."""
    expect: CommandExpectSettings = CommandExpectSettings()
    """How what is run there must end."""
    capture: Annotated[
        Mapping[ValueName, CommandCaptureSettings], Words("a mapping from names to where each value comes from")
    ] = Field(default_factory=dict)
    """Values that later steps use."""

    @finding("refused", "expect", "capture")
    def refusals_are_told_from_access(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """Status 0 is being let in, 255 is ssh's own."""
        for place, status in enumerate(self.expect.status):
            if status == OWN_STATUS:
                yield ("expect", "status", place), "expected a status up to 254: ssh itself ends with 255"
        if self.refused and not self.is_refused_by_sshd and 0 in self.expect.status:
            yield ("expect",), "expected status: those by which what runs there says that it refuses, not 0"
        if self.refused and self.capture:
            yield ("capture",), "expected nothing to capture where access is refused"

    @property
    def is_refused_by_sshd(self) -> bool:
        """Whether a refusal must be sshd's own: none of what runs behind it was stated."""
        return not self.expect.model_fields_set

    @property
    def line(self) -> str:
        """What it does."""
        what = self.what
        run = f", and run {' '.join(what.command)}" if what.command else ""
        place = what.host if what.port == SshWithSettings.model_fields["port"].default else f"{what.host}:{what.port}"
        return f"log in to {what.user}@{place}{run}{', which must be refused' if self.refused else ''}"

    @property
    def door(self) -> str:
        """What it tries to get into."""
        return f"{self.what.host}:{self.what.port}"

    @property
    def touches(self) -> tuple[str, ...]:
        """What a command changes, only its author knows; a certificate ends by itself."""
        what, mint = self.what, self.what.mint
        run = (f"whatever {what.command[0]} changes on {what.host}",) if what.command else ()
        if mint is None:
            return run
        certificate = f"a certificate for {', '.join(mint.principals)}: it is thrown away, and ends"
        return (*run, f"{certificate} {render(mint.valid_for)} after it is made at the latest")

    @property
    def rights(self) -> tuple[str, ...]:
        """What it needs to be allowed."""
        mint = (f"to sign certificates with {self.what.mint.ca}",) if self.what.mint else ()
        return (f"to read the private key {self.what.key}", *mint)

    def names(self) -> frozenset[str]:
        """Return the names of the values that it uses."""
        return names_in([*self.what.command, self.what.mint.key_id if self.what.mint else ""])

    def in_arguments(self) -> Mapping[str, frozenset[str]]:
        """Return the names of the values in the command: they are ssh's arguments here, and the program's there."""
        return {f"arguments of ssh, which others here and on {self.what.host} can read": names_in(self.what.command)}

    def in_logs(self) -> Mapping[Place, frozenset[str]]:
        """Return the names of the values in the key id: sshd writes it into its log."""
        return {("with", "mint", "key_id"): names_in(self.what.mint.key_id)} if self.what.mint else {}

    def files(self) -> Iterable[Path]:
        """Return what says which host is the right one."""
        return (self.what.known_hosts,) if self.what.known_hosts else ()

    def captures(self) -> Mapping[str, bool]:
        """Return the names of the values that it captures, and whether each is secret."""
        return {name: each.secret for name, each in self.capture.items()}
