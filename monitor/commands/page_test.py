"""`monitor page-test`: a test page through one channel, now, and its receipt. It needs no running monitor."""

import asyncio
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from glasswatch import visible
from glasswatch.clock import Clock, SystemClock
from glasswatch.errors import ExitCode, UsageFault
from glasswatch.settings.load import load
from monitor import stopping
from monitor.channels.build import channel_of
from monitor.channels.context import ChannelContext
from monitor.commands import options
from monitor.errors import DeliveryFailed
from monitor.loop import new_loop
from monitor.model.page import Page, PageContext, PageStatus, Severity
from monitor.model.told import Reach, Told
from monitor.rules.trial import trial_page
from monitor.settings.root import MonitorSettings

DELIVERED = "delivered"
REFUSED = "refused"
NOT_KNOWN = "not known"
_CODES = {DELIVERED: ExitCode.GOOD, REFUSED: ExitCode.FINDING, NOT_KNOWN: ExitCode.NOT_MEASURED}
_COLOURS = {DELIVERED: "green", REFUSED: "red", NOT_KNOWN: "yellow"}


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of it. `receipt` is the provider's; `error` says why there is none."""

    channel: str
    type: str
    status: str
    severity: str
    dedup_key: str
    result: str
    receipt: str
    error: str
    duration_seconds: float


@click.command("page-test")
@click.argument("name")
@options.config
@click.option("--ticket", is_flag=True, help="Send it as a ticket, which should wake nobody.")
@click.option("--resolve", is_flag=True, help="Say that an earlier test is over.")
@options.as_json
def command(name: str, config: Path, *, ticket: bool, resolve: bool, as_json: bool) -> int:
    """Send a test page through the channel NAME, now, and show the receipt.

    It is marked as a test, goes through this channel alone, whatever the routes say, and is neither stored nor tried
    again; no monitor needs to run. It stays open until somebody closes it, or --resolve does.

    Exits 0 when the provider took it, 1 when it refused it, 4 when nobody knows.
    """
    settings = load(config, MonitorSettings)
    if name not in settings.paging.channels:
        known = ", ".join(settings.paging.channels) or "none: there are no channels"
        raise UsageFault(f"no channel is called {visible.line(name)}: expected one of {known}")
    clock = SystemClock()
    severity = Severity.TICKET if ticket else Severity.PAGE
    status = PageStatus.RESOLVED if resolve else PageStatus.FIRING
    page = trial_page(settings.deployment, name, clock.now(), severity=severity, status=status)
    with stopping.as_ctrl_c(), asyncio.Runner(loop_factory=new_loop) as runner:
        sent = runner.run(stopping.interruptible(_send(settings, name, page, clock)))
    click.echo(json.dumps(asdict(sent), indent=2) if as_json else _line(sent))
    return _CODES[sent.result]


async def _send(settings: MonitorSettings, name: str, page: Page, clock: Clock) -> Sent:
    context = PageContext(
        settings.deployment,
        settings.vantage,
        procedure_url="",
        told=(Told(name, Reach.BEING_TOLD),),
        status_page=settings.paging.status_page or "",
    )
    chosen = settings.paging.channels[name]
    channel = channel_of(name, chosen, ChannelContext(clock, lambda _: context))
    began = clock.monotonic()
    result, receipt, error = DELIVERED, "", ""
    try:
        receipt = await channel.send(page, 1)
    except DeliveryFailed as fault:
        result, error = REFUSED if fault.is_permanent else NOT_KNOWN, str(fault)
    finally:
        await channel.aclose()
    took = clock.monotonic() - began
    return Sent(name, chosen.type, page.status, page.severity, page.dedup_key, result, receipt, error, took)


def _line(sent: Sent) -> str:
    result = click.style(sent.result.upper(), fg=_COLOURS[sent.result], bold=True)
    said = visible.line(sent.error or sent.receipt)
    return f"{sent.channel} ({sent.type})  {result}  {sent.duration_seconds:.2f} s  {said}\n  key {sent.dedup_key}"
