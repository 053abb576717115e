"""Pages as alerts of Alertmanager's API v2, told to every instance.

- Members of a cluster don't tell each other of alerts: each is told, side by side. A page counts as taken when one
  instance took it, because one is enough to wake somebody; the receipt names who did not.
- Whoever did not is told at the next round: everything that fires is sent again every `resend_every`, and what is
  over for `ends_after` more. So an instance that was away, or has lost what it knew, catches up by itself.
- What this monitor no longer sends ends by itself after `ends_after`: an alert outlives neither it nor its settings.
"""

import asyncio
import base64
import json
import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

import glasswatch
from glasswatch.settings.auth import PlainAuthSettings
from monitor.channels import answers
from monitor.channels.context import ChannelContext
from monitor.channels.post import Place, Poster
from monitor.errors import DeliveryFailed
from monitor.model.page import Page
from monitor.probes.secrets import KeptSecrets
from monitor.rules import alert, retry
from monitor.settings.channels import AlertmanagerSettings

log = logging.getLogger("glasswatch.outbox")

AT_ONCE: Final = 50  # alerts in one request, so that it stays below what proxies take
_STALE_SECRET: Final = frozenset({401, 403})


def make(name: str, settings: AlertmanagerSettings, context: ChannelContext) -> "Alertmanager":
    """Return the channel. Touches neither network nor secret; a CA file that can't be read yet is only logged."""
    return Alertmanager(name, settings, context)


class Alertmanager:
    """A `monitor.ports.Channel` that upholds what it was given."""

    def __init__(self, name: str, settings: AlertmanagerSettings, context: ChannelContext) -> None:
        self._name = name
        self._settings = settings
        self._context = context
        self._secrets = KeptSecrets(context.clock)
        self._instances = [self._poster(url) for url in settings.urls]

    @property
    def uphold_every(self) -> timedelta:
        """How often what was taken is to be upheld."""
        return self._settings.resend_every

    def is_upheld(self, page: Page) -> bool:
        """Whether a page that was taken still has to be upheld."""
        return alert.is_upheld(page, self._context.clock.now(), self._settings.ends_after)

    async def send(self, page: Page, attempt: int) -> str:  # noqa: ARG002 - the port's signature
        """Tell every instance; the receipt says who took it.

        Raises:
            DeliveryFailed: no instance took it, or nobody knows.
        """
        failures = await self._tell([page])
        whole = len(self._instances)
        if len(failures) < whole:
            return "; ".join((f"{whole - len(failures)} of {whole} took it", *(str(fault) for fault in failures)))
        waits = [fault.retry_after for fault in failures if fault.retry_after is not None]
        raise DeliveryFailed(
            "; ".join(str(fault) for fault in failures),
            is_permanent=all(fault.is_permanent for fault in failures),
            retry_after=min(waits, default=None),
        )

    async def uphold(self, pages: Sequence[Page]) -> None:
        """Tell every instance again.

        Raises:
            DeliveryFailed: an instance did not take it; the others may have.
        """
        failures = []
        for begin in range(0, len(pages), AT_ONCE):
            failures += await self._tell(pages[begin : begin + AT_ONCE])
        if failures:
            raise DeliveryFailed("; ".join(dict.fromkeys(str(fault) for fault in failures)))

    async def aclose(self) -> None:
        """Let go of connections."""
        for instance in self._instances:
            await instance.aclose()

    def _poster(self, url: str) -> Poster:
        settings = self._settings
        # A path in front of an instance's own may hold a secret: it is not shown.
        scheme, _, rest = url.partition("://")
        shown = f"{self._name}: {scheme}://{rest.partition('/')[0].partition('?')[0]}"
        poster = Poster(Place(shown, url.rstrip("/") + "/api/v2/alerts", settings.timeout, settings.tls.ca_file))
        try:
            poster.prepare()
        except DeliveryFailed as fault:
            log.warning("channel_not_ready", extra={"fields": {"channel": self._name, "error": str(fault)}})
        return poster

    async def _tell(self, pages: Sequence[Page]) -> list[DeliveryFailed]:
        """Tell every instance of pages; return why some did not take them."""
        now, ends_after = self._context.clock.now(), self._settings.ends_after
        told = [each for page in pages for each in alert.alerts(page, self._context.describe(page), now, ends_after)]
        body = json.dumps(told, separators=(",", ":")).encode("ascii")
        headers = await self._headers()
        found = await asyncio.gather(*(self._post(instance, headers, body) for instance in self._instances))
        return [fault for fault in found if fault is not None]

    async def _post(self, instance: Poster, headers: Mapping[str, str], body: bytes) -> DeliveryFailed | None:
        try:
            answer = await instance.post(headers, body)
        except DeliveryFailed as fault:
            return fault
        if answer.status in _STALE_SECRET and self._settings.auth is not None:
            for reference in self._settings.auth.secrets():
                self._secrets.refused(reference)
        return (
            None if retry.is_accepted(answer.status) else answers.refused(instance.shown, answer, self._context.clock)
        )

    async def _headers(self) -> Mapping[str, str]:
        headers = {"content-type": "application/json", "user-agent": f"glasswatch/{glasswatch.__version__}"}
        auth = self._settings.auth
        return headers if auth is None else {**headers, "authorization": await self._credential(auth)}

    async def _credential(self, auth: PlainAuthSettings) -> str:
        if auth.bearer is not None:
            token = await answers.secret(self._secrets, auth.bearer, self._name)
            if not token.isascii() or not token.isprintable():
                raise DeliveryFailed(f"{self._name} not asked: the token is not printable ASCII")
            return f"Bearer {token}"
        if auth.basic is None:
            raise DeliveryFailed(f"{self._name} not asked: there is no credential")
        password = await answers.secret(self._secrets, auth.basic.password, self._name)
        pair = f"{auth.basic.user}:{password}".encode()
        return f"Basic {base64.b64encode(pair).decode('ascii')}"
