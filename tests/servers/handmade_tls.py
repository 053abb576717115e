"""A TLS server that makes the handshake by hand, and after it does only what its script says: no goodbye, no close.

Where the handshake fails it sends the alert that says why, which asyncio's own servers don't.
"""

import asyncio
import ssl

from tests.servers.raw import Script, Talk


def shaking(context: ssl.SSLContext, then: Script) -> Script:
    """Make the handshake, then follow a script in clear. Where the handshake fails, say why and wait for the end."""

    async def script(talk: Talk) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_side=True)
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                await talk.say(outgoing.read())
                incoming.write(await talk.reader.read(65536))
            except ssl.SSLError:
                await talk.say(outgoing.read())  # the alert that says why
                await talk.hang()
                return
        await talk.say(outgoing.read())
        await then(talk)

    return script


async def deaf(_talk: Talk) -> None:
    """Do nothing any more, not even listen."""
    await asyncio.Event().wait()
