"""An attempt leaves nothing for the garbage collector: what OpenSSL holds for a connection is tens of KiB."""

import asyncio
import gc
from dataclasses import replace

from monitor.model.outcome import Attempt
from monitor.probes.context import ProbeContext
from monitor.probes.explained import ExplainedProbe
from monitor.probes.notes import NotedSecrets, Notes
from platforms.transport.session import TlsSession
from platforms.transport.trace import Contact
from platforms.transport.wire import Wire
from tests.servers.http import OK, answering
from tests.servers.raw import serving
from tests.support.explaining import Ear
from tests.support.probing import http_probe
from tests.support.tls import Authority


async def test_nothing_of_a_connection_waits_for_the_collector(context: ProbeContext, authority: Authority) -> None:
    """Noted as the monitor notes every attempt: good, and bad, which is explained."""
    notes = Notes(NotedSecrets(context.secrets))
    noted = replace(context, network=replace(context.network, trace=notes.trace), notes=notes)
    issued = authority.issue()
    async with serving(answering(OK), issued.context()) as server:
        for expected in ("200", "204"):
            settings = {"tls": {"ca_file": str(authority.ca_file)}, "expect": {"status": [expected]}}
            probe = ExplainedProbe(http_probe(noted, server.url(), **settings), notes, Ear())
            await probe.attempt(Attempt.SCHEDULED)
            gc.collect()
            gc.disable()
            try:
                outcome = await probe.attempt(Attempt.SCHEDULED)
                for _ in range(20):  # the loop lets go of what was closed when it comes round
                    await asyncio.sleep(0)
                left = [type(each) for each in gc.get_objects() if isinstance(each, Wire | TlsSession | Contact)]
            finally:
                gc.enable()
            assert outcome.is_good is (expected == "200"), outcome
            assert left == []
