"""Probes whose attempts are explained, and the many ways to write a secret."""

import base64
import html
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from urllib.parse import quote, quote_plus

from monitor.model.explanation import Explanation, Room
from monitor.model.outcome import Attempt, Outcome
from monitor.ports import Probe
from monitor.probes.context import ProbeContext
from monitor.probes.explained import ExplainedProbe
from monitor.probes.notes import NotedSecrets, Notes


@dataclass
class Ear:
    """A listener that wants everything, and keeps the last."""

    room: Room = field(default_factory=Room)
    is_every: bool = True
    outcome: Outcome | None = None
    explanation: Explanation | None = None

    def wants(self, _outcome: Outcome) -> bool:
        """Everything."""
        return True

    def told(self, outcome: Outcome, explanation: Explanation | None) -> None:
        """Keep it."""
        self.outcome, self.explanation = outcome, explanation


async def explained(
    context: ProbeContext, make: Callable[[ProbeContext], Probe], room: Room | None = None
) -> tuple[Outcome, Explanation]:
    """Make one attempt of a probe, and return it with why it was judged so."""
    secrets = NotedSecrets(context.secrets)
    notes = Notes(secrets, is_every=True)
    noted = replace(
        context, network=replace(context.network, trace=notes.trace), secrets=secrets, notes=notes, kept=None
    )
    ear = Ear(room or Room())
    outcome = await ExplainedProbe(make(noted), notes, ear).attempt(Attempt.SCHEDULED)
    assert ear.outcome is outcome
    assert ear.explanation is not None
    assert notes.trace.contacts == []  # what holds credentials is not kept
    return outcome, ear.explanation


def notations(secret: str) -> dict[str, str]:
    """Return the ways in which a server may give a secret back."""
    raw = secret.encode()
    return {
        "raw": secret,
        "upper case": secret.upper(),
        "base64": base64.b64encode(raw).decode(),
        "base64 for addresses": base64.urlsafe_b64encode(raw).decode().rstrip("="),
        "a basic credential": base64.b64encode(b"probe:" + raw).decode(),
        "inside base64": base64.b64encode(b"x" + raw + b" and more").decode(),
        "further inside": base64.b64encode(b"xy" + raw + b"z").decode(),
        "base64 in lines": in_lines(base64.b64encode(raw).decode(), 10, "\r\n"),
        "hexadecimal": raw.hex(),
        "hexadecimal in capitals": raw.hex().upper(),
        "percent-encoded": quote(secret, safe=""),
        "each letter percent-encoded": "".join(f"%{byte:02X}" for byte in raw),
        "a form's field": quote_plus(secret),
        "base64, percent-encoded": quote(base64.b64encode(raw).decode(), safe=""),
        "JSON": json.dumps(secret)[1:-1],
        "JSON, slashes escaped": json.dumps(secret)[1:-1].replace("/", "\\/"),
        "HTML": html.escape(secret),
        "HTML by number": "".join(f"&#{ord(letter)};" for letter in secret),
    }


def in_lines(text: str, width: int, between: str) -> str:
    """Return text in lines so long, as base64 is wrapped."""
    return between.join(text[at : at + width] for at in range(0, len(text), width))


def core(notation: str, text: str) -> str:
    """Return what of a notation must not be seen: base64 of something longer shares its ends with other letters."""
    return text[4:-6] if notation in ("a basic credential", "inside base64", "further inside") else text
