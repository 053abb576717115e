"""A token endpoint on loopback: what it was asked, and what it says."""

import asyncio
import json
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from tests.servers.http import answer
from tests.servers.raw import Talk


@dataclass(slots=True)
class TokenEndpoint:
    """Gives `t0k3n1`, `t0k3n2`, …; `said` replaces the answer. `is_silent`: it takes the request and says nothing.

    `gate`: it answers once that is set.
    """

    expires_in: object = 3600
    said: bytes | None = None
    is_silent: bool = False
    gate: asyncio.Event | None = None
    heads: list[bytes] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)

    async def script(self, talk: Talk) -> None:
        """Serve one connection."""
        head = await talk.head()
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        self.heads.append(head)
        self.forms.append(dict(parse_qsl((await talk.reader.readexactly(int(length[15:]))).decode())))
        if self.is_silent:
            await talk.hang()
        if self.gate is not None:
            await self.gate.wait()
        await talk.say(self.said if self.said is not None else self._granted())

    def _granted(self) -> bytes:
        token = {"access_token": f"t0k3n{len(self.forms)}", "token_type": "Bearer", "expires_in": self.expires_in}
        return answer(body=json.dumps(token).encode())


def refusal(error: str, status: int = 400) -> bytes:
    """Return an answer by RFC 6749, 5.2, which also says what it should not."""
    return answer(status, json.dumps({"error": error, "error_description": "leaked-by-idp"}).encode())
