"""Answers the question "is it us?": do hosts answer that have nothing to do with the platform.

Rules:
- All controls are asked at once. One answer is enough; the others are not waited for.
- An answer is any HTTP answer over verified TLS, whatever its status: it proves that packets travel and nobody stands
  in between. A captive portal can't give one.
- That names resolve is proved apart, by a name below the control's that nobody asked for before: its own address may be
  known still, here and in any resolver on the way, when DNS is long dead. Whatever DNS says of that name is an answer;
  silence and failure are none. Where DNS is not asked for the control's own name either (an address, `localhost`),
  nothing is proved of names: see `tell_of_names` for what follows.
- Each has its own timeout. What keeps a control from answering is logged, not raised: to the one who asks it is the
  same as silence.
- `controls: none` always answers yes: the operator says that this machine is never the one to blame. Only of names
  that DNS said nothing of is nothing believed then: that is our own fault (`platforms.transport.reach`).
"""

import asyncio
import logging
from collections.abc import Sequence
from secrets import token_hex
from typing import Final

from glasswatch import __version__
from monitor.ports import Controls
from monitor.settings.controls import ControlSettings, is_named
from platforms.errors import FaultKind, TransportFault, Unanswered
from platforms.http import URL, Request
from platforms.transport.http import HttpTransport, Terms
from platforms.transport.reach import Network
from platforms.transport.resolver import Ip
from platforms.transport.stopwatch import Stopwatch
from platforms.transport.tls import TlsOptions

# An answer to HEAD has no body.
_MAX_BODY: Final = 1

_PORT: Final = 443

_HEADERS: Final = {"User-Agent": f"glasswatch/{__version__}", "Accept": "*/*", "Connection": "close"}

_log = logging.getLogger("glasswatch.controls")


class HttpsControls:
    """Asks hosts on the internet. Bound to the loop that the network's resolver is used in."""

    def __init__(self, controls: Sequence[ControlSettings], network: Network) -> None:
        self._controls = controls
        self._network = network
        for control in controls:
            network.tls.prepare(TlsOptions(control.tls.ca_file))

    async def ask(self) -> bool:
        """See `monitor.ports.Controls`. With no controls the answer is yes."""
        if not self._controls:
            return True
        answers = [asyncio.create_task(self._answers(control)) for control in self._controls]
        try:
            for answer in asyncio.as_completed(answers):
                if await answer:
                    return True
        finally:
            for one in answers:
                one.cancel()
            await asyncio.gather(*answers, return_exceptions=True)
        return False

    async def _answers(self, control: ControlSettings) -> bool:
        terms = Terms(_MAX_BODY, TlsOptions(control.tls.ca_file))
        transport = HttpTransport(self._network, terms, Stopwatch(self._network.clock))
        try:
            async with asyncio.timeout(control.timeout.total_seconds()):
                await self._prove_names(control)
                await transport.handle_async_request(Request("HEAD", control.url, headers=_HEADERS))
        except TimeoutError:
            why = f"no answer within {control.timeout.total_seconds():g} s"
        except TransportFault as fault:
            why = str(fault)
        except Exception:  # noqa: BLE001 - a bug is logged; it must not stop the question
            _log.exception("control_bug")
            return False
        else:
            return True
        _log.info("control_silent", extra={"fields": {"url": control.url, "why": why}})
        return False

    async def _prove_names(self, control: ControlSettings) -> None:
        """Have DNS say something of a name that no cache can know.

        Raises:
            TransportFault: it said nothing.
        """
        if not is_named(control):
            return
        host = URL(control.url).raw_host.decode("ascii").rstrip(".")
        try:
            # The dot at its end: no search domain is tried.
            await self._network.resolver.resolve(f"{token_hex(8)}.{host}.", _PORT, Ip.ONLY_4)
        except Unanswered:
            raise
        except TransportFault as fault:
            if fault.kind is not FaultKind.RESOLVE:
                raise


def make(controls: Sequence[ControlSettings], network: Network) -> Controls:
    """Return the controls; none of them: always yes."""
    return HttpsControls(controls, network)
