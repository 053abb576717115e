"""The way requests go: directly, or through the proxy that the settings name."""

from base64 import b64encode
from dataclasses import dataclass

from glasswatch.errors import SecretUnavailable
from glasswatch.secrets import SecretReference
from monitor.probes.secrets import SecretSource
from monitor.settings.proxy import ProxySettings
from platforms.transport.http import HttpTransport, Speak, Terms
from platforms.transport.proxied import ProxiedTerms, ProxiedTransport, Proxy
from platforms.transport.reach import Network
from platforms.transport.resolver import Ip
from platforms.transport.stopwatch import Stopwatch
from platforms.transport.tape import Tape


@dataclass(frozen=True, slots=True)
class Way:
    """Which of a name's addresses is tried, and through which proxy."""

    ip: Ip = Ip.PREFER_4
    proxy: ProxySettings | None = None

    @property
    def has_secret(self) -> bool:
        """Whether a secret is needed to go it."""
        return self.proxy is not None and self.proxy.password is not None


@dataclass(frozen=True, slots=True)
class Opened:
    """A way that can be gone. Says nothing of its credentials."""

    terms: Terms
    proxy: Proxy | None = None

    def transport(self, network: Network, watch: Stopwatch, tape: Tape | None = None) -> HttpTransport:
        """Return what makes the exchanges."""
        if self.proxy is None:
            return HttpTransport(network, self.terms, watch, tape)
        return ProxiedTransport(network, ProxiedTerms(self.terms, self.proxy), watch, tape)


async def opened(way: Way, terms: Terms, source: SecretSource) -> Opened:
    """Return the way with the secrets it needs.

    Raises:
        SecretUnavailable: one can't be had.
    """
    proxy = way.proxy
    if proxy is None or proxy.password is None:
        return Opened(terms, None if proxy is None else Proxy(proxy.host, proxy.port))
    password = (await source.get(proxy.password)).reveal()
    return Opened(terms, Proxy(proxy.host, proxy.port, basic(proxy.user or "", password)))


def http2() -> Speak:
    """Return how HTTP/2 is spoken."""
    from platforms.transport.http2 import speak  # noqa: PLC0415 - its library is imported where a probe asks for it

    return speak


def basic(user: str, password: str) -> str:
    """Return the value of a header that carries user and password (RFC 7617)."""
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


def carried(reference: SecretReference, value: str) -> str:
    """Return a secret that is put into a header.

    Raises:
        SecretUnavailable: no header can carry it.
    """
    if not all(" " <= letter <= "~" for letter in value) or value != value.strip():
        raise SecretUnavailable(f"secret from {reference}: it is not text that a header can carry")
    return value
