"""Pages as JSON sent to an address, signed as Standard Webhooks say.

- `webhook-id` is the page's id and stays the same however often it is tried; `webhook-timestamp` and the signature are
  of the try, as the standard asks. The body is built anew too: it says whether break-glass is permitted now.
- Any 2xx is a receipt, with the provider's own id where its answer is JSON with an `id`.
- The signing secret is read when it is first needed, kept, and read anew after a 401 or 403 (it may have changed).
- The address may hold secrets in its path and query: messages name scheme, host and port only.
"""

import base64
import binascii
import json
import logging
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from hmac import digest
from urllib.parse import quote, urlsplit

import glasswatch
from glasswatch import visible
from glasswatch.errors import SecretUnavailable
from glasswatch.secrets import SecretReference, resolve
from glasswatch.sidethread import SideThread
from monitor.channels import answers
from monitor.channels.context import ChannelContext
from monitor.channels.post import Place, Poster
from monitor.errors import DeliveryFailed
from monitor.model.page import Page
from monitor.rules import retry, wording
from monitor.settings.paging import WebhookSettings

log = logging.getLogger("glasswatch.outbox")

LONGEST_ID = 100
SECRET_WAIT = timedelta(seconds=11)  # a command that prints a secret has 10 s
_PREFIX = "whsec_"
_STALE_SECRET = frozenset({401, 403})


def make(name: str, settings: WebhookSettings, context: ChannelContext) -> "Webhook":
    """Return the channel. Touches neither network nor secret; a CA file that can't be read yet is only logged."""
    parts = urlsplit(settings.url)
    shown = f"{name}: {parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    poster = Poster(Place(shown, settings.url, settings.timeout, settings.tls.ca_file))
    try:
        poster.prepare()
    except DeliveryFailed as fault:
        log.warning("channel_not_ready", extra={"fields": {"channel": name, "error": str(fault)}})
    return Webhook(shown, settings, context, poster)


def signature(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the `webhook-signature` of one message: HMAC-SHA256 over id, Unix seconds and body."""
    signed = b".".join((message_id.encode("ascii"), str(timestamp).encode("ascii"), body))
    return f"v1,{base64.b64encode(digest(key, signed, sha256)).decode('ascii')}"


def key_of(secret: str) -> bytes:
    """Return the key that a secret stands for: `whsec_` and base64, or any other text as it is.

    Raises:
        ValueError: what follows `whsec_` is not base64, or nothing follows.
    """
    if not secret.startswith(_PREFIX):
        return secret.encode()
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        # Outside the handler, so that no cause quotes the secret.
        raise ValueError("expected base64 after whsec_")
    return key


class Webhook:
    """A `monitor.ports.Channel`."""

    def __init__(self, shown: str, settings: WebhookSettings, context: ChannelContext, poster: Poster) -> None:
        self._shown = shown
        self._settings = settings
        self._context = context
        self._poster = poster
        self._key: bytes | None = None
        self._thread = SideThread(f"secret {shown}")

    async def send(self, page: Page, attempt: int) -> str:
        """Deliver; the receipt is the status and the provider's id, if it gave one.

        Raises:
            DeliveryFailed: not taken, or nobody knows.
        """
        body = json.dumps(wording.body(page, self._context.describe(page)), separators=(",", ":")).encode("ascii")
        answer = await self._poster.post(await self._headers(page, attempt, body), body)
        if answer.status in _STALE_SECRET:
            self._key = None
        if retry.is_accepted(answer.status):
            return f"{answer.status} {_provider_id(answer.body)}".rstrip()
        raise answers.refused(self._shown, answer, self._context.clock)

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._poster.aclose()

    async def _headers(self, page: Page, attempt: int, body: bytes) -> Mapping[str, str]:
        # Ids are made of names and digits; should one ever hold more, it must not break a header or the signed text.
        message_id = quote(page.id, safe="/").replace(".", "%2E")
        timestamp = int(self._context.clock.now().timestamp())
        headers = {
            "content-type": "application/json",
            "user-agent": f"glasswatch/{glasswatch.__version__}",
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp),
            "glasswatch-attempt": str(attempt),
        }
        if self._settings.secret is not None:
            key = await self._signing_key(self._settings.secret)
            headers["webhook-signature"] = signature(key, message_id, timestamp, body)
        return headers

    async def _signing_key(self, reference: SecretReference) -> bytes:
        if self._key is None:
            try:
                await self._thread.run(lambda: self._read_key(reference), SECRET_WAIT)
            except (SecretUnavailable, ValueError) as fault:
                raise self._unsigned(str(fault)) from None
            except (TimeoutError, OSError):
                raise self._unsigned(f"secret from {reference}: it could not be read in time") from None
        if self._key is None:
            raise self._unsigned(f"secret from {reference}: it was refused while it was read")
        return self._key

    def _read_key(self, reference: SecretReference) -> None:
        """Read and keep the key; in the thread, so that one that comes too late serves the next try."""
        secret = resolve(reference, self._context.clock)
        try:
            self._key = key_of(secret.reveal())
        except ValueError as fault:
            raise SecretUnavailable(f"secret from {reference}: {fault}") from None

    def _unsigned(self, why: str) -> DeliveryFailed:
        return DeliveryFailed(f"{self._shown} not asked, the page can't be signed: {why}")


def _provider_id(body: bytes) -> str:
    """Return the provider's own id for what it took, as one visible line; empty if it gave none."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    given = answer.get("id") if isinstance(answer, dict) else None
    return visible.line(given)[:LONGEST_ID] if isinstance(given, str) else ""
