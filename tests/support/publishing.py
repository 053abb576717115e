"""Documents to publish, targets that do as they are told, and a publisher for the length of a block."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256

from monitor.errors import PublishFailed
from monitor.model.record import FlagDocument
from monitor.ports import FlagTarget
from monitor.publish import Publisher, PublishPace
from tests.support.clock import START

MILLISECOND = timedelta(milliseconds=1)
QUICK = PublishPace(first=MILLISECOND, cap=4 * MILLISECOND, longest=timedelta(seconds=30))
SOON = timedelta(seconds=30)


def document(ver: int, platform: str = "payments") -> FlagDocument:
    """Return a document; its text says which it is."""
    jws = f"header.{platform}-{ver}.signature"
    return FlagDocument(
        platform=platform,
        ver=ver,
        change=1,
        state="standby",
        issued_at=START,
        expires_at=START + timedelta(minutes=5),
        jws=jws,
        sha256=sha256(jws.encode()).hexdigest(),
        is_change=False,
    )


@dataclass
class ScriptedTarget:
    """A `FlagTarget` that fails as often as it is told, or hangs, and remembers what it showed."""

    name: str
    failures: int = 0
    hangs: bool = False
    shown: list[FlagDocument] = field(default_factory=list)
    tries: int = 0
    gate: asyncio.Event | None = None
    closed: int = 0

    async def publish(self, document: FlagDocument) -> None:
        """Do what it was told."""
        self.tries += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.hangs:
            await asyncio.Event().wait()
        if self.failures:
            self.failures -= 1
            raise PublishFailed("not now")
        self.shown.append(document)

    async def aclose(self) -> None:
        """Note that it was let go of."""
        self.closed += 1


@asynccontextmanager
async def publishing(*targets: FlagTarget, pace: PublishPace = QUICK) -> AsyncIterator[Publisher]:
    """Run a publisher for the length of a block."""
    publisher = Publisher(targets, pace)
    try:
        yield publisher
    finally:
        await publisher.stop(timedelta(milliseconds=20))
