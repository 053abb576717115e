"""PagerDuty's Events API v2 and the part of its REST API that is asked, as strict as its documentation.

An event is checked member by member against what is published: what isn't documented, is missing, too long or of the
wrong type is refused with 400, as PagerDuty does. What was taken makes incidents by `dedup_key`.
"""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.receiver import Answer, Behaviour, Receiver, receiving
from tests.support.tls import Authority

ROUTING_KEY = "R0123456789abcdef0123456789ABCDE"
TICKET_KEY = "Tticket6789abcdef0123456789ABCDE"
TOKEN = "u+reads-incidents-only"
LARGEST = 512 * 1024

_EVENT = {"routing_key", "event_action", "dedup_key", "payload", "client", "client_url", "links", "images"}
_PAYLOAD = {"summary", "source", "severity", "timestamp", "component", "group", "class", "custom_details"}
_SEVERITIES = {"critical", "error", "warning", "info"}


@dataclass
class PagerDuty:
    """The service. `events` are those that were taken, `faults` why others were not.

    The receiver's script goes before all. An event with `refused_member` is refused.
    One that `is_losing` takes everything, and makes no incident of it.
    """

    receiver: Receiver
    events: list[dict[str, Any]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    incidents: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused_member: str = ""
    is_losing: bool = False

    def acknowledge(self, key: str, by: str, at: str) -> None:
        """Have a person acknowledge an incident."""
        self.incidents[key] |= {
            "status": "acknowledged",
            "acknowledgements": [{"at": at, "acknowledger": {"type": "user_reference", "summary": by}}],
        }

    def decide(self, target: str, body: bytes) -> Behaviour | None:
        """Answer as PagerDuty would; None where the script says what happens."""
        if self.receiver.script:
            return None
        parts = urlsplit(target)
        if parts.path == "/v2/enqueue":
            return self._enqueue(body)
        if parts.path == "/incidents":
            return self._incidents(parse_qs(parts.query))
        return Answer(404)

    def _enqueue(self, body: bytes) -> Answer:
        event = json.loads(body)
        faults = ["too large"] if len(body) > LARGEST else list(faults_of(event))
        if self.refused_member and self.refused_member in event:
            faults.append(f"{self.refused_member} is not taken today")
        if faults:
            self.faults.extend(faults)
            return Answer(400, json.dumps({"status": "invalid event", "errors": faults}).encode())
        self.events.append(event)
        key = event["dedup_key"]
        if event["event_action"] == "trigger" and not self.is_losing:
            fresh = {"status": "triggered", "incident_key": key, "acknowledgements": []}
            self.incidents.setdefault(key, fresh)
        else:
            self.incidents.pop(key, None)
        answer = {"status": "success", "message": "Event processed", "dedup_key": key}
        return Answer(202, json.dumps(answer).encode())

    def _incidents(self, query: Mapping[str, list[str]]) -> Answer:
        wanted = query["incident_key"][0]
        found = [
            incident
            for key, incident in self.incidents.items()
            if key == wanted and incident["status"] in query["statuses[]"]
        ]
        return Answer(200, json.dumps({"incidents": found, "limit": 5, "offset": 0, "more": False}).encode())


def faults_of(event: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with an event by what PagerDuty publishes."""
    yield from (f"{name} is unknown" for name in event.keys() - _EVENT)
    if not isinstance(event.get("routing_key"), str) or len(event["routing_key"]) != 32:
        yield "routing_key: 32 characters"
    if event.get("event_action") not in {"trigger", "acknowledge", "resolve"}:
        yield "event_action"
    key = event.get("dedup_key")
    if not isinstance(key, str) or not 1 <= len(key) <= 255:
        yield "dedup_key: 1 to 255 characters"
    yield from _texts(event, "client", "client_url")
    for link in event.get("links", []):
        if set(link) - {"href", "text"} or not str(link.get("href", "")).startswith(("https://", "http://")):
            yield "links: href and text"
    if event.get("event_action") == "trigger":
        yield from _faults_of_payload(event.get("payload"))


def _faults_of_payload(payload: object) -> Iterator[str]:
    if not isinstance(payload, dict):
        yield "payload is required"
        return
    yield from (f"payload.{name} is unknown" for name in payload.keys() - _PAYLOAD)
    if not isinstance(payload.get("summary"), str) or not 1 <= len(payload["summary"]) <= 1024:
        yield "payload.summary: 1 to 1024 characters"
    if not isinstance(payload.get("source"), str) or not payload["source"]:
        yield "payload.source is required"
    if payload.get("severity") not in _SEVERITIES:
        yield "payload.severity"
    yield from _texts(payload, "timestamp", "component", "group", "class")
    if not isinstance(payload.get("custom_details", {}), dict):
        yield "payload.custom_details: an object"


def _texts(found: Mapping[str, object], *names: str) -> Iterator[str]:
    yield from (f"{name}: text" for name in names if name in found and not isinstance(found[name], str))


@asynccontextmanager
async def pagerduty(directory: Path) -> AsyncIterator[tuple[PagerDuty, Mapping[str, Any]]]:
    """Run the service over TLS; yield it and the settings that reach it."""
    authority = Authority(directory)
    files = {"routing_key": ROUTING_KEY, "ticket_key": TICKET_KEY, "token": TOKEN}
    for name, secret in files.items():
        (directory / name).write_text(secret)
        (directory / name).chmod(0o600)
    async with receiving(tls=authority.issue("localhost").context()) as receiver:
        service = PagerDuty(receiver)
        receiver.decide = service.decide
        url = f"https://localhost:{receiver.port}"
        yield (
            service,
            {
                "routing_key": {"file": directory / "routing_key"},
                "url": url,
                "api_url": url,
                "tls": {"ca_file": authority.ca_file},
            },
        )
