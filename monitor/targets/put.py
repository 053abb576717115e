"""An address that the flag is put to.

- `PUT`, `content-type: application/jose`, the document's bytes and nothing else; any 2xx says that it is there. A
  redirect is not followed: our credential goes where the settings say, or nowhere.
- `glasswatch-flag-ver` names the document's version. A request that we gave up may still be carried out by a server
  that has it already: one that refuses a version below the one it holds is safe from that too.
- A new connection each time, closed before the next document of that platform is sent.
- Secrets are read when they are needed; a 401 or 403 has them read anew. No error holds one, nor path or query of the
  address: they name scheme, host and port.
"""

import logging
from collections.abc import Mapping
from urllib.parse import urlsplit

import glasswatch
from glasswatch.errors import SecretUnavailable
from glasswatch.secrets import SecretReference
from monitor.channels.post import Place, Poster
from monitor.errors import DeliveryFailed, PublishFailed
from monitor.model.record import FlagDocument
from monitor.probes.secrets import SecretSource
from monitor.rules import retry
from monitor.settings.publish import PLACEHOLDER, PutTargetSettings
from monitor.targets.context import TargetContext

log = logging.getLogger("glasswatch.publish")

MEDIA_TYPE = "application/jose"
VERSION_HEADER = "glasswatch-flag-ver"
_REFUSED = frozenset({401, 403})


def make(settings: PutTargetSettings, context: TargetContext) -> "PutTarget":
    """Return the target. Touches neither network nor secret; a CA file that can't be read yet is only logged."""
    parts = urlsplit(settings.put)
    poster = Poster(Place(f"{parts.scheme}://{parts.netloc}", settings.put, settings.timeout, settings.tls.ca_file))
    try:
        poster.prepare()
    except DeliveryFailed as fault:
        log.warning("target_not_ready", extra={"fields": {"target": settings.label, "error": str(fault)}})
    return PutTarget(settings, context.secrets, poster)


class PutTarget:
    """A `monitor.ports.FlagTarget`."""

    def __init__(self, settings: PutTargetSettings, secrets: SecretSource, poster: Poster) -> None:
        self.name = settings.label
        self._settings = settings
        self._secrets = secrets
        self._poster = poster
        self._references = [value for value in settings.headers.values() if isinstance(value, SecretReference)]
        self._references += [settings.token] if settings.token is not None else []

    async def publish(self, document: FlagDocument) -> None:
        """Put the document once.

        Raises:
            PublishFailed: it was not taken, or nobody knows.
        """
        url = self._settings.put.replace(PLACEHOLDER, document.platform)
        try:
            headers = await self._headers(document)
            answer = await self._poster.put(url, headers, document.jws.encode("ascii"))
        except (SecretUnavailable, DeliveryFailed) as fault:
            raise PublishFailed(str(fault)) from None
        if answer.status in _REFUSED:
            for reference in self._references:
                self._secrets.refused(reference)
        if not retry.is_accepted(answer.status):
            raise PublishFailed(f"{self._poster.shown} answered {answer.status}")

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._poster.aclose()

    async def _headers(self, document: FlagDocument) -> Mapping[str, str]:
        headers = {"user-agent": f"glasswatch/{glasswatch.__version__}"}
        for name, value in self._settings.headers.items():
            headers[name.lower()] = await self._carried(value) if isinstance(value, SecretReference) else value
        if self._settings.token is not None:
            headers["authorization"] = f"Bearer {await self._carried(self._settings.token)}"
        return {**headers, "content-type": MEDIA_TYPE, VERSION_HEADER: str(document.ver)}

    async def _carried(self, reference: SecretReference) -> str:
        """Return a secret as a header can carry it.

        Raises:
            SecretUnavailable: it can't be had, or no header can carry it.
        """
        value = (await self._secrets.get(reference)).reveal()
        if not all(" " <= letter <= "~" for letter in value) or value != value.strip():
            raise SecretUnavailable(f"secret from {reference}: it is not text that a header can carry")
        return value
