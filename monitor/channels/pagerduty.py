"""Pages as events of PagerDuty's Events API v2, and who acknowledged them from its REST API.

- 202 is the receipt. It says that the event was taken, not that anybody was woken: an integration key of another
  service is taken too. With a token the incident is looked for, and who acknowledged it; none at all is a page lost.
- 429 and 5xx are tried again; PagerDuty asks for 30 s after a 429 that doesn't say how long.
- 400 means that trying the same again can't help: the event goes once more at once, without anything that may be
  left out, so that nothing in a page's details can keep anybody from being woken.
- Where tickets have a service of their own, what is over is told to both: it may have fired as either.
"""

import json
import logging
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

import glasswatch
from glasswatch import visible
from glasswatch.secrets import SecretReference
from monitor.channels import answers
from monitor.channels.context import ChannelContext
from monitor.channels.post import Answer, Place, Poster
from monitor.errors import DeliveryFailed, PageLost
from monitor.model.page import Page, PageStatus, Severity
from monitor.model.told import Acknowledgement
from monitor.probes.secrets import KeptSecrets
from monitor.rules import pagerduty, retry
from monitor.settings.channels import PagerDutySettings

log = logging.getLogger("glasswatch.outbox")

AFTER_TOO_MANY: Final = timedelta(seconds=30)
_INVALID: Final = 400
_STALE_SECRET: Final = frozenset({400, 401, 403})
_ANY: Final = tuple(("statuses[]", status) for status in ("triggered", "acknowledged", "resolved"))
_LONGEST_KEY: Final = 100


def make(name: str, settings: PagerDutySettings, context: ChannelContext) -> "PagerDuty":
    """Return the channel. Touches neither network nor secret; a CA file that can't be read yet is only logged."""
    return PagerDuty(name, settings, context)


class PagerDuty:
    """A `monitor.ports.Channel`, and `monitor.ports.Asked` where it has a token."""

    def __init__(self, name: str, settings: PagerDutySettings, context: ChannelContext) -> None:
        self._name = name
        self._settings = settings
        self._context = context
        self._secrets = KeptSecrets(context.clock)
        self._events = self._poster(settings.events, "/v2/enqueue")
        self._incidents = self._poster(settings.api, "/incidents")

    @property
    def can_ask(self) -> bool:
        """Whether acknowledgements can be asked for."""
        return self._settings.token is not None

    async def send(self, page: Page, attempt: int) -> str:  # noqa: ARG002 - the port's signature
        """Deliver; the receipt is the status and the key that PagerDuty joins repeats by.

        Raises:
            DeliveryFailed: not taken, or nobody knows.
        """
        receipts = [await self._enqueue(page, reference) for reference in self._keys(page)]
        return "; ".join(receipts)

    async def acknowledgement(self, page: Page) -> Acknowledgement | None:
        """Return who acknowledged the incident of a page; None: nobody has.

        Raises:
            PageLost: PagerDuty knows no incident of it, neither open nor resolved.
            DeliveryFailed: it can't be found out now.
        """
        reference = self._settings.token
        if reference is None:
            return None
        token = await answers.secret(self._secrets, reference, self._incidents.shown)
        query = urlencode(
            [("incident_key", pagerduty.dedup_key(page.dedup_key)), *_ANY, ("date_range", "all"), ("limit", "5")]
        )
        if not token.isascii() or not token.isprintable():
            raise DeliveryFailed(f"{self._incidents.shown} not asked: the token is not printable ASCII")
        headers = {
            "user-agent": f"glasswatch/{glasswatch.__version__}",
            "accept": "application/vnd.pagerduty+json;version=2",
            "authorization": f"Token token={token}",
        }
        answer = await self._incidents.get(f"{self._settings.api.rstrip('/')}/incidents?{query}", headers)
        if answer.status in _STALE_SECRET:
            self._secrets.refused(reference)
        if not retry.is_accepted(answer.status):
            raise answers.refused(self._incidents.shown, answer, self._context.clock, AFTER_TOO_MANY)
        incidents = _parsed(answer)
        if pagerduty.is_lost(incidents, page):
            raise PageLost(f"{self._incidents.shown} knows no incident of {page.dedup_key}")
        found = pagerduty.acknowledgement(incidents, self._name)
        return found and Acknowledgement(visible.line(found.by), found.at, found.channel)

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._events.aclose()
        await self._incidents.aclose()

    def _poster(self, base: str, path: str) -> Poster:
        # PagerDuty's addresses hold no secret: the key is in the body, the token in a header.
        settings = self._settings
        poster = Poster(Place(f"{self._name}: {base}", base.rstrip("/") + path, settings.timeout, settings.tls.ca_file))
        try:
            poster.prepare()
        except DeliveryFailed as fault:
            log.warning("channel_not_ready", extra={"fields": {"channel": self._name, "error": str(fault)}})
        return poster

    def _keys(self, page: Page) -> tuple[SecretReference, ...]:
        """Return the services that a page goes to."""
        usual, quiet = self._settings.routing_key, self._settings.ticket_routing_key
        if quiet is None:
            return (usual,)
        if page.status is PageStatus.RESOLVED:
            return (usual, quiet)
        return (quiet if page.severity is Severity.TICKET else usual,)

    async def _enqueue(self, page: Page, reference: SecretReference) -> str:
        key = await answers.secret(self._secrets, reference, self._events.shown)
        answer = await self._post(page, key, is_plain=False)
        if answer.status == _INVALID and page.status is PageStatus.FIRING:
            log.warning("page_sent_plain", extra={"fields": {"channel": self._name, "page": page.id}})
            answer = await self._post(page, key, is_plain=True)
        if answer.status in _STALE_SECRET:
            self._secrets.refused(reference)
        if not retry.is_accepted(answer.status):
            raise answers.refused(self._events.shown, answer, self._context.clock, AFTER_TOO_MANY)
        return f"{answer.status} {_key_of(answer)}".rstrip()

    async def _post(self, page: Page, key: str, *, is_plain: bool) -> Answer:
        event = pagerduty.event(page, self._context.describe(page), key, is_plain=is_plain)
        body = json.dumps(event, separators=(",", ":")).encode("ascii")
        headers = {"content-type": "application/json", "user-agent": f"glasswatch/{glasswatch.__version__}"}
        return await self._events.post(headers, body)


def _parsed(answer: Answer) -> object:
    try:
        found: object = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    return found


def _key_of(answer: Answer) -> str:
    """Return the key that the answer names, as one visible line; empty if it names none."""
    found = _parsed(answer)
    key = found.get("dedup_key") if isinstance(found, dict) else None
    return visible.line(key)[:_LONGEST_KEY] if isinstance(key, str) else ""
