"""Somebody whom a probe comes as: the credentials to send, each read when it is needed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from glasswatch.secrets import SecretReference
from glasswatch.settings.auth import AuthSettings
from monitor.probes.context import ProbeContext
from monitor.probes.tokens import Wanted
from monitor.probes.way import Way, basic, carried
from monitor.settings.principals import SecondSettings, secret_headers
from platforms.transport.tls import Identity

_AUTHORIZATION = "Authorization"
_SCHEME = "Bearer "


@dataclass(frozen=True, slots=True)
class Credentials:
    """What is sent: headers, and the client certificate that is shown. `secrets`: all that is secret in them."""

    headers: Mapping[str, str] = field(repr=False)
    identity: Identity | None = None
    secrets: frozenset[str] = field(default=frozenset(), repr=False)


NOBODY = Credentials({})


class Principal:
    """Whom the settings name: a second one, or the first in the same form. `way`: how tokens are fetched."""

    def __init__(self, settings: SecondSettings, context: ProbeContext, way: Way) -> None:
        self._secrets = secret_headers(settings.headers)
        self._auth = settings.auth
        self._tls = settings.tls
        self._source = context.secrets
        self._tokens = context.tokens
        oauth2 = settings.auth.oauth2 if settings.auth is not None else None
        self._wanted = None if oauth2 is None else Wanted(oauth2, way)
        self.secret_headers = frozenset(name.lower() for name in self._secrets)
        self.has_credential = bool(self._secrets) or self._auth is not None or self._tls is not None
        self.has_certificate = self._tls is not None

    async def credentials(self) -> Credentials:
        """Read them.

        Raises:
            SecretUnavailable: one can't be had.
        """
        found: list[str] = []
        headers = {name: await self._carried(reference, found) for name, reference in self._secrets.items()}
        if self._auth is not None:
            headers[_AUTHORIZATION] = await self._authorization(self._auth, found)
        identity = None
        if self._tls is not None:
            identity = Identity(self._tls.certificate, await self._revealed(self._tls.key, found))
        return Credentials(headers, identity, _plain(found))

    async def client_secret(self) -> frozenset[str]:
        """Return what tokens are asked for with, if they are.

        Raises:
            SecretUnavailable: it can't be had.
        """
        found: list[str] = []
        if self._auth is not None and self._auth.oauth2 is not None:
            await self._revealed(self._auth.oauth2.client_secret, found)
        return _plain(found)

    def refused(self) -> None:
        """Take note that they were not accepted: the next attempt reads them anew."""
        for reference in self._secrets.values():
            self._source.refused(reference)
        if self._auth is not None:
            for reference in self._auth.secrets():
                self._source.refused(reference)
        if self._wanted is not None:
            self._tokens.refused(self._wanted)
        if self._tls is not None:
            self._source.refused(self._tls.key)

    async def _authorization(self, auth: AuthSettings, found: list[str]) -> str:
        if auth.bearer is not None:
            return f"{_SCHEME}{await self._carried(auth.bearer, found)}"
        if auth.basic is not None:
            return basic(auth.basic.user, await self._revealed(auth.basic.password, found))
        if self._wanted is None:
            return ""
        found.append(await self._tokens.get(self._wanted))
        return f"{_SCHEME}{found[-1]}"

    async def _carried(self, reference: SecretReference, found: list[str]) -> str:
        return carried(reference, await self._revealed(reference, found))

    async def _revealed(self, reference: SecretReference, found: list[str]) -> str:
        found.append((await self._source.get(reference)).reveal())
        return found[-1]


def _plain(secrets: Iterable[str]) -> frozenset[str]:
    """Return them in a form in which two that are the same look the same."""
    return frozenset(each.strip().removeprefix(_SCHEME) for each in secrets)
