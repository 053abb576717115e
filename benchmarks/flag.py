"""What keeping the flag of a thousand platforms costs: signing alone, and with each kind of target."""

import asyncio
import resource
import statistics
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from glasswatch.clock import SystemClock
from glasswatch.flag import keys
from monitor.model.record import ChainHead, FlagDocument, FlagLedger
from monitor.model.state import Cause, FlagHead, PlatformState
from monitor.model.verdict import CauseKind, FlagState, Verdict
from monitor.ports import FlagTarget
from monitor.publish import Publisher
from monitor.rules.flag_document import Terms, ledger_after
from monitor.seal import FlagSeal
from monitor.settings.publish import CommandTargetSettings
from monitor.signing import Signer
from monitor.targets.command import CommandTarget
from monitor.targets.file import FileTarget

PLATFORMS = 1000
COMMANDS = 100  # a program started for each takes its time
ROUNDS = 5
_CLOCK = SystemClock()
_WITHIN = timedelta(minutes=2)
_SOON = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Cost:
    """Processor and wall seconds for so many documents, our children's included; median of several rounds."""

    documents: int
    cpu_seconds: float
    wall_seconds: float

    def __str__(self) -> str:
        each = self.cpu_seconds / self.documents
        share = each * PLATFORMS / 60
        return (
            f"{self.documents} in {self.wall_seconds:.2f} s, {each * 1e6:.0f} µs of processor each: "
            f"{share:.2%} of a core for {PLATFORMS} a minute"
        )


async def measure(folder: Path) -> dict[str, Cost]:
    """Return the costs by what is done."""
    folder.mkdir()
    seals = Seals(folder)
    into_files = FileTarget("file", folder / "{platform}.jws")
    command = CommandTargetSettings(command=("/bin/cp", "/dev/stdin", str(folder / "by-{platform}.jws")))
    return {
        "signing": await _cost(PLATFORMS, _signing(seals)),
        "signing, a file": await _cost(PLATFORMS, _publishing(seals, PLATFORMS, [into_files])),
        "signing, a program": await _cost(COMMANDS, _publishing(seals, COMMANDS, [CommandTarget(command, _CLOCK)])),
    }


class Seals:
    """Signs the flags of platforms in an outage, whose documents are the longest, one after another."""

    def __init__(self, folder: Path) -> None:
        head = ChainHead(123_456, "ab" * 32)
        terms = Terms(
            deployment="prod",
            vantage="fra-1",
            procedure_url="https://wiki.example.com/break-glass",
            procedure_sha256="cd" * 32,
            ttl=_SOON,
            ready_ttl=3 * _SOON,
            configured_vantages=1,
        )
        self._seal = FlagSeal(Signer(keys.create(folder / "flag.key")), terms, lambda: head)
        self._ledgers: dict[str, FlagLedger] = {}

    def sign(self, number: int) -> FlagDocument:
        """Return the next document of one platform."""
        platform, now = f"platform-{number}", _CLOCK.now()
        state = PlatformState(
            platform=platform,
            verdict=Verdict.DOWN,
            vote=Verdict.DOWN,
            causes=(Cause(CauseKind.OUTAGE, f"{platform}-20261123T172913330Z", now),),
            flag=FlagHead(FlagState.READY, now, 3),
        )
        ledger = self._ledgers.get(platform, FlagLedger(change_sha256="ef" * 32))
        document = self._seal(state, ledger, now, is_change=False)
        self._ledgers[platform] = ledger_after(ledger, document)
        return document


def _signing(seals: Seals) -> Callable[[], Awaitable[None]]:
    async def work() -> None:
        for number in range(PLATFORMS):
            seals.sign(number)

    return work


def _publishing(seals: Seals, count: int, targets: list[FlagTarget]) -> Callable[[], Awaitable[None]]:
    publisher = Publisher(targets)

    async def work() -> None:
        documents = [seals.sign(number) for number in range(count)]
        for document in documents:
            publisher.submit(document)
        for document in documents:
            late = await publisher.publish_now(document, _WITHIN)
            if late or any(publisher.failures.values()):
                raise RuntimeError(f"not published: {late}, failures: {publisher.failures}")

    return work


async def _cost(documents: int, work: Callable[[], Awaitable[None]]) -> Cost:
    spent, took = [], []
    for _ in range(ROUNDS):
        cpu, since = _cpu_seconds(), _CLOCK.monotonic()
        await work()
        spent.append(_cpu_seconds() - cpu)
        took.append(_CLOCK.monotonic() - since)
        await asyncio.sleep(0)
    return Cost(documents, statistics.median(spent), statistics.median(took))


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)
