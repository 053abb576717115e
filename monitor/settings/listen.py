"""Where the monitor serves its pages, metrics and API, and how it is reached.

On loopback nothing more is needed. Beyond it, what is said on the way must not be readable, and who says it must be
known: TLS, or a proxy that is declared.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Any, ClassVar, Final

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from glasswatch.secrets import SecretReference
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.sentences import Words
from glasswatch.settings.shape import Shape, sentence
from glasswatch.settings.shapes import RelativePath, is_host
from glasswatch.settings.tls import KEY_WORDS, ShortKeyed
from monitor.rules.forwarded import Network

_HIGHEST_PORT: Final = 65535
_LONGEST_PORT: Final = 5
_WHAT: Final = "HOST:PORT such as 127.0.0.1:9780, or a mapping with address"
_BEYOND: Final = (
    "expected a loopback address (127.0.0.1, [::1] or localhost); any other needs TLS or a declared proxy: "
    "{address: …, tls: …} or {address: …, proxy: …}"
)


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """Host (without brackets) and port; port 0 takes any free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches it."""
        return self.host == "localhost" or ipaddress.ip_address(self.host).is_loopback

    @property
    def is_every_address(self) -> bool:
        """Whether it stands for all of this machine's addresses."""
        return self.host != "localhost" and ipaddress.ip_address(self.host).is_unspecified


class ListenShape(Shape):
    """`HOST:PORT`, where HOST is an IP address or localhost: no name server is asked where to listen."""

    expected = "HOST:PORT such as 127.0.0.1:9780"
    json: ClassVar[Mapping[str, object]] = {"type": "string", "pattern": "^.+:[0-9]{1,5}$"}

    def read(self, value: object) -> ListenAddress:
        """Return the address to listen on."""
        if isinstance(value, ListenAddress):
            return value
        if not isinstance(value, str):
            raise self.wrong()
        host, colon, port = value.rpartition(":")
        is_bracketed = host.startswith("[") and host.endswith("]")
        if not (colon and host and _is_port(port)) or is_bracketed != (":" in host):
            raise self.wrong()
        host = host[1:-1] if is_bracketed else host
        if host != "localhost" and not _is_address(host):
            raise sentence("expected an IP address or localhost before the port: no name is looked up")
        return ListenAddress(str(host), int(port))


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_PORT and int(text) <= _HIGHEST_PORT


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return "%" not in host


class NetworkShape(Shape):
    """A network in CIDR notation, or one address."""

    expected = "a network such as 10.0.0.0/24, or an address"
    json: ClassVar[Mapping[str, object]] = {"type": "string", "pattern": r"^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$"}

    def read(self, value: object) -> Network:
        """Return the network."""
        if isinstance(value, IPv4Network | IPv6Network):
            return value
        if not isinstance(value, str) or "%" in value:
            raise self.wrong()
        try:
            network = ipaddress.ip_network(str(value))
        except ValueError as fault:
            if "host bits" in str(fault):
                raise sentence("expected a network whose address has no bits beyond its length") from None
            raise self.wrong() from None
        if network.prefixlen == 0:
            raise sentence("expected the proxies' own networks, not every address there is")
        return network


class HostShape(Shape):
    """A DNS name or an IP address, without a port."""

    expected = "a host name or an IP address, without a port"
    json: ClassVar[Mapping[str, object]] = {"type": "string", "pattern": "^[A-Za-z0-9_.:-]{1,253}$"}

    def read(self, value: object) -> str:
        """Return the host, lower case, without a final dot."""
        if not isinstance(value, str) or not is_host(str(value)):
            raise self.wrong()
        return value.lower().removesuffix(".")


class ListenTlsSettings(ShortKeyed):
    """With which certificate we answer."""

    expected: ClassVar[str] = "a mapping with certificate and key"

    certificate: RelativePath
    """PEM file with our certificate and those that lead to its authority. Read again when it changes."""
    key: Annotated[SecretReference, KEY_WORDS]
    """Its private key, PEM, not encrypted. A file may be written as its path alone."""


class ListenSettings(SettingsModel):
    """Where the monitor listens. May be written as the address alone."""

    expected: ClassVar[str] = _WHAT

    address: Annotated[ListenAddress, ListenShape()]
    """Address and port. Port 0 takes any free one."""
    tls: ListenTlsSettings | None = None
    """TLS of our own, 1.2 at least. Plain HTTP if left out."""
    proxy: Annotated[
        tuple[Annotated[Network, NetworkShape()], ...],
        Field(min_length=1),
        Words("a list of networks such as [10.0.0.0/24]"),
    ] = ()
    """Where the proxies are that all requests come through; nobody else is answered."""
    hosts: Annotated[tuple[Annotated[str, HostShape()], ...], Field(min_length=1), Words("a list of host names")] = ()
    """Names the monitor is reached under, beside its address: what `Host` may say."""

    @property
    def is_local(self) -> bool:
        """Whether it is this machine's alone: on loopback, and behind no proxy."""
        return self.address.is_loopback and not self.proxy

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:  # noqa: ANN401 - what was written, whatever that is
        return {"address": value} if isinstance(value, str | ListenAddress) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"oneOf": [ListenShape().schema(), handler(core)]}

    @finding("address")
    def is_safe_beyond_loopback(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """What leaves this machine is encrypted, by us or by a proxy."""
        if not self.address.is_loopback and "tls" not in given and "proxy" not in given:
            yield (
                ("address",),
                _BEYOND,
            )

    @finding("address")
    def every_address_has_a_name(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """Who listens everywhere must say what he is called."""
        is_beyond = "tls" in given or "proxy" in given
        if self.address.is_every_address and is_beyond and "hosts" not in given:
            yield ("hosts",), "is required: expected the names that the monitor is reached under"
